"""The reason codes of explain(): why a stretch of a day counts, or does not."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from helpdesk.clock.calendar import DAY, WorkCalendar
from helpdesk.clock.timetable import from_us

LONGEST_LUNCH = 3 * 60


def why_open(calendar: WorkCalendar, day: date) -> str:
    """open, makeup (a make-up workday) or hours (a day with other hours)."""
    rule = calendar.days.get(day)
    return {"work": "makeup", "hours": "hours"}.get(rule.kind, "open") if rule else "open"


def why_day(calendar: WorkCalendar, day: date) -> str:
    """The same for a whole counted day: day, makeup or hours."""
    why = why_open(calendar, day)
    return "day" if why == "open" else why


def why_rest(calendar: WorkCalendar, day: date) -> str:
    """holiday, weekend or closed, for a date without any work."""
    if day in calendar.days:
        return "holiday"
    return "weekend" if day.weekday() >= 5 else "closed"


def why_closed(calendar: WorkCalendar, day: date, at: int) -> str:
    """The same, or lunch or night, for a closed stretch that begins `at` on this date."""
    hours = calendar.hours_on(day)
    if not hours:
        return why_rest(calendar, day)
    wall = from_us(at).astimezone(calendar.zone_info)
    minute = wall.hour * 60 + wall.minute
    for (_, end), (start, _) in pairwise(hours):
        if end <= minute < start:
            return "lunch" if start - end <= LONGEST_LUNCH else "closed"
    usual = hours[-1][1] <= DAY and why_open(calendar, day) != "hours"
    return "night" if usual else "closed"
