"""A call becomes a case: answered, given up after a while, or to be called back.

follow() runs in the transaction of the events, so a call and its case are there together or not at all,
once, however often the events come. Should a case not be possible just now, the events are kept all the
same, and an alarm tries again: nothing that was heard is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, bindparam, or_, select, text, update
from sqlalchemy.orm import Session

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, Actor, may
from helpdesk.calls.models import Call, Interaction, PhoneCallback, PhoneQueue, Stay
from helpdesk.calls.words import WANTS_A_CALL, StayState
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, attempt, on_alarm, set_alarm
from helpdesk.core.db import UtcTime, change_rows, db, locked, lost_race, transaction
from helpdesk.core.errors import BadInput
from helpdesk.core.events import record
from helpdesk.core.i18n import gettext, in_language, when
from helpdesk.core.rows import among
from helpdesk.customers.addresses import read
from helpdesk.customers.people import Asker
from helpdesk.customers.phones import spoken
from helpdesk.settings import settings
from helpdesk.tickets import actions, queue
from helpdesk.tickets.intake import Intake, open_ticket
from helpdesk.tickets.models import Ticket
from helpdesk.words import Kind

log = logging.getLogger(__name__)
ALARM = "call.case"
RECENT = timedelta(hours=72)  # an open case of the same customer is likely to be meant again
MERGED = timedelta(hours=4)  # missed calls of one number within it are one case
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
        Interaction.ticket_id.is_(None) | (Interaction.score.is_not(None) & ~Interaction.judged),
    )
    stays = select(Stay.call_id).join(PhoneQueue).where(among(Stay.call_id, call_ids), missed())
    both = talks.union(stays).subquery()
    query = select(Call.id, Call.named).join(both, both.c.call_id == Call.id)
    return query.order_by(Call.id)


def missed() -> ColumnElement[bool]:
    """The condition that a stay leaves somebody to be called, and nobody has taken it up yet."""
    gave_up = (Stay.state == StayState.ABANDONED) & (Stay.waited > PhoneQueue.short_abandon)
    unserved = (Stay.state == StayState.LEFT) & Stay.reason.in_(WANTS_A_CALL)
    return Stay.ticket_id.is_(None) & or_(gave_up, unserved)


_TALKS = (
    select(Interaction)
    .where(Interaction.call_id == bindparam("call_id"))
    .order_by(Interaction.began_at, Interaction.id)
    .execution_options(populate_existing=True)
)
_STAYS = (
    select(Stay, PhoneQueue)
    .join(PhoneQueue)
    .where(Stay.call_id == bindparam("call_id"))
    .order_by(Stay.joined_at)
    .execution_options(populate_existing=True)
)


def _settle(call_id: int) -> None:
    call = db.session.get_one(Call, call_id, populate_existing=True)
    mine = {"call_id": call_id}
    talks = db.session.scalars(_TALKS, mine).all()
    stays = db.session.execute(_STAYS, mine).all()
    numbers = [talk.ticket_id for talk in talks] + [stay.ticket_id for stay, _queue in stays]
    known = next((each for each in numbers if each), None)
    ticket = db.session.get(Ticket, known) if known else None
    for before, talk in zip([None, *talks], talks, strict=False):
        ticket = _talked(call, before, talk, ticket)
    for stay, terms in stays:
        if _is_missed(stay, terms):
            ticket = _missed(call, stay, terms, ticket)
    db.session.flush()


def _talked(
    call: Call, before: Interaction | None, talk: Interaction, ticket: Ticket | None
) -> Ticket:
    """The case of a talk: the one that this call has, a recent one of the caller's, or a new one."""
    agent = db.session.get(Agent, talk.agent_id) if talk.agent_id else None
    by = agent.actor if agent else SYSTEM
    if talk.ticket_id is None:
        recent = None if ticket else _meant(call) or _recent(call)
        owner = agent if agent and agent.active and may(by, "ticket.open") else None
        found = ticket or recent or _opened(call, owner=owner)
        talk.ticket_id, talk.offered = found.id, recent is not None
        if ticket is not None and owner is not None:
            _own(ticket, owner, before)
        record("call.answered", by=by, ticket=found, call=call.id)
        _reached(call)
        ticket = found
    if talk.score is not None and not talk.judged:
        talk.judged = True
        record("call.judged", by=SYSTEM, ticket=ticket, call=call.id, score=talk.score)
    assert ticket is not None
    return ticket


def _own(ticket: Ticket, agent: Agent, before: Interaction | None) -> None:
    """The case of a call belongs to who talks, and follows the call when it is handed on."""
    if ticket.closed_at is not None:
        return
    if ticket.assignee_id is None:
        queue.claim(ticket, by=agent.actor)
    elif before is not None and ticket.assignee_id == before.agent_id != agent.id:
        giver = db.session.get_one(Agent, before.agent_id).actor
        by = giver if may(giver, "ticket.assign") else SYSTEM
        queue.assign(ticket, by=by, agent_id=agent.id)


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
    """The recent case that was offered is not what this call is about: a new one, the agent's own."""
    with transaction():
        talk = locked(talk)
        call = db.session.get_one(Call, talk.call_id)
        owner = db.session.get_one(Agent, by.id)
        ticket = _opened(call, f":{talk.seq}", owner=owner)
        talk.ticket_id, talk.offered = ticket.id, False
        record("call.answered", by=by, ticket=ticket, call=call.id)
    return ticket


def _opened(
    call: Call, part: str = "", owner: Agent | None = None, said: Mapping[str, str] | None = None
) -> Ticket:
    """A new case of this call, its `owner` who took it. `said`: subject and body, where nobody has
    talked."""
    with in_language(settings().language):
        about = gettext("Call about “%(topic)s”", topic=call.topic) if call.topic else ""
        called = gettext("Call from %(number)s", number=shown(call.number))
    intake = Intake(
        channel="phone",
        kind=Kind.ENQUIRY,
        subject=said["subject"] if said else about or called,
        body=said["body"] if said else called,
        person=_asker(call.number),
        caller_id=call.person_id,
        spoken_to=not said,
        taken_by=owner.id if owner else None,
        external_id=f"call:{call.provider}:{call.external_id}{part}",
        received_at=call.started_at,
        language=settings().language,
    )
    ticket = open_ticket(intake, SYSTEM).ticket
    if owner:
        record("ticket.claim", by=owner.actor, ticket=ticket, assignee=owner.name)
    return ticket


def _asker(number: str) -> Asker:
    """The caller as far as a number tells; one that is nobody's address stands in the words alone."""
    try:
        return Asker(phone=read("phone", number).value) if number else Asker()
    except BadInput:
        return Asker()


def shown(number: str) -> str:
    """A caller's number for the eye, in the language in force."""
    return spoken(number) if number else gettext("a hidden number")


def _is_missed(stay: Stay, terms: PhoneQueue) -> bool:
    """The same as missed(), of rows that are at hand."""
    gave_up = stay.state == StayState.ABANDONED and (stay.waited or 0) > terms.short_abandon
    unserved = stay.state == StayState.LEFT and stay.reason in WANTS_A_CALL
    return stay.ticket_id is None and (gave_up or unserved)


def _missed(call: Call, stay: Stay, terms: PhoneQueue, ticket: Ticket | None) -> Ticket:
    """Somebody waited in vain: a case, or one more note on that of the same number."""
    found = ticket or _missed_before(call, stay)
    words = _words(call, stay, terms)
    if found is None:
        found, stay.opened = _opened(call, f":{stay.seq}", said=words), True
    stay.ticket_id = found.id
    actions.note(found, by=SYSTEM, body=words["body"])
    if stay.reason in WANTS_A_CALL and call.number:
        _call_back(call, stay, found)
    return found


def _missed_before(call: Call, stay: Stay) -> Ticket | None:
    """The open case of a missed call of this number that began within MERGED of this one."""
    if not call.number or stay.ended_at is None:
        return None
    _wait_for_others(call.number)
    since, until = stay.ended_at - MERGED, stay.ended_at + MERGED
    return db.session.scalar(
        select(Ticket)
        .join(Stay, Stay.ticket_id == Ticket.id)
        .join(Call, Call.id == Stay.call_id)
        .where(Call.number == call.number, Stay.opened, Stay.ended_at.between(since, until))
        .where(Ticket.closed_at.is_(None))
        .order_by(Stay.ended_at.desc())
        .limit(1)
    )


def _wait_for_others(number: str) -> None:
    """Two who miss calls of one number at this moment make one case; SQLite has one writer anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        words = {"words": f"missed:{number}"}
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:words))"), words)


def _words(call: Call, stay: Stay, terms: PhoneQueue) -> dict[str, str]:
    """What a colleague reads: who called, when, and how long they waited where."""
    assert stay.ended_at is not None
    with in_language(settings().language):
        given = {
            "number": shown(call.number),
            "seconds": round(stay.waited or 0),
            "queue": terms.name or terms.code,
            "at": when(stay.ended_at),
        }
        if stay.state == StayState.ABANDONED:
            body = gettext(
                "%(number)s waited %(seconds)s seconds for “%(queue)s” and gave up (%(at)s)."
            )
        else:
            body = gettext(
                "%(number)s waited %(seconds)s seconds for “%(queue)s” and is to be called back (%(at)s)."
            )
        return {"subject": gettext("Missed call from %(number)s") % given, "body": body % given}


def _call_back(call: Call, stay: Stay, ticket: Ticket) -> None:
    """One call is owed, with the place of the first stay, however often the caller tried."""
    same = (PhoneCallback.number == call.number, PhoneCallback.state == "due")
    if db.session.scalar(select(PhoneCallback.id).where(*same).limit(1)) is not None:
        return
    db.session.add(
        PhoneCallback(
            stay_id=stay.id,
            ticket_id=ticket.id,
            queue_id=stay.queue_id,
            number=call.number,
            place_at=stay.joined_at,
            next_at=stay.ended_at or now(),
        )
    )
