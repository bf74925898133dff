"""A ticket on hold rings when its time is over and goes on by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.core.alarms import clear_alarms, set_alarm
from helpdesk.tickets.models import Ticket

ALARM = "hold"
SLACK = timedelta(seconds=1)


def over(ticket: Ticket, moment: datetime) -> str:
    """Why a hold ends at `moment`: "until" as was agreed, or "cap", the longest time that is allowed."""
    is_due = ticket.hold_until is not None and ticket.hold_until <= moment + SLACK
    return "until" if is_due else "cap"


def wake_at(ticket: Ticket, until: datetime) -> None:
    """Ring when the hold is over (tickets.timers resumes it then)."""
    set_alarm(ALARM, ticket.id, until)


def forget(ticket: Ticket) -> None:
    """The ticket was resumed or ended: nothing to ring for."""
    clear_alarms(ALARM, [ticket.id])
