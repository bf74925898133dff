"""The wallboard: eight figures of this moment, each with the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone
from helpdesk.tickets import queries, queue, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket
from helpdesk.words import PRESENCES


@dataclass(frozen=True)
class Figure:
    """How many cases, and their list."""

    count: int
    filter: Filter


@dataclass(frozen=True)
class Board:
    """Figures by name; when the one who waits longest began to; ready, busy and away agents."""

    figures: dict[str, Figure]
    waiting_since: datetime | None
    presence: dict[str, int]
    at: datetime

    @property
    def longest(self) -> timedelta | None:
        """The longest wait; None when nobody waits."""
        return self.at - self.waiting_since if self.waiting_since else None

    @property
    def deserted(self) -> bool:
        """Customers wait and no agent is ready or busy: somebody must act now."""
        there = self.presence["ready"] + self.presence["busy"]
        return bool(self.figures["waiting"].count) and not there


def filters() -> dict[str, Filter]:
    """What is counted."""
    today = now().astimezone(company_zone()).date()
    day: dict[str, Any] = {"since": today, "until": today, "merged": "no"}
    return {
        "waiting": Filter(waiting="yes"),
        "soon": Filter(late="soon"),
        "overdue": Filter(late="yes"),
        "calls": Filter(status=("callback",), call=("due",)),
        "received": Filter(**day),
        "closed": Filter(at="closed", **day),
    }


def read(who: Actor) -> Board:
    """The board as `who` may see it: three statements, whatever the number of tickets."""
    wanted = filters()
    standing = {name: wanted[name] for name in ("waiting", "soon", "overdue", "calls")}
    counts, since = _open(standing, who)
    counts |= {name: ticket_lists.count(wanted[name], who) for name in ("received", "closed")}
    figures = {name: Figure(counts[name], filter) for name, filter in wanted.items()}
    return Board(figures, since, _presence(), now())


def _open(parts: dict[str, Filter], who: Actor) -> tuple[dict[str, int], datetime | None]:
    """Open tickets that fulfil each filter, and since when the first waiting one has waited."""
    conditions = {name: and_(*ticket_lists.narrowing(part, who)) for name, part in parts.items()}
    sums = [func.count(case((wanted, 1))) for wanted in conditions.values()]
    longest = func.min(case((conditions["waiting"], Ticket.waiting_since)))
    query = select(longest, *sums).select_from(Ticket)
    row = db.session.execute(query.where(Ticket.closed_at.is_(None), queries.visible_to(who))).one()
    return dict(zip(parts, map(int, row[1:]), strict=True)), row[0]


def _presence() -> dict[str, int]:
    """Agents of the desk by presence; whose page has been closed for a while is away."""
    seen = Agent.seen_at > now() - queue.PRESENT_FOR
    state = case((seen, Agent.presence), else_="away")
    query = select(state.label("state"), func.count()).where(Agent.active, Agent.role == Role.AGENT)
    found: dict[str, int] = dict(db.session.execute(query.group_by("state")).all())
    return dict.fromkeys(PRESENCES, 0) | found
