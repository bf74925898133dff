"""What queues did, counted in SQL from their stays: the one home of the telephone's measures.

A stay counts wholly in the interval in which it began, so intervals add up to their day. A share of nothing
is None ("no calls"), never 0 % or 100 %.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    cast,
    extract,
    func,
    literal,
    select,
    text,
)

from helpdesk.calls.models import PhoneQueue, Stay
from helpdesk.calls.words import StayState
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


def now_waiting() -> dict[str, tuple[int, datetime]]:
    """How many wait in each queue at this moment, and since when the first of them does."""
    query = select(PhoneQueue.code, func.count(), func.min(Stay.joined_at)).join(PhoneQueue)
    waiting = query.where(Stay.state == StayState.WAITING).group_by(PhoneQueue.code)
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
    answered, abandoned = Stay.state == StayState.ANSWERED, Stay.state == StayState.ABANDONED
    soon = Stay.waited <= PhoneQueue.threshold
    counted = (
        None,
        answered,
        abandoned,
        and_(abandoned, Stay.waited <= PhoneQueue.short_abandon),
        Stay.state == StayState.LEFT,
        Stay.state == StayState.WAITING,
        and_(answered, soon),
        and_(abandoned, soon),
    )
    counts = [_count(each) for each in counted]
    waits = [
        func.coalesce(reckon(Stay.waited).filter(which), 0.0)
        for reckon in (func.sum, func.max)
        for which in (answered, abandoned)
    ]
    return select(*by, *counts, *waits).join(PhoneQueue, PhoneQueue.id == Stay.queue_id)


def _count(which: ColumnElement[bool] | None) -> Any:
    return func.count() if which is None else func.count().filter(which)
