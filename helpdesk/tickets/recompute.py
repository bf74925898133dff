"""After a calendar was edited: every open promise is counted anew, in the background (S2, F14).

The rows themselves say what is left to do: each names the version that counted it. So a batch that
was cut off is simply taken again, and two edits in a row cost one walk. What has ended keeps its
result and its version. Nothing waits for a lock here: what somebody else is working on is left for
the next batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select, update
from sqlalchemy.orm import aliased

from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import Limit, WorkCalendar, now
from helpdesk.core.alarms import Alarm, Ring, clear_alarms, on_alarm, set_alarm, set_alarms
from helpdesk.core.db import db
from helpdesk.core.events import record
from helpdesk.setup import in_force
from helpdesk.tickets import responses
from helpdesk.tickets.models import Recount, Response, Ticket
from helpdesk.tickets.responses.timing import count, counted

ALARM = "recount"
BATCH = 100  # tickets in one transaction
AGAIN = timedelta(seconds=1)  # when all that is left is in other hands
SKEW = timedelta(seconds=5)  # what the clocks of two machines may differ
LATE = timedelta(minutes=1)  # a transaction that planned with the old version has ended by then
limit_of = lru_cache(Limit.parse)


@dataclass(frozen=True)
class Move:
    """One open promise that a new calendar would move."""

    number: str
    promise: str
    old: datetime
    new: datetime


@dataclass(frozen=True)
class Forecast:
    """What an edit would do: how many open promises there are and move, and the largest moves."""

    open: int
    moved: int
    cases: int
    sample: Sequence[Move]


@dataclass(frozen=True)
class Progress:
    """How far a recount is: so many of `total` are left, `moved` have another due time."""

    row: Recount
    total: int
    left: int

    @property
    def done(self) -> int:
        """How many have been counted."""
        return max(self.total - self.left, 0)


def open_rows(code: str) -> ColumnElement[bool]:
    """The promises whose clock runs, or waits, on this calendar."""
    clock = Response.state.in_(("running", "paused")) & Response.started_at.is_not(None)
    return clock & (Response.calendar == code)


def forecast(calendar: WorkCalendar, most: int = 10) -> Forecast:
    """What would become of the open promises if this calendar held. Writes nothing."""
    columns = (
        Ticket.number, Response.promise, Response.limit, Response.started_at, Response.due_at,
        Response.pauses, Response.extended_to, Response.extended_at,
        Response.latest_at,
    )  # fmt: skip
    rows = db.session.execute(
        select(*columns)
        .join(Ticket, Ticket.id == Response.ticket_id)
        .where(open_rows(calendar.code))
    ).all()
    moves = [move for row in rows if (move := _move(row, calendar)) is not None]
    largest = sorted(moves, key=lambda m: (-abs(m.new - m.old), m.number, m.promise))
    return Forecast(len(rows), len(moves), len({m.number for m in moves}), largest[:most])


def _move(row: Any, calendar: WorkCalendar) -> Move | None:
    new = counted(row, limit_of(row.limit), calendar)
    return None if new == row.due_at else Move(row.number, row.promise, row.due_at, new)


def begin(code: str, version: int, by: Actor) -> Recount:
    """Have the open promises of this calendar counted by its new version, inside the transaction."""
    total = db.session.scalar(select(func.count()).where(open_rows(code))) or 0
    row = Recount(
        calendar=code,
        version=version,
        total=total,
        by_kind=by.kind,
        by_id=by.id,
        by_name=by.name,
        made_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    set_alarm(ALARM, row.id, now())
    return row


def progress(code: str) -> Progress | None:
    """The newest recount of a calendar; None when there was none."""
    row = db.session.scalar(
        select(Recount).where(Recount.calendar == code).order_by(Recount.id.desc()).limit(1)
    )
    if row is None:
        return None
    left = db.session.scalar(select(func.count()).where(open_rows(code), _behind(row.version)))
    return Progress(row, row.total, left or 0)


def _behind(version: int) -> ColumnElement[bool]:
    return Response.calendar_version < version


@on_alarm(ALARM)
def ring(alarm: Ring) -> None:
    """Count one batch, and ring again while some are left."""
    job = db.session.get(Recount, alarm.subject_id, populate_existing=True)
    if job is None:
        return
    snapshot = in_force.current()
    version = snapshot.calendars[job.calendar].version
    tickets = _mine(job.calendar, version)
    job.moved += _recount(tickets, job, snapshot)
    db.session.flush()
    if db.session.scalar(select(exists().where(open_rows(job.calendar), _behind(version)))):
        set_alarm(ALARM, job.id, now() if tickets else now() + AGAIN)
    elif job.done_at is None:
        job.done_at = now()
        set_alarm(ALARM, job.id, now() + LATE)


def _mine(code: str, version: int) -> Sequence[Ticket]:
    """The next tickets that nobody else is working on, locked."""
    behind = select(Response.ticket_id).where(
        open_rows(code), _behind(version), Response.ticket_id.not_in(_rings_now())
    )
    return db.session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(behind))
        .order_by(Ticket.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=Ticket)
        .execution_options(populate_existing=True)
    ).all()


def _rings_now() -> Select[int]:
    """Tickets of which a step is due: who rings it holds the alarm and wants the ticket."""
    other = aliased(Response)
    due = (Alarm.kind == responses.ALARM) & Alarm.parked.is_(False)
    return (
        select(other.ticket_id)
        .join(Alarm, Alarm.subject_id == other.id)
        .where(due, Alarm.due_at <= now() + SKEW)
    )


def _recount(tickets: Sequence[Ticket], job: Recount, snapshot: in_force.Setup) -> int:
    """Count the open promises of these tickets anew; returns how many have moved."""
    of = {ticket.id: ticket for ticket in tickets}
    rows = db.session.scalars(
        select(Response)
        .where(Response.ticket_id.in_(of), Response.state.in_(("running", "paused")))
        .order_by(Response.id)
        .execution_options(populate_existing=True)
    ).all()
    behind = [row for row in rows if row.calendar == job.calendar and row.started_at]
    olds = {row.id: row.due_at for row in behind}
    for row in behind:
        count(row, snapshot)
    moved = [row for row in behind if row.due_at != olds[row.id]]
    for row in moved:
        _note(row, of[row.ticket_id], olds[row.id], job)
    _rewrite_alarms([row for row in behind if row.state == "running"], snapshot)
    _note_next_due(of.values(), rows)
    return len(moved)


def _note(row: Response, ticket: Ticket, old: datetime | None, job: Recount) -> None:
    """Keep the move in the history; what was missed only by the old count is open again."""
    assert row.due_at
    if row.verdict == "missed" and row.due_at > (row.paused_at or now()):
        row.verdict = ""
    record(
        "promise.recounted",
        by=Actor(job.by_kind, job.by_id, job.by_name, Role.ADMIN),
        ticket=ticket,
        promise=row.promise,
        response=row.id,
        was=old.isoformat() if old else None,
        due=row.due_at.isoformat(),
        calendar=row.calendar,
        version=row.calendar_version,
    )


def _rewrite_alarms(rows: list[Response], snapshot: in_force.Setup) -> None:
    """Steps that were taken stay taken: the next one rings at its share of the new time."""
    clear_alarms(responses.ALARM, [row.id for row in rows])
    set_alarms(responses.alarms_of(rows, snapshot))


# By number, without the version: a recount must not make a form stale that somebody is filling in.
SET_DUE = (
    update(Ticket.__table__)  # type: ignore[arg-type]
    .where(Ticket.__table__.c.id == bindparam("ticket"))
    .values(due_at=bindparam("due"))
)


def _note_next_due(tickets: Iterable[Ticket], rows: Sequence[Response]) -> None:
    dues: dict[int, datetime] = {}
    for row in rows:
        if row.state == "running" and row.due_at:
            dues[row.ticket_id] = min(row.due_at, dues.get(row.ticket_id, row.due_at))
    changed = [
        {"ticket": ticket.id, "due": dues.get(ticket.id)}
        for ticket in tickets
        if ticket.due_at != dues.get(ticket.id)
    ]
    if changed:
        db.session.connection().execute(SET_DUE, changed)
