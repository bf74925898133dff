"""`bin/test` and `.ci/run`: one command runs the suite, in memory where there is room."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def after_in_memory(here: str, free: int) -> tuple[str, str]:
    """$memory and $TMPDIR after in_memory, where TMPDIR is `here` and so many gigabytes are free."""
    script = f". bin/prepare.sh; gigabytes_free() {{ echo {free}; }}; in_memory"
    script += '; echo "$memory|$TMPDIR"; [ -z "$memory" ] || rmdir "$memory"'
    done = subprocess.run(
        ["sh", "-euc", script],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": here},
        capture_output=True,
        text=True,
        check=True,
    )
    memory, _, folder = done.stdout.strip().partition("|")
    return memory, folder


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no file system in memory")
def test_temporary_files_lie_in_memory_where_there_is_room() -> None:
    memory, folder = after_in_memory("/tmp", free=4)
    assert memory == folder
    assert memory.startswith("/dev/shm/helpdesk-")


@pytest.mark.parametrize(("here", "free"), [("/tmp", 3), ("/dev/shm/helpdesk-1", 99)])
def test_without_room_and_where_they_are_in_memory_already_they_stay(here: str, free: int) -> None:
    assert after_in_memory(here, free) == ("", here)


def test_what_is_free_is_a_number_of_gigabytes() -> None:
    said = subprocess.run(
        ["sh", "-euc", ". bin/prepare.sh; gigabytes_free"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip().isdigit()


def test_one_command_runs_the_suite() -> None:
    """How it is run stands in bin/test; .ci/run only says which part."""
    run = (ROOT / "bin/test").read_text("utf-8")
    assert re.findall(r"pytest -n auto --dist loadfile", run)
    checks = (ROOT / ".ci/run").read_text("utf-8")
    assert "pytest" not in re.sub(r"#.*", "", checks)
    assert checks.count("bin/test ") >= 2
