"""PostgreSQL: its own pg_dump, pg_restore and psql."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

from helpdesk.ops.backup.errors import BackupError

NAME = "database.pgdump"
# A newer release has tables that a copy does not know and that point to those it does.
EMPTIED = """DO $$ DECLARE old text; BEGIN
FOR old IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
LOOP EXECUTE 'DROP TABLE ' || quote_ident(old) || ' CASCADE'; END LOOP; END $$"""


def dump(url: URL, target: Path) -> None:
    """A consistent copy of the database in `target`. Raises BackupError with pg_dump's own words."""
    _run(
        "pg_dump", url, _named(url), "--format=custom", "--no-owner", "--no-acl", f"--file={target}"
    )


def load(source: Path, url: URL) -> None:
    """Replace all tables by those of the copy, whichever release made either: all or nothing."""
    script = source.with_suffix(".sql")
    plain = ("--clean", "--if-exists", "--no-owner", "--no-acl", f"--file={script}")
    _run("pg_restore", None, *plain, str(source))
    one = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction")
    _run("psql", url, _named(url), *one, f"--command={EMPTIED}", f"--file={script}")


def _run(program: str, url: URL | None, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(
            f"{program} was not found. Install PostgreSQL's client programs "
            "(Debian, Ubuntu: apt install postgresql-client). Nothing was changed."
        )
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, no shell
        [found, *arguments],
        env=os.environ | (_connection(url) if url else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[:500]}")


def _named(url: URL) -> str:
    return f"--dbname={url.database}"


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
