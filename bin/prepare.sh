# Sourced by bin/run, bin/test and .ci/run: leaves $python, an interpreter with the packages of the named
# requirements files. The .venv is made when it is missing and refreshed when the files changed.
# POSIX sh; needs Python 3.11 or newer and the package index (the first time only).

# Where an image forbids Python to keep what it compiled, every command would compile the program anew:
# seven seconds in place of three.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

find_python() {
    for candidate in ${HELPDESK_PYTHON:-} python3.13 python3.12 python3.11 python3 python3.14 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Helpdesk needs Python 3.11 or newer, and none was found.
Install it (Debian, Ubuntu: apt install python3 python3-venv), or name it: HELPDESK_PYTHON=/path/to/python3"
}

make_venv() {
    base=$(find_python) || exit 1
    say "Making .venv with $base ..."
    rm -rf .venv
    "$base" -m venv .venv >&2 || {
        rm -rf .venv
        fail "The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv"
    }
}

# prepare NAME FILE...: the stamp of NAME tells whether these files are installed already.
prepare() {
    name=$1
    shift
    want="$PWD $(cat "$@" | cksum)"
    stamp=.venv/.installed-$name
    python=$PWD/.venv/bin/python
    if [ ! -x "$python" ] || ! "$python" -c '' 2>/dev/null; then make_venv; fi
    if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
    for last; do :; done
    say "Installing the packages of $last ..."
    # --no-compile: Python compiles what it imports, which is a small part of what is installed.
    "$python" -m pip install --quiet --disable-pip-version-check --no-input --no-compile -r "$last" >&2 ||
        fail "The packages could not be installed: see above. Is the package index reachable?"
    printf '%s\n' "$want" >"$stamp"
}

# in_memory: from here on temporary files, and with them the databases of tests, live in memory where
# there is room: on a slow disk each of their commits waits. $memory names the folder that the caller
# has to remove; it is empty where there is no room, or where they live there already.
in_memory() {
    memory=
    case ${TMPDIR:-} in /dev/shm/*) return ;; esac
    if [ -w /dev/shm ] && [ "$(gigabytes_free)" -ge 4 ]; then
        memory=/dev/shm/helpdesk-$$
        mkdir "$memory"
        export TMPDIR="$memory"
    fi
}

# The less of what the file system in memory may still grow, and of what the machine has.
gigabytes_free() {
    {
        df -Pk /dev/shm | awk 'NR == 2 { print int($4 / 1048576) }'
        awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo
    } 2>/dev/null | sort -n | head -n 1 | grep . || echo 0
}
