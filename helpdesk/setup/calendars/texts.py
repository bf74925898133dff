"""Hours and days of a calendar as administrators write them, in forms and in files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from helpdesk.clock import CalendarError, DayRule, Interval, now
from helpdesk.core.i18n import N_

HOURS = N_("Write hours such as 09:00-12:00, 13:30-18:00.")
NIGHT = N_("The end lies before the start. A night may last twelve hours at most.")
NO_DATE = N_("There is no such date; write it as 2026-10-01.")
OUTSIDE = N_("This date is too far away: from 2000 on, ten years ahead at most.")
KIND = N_("A day is one of workday, rest, half or usual.")
KINDS = {"work": N_("working day"), "rest": N_("day off"), "hours": N_("other hours")}
USUAL = "usual"
WORDS = {
    "work": ("work", "workday", "working day", "工作日", "上班", "补班", "班", "调休上班"),
    "rest": ("rest", "holiday", "off", "day off", "休息", "休息日", "放假", "节假日", "休"),
    "hours": ("half", "half day", "hours", "other hours", "半天", "其他时间"),
    USUAL: (USUAL, "plain", "平常", "照常"),
}
LONGEST_NIGHT = 12 * 60
_PARTED = re.compile(r"[,，;；、]")
_SPAN = re.compile(r"(\d{1,2})[:：](\d\d)\s*[-–—−－~～至到]\s*(\d{1,2})[:：](\d\d)")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_ROUND = ("24 h", "24h", "全天")


def intervals_of(text: str, where: str = "hours") -> tuple[Interval, ...]:
    """ "9:00-12:00, 13:30-18:00" as intervals; () for an empty text. Raises CalendarError."""
    if text.strip().lower() in _ROUND:
        return (("00:00", "24:00"),)
    parts = [part.strip() for part in _PARTED.split(text) if part.strip()]
    return tuple(_interval(part, where) for part in parts)


def _interval(text: str, where: str) -> Interval:
    found = _SPAN.fullmatch(text)
    if not found:
        raise CalendarError(HOURS, where)
    a, b, c, d = (int(part) for part in found.groups())
    if c * 60 + d < a * 60 + b and 1440 - (a * 60 + b) + c * 60 + d > LONGEST_NIGHT:
        raise CalendarError(NIGHT, where)
    return f"{a:02}:{b:02}", f"{c:02}:{d:02}"


def text_of(intervals: Iterable[Interval]) -> str:
    """The same the other way round."""
    return ", ".join(f"{start}-{end}" for start, end in intervals)


def date_of(text: str, where: str = "date") -> date:
    """2026-10-01, 2026/10/1 or 2026年10月1日. Raises CalendarError, also far from today."""
    found = _DATE.fullmatch(text.strip())
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise CalendarError(NO_DATE, where)
    if not 2000 <= day.year <= now().year + 10:
        raise CalendarError(OUTSIDE, where)
    return day


def rule_of(
    kind: str, hours: str, name: str, name_en: str, source: str, where: str = "kind"
) -> DayRule | None:
    """The rule of one date; None takes a rule back. Raises CalendarError."""
    known = {word: code for code, words in WORDS.items() for word in words}
    code = known.get(kind.strip().lower())
    if code is None:
        raise CalendarError(KIND, where)
    if code == USUAL:
        return None
    rule = DayRule(
        code, intervals_of(hours, where), name.strip()[:60], name_en.strip()[:60], source
    )
    if rule.kind == "rest" and rule.intervals:
        raise CalendarError("A rest day has no working hours.", where)
    if rule.kind == "hours" and not rule.intervals:
        raise CalendarError("A day with other hours needs its hours.", where)
    return rule
