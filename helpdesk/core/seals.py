"""The journal under seal: a chain of digests that shows when a written row was changed later.

A seal covers a stretch of the journal: its digest is the SHA-256 of the digest before and of every
row (ASVS 5.0 V16.4.2). Rows are sealed in the background, a few minutes after they were written,
so no commit waits for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.db import Model, UtcTime, db, transaction
from helpdesk.core.events import Event, last_seq

log = logging.getLogger(__name__)
JOB = "seal"
MOST = 5_000  # rows under one seal
ENOUGH = 500  # so many rows are sealed at once, fewer wait
WAIT = timedelta(minutes=10)
COLUMNS = (
    Event.seq,
    Event.at,
    Event.name,
    Event.ticket_id,
    Event.notice_id,
    Event.by_kind,
    Event.by_id,
    Event.by_name,
    Event.data,
)


class Seal(Model):
    """The digest of one stretch of the journal and of all that came before it."""

    __tablename__ = "journal_seal"
    first_seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_seq: Mapped[int]
    digest: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


@jobs.job(JOB)
def seal_what_waits() -> int:
    """Seal when enough rows wait, or when they have waited for ten minutes; returns how many."""
    last = latest()
    sealed, since = (last.last_seq, last.at) if last else (0, None)
    waiting = last_seq() - sealed
    if not waiting or (waiting < ENOUGH and since is not None and now() - since < WAIT):
        return 0
    return seal()


def seal() -> int:
    """Put the next stretch under seal; returns how many rows, 0 when another process was faster."""
    last = latest()
    sealed, before = (last.last_seq, last.digest) if last else (0, "")
    rows = db.session.execute(
        select(*COLUMNS).where(Event.seq > sealed).order_by(Event.seq).limit(MOST)
    ).all()
    if not rows:
        return 0
    try:
        with transaction() as session:
            session.add(
                Seal(first_seq=sealed + 1, last_seq=rows[-1].seq, digest=digest(before, rows))
            )
    except IntegrityError:
        log.info("Another process has sealed the journal after %s", sealed)
        return 0
    return len(rows)


def latest() -> Seal | None:
    """The newest seal."""
    return db.session.scalar(
        select(Seal)
        .order_by(Seal.first_seq.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def digest(before: str, rows: Iterable[Any]) -> str:
    """The chained digest of these rows, in hexadecimal."""
    made = hashlib.sha256(before.encode())
    for row in rows:
        seq, at, *rest = row
        line = json.dumps([seq, at.isoformat(), *rest], sort_keys=True, separators=(",", ":"))
        made.update(line.encode() + b"\n")
    return made.hexdigest()


def broken() -> Iterator[str]:
    """The stretches ("1-500") that are not what was sealed, or that no seal covers in between."""
    seals = list(db.session.scalars(select(Seal).order_by(Seal.first_seq)))
    found = _digests(seals) if seals else {}
    before = 0
    for one in seals:
        if one.first_seq != before + 1 or found.get(one.first_seq) != one.digest:
            yield f"{one.first_seq}-{one.last_seq}"
        before = one.last_seq


def _digests(seals: list[Seal]) -> dict[int, str]:
    """What the digest of each seal would be today, by its first number: each row is read once."""
    rows = db.session.execute(
        select(*COLUMNS).where(Event.seq <= seals[-1].last_seq).order_by(Event.seq)
    ).yield_per(1000)
    before = dict(zip(seals, [None, *seals], strict=False))
    firsts = [one.first_seq for one in seals]

    def under(row: Any) -> Seal | None:
        one = seals[max(0, bisect_right(firsts, row.seq) - 1)]
        return one if one.first_seq <= row.seq <= one.last_seq else None

    return {
        one.first_seq: digest(earlier.digest if (earlier := before[one]) else "", stretch)
        for one, stretch in groupby(rows, key=under)
        if one is not None
    }
