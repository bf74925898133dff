"""Who is owed a call is called: an agent of the queue first, then the customer, three times at most.

The caller keeps their place: nobody who waits in the queue began to do so earlier.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.presence import Activity
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import advice, commands
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.missed import CALL_BACK, MOST_CALLS
from helpdesk.calls.models import PhoneCallback, PhoneLine, PhoneQueue, Stay
from helpdesk.calls.words import StayState
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, on_alarm, set_alarm
from helpdesk.core.db import db, locked
from helpdesk.core.i18n import gettext, in_language
from helpdesk.customers import people
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket

PAUSE = timedelta(minutes=15)  # between two calls
# Until an agent is looked for again, or the next one of the queue is called.
LOOK = timedelta(seconds=30)


@on_alarm(CALL_BACK)
def call_back(ring: Ring) -> None:
    """It is this caller's turn, or may be."""
    row = db.session.get(PhoneCallback, ring.subject_id)
    if row is None or settings().phone is None:
        return
    row = locked(row)
    if row.state != "due":
        return
    ticket = db.session.get_one(Ticket, row.ticket_id)
    if ticket.closed_at is not None:
        row.state = "dropped"
    elif people.is_not_to_be_called(row.number):
        _end(row, ticket, "dropped")
    elif row.attempts >= MOST_CALLS and row.next_at <= now():
        _end(row, ticket, "unreachable")
    else:
        set_alarm(CALL_BACK, row.id, _tried(row, ticket))


def _tried(row: PhoneCallback, ticket: Ticket) -> datetime:
    """Call, where an agent is free and it is their turn; gives when to look again."""
    at, queue = now(), db.session.get_one(PhoneQueue, row.queue_id)
    calendar = in_force.current().calendars.get(queue.calendar)
    closed = advice.closed(at, queue.active, queue.closed_until, calendar)
    if row.next_at > at or closed:
        return max(row.next_at, closed.until or at + PAUSE if closed else at)
    line = db.session.scalar(_free(queue.code))
    if line is None or _others_first(row, at):
        return at + LOOK
    row.attempts, row.next_at = row.attempts + 1, at + PAUSE
    commands.ask("originate", None, to=row.number, line=line, ticket=ticket.number)
    return row.next_at


def _free(queue: str) -> Any:
    """The extension of who takes calls of this queue and has been free for longest."""
    sits = (PhoneMember.agent_id == Agent.id) & PhoneMember.there & (PhoneMember.queue == queue)
    free = Agent.active, Agent.activity == Activity.IDLE, PhoneLine.paused == ""
    query = select(PhoneLine.extension).join(Agent, Agent.id == PhoneLine.agent_id)
    query = query.join(PhoneMember, sits).where(*free)
    return query.order_by(Agent.activity_at, Agent.id).limit(1)


def _others_first(row: PhoneCallback, at: datetime) -> bool:
    """Whether somebody has waited longer, or another one was called just now and may not ring yet."""
    waits = select(Stay.id).where(
        Stay.queue_id == row.queue_id,
        Stay.state == StayState.WAITING,
        Stay.joined_at.between(row.place_at - timedelta(hours=12), row.place_at),
    )
    due = (PhoneCallback.queue_id == row.queue_id, PhoneCallback.state == "due")
    owed = PhoneCallback.place_at < row.place_at, PhoneCallback.next_at <= at
    called = PhoneCallback.attempts > 0, PhoneCallback.next_at > at + PAUSE - LOOK
    before = (select(PhoneCallback.id).where(*due, *each) for each in (owed, called))
    return any(db.session.scalar(each.limit(1)) is not None for each in (waits, *before))


def _end(row: PhoneCallback, ticket: Ticket, state: str) -> None:
    """No further call; the case stays open, and says why."""
    row.state = state
    with in_language(settings().language):
        if state == "unreachable":
            body = gettext("Called %(times)s times and not reached.", times=row.attempts)
        else:
            body = gettext("Not called back: this customer does not want to be called.")
    actions.note(ticket, by=SYSTEM, body=body)
