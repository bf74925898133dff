"""Calendars and short ways to write moments, shared by the clock's tests."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from helpdesk.clock import (
    DayRule,
    WorkCalendar,
    default_calendars,
)

OFFICE, DESK, ALWAYS = default_calendars()
ZONE = "Asia/Shanghai"
SPLIT = (("09:00", "12:00"), ("13:30", "18:00"))
HALF_DAY = WorkCalendar(
    "half",
    1,
    ZONE,
    dict.fromkeys(range(5), SPLIT),
    {date(2026, 11, 25): DayRule("hours", (("09:00", "12:00"),), "半天", "Half day")},
)
NIGHT = WorkCalendar("night", 1, ZONE, dict.fromkeys(range(5), (("22:00", "06:00"),)))
PLAIN = WorkCalendar("plain", 1, ZONE, dict.fromkeys(range(5), SPLIT))
CALENDARS = {
    "office": OFFICE,
    "desk": DESK,
    "always": ALWAYS,
    "half": HALF_DAY,
    "night": NIGHT,
    "plain": PLAIN,
}


def at(text: str, zone: str = ZONE, fold: int = 0) -> datetime:
    """The moment that "2026-10-01 09:00" shows on the wall of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def wall(moment: datetime, zone: str = ZONE) -> str:
    """A moment as the wall shows it: "2026-10-01 09:00"."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


HOURS = [
    # an ordinary Monday, lunch 12:00-13:30, closing time 18:00
    ("office", "2026-11-23 09:00", "2 wh", "2026-11-23 11:00"),
    ("office", "2026-11-23 11:00", "2 wh", "2026-11-23 14:30"),
    ("office", "2026-11-23 12:15", "2 wh", "2026-11-23 15:30"),
    ("office", "2026-11-23 07:00", "2 wh", "2026-11-23 11:00"),
    ("office", "2026-11-23 17:30", "2 wh", "2026-11-24 10:30"),
    # exactly the closing time, or the beginning of lunch, stays there
    ("office", "2026-11-23 16:00", "2 wh", "2026-11-23 18:00"),
    ("office", "2026-11-23 10:00", "2 wh", "2026-11-23 12:00"),
    ("office", "2026-11-23 18:00", "2 wh", "2026-11-24 11:00"),
    # a weekend, National Day with its make-up Saturday, Spring Festival
    ("office", "2026-11-27 17:00", "2 wh", "2026-11-30 10:00"),
    ("office", "2026-11-28 12:00", "4 wh", "2026-11-30 14:30"),
    ("office", "2026-09-30 17:00", "2 wh", "2026-10-08 10:00"),
    ("office", "2026-10-09 17:00", "2 wh", "2026-10-10 10:00"),
    ("office", "2026-10-10 17:00", "2 wh", "2026-10-12 10:00"),
    ("office", "2026-02-14 17:00", "2 wh", "2026-02-24 10:00"),
    ("office", "2026-01-04 09:00", "8 wh", "2026-01-05 09:30"),
    # a half day, an overnight shift, over midnight on a desk without nights
    ("half", "2026-11-25 11:00", "2 wh", "2026-11-26 10:00"),
    ("half", "2026-11-25 13:00", "2 wh", "2026-11-26 11:00"),
    ("night", "2026-11-23 23:00", "2 wh", "2026-11-24 01:00"),
    ("night", "2026-11-24 05:00", "2 wh", "2026-11-24 23:00"),
    ("night", "2026-11-28 05:00", "2 wh", "2026-11-30 23:00"),
    ("night", "2026-11-30 23:00", "7 wh", "2026-12-01 06:00"),
    ("desk", "2026-11-28 19:00", "2 wh", "2026-11-29 09:00"),
    ("always", "2026-11-28 23:00", "2 wh", "2026-11-29 01:00"),
    ("always", "2026-02-16 23:00", "48 wh", "2026-02-18 23:00"),
    # the leap day, the end of a year, seconds
    ("office", "2024-02-28 17:00", "10 wh", "2024-03-01 10:30"),
    ("office", "2025-12-31 17:00", "2 wh", "2026-01-04 10:00"),
    ("office", "2026-11-23 09:00", "1 wmin", "2026-11-23 09:01"),
    # the clock does not look at the calendar
    ("office", "2026-09-30 17:00", "24 h", "2026-10-01 17:00"),
    ("office", "2026-11-28 23:45", "30 min", "2026-11-29 00:15"),
]
