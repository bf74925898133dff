"""A case that an authority handed over has a deadline from outside; ours is earlier by a margin."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.clock import Limit, LimitKind, WorkCalendar, add_work_seconds, due_at
from helpdesk.setup.in_force import Setup
from helpdesk.tickets.models import Response, Ticket
from helpdesk.tickets.responses.choosing import limit_for
from helpdesk.tickets.responses.names import DESK_CALENDAR

NOON = timedelta(hours=12)


def bind(row: Response, ticket: Ticket, setup: Setup) -> None:
    """Let the row end before the authority's deadline, where the ticket has one."""
    if row.promise == "resolve" and ticket.external_due_at is not None:
        row.latest_at = internal_deadline(ticket, setup)


def internal_deadline(ticket: Ticket, setup: Setup) -> datetime:
    """The authority's deadline less the policy's margin; the deadline itself where that is too late."""
    assert ticket.external_due_at is not None
    margin = limit_for(ticket, "margin", setup)
    if margin is None:
        return ticket.external_due_at
    internal = before(ticket.external_due_at, margin, setup.calendars[DESK_CALENDAR])
    return internal if internal > ticket.received_at else ticket.external_due_at


def before(deadline: datetime, margin: Limit, calendar: WorkCalendar) -> datetime:
    """The moment so much earlier: by days, the end of the day that lies so many days before."""
    if margin.kind is LimitKind.clock_minutes:
        return deadline - timedelta(minutes=margin.amount)
    if margin.kind is LimitKind.work_minutes:
        return add_work_seconds(deadline, -margin.amount * 60, calendar, beyond="weekly")
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
    return due_at(start, Limit(1, LimitKind.working_days), calendar, beyond="weekly")
