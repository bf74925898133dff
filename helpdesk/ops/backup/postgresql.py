"""PostgreSQL: its own pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

from helpdesk.ops.backup.errors import BackupError

NAME = "database.pgdump"


def dump(url: URL, target: Path) -> None:
    """A consistent copy of the database in `target`. Raises BackupError with pg_dump's own words."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-acl", f"--file={target}")


def load(source: Path, url: URL) -> None:
    """Replace the database's tables by the copy, all or nothing."""
    _run(
        "pg_restore",
        url,
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-acl",
        "--single-transaction",
        "--exit-on-error",
        str(source),
    )


def _run(program: str, url: URL, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(
            f"{program} was not found. Install PostgreSQL's client programs "
            "(Debian, Ubuntu: apt install postgresql-client). Nothing was changed."
        )
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, no shell
        [found, f"--dbname={url.database}", *arguments],
        env=os.environ | _connection(url),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[:500]}")


def _connection(url: URL) -> dict[str, str]:
    """The connection as libpq's variables, so that no password stands in the list of processes."""
    known = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    return {name: str(value) for name, value in known.items() if value}
