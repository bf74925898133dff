"""What an agent's page shows of the telephone at this moment: the call, who it may be, what can be done.

All of it is read from the rows of the call, so a page that was closed or reloaded shows the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from helpdesk.agents import presence
from helpdesk.agents.models import Agent
from helpdesk.agents.presence import Activity, Standing
from helpdesk.agents.rights import Actor
from helpdesk.calls import attending, opening, queries, registry, wrapping
from helpdesk.calls.attending import Seen
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import Call, Interaction, Leg, PhoneLine, PhoneQueue, Stay
from helpdesk.calls.registry import Can
from helpdesk.calls.wrapping import Choice
from helpdesk.clock import now
from helpdesk.core import along
from helpdesk.core.db import db
from helpdesk.core.i18n import N_
from helpdesk.desk import callers, softphone
from helpdesk.kb import suggest
from helpdesk.kb.suggest import Suggestion
from helpdesk.settings import settings
from helpdesk.tickets import queries as cases
from helpdesk.tickets.models import Ticket

SHOWS_FOR = timedelta(seconds=20)  # what came of a command
LAST_CALLS = 5
HITS = 3
IN_CALL = (Activity.TALKING, Activity.HOLD, Activity.OUTBOUND)
ASKED = (
    *("originate", "answer", "decline", "hangup", "hold", "unhold"),
    *("transfer_blind", "transfer_attended"),
)
WORDS = {  # why a command came to nothing; all else is said in the telephone system's own words
    "busy": N_("The line is busy."),
    "no answer": N_("Nobody answered."),
    "declined": N_("Your colleague does not take the call now."),
    "unavailable": N_("A telephone is not connected: yours, or the one that was dialled."),
    "phones are down": N_("The telephone is down."),
    "too late": N_("The telephone system did not answer in time; nothing was done."),
    "interrupted": N_("The connection broke off: please look whether it was done."),
    "not in this call": N_("This call is over, or no longer yours."),
    "this telephone can't be held from here": N_("Please use the hold key of your telephone."),
}
EXTENSION = select(func.coalesce(func.max(PhoneLine.extension), ""))
along.reads("extension", EXTENSION.where(PhoneLine.agent_id == Agent.id).scalar_subquery())


class Pop(NamedTuple):
    """Who may be calling and what may help: customers with their cases, calls of the number, articles."""

    known: dict[str, Any]
    last: Sequence[Call]
    articles: Sequence[Suggestion]


class Bar(NamedTuple):
    """The telephone of an agent now. `can`: what may be done with this call; `beside`: a colleague who
    asks about it, or is asked; `whose` the case is, when it is written up; `codes` of the form; `own`
    steps are done by the telephone in the browser."""

    standing: Standing
    seen: Seen
    call: Call | None
    talk: Interaction | None
    queue: PhoneQueue | None
    ticket: Ticket | None
    topic: str
    can: frozenset[Can]
    beside: str
    whose: str
    pop: Pop | None
    codes: Sequence[Choice]
    unrecorded: bool
    own: Collection[str]

    @property
    def in_call(self) -> bool:
        """Whether somebody is on the line."""
        return self.seen.activity in IN_CALL

    @property
    def form(self) -> bool:
        """Whether there is something to write up."""
        return self.talk is not None and self.talk.saved_at is None and self.seen.wraps


def extension(who: Actor | None) -> str:
    """The extension of this person's telephone; "" where there is none."""
    if who is None or who.kind != "agent":
        return ""
    read = along.get("extension")
    if read is None:
        read = db.session.scalar(EXTENSION.where(PhoneLine.agent_id == who.id))
    return str(read)


def dials(who: Actor | None) -> bool:
    """Whether this person can have a number dialled by a click."""
    phone = settings().phone
    able = phone is not None and registry.able(phone.name, Can.ORIGINATE)
    return able and bool(extension(who))


def bar(who: Actor) -> Bar:
    """The telephone of this person now."""
    assert who.id is not None
    seen = attending.of([who.id]).get(who.id, attending.IDLE)
    call = db.session.get(Call, seen.call_id) if seen.call_id else None
    talk = db.session.get(Interaction, seen.talk_id) if seen.talk_id else None
    ticket = db.session.get(Ticket, talk.ticket_id) if talk and talk.ticket_id else None
    queue, over = _queue(call, talk), seen.activity == Activity.WRAP_UP
    own = softphone.STEPS if call and softphone.rings_for(who) else ()
    return Bar(
        standing=presence.of(who.id),
        seen=seen,
        call=call,
        talk=talk,
        queue=queue,
        ticket=ticket,
        topic=opening.about(call.topic, who.language) if call else "",
        can=_can(call, bool(own)) if call else frozenset(),
        beside=_beside(call.id, who.id) if call and not over else "",
        whose=cases.person_of(ticket).name if ticket and over else "",
        pop=_pop(call, ticket, who) if call and not over else None,
        codes=wrapping.choices(talk.queue_id, who.language) if talk else (),
        unrecorded=call is not None and _is_unrecorded(call, who),
        own=own,
    )


def _can(call: Call, in_browser: bool) -> frozenset[Can]:
    able = registry.adapter(call.provider).can
    return able | {Can.ANSWER, Can.HOLD} if in_browser else able


def _beside(call_id: int, me: int) -> str:
    """Who else has this call, where one of two asks the other: while a colleague talks it rings here, or
    I talk and it rings there, or both talk."""
    talks = select(Interaction.agent_id).where(Interaction.call_id == call_id)
    lasting = set(db.session.scalars(talks.where(Interaction.ended_at.is_(None))))
    rings = select(Leg.agent_id).where(Leg.call_id == call_id, Leg.ended_at.is_(None))
    other = select(Agent.name).where(
        Agent.id != me, Agent.id.in_([*lasting, *db.session.scalars(rings)])
    )
    return (db.session.scalar(other.limit(1)) or "") if lasting else ""


def _queue(call: Call | None, talk: Interaction | None) -> PhoneQueue | None:
    """The queue that the call came through."""
    if talk is not None and talk.queue_id:
        return db.session.get(PhoneQueue, talk.queue_id)
    if call is None:
        return None
    query = select(PhoneQueue).join(Stay, Stay.queue_id == PhoneQueue.id)
    last = query.where(Stay.call_id == call.id).order_by(Stay.joined_at.desc(), Stay.id.desc())
    return db.session.scalar(last.limit(1))


def _pop(call: Call, ticket: Ticket | None, who: Actor) -> Pop:
    known = callers.known(who, call.number)
    theirs = select(Call).where(queries.visible_to(who), Call.number == call.number)
    last = theirs.where(Call.id != call.id).order_by(Call.started_at.desc(), Call.id.desc())
    return Pop(
        known,
        db.session.scalars(last.limit(LAST_CALLS)).all() if call.number else (),
        _articles(call, ticket, known, who),
    )


def _articles(
    call: Call, ticket: Ticket | None, known: dict[str, Any], who: Actor
) -> Sequence[Suggestion]:
    """Articles that share words with what was chosen in the menu, or with the caller's open cases."""
    about = [ticket.subject] if ticket else []
    about += [row.ticket.subject for each in known["callers"] for row in each.open_tickets]
    words = " ".join(filter(None, (opening.about(call.topic, who.language), *about[:3])))
    return suggest.for_agent(who, words[:300], who.language)[:HITS] if words else ()


def _is_unrecorded(call: Call, who: Actor) -> bool:
    """Whether the recording of this call was asked to pause, and not to go on."""
    asked = (PhoneCommand.agent_id == who.id, PhoneCommand.verb == "record_pause")
    here = PhoneCommand.provider == call.provider, PhoneCommand.asked_at >= call.started_at
    query = select(PhoneCommand).where(*asked, *here, PhoneCommand.state != "failed")
    newest = db.session.scalars(query.order_by(PhoneCommand.id.desc()).limit(1)).first()
    of_it = newest is not None and newest.data.get("call") == call.external_id
    return of_it and bool(newest and newest.data.get("on"))


class Asked(NamedTuple):
    """What this person asked of the telephone last: to whom, whether it waits, and what came of it."""

    to: str
    verb: str
    waits: bool
    problem: str


def asked(who: Actor) -> Asked | None:
    """That, while it waits and shortly after; None where there is nothing to say."""
    recent = PhoneCommand.asked_at > now() - timedelta(minutes=2)
    mine = PhoneCommand.agent_id == who.id, PhoneCommand.verb.in_(ASKED)
    query = select(PhoneCommand).where(*mine, recent).order_by(PhoneCommand.id.desc()).limit(1)
    row = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None or (row.done_at is not None and row.done_at < now() - SHOWS_FOR):
        return None
    waits = row.state in ("waiting", "taken")
    problem = WORDS.get(row.reason, row.reason) if row.state == "failed" else ""
    return Asked(str(row.data.get("to", "")), row.verb, waits, problem)


def colleagues(but: int | None) -> Sequence[Any]:
    """Who else has a telephone: name, extension, and how they stand; who is free stands first."""
    query = select(Agent.name, PhoneLine.extension, Agent.presence, Agent.activity)
    there = (
        query.select_from(Agent).join(PhoneLine, PhoneLine.agent_id == Agent.id).where(Agent.active)
    )
    busy = (Agent.presence != "ready") | (Agent.activity != Activity.IDLE)
    return db.session.execute(there.where(Agent.id != but).order_by(busy, Agent.name)).all()
