"""Timers are rows: (kind, subject, cycle), unique, with the level that rings next.

Any number of processes may call ring_due(): a batch is claimed, taken away and handled inside one
transaction, so a kill at any point leaves each row either rung once or still to ring. A kind whose
handler takes many costs a few statements for the whole batch. When a row of it throws, the batch is
rung one by one; the row that throws is pushed back and parked after 5 tries, with its error, for a
person. What is due is decided by the clock that counts for all processes (helpdesk.core.dbclock).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Index, Row, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import (
    Model,
    UtcTime,
    change_rows,
    db,
    gave_way,
    giving_way,
    transaction,
)
from helpdesk.core.rows import among, insert_many

log = logging.getLogger(__name__)
MAX_TRIES = 5
BATCH = 100  # rows in one transaction
MOST_AT_ONCE = 100_000
PAUSE = timedelta(minutes=5)  # after the first failure; then two, three, four times as long


class Alarm(Model):
    """One timer: what to look at again, when, and at which level."""

    __tablename__ = "alarm"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "cycle"),
        Index("ix_alarm_due", "parked", "due_at", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[int]
    cycle: Mapped[int] = mapped_column(default=1)
    level: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    first_due_at: Mapped[datetime | None] = mapped_column(UtcTime)  # before it was pushed back
    tries: Mapped[int] = mapped_column(default=0)
    parked: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None]


TABLE: Any = Alarm.__table__


@dataclass(frozen=True)
class Ring:
    """What a handler is told: the row as it was, and when it was due, however often it failed."""

    kind: str
    subject_id: int
    cycle: int
    level: int
    due_at: datetime


@dataclass(frozen=True)
class Many:
    """A handler that takes a batch; it returns the rings that it could not take yet."""

    handle: Callable[[Sequence[Ring]], Sequence[Ring]]

    def __call__(self, ring: Ring) -> Sequence[Ring]:
        return self.handle([ring])


_handlers: dict[str, Callable[[Ring], object]] = {}
_followers: list[tuple[Callable[[], int], Callable[[], datetime | None]]] = []


def on_alarm(kind: str) -> Callable[[Callable[[Ring], None]], Callable[[Ring], None]]:
    """Register what happens when an alarm of this kind is due; it re-reads its subject."""

    def register(handler: Callable[[Ring], None]) -> Callable[[Ring], None]:
        _handlers[kind] = handler
        return handler

    return register


def on_alarms(
    kind: str,
) -> Callable[[Callable[..., Sequence[Ring]]], Callable[..., Sequence[Ring]]]:
    """The same for a batch of one kind: the handler returns what has to wait, such as for a lock.

    What it returns stays due as it was. When it throws, each alarm is rung alone.
    """

    def register(handler: Callable[..., Sequence[Ring]]) -> Callable[..., Sequence[Ring]]:
        _handlers[kind] = Many(handler)
        return handler

    return register


def after_ringing(
    next_at: Callable[[], datetime | None],
) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Register what is done when nothing more is due, and when it is to be done next.

    The function returns how many things it did; it is called often and finds its own work.
    """

    def register(follower: Callable[[], int]) -> Callable[[], int]:
        _followers.append((follower, next_at))
        return follower

    return register


def set_alarm(kind: str, subject_id: int, due_at: datetime) -> None:
    """Ring `kind` for the subject at `due_at`, instead of any earlier plan."""
    clear_alarms(kind, [subject_id])
    set_alarms([alarm_row(kind, subject_id, due_at)])


def set_alarms(rows: list[dict[str, object]]) -> None:
    """Many new alarms in one statement; rows come from alarm_row()."""
    insert_many(TABLE, rows)


def alarm_row(
    kind: str, subject_id: int, due_at: datetime, *, level: int = 0, cycle: int = 1
) -> dict[str, object]:
    """The values of one alarm, for set_alarms()."""
    return {
        "kind": kind,
        "subject_id": subject_id,
        "due_at": due_at,
        "level": level,
        "cycle": cycle,
        "tries": 0,
        "parked": False,
    }


def clear_alarms(kind: str, subject_ids: list[int]) -> None:
    """Take back all alarms of a kind for these subjects: what was owed was met, paused or dropped."""
    if subject_ids:
        change_rows(delete(Alarm).where(Alarm.kind == kind, among(Alarm.subject_id, subject_ids)))


def next_due() -> datetime | None:
    """When the next alarm that is not parked is due."""
    found: datetime | None = db.session.scalar(next_due_query())
    return found


def next_thing() -> datetime | None:
    """When an alarm rings next, or something that follows the ringing is to be done."""
    times = (next_due(), *(next_at() for _follower, next_at in _followers))
    return min((at for at in times if at is not None), default=None)


def next_due_query() -> Any:
    """The first entry of the index, however many tickets are open."""
    return select(Alarm.due_at).where(Alarm.parked.is_(False)).order_by(Alarm.due_at).limit(1)


def backlog() -> int:
    """How many alarms are due and have not rung."""
    due = select(func.count()).where(Alarm.due_at <= now(), Alarm.parked.is_(False))
    return int(db.session.scalar(due) or 0)


def ring_due(limit: int = BATCH) -> int:
    """Ring one batch of what is due, and follow up when nothing more is; returns how much was done."""
    with transaction() as session:
        due = _what_fits(session.execute(claim_query(limit)).all())
        with giving_way(session):
            done = sum(
                _ring_together(session, kind, list(rows))
                for kind, rows in groupby(due, key=lambda row: row.kind)
            )
        return done if len(due) >= limit else done + follow_up()


def _what_fits(due: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Without those beyond BATCH that are rung one by one: the others of their set would wait long."""
    alone = [row.id for row in due if not isinstance(_handlers.get(row.kind), Many)]
    left = set(alone[BATCH:])
    return [row for row in due if row.id not in left]


def follow_up() -> int:
    """Do what follows the ringing, such as telling people; returns how much was done."""
    with transaction():
        return sum(follower() for follower, _next_at in _followers)


def claim_query(limit: int) -> Any:
    """What is due, in order; rows that another process holds are left to it."""
    return (
        select(TABLE)
        .where(TABLE.c.due_at <= now(), TABLE.c.parked.is_(False))
        .order_by(TABLE.c.due_at, TABLE.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def ring_all() -> int:
    """Ring batch after batch until nothing is due; returns how many rows were taken."""
    total = 0
    while total < MOST_AT_ONCE and (rung := ring_due()):
        total += rung
    return total


def _ring_together(session: Session, kind: str, rows: list[Row[Any]]) -> int:
    """Ring rows of one kind, together if its handler can; returns how many were rung."""
    if len(rows) > 1 and isinstance(_handlers.get(kind), Many):
        try:
            return _handle(session, kind, rows)
        except Exception as error:
            if not gave_way(error):
                log.warning("%d alarms %s failed together, each is tried alone.", len(rows), kind)
    return sum(_ring(session, row) for row in rows)


def _ring(session: Session, row: Row[Any]) -> int:
    """Ring one alarm. 0 when somebody is at work on its subject: it stays due, and is no failure."""
    try:
        return _handle(session, row.kind, [row])
    except Exception as error:
        if gave_way(error):
            return 0
        log.exception("Alarm %s for %s failed", row.kind, row.subject_id)
        _push_back(session, row, f"{type(error).__name__}: {error}")
        return 1


def _handle(session: Session, kind: str, rows: list[Row[Any]]) -> int:
    """Take the rows away and handle them, all or none; returns how many were rung."""
    rings = [_ring_of(row) for row in rows]
    with attempt(session):
        session.connection().execute(
            delete(TABLE).where(among(TABLE.c.id, [row.id for row in rows]))
        )
        left = {(ring.subject_id, ring.cycle) for ring in _run(_handlers[kind], rings)}
        session.flush()
        kept = [dict(row._mapping) for row in rows if (row.subject_id, row.cycle) in left]
        insert_many(TABLE, kept)
    return len(rows) - len(kept)


def _run(handler: Callable[[Ring], object], rings: list[Ring]) -> Sequence[Ring]:
    """Call the handler; returns what it could not take yet."""
    if isinstance(handler, Many):
        return handler.handle(rings)
    for ring in rings:
        handler(ring)
    return ()


def _ring_of(row: Row[Any]) -> Ring:
    due_at = row.first_due_at or row.due_at
    return Ring(row.kind, row.subject_id, row.cycle, row.level, due_at)


@contextmanager
def attempt(session: Session) -> Iterator[None]:
    """A part of the transaction that leaves nothing behind when it throws, noted events included."""
    events = session.info.setdefault("events", [])
    noted, waiting = len(events), len(session.info["after_commit"])
    try:
        with session.begin_nested():
            yield
    except Exception:
        del events[noted:]
        del session.info["after_commit"][waiting:]
        raise


def _push_back(session: Session, row: Row[Any], error: str) -> None:
    tries = row.tries + 1
    session.connection().execute(
        update(TABLE)
        .where(TABLE.c.id == row.id)
        .values(
            tries=tries,
            error=error[:2000],
            parked=tries >= MAX_TRIES,
            first_due_at=row.first_due_at or row.due_at,
            due_at=now() + PAUSE * tries,
        )
    )


def retry(alarm_id: int | None = None) -> None:
    """Ring a parked alarm again, now; without an id, all of them."""
    again = update(Alarm).where(Alarm.parked)
    if alarm_id is not None:
        again = again.where(Alarm.id == alarm_id)
    with transaction():
        change_rows(again.values(parked=False, tries=0, error=None, due_at=now()))
