"""SQLite: the online backup API copies a database that is being written to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from helpdesk.ops.backup.errors import BackupError

NAME = "database.sqlite3"


def dump(url: URL, target: Path) -> None:
    """A consistent copy of the database in `target`."""
    with closing(sqlite3.connect(_path(url))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def load(source: Path, url: URL) -> None:
    """Replace the whole database by the copy, in one transaction. Raises BackupError if it is damaged."""
    with closing(sqlite3.connect(source)) as copy:
        _check(copy)
        with closing(sqlite3.connect(_path(url), timeout=15)) as target:
            copy.backup(target)


def _check(copy: sqlite3.Connection) -> None:
    try:
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"The database in the backup is damaged: {found}. Nothing was changed.")


def _path(url: URL) -> str:
    if not url.database or url.database == ":memory:":
        raise BackupError("A database in memory can't be backed up.")
    return url.database
