"""Chinese public holidays and make-up workdays (调休), and the calendars a new desk starts with.

Source: the yearly notices of the State Council's office as carried by the `holidays` package, which
silently estimates the years to come. A year counts as published only when the package knows its
make-up workdays, which no estimate has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Any

from helpdesk.clock.calendar import ONE_DAY, DayRule, NoCalendarData, WorkCalendar

FIRST_YEAR = 2006  # from here on two independent packages agree on every day
SOURCE = f"holidays {version('holidays')}"
FESTIVALS = {
    "元旦": ("元旦", "New Year's Day"),
    "农历除夕": ("春节", "Spring Festival"),
    "春节": ("春节", "Spring Festival"),
    "清明节": ("清明节", "Tomb-Sweeping Day"),
    "劳动节": ("劳动节", "Labour Day"),
    "端午节": ("端午节", "Dragon Boat Festival"),
    "中秋节": ("中秋节", "Mid-Autumn Festival"),
    "国庆节": ("国庆节", "National Day"),
    "抗日战争": ("抗战胜利纪念日", "Victory Day"),
}
Name = tuple[str, str]
_SWAPPED_WITH = re.compile(r"由 (\d{4}-\d\d-\d\d) 调休")


def published_years() -> tuple[int, ...]:
    """The years whose official notice is known, in order and without a gap."""
    years = []
    year = FIRST_YEAR
    while any(day.year == year for day in _notice(year).weekend_workdays):
        years.append(year)
        year += 1
    return tuple(years)


def chinese_days(years: Iterable[int]) -> dict[date, DayRule]:
    """Every date of these years that the notices set apart, named in Chinese and English.

    Whole holidays are listed, with the weekends inside them. Raises NoCalendarData(year).
    """
    published = published_years()
    days: dict[date, DayRule] = {}
    for year in sorted(set(years)):
        if year not in published:
            raise NoCalendarData(year)
        days |= _days_of(year)
    return days


def default_calendars() -> list[WorkCalendar]:
    """cn-office (the usual week and the Chinese days), cn-desk (daily 08:00-20:00) and always."""
    zone = "Asia/Shanghai"
    years = [year for year in published_years() if year >= 2024]
    office = dict.fromkeys(range(5), (("09:00", "12:00"), ("13:30", "18:00")))
    desk = dict.fromkeys(range(7), (("08:00", "20:00"),))
    known = (date(years[0], 1, 1), date(years[-1], 12, 31))
    return [
        WorkCalendar("cn-office", 1, zone, office, chinese_days(years), known),
        WorkCalendar("cn-desk", 1, zone, desk),
        WorkCalendar.always(zone),
    ]


@cache
def _notice(year: int) -> Any:
    from holidays import country_holidays  # asked once a year; nobody else waits for it to load

    return country_holidays("CN", years=year, language="zh_CN")


@cache
def _days_of(year: int) -> dict[date, DayRule]:
    notice = _notice(year)
    makeup = {day for day in notice.weekend_workdays if day.year == year}
    names = {day: name for day, label in notice.items() if (name := _festival(label))}
    rest = {day: names.get(day) or _nearest(day, names) for day in notice}
    swaps = {_swapped(label): rest[day] for day, label in notice.items()}
    _add_weekends(rest, makeup)
    rules = {day: DayRule("rest", (), *name, SOURCE) for day, name in rest.items()}
    for day in makeup:
        zh, en = swaps.get(day) or _nearest(day, names)
        rules[day] = DayRule("work", (), f"{zh}补班", f"Make-up workday for {en}", SOURCE)
    return dict(sorted(rules.items()))


def _festival(label: str) -> Name | None:
    return next((name for sign, name in FESTIVALS.items() if sign in label), None)


def _nearest(day: date, names: dict[date, Name]) -> Name:
    return names[min(names, key=lambda other: abs(other - day))]


def _swapped(label: str) -> date | None:
    found = _SWAPPED_WITH.search(label)
    return date.fromisoformat(found[1]) if found else None


def _add_weekends(rest: dict[date, Name], makeup: set[date]) -> None:
    """Name the free weekend days that touch a holiday, as the notices do."""
    for step in (ONE_DAY, ONE_DAY, -ONE_DAY, -ONE_DAY):
        for day in sorted(rest):
            beside = day + step
            free = beside.weekday() >= 5 and beside not in makeup and beside.year == day.year
            if free and beside not in rest:
                rest[beside] = rest[day]
