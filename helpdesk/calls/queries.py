"""Every list and look-up of calls; who may see which is decided by visible_to() alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, may, require, scope
from helpdesk.calls.models import Call, Interaction, Leg, PhoneQueue, Recording, Stay
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.tickets import queries as cases
from helpdesk.tickets.models import Ticket

ANOTHER = N_("There is no such call, or it is not yours to see.")


def visible_to(who: Actor | None) -> ColumnElement[bool]:
    """The condition that `who` may know of a call: the desk knows all; a department those that are on
    a case which it may know together with whose it is, since a call names its caller."""
    if not may(who, "call.read"):
        return false()
    if scope(who).everything:
        return true()
    theirs = select(Ticket.id).where(cases.known_with_person(who))
    talks = select(Interaction.call_id).where(Interaction.ticket_id.in_(theirs))
    stays = select(Stay.call_id).where(Stay.ticket_id.in_(theirs))
    return or_(Call.id.in_(talks), Call.id.in_(stays))


class Wanted(NamedTuple):
    """What a list of calls is narrowed to; '' and None for everything."""

    since: datetime | None = None
    until: datetime | None = None
    queue: str = ""
    agent: int | None = None
    state: str = ""
    person: int | None = None


def calls(who: Actor | None, wanted: Wanted = Wanted()) -> Select[Call]:
    """The calls that `who` may see, the newest first."""
    query = select(Call).where(visible_to(who))
    if wanted.since:
        query = query.where(Call.started_at >= wanted.since)
    if wanted.until:
        query = query.where(Call.started_at < wanted.until)
    if wanted.state:
        query = query.where(Call.state == wanted.state)
    if wanted.person is not None:
        query = query.where(Call.person_id == wanted.person)
    if wanted.queue:
        there = select(Stay.call_id).join(PhoneQueue, PhoneQueue.id == Stay.queue_id)
        query = query.where(Call.id.in_(there.where(PhoneQueue.code == wanted.queue)))
    if wanted.agent is not None:
        rang = select(Leg.call_id).where(Leg.agent_id == wanted.agent)
        talked = select(Interaction.call_id).where(Interaction.agent_id == wanted.agent)
        query = query.where(Call.id.in_(rang) | Call.id.in_(talked))
    return query.order_by(Call.started_at.desc(), Call.id.desc())


def page(
    who: Actor | None, wanted: Wanted, after: str = "", size: int = 50
) -> tuple[list[Call], str]:
    """A page of calls, and the cursor behind which the next one begins ('' at the end).

    Raises NotAllowed for who may see none, BadInput for a cursor that is none.
    """
    require(who, "call.read")
    query = calls(who, wanted)
    if after:
        at, last_id = cases.read_cursor(after)
        earlier = Call.started_at < at
        query = query.where(earlier | (Call.started_at == at) & (Call.id < last_id))
    found = list(db.session.scalars(query.limit(size + 1)))
    last = found[size - 1] if len(found) > size else None
    return found[:size], cases.cursor(last.started_at, last.id) if last else ""


def by_id(call_id: int, who: Actor | None) -> Call:
    """The call. Raises NotFound when there is none that `who` may see, NotAllowed for who sees none."""
    require(who, "call.read")
    call = db.session.scalar(select(Call).where(Call.id == call_id, visible_to(who)))
    if call is None:
        raise NotFound(ANOTHER)
    return call


class Parts(NamedTuple):
    """What hangs on some calls: rows, each with its call's id and the names of what it points to."""

    stays: Sequence[Any]
    legs: Sequence[Any]
    talks: Sequence[Any]
    recordings: Sequence[Recording]

    def of(self, call_id: int) -> Parts:
        """Those of one call."""
        return Parts(*([row for row in rows if row.call_id == call_id] for rows in self))


def parts(call_ids: Sequence[int], who: Actor | None) -> Parts:
    """All that hangs on these calls, in its order; four statements however many they are. The number
    of a case that `who` may not know of is left out."""
    known = cases.visible_to(who)
    return Parts(
        _told(Stay, call_ids, known, agent=True, case=True),
        _told(Leg, call_ids, known, agent=True),
        _told(Interaction, call_ids, known, agent=True, case=True),
        db.session.scalars(
            select(Recording).where(Recording.call_id.in_(call_ids)).order_by(Recording.at)
        ).all(),
    )


def _told(
    model: Any,
    call_ids: Sequence[int],
    known: ColumnElement[bool],
    *,
    agent: bool,
    case: bool = False,
) -> Sequence[Any]:
    table = model.__table__
    columns = [PhoneQueue.code.label("queue"), Agent.name.label("agent")]
    query = select(table, *columns, *([Ticket.number.label("ticket")] if case else []))
    query = query.outerjoin(PhoneQueue, PhoneQueue.id == table.c.queue_id)
    query = query.outerjoin(Agent, Agent.id == table.c.agent_id)
    if case:
        query = query.outerjoin(Ticket, (Ticket.id == table.c.ticket_id) & known)
    query = query.where(table.c.call_id.in_(call_ids))
    return db.session.execute(query.order_by(table.c.call_id, table.c.seq)).all()
