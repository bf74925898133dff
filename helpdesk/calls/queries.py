"""Every list and look-up of calls; who may see which is decided by visible_to() alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import NOT_INCLUDED, Actor, may, require, scope
from helpdesk.calls.models import Call, Interaction, Leg, PhoneQueue, Recording, Stay
from helpdesk.calls.stays import LISTED
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed, NotFound
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


def hearable_by(who: Actor | None) -> ColumnElement[bool]:
    """The condition that `who` may hear a Recording of a Call that they may know of: who leads hears all,
    an agent the own talks, and the desk what callers have left as a message."""
    if may(who, "call.hear"):
        return visible_to(who)
    if who is None or who.kind != "agent":
        return false()
    talked = select(Interaction.call_id).where(Interaction.agent_id == who.id)
    mine = (Recording.agent_id == who.id) | (
        Recording.agent_id.is_(None) & Recording.call_id.in_(talked)
    )
    message = Recording.voicemail if may(who, "call.use") else false()
    return visible_to(who) & (mine | message)


def require_all(who: Actor | None) -> None:
    """Raise NotAllowed for who may not know of every call."""
    require(who, "call.read")
    if not scope(who).everything:
        raise NotAllowed(NOT_INCLUDED)


def touched_lately(within: timedelta = timedelta(seconds=30)) -> tuple[int, datetime | None]:
    """How many calls there was news of just now, and when of the newest: another answer than before
    says that something has changed, also when it was committed late."""
    query = select(func.count(), func.max(Call.touched_at)).where(Call.touched_at > now() - within)
    count, newest = db.session.execute(query).one()
    return count, newest


class Wanted(NamedTuple):
    """What a list of calls is narrowed to; '' and None for everything.

    With `stay` (see stays.LISTED) it is a list of stays: a call stands in it once for each that counts
    as such in the queue, and the period is that in which they began.
    """

    since: datetime | None = None
    until: datetime | None = None
    queue: str = ""
    agent: int | None = None
    state: str = ""
    person: int | None = None
    stay: str = ""


class Listed(NamedTuple):
    """A line of a list: a call, and where it stands in the list's order. `id` is the stay's in a list
    of stays."""

    call: Call
    at: datetime
    id: int


def calls(who: Actor | None, wanted: Wanted = Wanted()) -> Select[Any]:
    """The calls that `who` may see as (call, at, id), the newest first."""
    at, id_ = _place(wanted)
    query = select(Call, at, id_).select_from(Call).where(visible_to(who))
    if wanted.stay:
        query = query.join(Stay, Stay.call_id == Call.id)
        query = query.join(PhoneQueue, PhoneQueue.id == Stay.queue_id).where(LISTED[wanted.stay])
    if wanted.since:
        query = query.where(at >= wanted.since)
    if wanted.until:
        query = query.where(at < wanted.until)
    if wanted.state:
        query = query.where(Call.state == wanted.state)
    if wanted.person is not None:
        query = query.where(Call.person_id == wanted.person)
    if wanted.agent is not None:
        query = query.where(_of_agent(wanted.agent))
    if wanted.queue:
        query = query.where(_of_queue(wanted))
    return query.order_by(at.desc(), id_.desc())


def _place(wanted: Wanted) -> tuple[Any, Any]:
    """What a list goes by: when the calls began, or the stays."""
    return (Stay.joined_at, Stay.id) if wanted.stay else (Call.started_at, Call.id)


def _of_agent(agent: int) -> ColumnElement[bool]:
    """The condition that it rang at this agent, or that they talked."""
    rang = select(Leg.call_id).where(Leg.agent_id == agent)
    talked = select(Interaction.call_id).where(Interaction.agent_id == agent)
    return Call.id.in_(rang) | Call.id.in_(talked)


def _of_queue(wanted: Wanted) -> ColumnElement[bool]:
    """The condition that it waited in this queue; of a stay, that it was there."""
    if wanted.stay:
        return PhoneQueue.code == wanted.queue
    there = select(Stay.call_id).join(PhoneQueue, PhoneQueue.id == Stay.queue_id)
    return Call.id.in_(there.where(PhoneQueue.code == wanted.queue))


def count(who: Actor | None, wanted: Wanted, most: int) -> int:
    """How long the list is; one more than `most` for all that are longer."""
    query = calls(who, wanted).with_only_columns(_place(wanted)[1]).order_by(None)
    counted = query.limit(most + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(counted)) or 0


def lines(
    who: Actor | None, wanted: Wanted, after: str = "", size: int = 50
) -> tuple[list[Listed], str]:
    """A page of the list, and the cursor behind which the next one begins ('' at the end).

    Raises NotAllowed for who may see none, BadInput for a cursor that is none.
    """
    require(who, "call.read")
    query, (at, id_) = calls(who, wanted), _place(wanted)
    if after:
        last_at, last_id = cases.read_cursor(after)
        if last_at is None:
            raise BadInput(cases.NO_PAGE)
        query = query.where((at < last_at) | (at == last_at) & (id_ < last_id))
    found = [Listed(*row) for row in db.session.execute(query.limit(size + 1))]
    last = found[size - 1] if len(found) > size else None
    return found[:size], cases.cursor(last.at, last.id) if last else ""


def page(
    who: Actor | None, wanted: Wanted, after: str = "", size: int = 50
) -> tuple[list[Call], str]:
    """The calls of a page of the list; see lines()."""
    found, following = lines(who, wanted, after, size)
    return [each.call for each in found], following


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
    columns = [PhoneQueue.code.label("queue"), PhoneQueue.skills.label("wanted")]
    columns.append(Agent.name.label("agent"))
    query = select(table, *columns, *([Ticket.number.label("ticket")] if case else []))
    query = query.outerjoin(PhoneQueue, PhoneQueue.id == table.c.queue_id)
    query = query.outerjoin(Agent, Agent.id == table.c.agent_id)
    if case:
        query = query.outerjoin(Ticket, (Ticket.id == table.c.ticket_id) & known)
    query = query.where(table.c.call_id.in_(call_ids))
    return db.session.execute(query.order_by(table.c.call_id, table.c.seq)).all()
