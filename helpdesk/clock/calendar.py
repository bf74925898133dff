"""A working calendar: weekly hours in one zone, days that differ, and how far they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from itertools import count
from zoneinfo import ZoneInfo

from helpdesk.clock.hours import (
    CalendarError,
    Hours,
    Interval,
    Week,
    check_apart,
    day_hours,
    on_one_line,
    pairs,
    sorted_week,
    week_hours,
)
from helpdesk.clock.seasons import Season, hours_in_force

ONE_DAY = timedelta(days=1)


class NoCalendarData(LookupError):
    """The working days of `year` are not published: a refusal, never a guess."""

    def __init__(self, year: int) -> None:
        super().__init__(f"The working calendar has no published days for {year}.")
        self.year = year


@dataclass(frozen=True)
class DayRule:
    """One date that differs from its weekday.

    kind "rest": no work; "work": a make-up workday with the usual hours, or `intervals` when given;
    "hours": other hours, a half day for instance. `name` is Chinese, `name_en` English. `source`
    tells who said so.
    """

    kind: str
    intervals: tuple[Interval, ...] = ()
    name: str = ""
    name_en: str = ""
    source: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", pairs(self.intervals))


@dataclass(frozen=True)
class WorkCalendar:
    """When people work. Wall times of one zone; dates in `days` beat the weekly pattern.

    An interval belongs to the date on which it starts; end <= start means that it runs over
    midnight. `seasons` change the week from a date on. `covered` is the range of dates whose rules
    are published, None means no end.
    Raises CalendarError for anything that could not be worked by.
    """

    code: str
    version: int
    zone: str
    week: Week
    days: Mapping[date, DayRule] = field(default_factory=dict)
    covered: tuple[date, date] | None = None
    seasons: tuple[Season, ...] = ()
    _week: tuple[Hours, ...] = field(init=False, repr=False)
    _days: dict[date, Hours] = field(init=False, repr=False)
    _digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_zone(self.zone)
        week = sorted_week(self.week)
        self._set("week", week)
        self._set("days", dict(sorted(self.days.items())))
        self._set("covered", _check_covered(self.covered))
        self._set("seasons", tuple(sorted(self.seasons, key=lambda season: season.begins)))
        self._set("_week", week_hours(week))
        self._set("_days", {day: self._rule_hours(day, rule) for day, rule in self.days.items()})
        self._check_seasons()
        self._check_days()
        self._set("_digest", blake2b(repr(self).encode()).digest())

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        # tables of months are kept by calendar: comparing every day of it would cost more than they
        return isinstance(other, WorkCalendar) and self._digest == other._digest

    @classmethod
    def always(cls, zone: str) -> WorkCalendar:
        """Every minute of every day, as for the gravest cases."""
        return cls("always", 1, zone, dict.fromkeys(range(7), (("00:00", "24:00"),)))

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone of the wall times (cached by zoneinfo itself)."""
        return ZoneInfo(self.zone)

    def hours_on(self, day: date) -> Hours:
        """The intervals that start on `day`, in minutes from midnight (an end may pass 1440)."""
        special = self._days.get(day)
        return self._week_on(day)[day.weekday()] if special is None else special

    def is_working_day(self, day: date) -> bool:
        """Whether work starts on this date at all."""
        return bool(self.hours_on(day))

    def _week_on(self, day: date) -> tuple[Hours, ...]:
        return hours_in_force(day, self._week, self.seasons) if self.seasons else self._week

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _rule_hours(self, day: date, rule: DayRule) -> Hours:
        where = f"days.{day}"
        _check_rule(rule, where)
        if rule.kind == "work" and not rule.intervals:
            return self._usual_hours(day)
        return day_hours(rule.intervals, where)

    def _usual_hours(self, day: date) -> Hours:
        """Hours of a make-up workday: its weekday's own, else of the last weekday with any."""
        week = self._week_on(day)
        earlier = (week[(day.weekday() - back) % 7] for back in count())
        return next(filter(None, earlier))  # a week has some: see week_hours()

    def _check_days(self) -> None:
        for day in self._days:
            if not date.min + 7 * ONE_DAY < day < date.max - 7 * ONE_DAY:
                raise CalendarError("This date is out of range.", f"days.{day}")
            around = enumerate(self.hours_on(day + n * ONE_DAY) for n in (-1, 0, 1))
            check_apart(on_one_line(around), f"days.{day}")

    def _check_seasons(self) -> None:
        begun = [season.begins for season in self.seasons]
        for season in self.seasons:
            where = f"season.{season.begins}"
            if begun.count(season.begins) > 1:
                raise CalendarError("Hours from this date are there already.", where)
            for day in season.begins_on():
                sides = (day - ONE_DAY, day)
                line = ((n, self._week_on(side)[side.weekday()]) for n, side in enumerate(sides))
                check_apart(on_one_line(line), where)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as unknown:
        raise CalendarError("This time zone is not known.", "zone") from unknown


def _check_covered(covered: tuple[date, date] | None) -> tuple[date, date] | None:
    if covered is None:
        return None
    first, last = covered
    if last < first:
        raise CalendarError("The published range ends before it begins.", "covered")
    return first, last


def _check_rule(rule: DayRule, where: str) -> None:
    if rule.kind not in ("rest", "work", "hours"):
        raise CalendarError("A day is one of rest, work or hours.", where)
    if rule.kind == "rest" and rule.intervals:
        raise CalendarError("A rest day has no working hours.", where)
    if rule.kind == "hours" and not rule.intervals:
        raise CalendarError("A day with other hours needs its hours.", where)
