"""What the last four weeks let expect of a queue on a day: calls by the half hour, and how long one takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select

from helpdesk.calls import figures, lists
from helpdesk.calls.figures import seconds_between
from helpdesk.calls.models import Interaction, PhoneQueue, Stay
from helpdesk.calls.words import StayState
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone

WEEKS = 4
STEP = timedelta(minutes=30)
ENOUGH = 10  # callers who gave up, to tell how patient they are
USUAL = 240.0  # seconds that a call takes, where nothing is known of any


@dataclass(frozen=True)
class Habits:
    """Of the callers of one queue: mean seconds that a call keeps an agent, and until one gives up (None:
    too few did)."""

    handling: float = USUAL
    patience: float | None = None


def calls(day: date) -> dict[str, dict[time, float]]:
    """How many calls begin to wait, by queue (its code) and half hour of the company's day: the mean of
    the same weekday of the last four weeks, without days on which nobody called that queue."""
    found: dict[str, dict[time, float]] = defaultdict(lambda: defaultdict(float))
    days: dict[str, int] = defaultdict(int)
    for begin, end in _days(day):
        of_day = _between(begin, end)
        for code in {code for code, _at in of_day}:
            days[code] += 1
        for (code, at), offered in of_day.items():
            found[code][at] += offered
    return {
        code: {at: total / days[code] for at, total in sorted(halves.items())}
        for code, halves in found.items()
    }


def _days(day: date) -> list[tuple[datetime, datetime]]:
    """From when to when the same weekday of each of the weeks before was."""
    found = [day - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    return [(lists.midnight(each), lists.midnight(each + timedelta(days=1))) for each in found]


def _between(begin: datetime, end: datetime) -> Mapping[tuple[str, time], int]:
    counted: dict[tuple[str, time], int] = defaultdict(int)
    for (code, at), each in figures.by_interval(begin, end, STEP).items():
        counted[code, at.astimezone(company_zone()).time()] += each.offered
    return counted


def habits(day: date) -> dict[str, Habits]:
    """How the callers of each queue were on the same weekdays. Patience is the time that
    all have waited, for each who gave up: its likeliest value where it is exponential."""
    took = seconds_between(
        Interaction.began_at, func.coalesce(Interaction.wrapped_at, Interaction.ended_at)
    )
    gave_up = func.count().filter(Stay.state == StayState.ABANDONED)
    period = or_(*(Stay.joined_at.between(*each) for each in _days(day)))
    mine = (Interaction.call_id == Stay.call_id) & (Interaction.queue_id == Stay.queue_id)
    lengths = select(PhoneQueue.code, func.avg(took)).select_from(Stay).join(Interaction, mine)
    waits = select(PhoneQueue.code, func.sum(Stay.waited), gave_up).select_from(Stay)
    by_queue = PhoneQueue.id == Stay.queue_id
    lasted = lengths.join(PhoneQueue, by_queue).where(period).group_by(PhoneQueue.code)
    waited = waits.join(PhoneQueue, by_queue).where(period).group_by(PhoneQueue.code)
    means = {code: float(mean) for code, mean in db.session.execute(lasted) if mean}
    return {
        code: Habits(
            max(means.get(code, USUAL), 1.0),
            max(float(total or 0) / many, 1.0) if many >= ENOUGH else None,
        )
        for code, total, many in db.session.execute(waited)
    }
