"""Hours that change with the date: once and for good, or every year as summer hours do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from helpdesk.clock.hours import CalendarError, Hours, Week, sorted_week, week_hours

_YEARLY = re.compile(r"(\d\d)-(\d\d)")
_ONCE = re.compile(r"\d{4}-\d\d-\d\d")
CYCLE = range(2000, 2028)  # after 28 years the weekdays of all dates come round again


@dataclass(frozen=True)
class Season:
    """Hours of the week that hold from a date on, until the next season begins.

    `begins` is "2026-05-01" (once) or "05-01" (every year). Raises CalendarError for a date that
    there is not, or not in every year.
    """

    begins: str
    week: Week
    hours: tuple[Hours, ...] = field(init=False, repr=False, compare=False)
    once: date | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        where = f"season.{self.begins}"
        week = sorted_week(self.week)
        object.__setattr__(self, "week", week)
        object.__setattr__(self, "hours", week_hours(week, where))
        object.__setattr__(self, "once", _once(self.begins, where))

    def begun(self, day: date) -> date | None:
        """When it last began, seen from this day; None before the first time."""
        if self.once is not None:
            return self.once if self.once <= day else None
        begun = self.begin_in(day.year)
        return begun if begun <= day else self.begin_in(day.year - 1)

    def begin_in(self, year: int) -> date:
        """The day of a year on which a yearly season begins."""
        month, day = self.begins.split("-")
        return date(year, int(month), int(day))

    def begins_on(self) -> Iterator[date]:
        """One date for every way in which the season can begin: which weekday, which year."""
        if self.once is not None:
            yield self.once
        else:
            yield from (self.begin_in(year) for year in CYCLE)


def _once(begins: str, where: str) -> date | None:
    """The date, or None for one of every year."""
    try:
        if _ONCE.fullmatch(begins):
            return date.fromisoformat(begins)
        found = _YEARLY.fullmatch(begins)
        if found:
            date(2001, int(found[1]), int(found[2]))  # not a leap year
            return None
    except ValueError as error:
        raise CalendarError("There is no such date, or not in every year.", where) from error
    raise CalendarError("Hours begin on a date: 2026-05-01, or 05-01 for every year.", where)


def hours_in_force(
    day: date, usual: tuple[Hours, ...], seasons: Sequence[Season]
) -> tuple[Hours, ...]:
    """The hours of the week that hold on `day`: of the season that began last, else the usual.

    Of two that begin on one day, the one that begins there once and for good.
    """
    begun = [
        (at, season.once is not None, season.hours)
        for season in seasons
        if (at := season.begun(day))
    ]
    return max(begun)[-1] if begun else usual
