"""Whether something can be stored now: a look at the disks, and a small write to each place."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from pathlib import Path

from sqlalchemy import delete, insert

from helpdesk.clock import now
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.heartbeats import Heartbeat, this_process
from helpdesk.core.shortage import Shortage, note, shortage_of
from helpdesk.settings import settings

LEAST_FREE = 8 * 2**20  # bytes; below that nothing of any size can be stored
LOOK_EVERY = 5.0  # seconds; whoever asks more often hears the same again
TRIAL = "trial"
_known: dict[str, tuple[float, str]] = {}


def problem() -> str:
    """What keeps us from storing anything, or "". A small row and a small file are really written."""
    at, words = _known.get("", (0.0, ""))
    if not at or time.monotonic() - at >= LOOK_EVERY:
        words = _looked()
        _known[""] = time.monotonic(), words
    return words


def forget() -> None:
    """The next problem() looks anew."""
    _known.clear()


def free() -> int:
    """Bytes left where there is the least room."""
    return min(shutil.disk_usage(place).free for place in _places())


def _looked() -> str:
    try:
        _write_file()
        _write_row()
        if free() < LEAST_FREE:
            raise Shortage(full=True)
    except Shortage as shortage:
        note(shortage)
        return "the disk is full" if shortage.full else "the data can't be written to"
    return ""


def _places() -> list[Path]:
    """The folders that we write to."""
    instance = settings().instance
    url = db.engine.url
    file = Path(url.database or "") if url.drivername.startswith("sqlite") else None
    return [instance, file.parent] if file is not None and file.parent.is_dir() else [instance]


def _write_file() -> None:
    path = _places()[0] / f".trial-{this_process().replace('/', '_')}"
    try:
        with path.open("wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise (shortage_of(error) or Shortage(full=False)) from error
    finally:
        path.unlink(missing_ok=True)


def _write_row() -> None:
    """A row that needs new pages where they are counted (SQLite), and goes again at once."""
    size = 6000 if db.engine.dialect.name == "sqlite" else 8
    mine = {"name": TRIAL, "process": secrets.token_hex(size), "at": now()}
    with transaction() as session:
        session.execute(insert(Heartbeat).values(mine))
        change_rows(delete(Heartbeat).where(Heartbeat.name == TRIAL))
