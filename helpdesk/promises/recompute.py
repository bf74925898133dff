"""After a calendar was edited: every open promise is counted anew, in the background.

The rows themselves say what is left to do: each names the version that counted it. So a batch that
was cut off is simply taken again, and two edits in a row cost one walk. What has ended keeps its
result and its version. Nothing waits for a lock here: what somebody else is working on is left for
the next batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import WorkCalendar, now
from helpdesk.core.alarms import Alarm, Ring, clear_alarms, on_alarm, set_alarm, set_alarms
from helpdesk.core.db import db
from helpdesk.core.events import record
from helpdesk.promises import policy, timing
from helpdesk.promises.models import Promise, Recount
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.subjects import Standing, kinds
from helpdesk.promises.words import ALARM as STEP_ALARM
from helpdesk.promises.words import COUNTED

ALARM = "recount"
BATCH = 100  # subjects in one transaction
AGAIN = timedelta(seconds=1)  # when all that is left is in other hands
SKEW = timedelta(seconds=5)  # what the clocks of two machines may differ
LATE = timedelta(minutes=1)  # a transaction that planned with the old version has ended by then


@dataclass(frozen=True)
class NewDue:
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
    sample: Sequence[NewDue]


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
    counted = [name for name, kind in kinds().items() if kind.recounts]
    clock = Promise.state.in_(COUNTED) & Promise.started_at.is_not(None)
    clock &= Promise.subject_kind.in_(counted)
    return clock & (Promise.calendar == code)


def forecast(calendar: WorkCalendar, most: int = 10) -> Forecast:
    """What would become of the open promises if this calendar held. Writes nothing."""
    columns = (
        Promise.subject_kind, Promise.subject_id, Promise.promise, Promise.limit,
        Promise.started_at, Promise.due_at, Promise.pauses, Promise.extended_to,
        Promise.extended_at, Promise.latest_at,
    )  # fmt: skip
    rows: Sequence[Any] = db.session.execute(select(*columns).where(open_rows(calendar.code))).all()
    moves = [(row, new) for row in rows if (new := timing.counted(row, calendar)) != row.due_at]
    largest = sorted(moves, key=lambda m: (-abs(m[1] - m[0].due_at), *_about(m[0]), m[0].promise))
    cases = len({_about(row) for row, _new in moves})
    return Forecast(len(rows), len(moves), cases, _named(largest[:most]))


def _about(row: Any) -> tuple[str, int]:
    return row.subject_kind, row.subject_id


def _named(moves: Sequence[tuple[Any, datetime]]) -> list[NewDue]:
    """The moves with the numbers of what they are about."""
    ids = defaultdict(list)
    for row, _new in moves:
        ids[row.subject_kind].append(row.subject_id)
    numbers = {name: kinds()[name].numbers(of) for name, of in ids.items()}
    return [
        NewDue(numbers[row.subject_kind][row.subject_id], row.promise, row.due_at, new)
        for row, new in moves
    ]


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
    return Promise.calendar_version < version


@on_alarm(ALARM)
def ring(alarm: Ring) -> None:
    """Count one batch, and ring again while some are left."""
    job = db.session.get(Recount, alarm.subject_id, populate_existing=True)
    if job is None:
        return
    snapshot = policy.current()
    version = snapshot.calendars[job.calendar].version
    taken = {
        name: _mine(name, job.calendar, version) for name, kind in kinds().items() if kind.recounts
    }
    job.moved += sum(_recount(name, mine, job, snapshot) for name, mine in taken.items())
    db.session.flush()
    if db.session.scalar(select(exists().where(open_rows(job.calendar), _behind(version)))):
        set_alarm(ALARM, job.id, now() if any(taken.values()) else now() + AGAIN)
    elif job.done_at is None:
        job.done_at = now()
        set_alarm(ALARM, job.id, now() + LATE)


def _mine(name: str, code: str, version: int) -> dict[int, Standing]:
    """The next subjects of this kind that nobody else is working on, locked."""
    behind = select(Promise.subject_id).where(
        Promise.subject_kind == name,
        open_rows(code),
        _behind(version),
        Promise.subject_id.not_in(_rings_now(name)),
    )
    return kinds()[name].lock(behind, BATCH)


def _rings_now(name: str) -> Select[int]:
    """Those of which a step is due: who rings it holds the alarm and wants the subject."""
    other = aliased(Promise)
    due = (Alarm.kind == STEP_ALARM) & Alarm.parked.is_(False)
    return (
        select(other.subject_id)
        .join(Alarm, Alarm.subject_id == other.id)
        .where(other.subject_kind == name, due, Alarm.due_at <= now() + SKEW)
    )


def _recount(name: str, mine: dict[int, Standing], job: Recount, snapshot: Snapshot) -> int:
    """Count the open promises of these subjects anew; returns how many have moved."""
    if not mine:
        return 0
    rows = db.session.scalars(
        select(Promise)
        .where(
            Promise.subject_kind == name,
            Promise.subject_id.in_(mine),
            Promise.state.in_(COUNTED),
        )
        .order_by(Promise.id)
        .execution_options(populate_existing=True)
    ).all()
    behind = [row for row in rows if row.calendar == job.calendar and row.started_at]
    olds = {row.id: row.due_at for row in behind}
    for row in behind:
        timing.count(row, snapshot)
    moved = [row for row in behind if row.due_at != olds[row.id]]
    for row in moved:
        _note(row, mine[row.subject_id], olds[row.id], job)
    _rewrite_alarms([row for row in behind if row.state == "running"], snapshot)
    _keep_due(name, mine, rows)
    return len(moved)


def _note(row: Promise, subject: Standing, old: datetime | None, job: Recount) -> None:
    """Keep the move in the history; what was missed only by the old count is open again."""
    assert row.due_at
    if row.verdict == "missed" and row.due_at > (row.paused_at or now()):
        row.verdict = ""
    record(
        "promise.recounted",
        by=Actor(job.by_kind, job.by_id, job.by_name, Role.ADMIN),
        promise=row.promise,
        response=row.id,
        was=old.isoformat() if old else None,
        due=row.due_at.isoformat(),
        calendar=row.calendar,
        version=row.calendar_version,
        **{row.subject_kind: subject},  # type: ignore[arg-type]
    )


def _rewrite_alarms(rows: list[Promise], snapshot: Snapshot) -> None:
    """Steps that were taken stay taken: the next one rings at its share of the new time."""
    clear_alarms(STEP_ALARM, [row.id for row in rows])
    set_alarms(timing.alarms_of(rows, snapshot))


def _keep_due(name: str, mine: dict[int, Standing], rows: Sequence[Promise]) -> None:
    dues: dict[int, datetime] = {}
    for row in rows:
        if row.state == "running" and row.due_at:
            dues[row.subject_id] = min(row.due_at, dues.get(row.subject_id, row.due_at))
    kinds()[name].keep_due(
        {each.id: dues.get(each.id) for each in mine.values() if each.due_at != dues.get(each.id)}
    )
