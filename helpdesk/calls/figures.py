"""What queues did, counted in SQL from their stays: the one home of the telephone's measures.

A stay counts wholly in the interval in which it began, so intervals add up to their day. A share of nothing
is None ("no calls"), never 0 % or 100 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, cast, extract, func, literal, select, text

from helpdesk.agents.models import Agent
from helpdesk.calls.models import Interaction, Leg, PhoneQueue, Stay
from helpdesk.calls.stays import COUNTED
from helpdesk.core.db import db
from helpdesk.core.i18n import N_

DEFINITIONS = {
    "offered": N_("Stays in the queue that began"),
    "answered": N_("Stays that an agent answered"),
    "abandoned": N_("Stays in which the caller gave up"),
    "short": N_("Of these, within the queue’s limit for a short wait"),
    "left": N_("Stays that ended otherwise: time was up, a call back was asked for, moved, closed"),
    "waiting": N_("Stays that have not ended"),
    "service_level": N_(
        "Answered within the queue’s threshold, of all answered and given up, short waits left out"
    ),
    "strict_level": N_("Answered within the queue’s threshold, of all that were offered"),
    "lenient_level": N_("Answered or given up within the threshold, of all that were offered"),
    "asa": N_("Average waiting time of the answered"),
    "abandon_rate": N_("Given up, of all that were offered, short waits left out of both"),
    "time_to_abandon": N_("Average waiting time of those who gave up"),
    "longest": N_("How long the first of those who wait has waited"),
    "ready": N_("Agents of the queue who would get the next call"),
    "talking": N_("Agents who talk with a caller of the queue"),
    "break": N_("Agents of the queue who take no calls for a while"),
}


@dataclass(frozen=True)
class Figures:
    """The counts of some stays; seconds where they are times. Figures add up."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    short: int = 0
    left: int = 0
    waiting: int = 0
    in_time: int = 0  # answered within the threshold
    abandoned_in_time: int = 0
    answered_wait: float = 0.0
    abandoned_wait: float = 0.0
    longest_answered: float = 0.0
    longest_abandoned: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        """Both together."""
        mine = {
            each.name: (getattr(self, each.name), getattr(other, each.name))
            for each in fields(self)
        }
        return Figures(
            **{n: max(v) if n.startswith("longest") else sum(v) for n, v in mine.items()}
        )

    @property
    def service_level(self) -> float | None:
        """0 to 1; see DEFINITIONS, as all that follow."""
        return _share(self.in_time, self.answered + self.abandoned - self.short)

    @property
    def strict_level(self) -> float | None:
        """Of all that were offered."""
        return _share(self.in_time, self.offered)

    @property
    def lenient_level(self) -> float | None:
        """Who gave up within the threshold counts as served."""
        return _share(self.in_time + self.abandoned_in_time, self.offered)

    @property
    def asa(self) -> float | None:
        """Average speed of answer, in seconds."""
        return _share(self.answered_wait, self.answered)

    @property
    def abandon_rate(self) -> float | None:
        """0 to 1, corrected for short waits."""
        return _share(self.abandoned - self.short, self.offered - self.short)

    @property
    def time_to_abandon(self) -> float | None:
        """Seconds, on average."""
        return _share(self.abandoned_wait, self.abandoned)


def _share(part: float, of: float) -> float | None:
    return part / of if of else None


def by_interval(
    since: datetime, until: datetime, length: timedelta | None = None
) -> dict[tuple[str, datetime], Figures]:
    """The figures of each queue (its code) and interval (its beginning) with stays that began in the
    period, which begins at a whole second; without a `length` the whole period is one."""
    place = _place(since, length).label("place") if length else literal(0).label("place")
    query = _figures(PhoneQueue.code, place).where(Stay.joined_at >= since, Stay.joined_at < until)
    rows = db.session.execute(query.group_by(PhoneQueue.code, text("place"))).all()
    step = length or timedelta(0)
    return {(code, since + at * step): Figures(*counts) for code, at, *counts in rows}


def by_queue(since: datetime, until: datetime) -> dict[str, Figures]:
    """The figures of each queue for the whole period."""
    return {code: found for (code, _at), found in by_interval(since, until).items()}


@dataclass(frozen=True)
class Handled:
    """What one agent did: telephones that rang, talks, and times in seconds; talk is without hold."""

    name: str
    rang: int = 0
    missed: int = 0
    talks: int = 0
    handed_on: int = 0
    talked: float = 0.0
    held: float = 0.0
    wrapped: float = 0.0


def by_agent(since: datetime, until: datetime) -> list[Handled]:
    """What each agent did in calls that rang, and in talks that began, in the period; by name."""
    rang = select(
        Leg.agent_id, func.count().label("rang"), _count(Leg.state == "missed").label("missed")
    ).where(Leg.offered_at >= since, Leg.offered_at < until)
    talk = seconds_between(Interaction.began_at, Interaction.ended_at) - Interaction.held
    wrap = seconds_between(Interaction.ended_at, Interaction.wrapped_at)
    talked = select(
        Interaction.agent_id,
        func.count().label("talks"),
        _count(Interaction.transferred.is_(True)).label("handed_on"),
        func.sum(talk).label("talked"),
        func.sum(Interaction.held).label("held"),
        func.sum(wrap).label("wrapped"),
    ).where(Interaction.began_at >= since, Interaction.began_at < until)
    legs = rang.group_by(Leg.agent_id).subquery()
    talks = talked.group_by(Interaction.agent_id).subquery()
    names = ("rang", "missed", "talks", "handed_on", "talked", "held", "wrapped")
    columns = [(legs.c if name in legs.c else talks.c)[name] for name in names]
    query = (
        select(Agent.name, *columns)
        .select_from(Agent)
        .outerjoin(legs, legs.c.agent_id == Agent.id)
        .outerjoin(talks, talks.c.agent_id == Agent.id)
        .where(legs.c.agent_id.is_not(None) | talks.c.agent_id.is_not(None))
        .order_by(Agent.name, Agent.id)
    )
    return [Handled(name, *_numbers(counts)) for name, *counts in db.session.execute(query)]


def _numbers(counts: Sequence[Any]) -> list[Any]:
    """Four counts, and after them seconds, as Handled has them."""
    return [*(int(each or 0) for each in counts[:4]), *(float(each or 0) for each in counts[4:])]


def _count(which: ColumnElement[bool]) -> Any:
    return func.count().filter(which)


def seconds_between(since: Any, until: Any) -> Any:
    """From one moment to another; none where one of them is lacking."""
    if db.engine.dialect.name == "sqlite":
        return (func.julianday(until) - func.julianday(since)) * literal(86400.0)
    return extract("epoch", until - since)


def now_waiting() -> dict[str, tuple[int, datetime]]:
    """How many wait in each queue at this moment, and since when the first of them does."""
    query = select(PhoneQueue.code, func.count(), func.min(Stay.joined_at)).join(PhoneQueue)
    waiting = query.where(COUNTED["waiting"]).group_by(PhoneQueue.code)
    return {code: (count, first) for code, count, first in db.session.execute(waiting)}


def _place(since: datetime, length: timedelta) -> ColumnElement[int]:
    """Which interval a stay began in, counted from 0."""
    step = int(length.total_seconds())
    if db.engine.dialect.name == "sqlite":
        seconds: ColumnElement[int] = cast(func.strftime("%s", Stay.joined_at), Integer)
    else:
        seconds = cast(func.floor(extract("epoch", Stay.joined_at)), Integer)
    return (seconds - literal(int(since.timestamp()))) // literal(step)


def _figures(*by: Any) -> Select[Any]:
    counts = [func.count(), *map(_count, COUNTED.values())]
    waits = [
        func.coalesce(reckon(Stay.waited).filter(COUNTED[which]), 0.0)
        for reckon in (func.sum, func.max)
        for which in ("answered", "abandoned")
    ]
    return select(*by, *counts, *waits).join(PhoneQueue, PhoneQueue.id == Stay.queue_id)
