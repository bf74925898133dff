"""Due times and explanations per second on one core."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter

from benchmarks.clocks_site import Asked, Figure
from helpdesk.clock import Limit, WorkCalendar, default_calendars, due_at, explain

AIM = 20_000
ROUNDS = 20_000
FIRST = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
STARTS = [FIRST + timedelta(minutes=17 * n % 400_000) for n in range(ROUNDS)]


def due_times(limit: Limit, calendar: WorkCalendar) -> float:
    """Due times per second."""
    begin = perf_counter()
    for start in STARTS:
        due_at(start, limit, calendar)
    return ROUNDS / (perf_counter() - begin)


def explanations(limit: Limit, calendar: WorkCalendar) -> float:
    """Explained promises per second."""
    starts = STARTS[:500]
    begin = perf_counter()
    for start in starts:
        explain(start, due_at(start, limit, calendar), limit, calendar)
    return len(starts) / (perf_counter() - begin)


def measure(_asked: Asked) -> Iterator[Figure]:
    """Limits of every kind on the Chinese office calendar."""
    office = default_calendars()[0]
    for text in ("10 wd", "2 wh", "75 wh", "30 cd", "24 h"):
        rate = due_times(Limit.parse(text), office)
        yield Figure(f"due times, {text}", rate, "per second", AIM)
    for text in ("8 wh", "10 wd"):
        rate = explanations(Limit.parse(text), office)
        yield Figure(f"explained due times, {text}", rate, "per second")
