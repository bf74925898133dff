"""A call becomes a case: answered, given up after a while, to be called back, or with a message left.
One of a blocked number becomes none.

follow() runs in the transaction of the events, so a call and its case are there together or not at all,
once, however often the events come. Should a case not be possible just now, the events are kept all the
same, and an alarm tries again: nothing that was heard is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, Actor, may, require
from helpdesk.calls import missed
from helpdesk.calls.models import Call, Interaction, PhoneCallback, PhoneQueue, Recording, Stay
from helpdesk.calls.opening import opened
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, attempt, on_alarm, set_alarm
from helpdesk.core.db import UtcTime, change_rows, db, locked, lost_race, transaction
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.rows import among
from helpdesk.tickets import queue
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)
NO_CASE = N_("This call has no case yet. Please try again in a moment.")
ALARM = "call.case"
RECENT = timedelta(hours=72)  # an open case of the same customer is likely to be meant again
RETRY = timedelta(seconds=5)
UNNAMED = timedelta(seconds=20)  # how long a case waits for the word of who called


def follow(session: Session, call_ids: Sequence[int]) -> None:
    """Do what is still to be done for these calls, each for itself."""
    for call_id, named in session.execute(_due(call_ids)).all():
        if not named:  # that word is on its way, or lost: then the alarm rings
            set_alarm(ALARM, call_id, now() + UNNAMED)
            continue
        try:
            with attempt(session):
                _settle(call_id)
        except Exception as error:
            if lost_race(error):
                raise  # all of it is done again
            log.exception("Call %s has no case yet; it is tried again.", call_id)
            set_alarm(ALARM, call_id, now() + RETRY)


@on_alarm(ALARM)
def again(ring: Ring) -> None:
    """What could not be done when the events came."""
    _settle(ring.subject_id)


def _due(call_ids: Sequence[int]) -> Select[int, bool]:
    """Those of the calls for which something is to be done, in their order, and whether it was said
    who called."""
    talks = select(Interaction.call_id).where(
        among(Interaction.call_id, call_ids),
        Interaction.ticket_id.is_(None)
        | Interaction.transferred
        | (Interaction.score.is_not(None) & ~Interaction.judged),
    )
    stays = (
        select(Stay.call_id).join(PhoneQueue).where(among(Stay.call_id, call_ids), missed.missed())
    )
    messages = select(Recording.call_id).where(
        among(Recording.call_id, call_ids), missed.left_word()
    )
    due = talks.union(stays, messages).subquery()
    query = select(Call.id, Call.named).join(due, due.c.call_id == Call.id)
    return query.where(~Call.blocked).order_by(Call.id)


_TALKS = (
    select(Interaction)
    .where(Interaction.call_id == bindparam("call_id"))
    .order_by(Interaction.began_at, Interaction.id)
    .execution_options(populate_existing=True)
)
_STAYS = (
    select(Stay, PhoneQueue, missed.missed())
    .join(PhoneQueue)
    .where(Stay.call_id == bindparam("call_id"))
    .order_by(Stay.joined_at)
    .execution_options(populate_existing=True)
)


_MESSAGES = (
    select(Recording)
    .where(Recording.call_id == bindparam("call_id"), Recording.voicemail)
    .order_by(Recording.at)
    .execution_options(populate_existing=True)
)


def _settle(call_id: int) -> None:
    call = db.session.get_one(Call, call_id, populate_existing=True)
    if call.blocked:
        return
    mine = {"call_id": call_id}
    talks = db.session.scalars(_TALKS, mine).all()
    stays = db.session.execute(_STAYS, mine).all()
    messages = db.session.scalars(_MESSAGES, mine).all()
    stood = [stay.ticket_id for stay, *_more in stays if stay.opened or not messages]
    numbers = [talk.ticket_id for talk in talks] + [each.ticket_id for each in messages] + stood
    known = next((each for each in numbers if each), None)
    ticket = db.session.get(Ticket, known) if known else None
    is_new = any(talk.ticket_id is None for talk in talks)
    for talk in talks:
        ticket = _talked(call, talk, ticket)
    if ticket is not None and ticket.closed_at is None and (is_new or call.ended_at is None):
        _own(ticket, talks, is_new)
    for stay, terms, is_missed in stays:
        if is_missed:
            ticket = missed.take_up(call, stay, terms, ticket, alone=bool(messages))
    for message in messages:
        if message.ticket_id is None:
            ticket = missed.heed(call, message, ticket)
    db.session.flush()


def _talked(call: Call, talk: Interaction, ticket: Ticket | None) -> Ticket:
    """The case of a talk: the one that this call has, a recent one of the caller's, or a new one."""
    agent = db.session.get(Agent, talk.agent_id) if talk.agent_id else None
    by = agent.actor if agent else SYSTEM
    if talk.ticket_id is None:
        recent = None if ticket else _meant(call) or _recent(call)
        owner = agent if agent and agent.active and may(by, "ticket.open") else None
        found = ticket or recent or opened(call, owner=owner)
        talk.ticket_id, talk.offered = found.id, recent is not None
        record("call.answered", by=by, ticket=found, call=call.id)
        _reached(call)
        ticket = found
    if talk.score is not None and not talk.judged:
        talk.judged = True
        record("call.judged", by=SYSTEM, ticket=ticket, call=call.id, score=talk.score)
    assert ticket is not None
    return ticket


def _own(ticket: Ticket, talks: Sequence[Interaction], is_new: bool) -> None:
    """The case of a call belongs to who talks, and follows the call when it is handed on. One that was
    only offered is nobody's by that, and one that somebody puts back meanwhile stays so."""
    before: Interaction | None = None
    for talk in talks:
        if before is not None and _is_asked(before, talk):
            continue
        agent = db.session.get(Agent, talk.agent_id) if talk.agent_id else None
        if agent is None or not agent.active or not may(agent.actor, "ticket.open"):
            pass
        elif ticket.assignee_id is None and is_new and (before is not None or not talk.offered):
            queue.claim(ticket, by=agent.actor)
        elif before is not None and ticket.assignee_id == before.agent_id != agent.id:
            giver = db.session.get_one(Agent, before.agent_id).actor
            by = giver if may(giver, "ticket.assign") else SYSTEM
            queue.assign(ticket, by=by, agent_id=agent.id)
        before = talk


def _is_asked(before: Interaction, talk: Interaction) -> bool:
    """Whether a colleague was only asked, while the call stayed with who had it."""
    if before.ended_at is None:
        return True
    return talk.ended_at is not None and talk.ended_at <= before.ended_at


def _meant(call: Call) -> Ticket | None:
    """The case that a call out was made for."""
    return (
        db.session.scalar(select(Ticket).where(Ticket.number == call.about)) if call.about else None
    )


def _recent(call: Call) -> Ticket | None:
    """The newest open case of this customer that came within the last three days."""
    if call.person_id is None:
        return None
    asked = {"person_id": call.person_id, "since": call.started_at - RECENT}
    return db.session.scalar(_NEWEST, asked)


_NEWEST = (
    select(Ticket)
    .where(
        Ticket.person_id == bindparam("person_id"),
        Ticket.closed_at.is_(None),
        Ticket.received_at >= bindparam("since", type_=UtcTime),
    )
    .order_by(Ticket.id.desc())
    .limit(1)
)


def _reached(call: Call) -> None:
    """Who is talked with need not be called back any more."""
    if call.number:
        due = (PhoneCallback.number == call.number, PhoneCallback.state == "due")
        change_rows(update(PhoneCallback).where(*due).values(state="reached"))


def another(talk: Interaction, *, by: Actor) -> Ticket:
    """The recent case that was offered is not what this call is about: a new one, the agent's own.
    Raises NotAllowed for who opens none."""
    require(by, "ticket.open")
    with transaction():
        talk = locked(talk)
        call = db.session.get_one(Call, talk.call_id)
        owner = db.session.get_one(Agent, by.id)
        ticket = opened(call, f":{talk.seq}", owner=owner)
        talk.ticket_id, talk.offered = ticket.id, False
        record("call.answered", by=by, ticket=ticket, call=call.id)
    return ticket
