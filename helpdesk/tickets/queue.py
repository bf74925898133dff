"""The live queue: who takes what. claim() is a race that exactly one wins; offer() gives work out.

Offering: the case that has waited longest goes to the ready colleague with the fewest
open cases who is below capacity; the reason is stored; with nobody free it stays in the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

from sqlalchemy import func, or_, select, update

from helpdesk.agents import presence
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM, Actor, Role, may, require, require_stands_for
from helpdesk.clock import now
from helpdesk.core import jobs, options
from helpdesk.core.db import change_rows, db, locked, require_current, transaction
from helpdesk.core.errors import NotFound, Refused
from helpdesk.core.events import Event, on_commit, record
from helpdesk.core.i18n import N_
from helpdesk.tickets import queries
from helpdesk.tickets.changing import changing
from helpdesk.tickets.lifecycle import ENDED, Status
from helpdesk.tickets.models import Ticket

DESK_STATUSES = (Status.REGISTERED, Status.REOPENED, Status.ACCEPTED)
MAKES_ROOM = frozenset(
    {
        "ticket.opened",
        "ticket.dispatch",
        "ticket.answer_directly",
        "ticket.decline",
        "ticket.close",
        "ticket.reopen",
        "ticket.release",
        "ticket.assign",
        "ticket.handed_on",
        "ticket.withdraw",
        "ticket.merge",
        "ticket.transfer_out",
        "agent.activity",  # who is on a call is given no case
    }
)
PRESENT_FOR = timedelta(minutes=2)


def claim(ticket: Ticket, *, by: Actor) -> Ticket:
    """Take a free ticket. Exactly one of many wins; the others are told who."""
    require(by, "ticket.claim")
    with transaction():
        queries.require_visible(ticket, by)
        require_stands_for(by, ticket.department_id)
        won = change_rows(
            update(Ticket)
            .where(
                Ticket.id == ticket.id, Ticket.assignee_id.is_(None), Ticket.status.not_in(ENDED)
            )
            .values(
                assignee_id=by.id, offer_reason="", updated_at=now(), version=Ticket.version + 1
            )
        )
        if won.rowcount != 1:
            _refuse_taken(ticket)
        ticket = locked(ticket)
        record("ticket.claim", by=by, ticket=ticket, assignee=by.name)
    return ticket


def _refuse_taken(ticket: Ticket) -> NoReturn:
    holder = db.session.scalar(
        select(Agent.name)
        .join(Ticket, Ticket.assignee_id == Agent.id)
        .where(Ticket.id == ticket.id)
    )
    if holder is None:
        raise Refused(N_("This ticket has ended; nobody can take it."))
    raise Refused(N_("%(name)s took it first."), code="taken", name=holder)


def assign(
    ticket: Ticket, *, by: Actor, agent_id: int | None, version: int | None = None
) -> Ticket:
    """Give the ticket to a colleague, or back to the queue (None)."""
    require(by, "ticket.assign" if agent_id != by.id else "ticket.claim")
    with transaction():
        agent = _still_here(agent_id)
        ticket = locked(ticket)
        queries.require_visible(ticket, by)
        require_current(ticket, version)
        if agent_id and (
            agent is None or not agent.active or not queries.is_visible(ticket, agent.actor)
        ):
            raise NotFound(N_("This colleague can't take the ticket."))
        old = ticket.assignee_id
        ticket.assignee_id, ticket.offer_reason, ticket.updated_at = agent_id, "", now()
        record(
            "ticket.assign",
            by=by,
            ticket=ticket,
            old=old,
            new=agent_id,
            assignee=agent.name if agent else "",
        )
    return ticket


def _still_here(agent_id: int | None) -> Agent | None:
    """The colleague, who can't be deactivated before this transaction ends."""
    if not agent_id:
        return None
    row = select(Agent).where(Agent.id == agent_id).with_for_update(read=True, of=Agent)
    return db.session.scalar(row.execution_options(populate_existing=True))


def takers(ticket: Ticket | None = None) -> list[Agent]:
    """The colleagues who may take this ticket, or any at all, by name."""
    agents = db.session.scalars(select(Agent).where(Agent.active).order_by(Agent.name))
    able = [agent for agent in agents if may(agent.actor, "ticket.claim")]
    return [each for each in able if ticket is None or queries.is_visible(ticket, each.actor)]


def release(ticket: Ticket, *, by: Actor) -> Ticket:
    """Put one's own ticket back into the queue."""
    with changing(ticket, by, "ticket.claim") as ticket:
        if ticket.assignee_id != by.id:
            raise Refused(N_("This ticket is not yours to put back."))
        ticket.assignee_id, ticket.offer_reason, ticket.updated_at = None, "", now()
        record("ticket.release", by=by, ticket=ticket)
    return ticket


def set_presence(agent: Agent, state: str, reason: str = "") -> int:
    """Ready, busy, away, or a break with its reason. Becoming ready takes work at once; returns how many
    cases were given."""
    presence.choose(agent, state, reason, by=agent.actor)
    return offer_waiting() if state == "ready" else 0


def touch(agent: Agent) -> None:
    """Note that this colleague's desk is open: who was not seen for a while is given no work. Who was
    ready until the page was closed is ready again."""
    with transaction():
        change_rows(update(Agent).where(Agent.id == agent.id).values(seen_at=now()))
        if agent.presence_reason == presence.UNREACHABLE:
            presence.choose(agent, "ready", by=SYSTEM)


def wake_on(events: Sequence[Event]) -> None:
    """After a commit: a case came or somebody has room again, so look whether work can be given."""
    if any(noted.name in MAKES_ROOM for noted in events):
        jobs.wake("offer")


on_commit(wake_on)


@jobs.job("offer")
def offer_waiting(most: int = 50) -> int:
    """Give waiting cases to free colleagues, longest wait first; returns how many were given."""
    for given in range(most):
        if not _offer_one():
            return given
    return most


def _offer_one() -> bool:
    with transaction() as session:
        if not options.get("offer_work"):
            return False
        free = _free_agent()
        if free is None:
            return False
        agent, load = free
        ticket = session.scalar(
            select(Ticket)
            .where(
                Ticket.closed_at.is_(None),
                Ticket.assignee_id.is_(None),
                Ticket.status.in_(DESK_STATUSES),
            )
            .order_by(Ticket.received_at, Ticket.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if ticket is None:
            return False
        ticket.assignee_id, ticket.updated_at = agent.id, now()
        ticket.offer_reason = f"{load}/{agent.capacity}"
        record(
            "ticket.offer",
            by=SYSTEM,
            ticket=ticket,
            assignee=agent.name,
            load=load,
            capacity=agent.capacity,
        )
        return True


def _free_agent() -> tuple[Agent, int] | None:
    """The ready colleague of the desk with the fewest open cases, below capacity; locked."""
    load = (
        select(Ticket.assignee_id, func.count().label("open"))
        .where(
            Ticket.closed_at.is_(None),
            Ticket.assignee_id.is_not(None),
            Ticket.status.in_(DESK_STATUSES),
        )
        .group_by(Ticket.assignee_id)
        .subquery()
    )
    open_count = func.coalesce(load.c.open, 0)
    row = db.session.execute(
        select(Agent, open_count)
        .outerjoin(load, load.c.assignee_id == Agent.id)
        .where(
            Agent.active,
            Agent.role == Role.AGENT,
            Agent.presence == "ready",
            Agent.activity == presence.Activity.IDLE,
            or_(Agent.seen_at.is_(None), Agent.seen_at > now() - PRESENT_FOR),
            open_count < Agent.capacity,
        )
        .order_by(open_count, Agent.id)
        .limit(1)
        .with_for_update(of=Agent)
        .execution_options(populate_existing=True)
    ).first()
    return (row[0], row[1]) if row else None
