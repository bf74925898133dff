"""The measurement of mail runs to its end, small, and everything it started is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
PATIENCE = 500  # seconds


def started_in(place: Path) -> list[str]:
    """Processes whose temporary files lie in this folder."""
    mark, found = f"TMPDIR={place}".encode(), []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += [each.parent.name] if mark in each.read_bytes() else []
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return found


def test_it_measures_a_door_and_ends_what_it_started(tmp_path: Path) -> None:
    """The command runs. Whether its aims are met is for a quiet machine to say."""
    tmp_path.chmod(0o755)
    command = ["--mails", "6", "--databases", "sqlite", "--workers", "1", "--only", "ingest"]
    command += ["--doors", "smtp"]  # the journey of a mail goes through IMAP
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.mail", *command],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode in (0, 1)
    for figure in ("accepted", "on the screen", "250 to row, p95"):
        assert f"smtp, sqlite, 1 at work: {figure}" in done.stdout, done.stdout
    assert started_in(tmp_path) == []
    assert not list(tmp_path.glob("helpdesk-bench-*"))
