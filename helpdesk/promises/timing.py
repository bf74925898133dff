"""The clock of one row: when it falls due, when to look at it again, how long it took."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from helpdesk.clock import (
    Limit,
    WorkCalendar,
    after_pause,
    at_share,
    covers,
    due_at,
    now,
    remaining,
)
from helpdesk.core.alarms import alarm_row
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.words import ALARM, WINDOWS


def begin(row: Promise, snapshot: Snapshot, start: datetime) -> None:
    """Start the row's clock at `start` and count when it falls due."""
    row.state, row.started_at = ("window" if row.promise in WINDOWS else "running"), start
    count(row, snapshot)


def count(row: Promise, snapshot: Snapshot) -> None:
    """Set the due time anew, by the newest version of the row's calendar."""
    assert row.started_at
    limit, calendar = Limit.parse(row.limit), snapshot.calendars[row.calendar]
    row.due_at, row.calendar_version = counted(row, calendar), calendar.version
    row.bound = "external" if row.due_at == row.latest_at else ""
    row.provisional = not covers(row.started_at, row.due_at, calendar, limit)


def counted(row: Promise, calendar: WorkCalendar) -> datetime:
    """When the row falls due: the limit from its start on, moved by every pause.

    A time that was granted stands, whatever is counted: only later pauses move it. No authority
    waits for us: the row is never due after `latest_at`.
    """
    assert row.started_at
    limit = Limit.parse(row.limit)
    due = row.extended_to or due_at(row.started_at, limit, calendar)
    for pause in every_pause(row):
        counts = row.extended_at is None or pause[0] >= row.extended_at
        if counts and pause[0] < due:
            due = after_pause(due, pause, limit, calendar)
    return min(due, row.latest_at or due)


def alarms_of(rows: Iterable[Promise], snapshot: Snapshot) -> list[dict[str, object]]:
    """One alarm per running row, at the next step of its chain."""
    return [alarm for row in rows if row.state == "running" for alarm in next_alarm(row, snapshot)]


def next_alarm(row: Promise, snapshot: Snapshot) -> list[dict[str, object]]:
    """The alarm of the first step after the level that was reached; none after the last step."""
    following = next_step(row, row.level, snapshot)
    return [alarm_row(ALARM, row.id, following[1], level=following[0])] if following else []


def next_step(row: Promise, level: int, snapshot: Snapshot) -> tuple[int, datetime] | None:
    """The first step of the row's chain after this level, and its moment; None after the last."""
    for step in snapshot.chains.get(row.chain, ()):
        if step.at > level:
            return step.at, share_at(row, step.at, snapshot)
    return None


def share_at(row: Promise, percent: int, snapshot: Snapshot) -> datetime:
    """The moment when so many per cent of the row's time are used up."""
    assert row.started_at and row.due_at
    limit, calendar = Limit.parse(row.limit), snapshot.calendar_of(row)
    return at_share(
        row.started_at, row.due_at, percent / 100, limit, calendar, pauses=pauses_of(row)
    )


def passed(row: Promise, snapshot: Snapshot) -> int:
    """The highest step of the chain whose moment has passed by now; 0 before the first."""
    steps = (step.at for step in snapshot.chains.get(row.chain, ()))
    return max((at for at in steps if share_at(row, at, snapshot) <= now()), default=0)


def taken(row: Promise, moment: datetime, snapshot: Snapshot) -> int:
    """The seconds from the start until `moment`: working time where the limit counts that, pauses left out."""
    assert row.started_at
    limit, calendar = Limit.parse(row.limit), snapshot.calendar_of(row)
    pauses = every_pause(row) + ([(row.paused_at, moment)] if row.paused_at else [])
    paused = sum(remaining(*pause, limit, calendar) for pause in pauses)
    return max(remaining(row.started_at, moment, limit, calendar) - paused, 0)


def hold_still(row: Promise) -> None:
    """Stop the row's clock now."""
    row.state, row.paused_at = "paused", now()


def go_on(row: Promise, snapshot: Snapshot) -> None:
    """Run again: the due time moves by exactly what was paused, in the limit's own measure.

    A time that had run out before the pause stays where it was.
    """
    assert row.paused_at and row.due_at and row.started_at
    limit, calendar = Limit.parse(row.limit), snapshot.calendar_of(row)
    pause = (row.paused_at, now())
    if pause[0] < row.due_at:
        moved = after_pause(row.due_at, pause, limit, calendar)
        row.due_at = min(moved, row.latest_at or moved)
    row.pauses = [*row.pauses, [at.isoformat() for at in pause]]
    row.state, row.paused_at = "running", None


def every_pause(row: Promise) -> list[tuple[datetime, datetime]]:
    """All times at which the row's clock stood still and went on again."""
    return [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in row.pauses or ()]


def pauses_of(row: Promise) -> list[tuple[datetime, datetime]]:
    """The pauses that have moved the due time: those that began before it."""
    return [each for each in every_pause(row) if row.due_at is None or each[0] < row.due_at]


def is_missed(row: Promise) -> bool:
    """Whether the row's time had run out before it stopped: a miss stays a miss."""
    if row.promise in WINDOWS:
        return False
    stopped = row.paused_at or now()
    return row.verdict == "missed" or (row.due_at is not None and row.due_at < stopped)
