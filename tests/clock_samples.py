"""Calendars and short ways to write moments, shared by the clock's tests."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from helpdesk.clock import DayRule, WorkCalendar, default_calendars

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
