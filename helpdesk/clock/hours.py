"""Hours of a day and of a week: read from texts, in minutes from midnight, checked for sense."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

Interval = tuple[str, str]
Week = Mapping[int, tuple[Interval, ...]]
Hours = tuple[tuple[int, int], ...]
DAY = 1440
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class CalendarError(ValueError):
    """A calendar that nobody could work by; `where` is zone, week.0 or days.2026-10-01 ..."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__(f"{message} ({where})")
        self.message, self.where = message, where


def pairs(intervals: Iterable[Iterable[str]]) -> tuple[Interval, ...]:
    """Intervals as tuples of texts, whatever they came as."""
    return tuple((str(start), str(end)) for start, end in intervals)


def sorted_week(week: Week) -> dict[int, tuple[Interval, ...]]:
    """The week with its days in order."""
    return {day: pairs(week[day]) for day in sorted(week)}


def week_hours(week: Week, where: str = "week") -> tuple[Hours, ...]:
    """The hours of Monday to Sunday. Raises CalendarError, also for a week without any work."""
    for day in week:
        if day not in range(7):
            raise CalendarError("A weekday is 0 (Monday) to 6 (Sunday).", f"{where}.{day}")
    hours = tuple(day_hours(week.get(day, ()), f"{where}.{day}") for day in range(7))
    if not any(hours):
        raise CalendarError("A calendar needs at least one working hour in the week.", where)
    check_apart(on_one_line(enumerate((*hours, hours[0]))), where)
    return hours


def day_hours(intervals: Iterable[Interval], where: str) -> Hours:
    """The intervals in minutes from midnight, in order; an end may pass 1440."""
    return tuple(sorted(_minutes(pair, where) for pair in intervals))


def _minutes(pair: Interval, where: str) -> tuple[int, int]:
    """("22:00", "06:00") as minutes from midnight: (1320, 1800)."""
    start, end = (_clock_minutes(text, where) for text in pair)
    if start in (end, DAY):
        raise CalendarError("An interval needs a start and a different end.", where)
    return start, end if end > start else end + DAY


def _clock_minutes(text: str, where: str) -> int:
    if text == "24:00":
        return DAY
    found = _CLOCK.fullmatch(text)
    if not found:
        raise CalendarError("Times are written 09:00, up to 24:00.", where)
    return int(found[1]) * 60 + int(found[2])


def on_one_line(days: Iterable[tuple[int, Hours]]) -> list[tuple[int, int]]:
    """The hours of numbered days as stretches of one line of minutes."""
    return [(n * DAY + start, n * DAY + end) for n, hours in days for start, end in hours]


def check_apart(line: list[tuple[int, int]], where: str) -> None:
    """Raise CalendarError when neighbours overlap."""
    for (_, end), (start, _) in pairwise(line):
        if start < end:
            raise CalendarError("Two intervals overlap.", where)
