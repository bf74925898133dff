"""A case that an authority handed over has a deadline from outside; ours is earlier by a margin."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.clock import Limit, LimitKind, WorkCalendar, add_work_seconds, due_at
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot, limit_for
from helpdesk.promises.subjects import PolicySubject
from helpdesk.promises.words import DESK_CALENDAR

NOON = timedelta(hours=12)


def bind(row: Promise, subject: PolicySubject, snapshot: Snapshot) -> None:
    """Let the row end before the authority's deadline, where the case has one."""
    row.latest_at = latest(row, subject, snapshot)


def latest(row: Promise, subject: PolicySubject, snapshot: Snapshot) -> datetime | None:
    """When the row must end, because of the authority's deadline; None where it has none."""
    bound = row.promise == "resolve" and subject.external_due_at is not None
    return internal_deadline(subject, snapshot) if bound else None


def internal_deadline(subject: PolicySubject, snapshot: Snapshot) -> datetime:
    """The authority's deadline less the policy's margin; the deadline itself where that is too late."""
    assert subject.external_due_at is not None
    margin = limit_for(subject, "margin", snapshot)
    if margin is None:
        return subject.external_due_at
    internal = before(subject.external_due_at, margin, snapshot.calendars[DESK_CALENDAR])
    return internal if internal > subject.received_at else subject.external_due_at


def before(deadline: datetime, margin: Limit, calendar: WorkCalendar) -> datetime:
    """The moment so much earlier: by days, the end of the day that lies so many days before."""
    if margin.kind is LimitKind.clock_minutes:
        return deadline - timedelta(minutes=margin.amount)
    if margin.kind is LimitKind.work_minutes:
        return add_work_seconds(deadline, -margin.amount * 60, calendar)
    if margin.kind is LimitKind.calendar_days:
        return deadline - timedelta(days=margin.amount)
    return _working_days_before(deadline, margin.amount, calendar)


def _working_days_before(deadline: datetime, amount: int, calendar: WorkCalendar) -> datetime:
    zone = calendar.zone_info
    day = deadline.astimezone(zone).date()
    while amount:
        day -= timedelta(days=1)
        amount -= calendar.is_working_day(day)
    start = datetime.combine(day - timedelta(days=1), datetime.min.time(), zone) + NOON
    return due_at(start, Limit(1, LimitKind.working_days), calendar)
