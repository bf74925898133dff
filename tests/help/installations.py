"""Installations that tests start servers on: each kind is made once in a run, and copied."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.help import servers

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
APART = """
import json, sys
import wsgi
for command, text in json.load(sys.stdin):
    done = wsgi.app.test_cli_runner().invoke(args=command, input=text)
    if done.exit_code:
        sys.exit(done.output)
print(done.output)
"""
WHO = ("users", "add", "li.na@example.com", "--name", "Li Na", "--role", "agent")
PASSWORD = "seven green bicycles"
TOKEN = "token-of-CRM"  # the file beside the database


def ready(folder: Path) -> Path:
    """With the defaults, an agent who can sign in, and the token of a program."""
    return _copied("ready", _ready, folder)


def demo(folder: Path) -> Path:
    """With the demo's day in it."""
    return _copied("demo", lambda made: _flask(made, "prepare", "--demo"), folder)


def nothing(folder: Path) -> Path:
    """A folder as it is."""
    return folder


def _ready(folder: Path) -> None:
    _flask(folder, "prepare")
    (folder / TOKEN).write_text(people(servers.environment(folder)), "utf8")


def people(environ: dict[str, str]) -> str:
    """An agent who can sign in, and the token of a program, which is given."""
    commands = [
        ([*WHO, "--password-stdin"], PASSWORD),
        (["tokens", "add", "CRM", "--role", "agent"], None),
    ]
    done = subprocess.run(
        [sys.executable, "-c", APART],
        cwd=servers.ROOT,
        env=environ,
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _flask(folder: Path, *command: str) -> None:
    done = servers.flask(*command, environ=servers.environment(folder))
    assert done.returncode == 0, done.stderr


def _copied(kind: str, make: Callable[[Path], None], folder: Path) -> Path:
    """A copy of the one that the first process of the run to ask for it has made."""
    home = Path(tempfile.gettempdir()) / f"helpdesk-{kind}-{RUN}"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = home / "made"
        if not made.is_dir():
            atexit.register(shutil.rmtree, home, ignore_errors=True)
            begun = home / "begun"
            begun.mkdir()
            make(begun)
            begun.rename(made)
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return folder
