"""When tickets come in: by weekday and hour as service desks see it, in bursts. Pure.

The shares are those of a public incident log of 24,918 cases; its hours vary far more than a
Poisson process would, so each hour's rate is itself drawn (a negative binomial in the end).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = (443, 353, 371, 312, 292, 50, 43)
HOURS = (
    *([0.63] * 7),
    *(2.3, 10.3, 12.5, 11.7, 10.2, 5.4, 6.7, 9.3, 8.8, 7.6, 4.4),
    *([1.07] * 6),
)
BURSTS = 2.0  # the shape of the gamma: smaller is burstier
PER_DAY = 275
SHORTEST, LONGEST = 30, 1095  # days


def span(tickets: int) -> int:
    """Over how many days so many tickets spread at a usual rate."""
    return max(SHORTEST, min(LONGEST, tickets // PER_DAY))


def arrivals(tickets: int, until: datetime, chance: Random) -> list[int]:
    """So many moments before `until`, in order, as whole seconds since 1970."""
    first = datetime.combine(until.astimezone(ZONE).date(), time(0), ZONE)
    first -= timedelta(days=span(tickets))
    hours = [first + timedelta(hours=n) for n in range((until - first) // timedelta(hours=1))]
    starts = [int(hour.timestamp()) for hour in hours]
    rates = [_rate(hour) * chance.gammavariate(BURSTS, 1 / BURSTS) for hour in hours]
    drawn = chance.choices(starts, cum_weights=list(accumulate(rates)), k=tickets)
    return sorted(start + chance.randrange(3600) for start in drawn)


def _rate(hour: datetime) -> float:
    return WEEKDAYS[hour.weekday()] * HOURS[hour.hour]
