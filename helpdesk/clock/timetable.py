"""A calendar as instants: one table per month, cached, so that long walks skip whole months.

Times here are microseconds since 1970 in UTC. A wall time is turned into an instant by one rule:
the first instant at which the clock on the wall shows that time or later. So an hour that DST skips
has no length, an hour that it repeats is worked twice, and neighbours never overlap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from helpdesk.clock.calendar import ONE_DAY, WorkCalendar
from helpdesk.clock.hours import DAY

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000


@dataclass(frozen=True)
class Month:
    """Intervals that start in one local month, in order, and its working days."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    done: tuple[int, ...]  # working time before each interval; the last entry is the whole month
    dates: tuple[date, ...]  # of each interval
    days: tuple[date, ...]
    closings: dict[date, int]  # when each of these days' work ends

    def worked_by(self, at: int) -> int:
        """Working time of this month that lies before `at`."""
        i = bisect_right(self.starts, at)
        return self.done[i] - max(0, self.ends[i - 1] - at) if i else 0

    def closing(self, at: int) -> int:
        """The end of the interval around `at`; `at` itself when there is none."""
        i = bisect_right(self.starts, at)
        return max(at, self.ends[i - 1]) if i else at

    def finish(self, work: int) -> int:
        """The earliest instant at which `work` (0 < work <= whole month) has been done."""
        i = bisect_left(self.done, work) - 1
        return self.starts[i] + work - self.done[i]

    def resume(self, work: int) -> int:
        """The latest instant at which only `work` (0 <= work < whole month) has been done."""
        i = bisect_right(self.done, work) - 1
        return self.starts[i] + work - self.done[i]


def to_us(at: datetime) -> int:
    """Microseconds since 1970. Raises TypeError for a time without zone."""
    return (at - EPOCH) // MICROSECOND


def from_us(at: int) -> datetime:
    """The aware UTC time."""
    return EPOCH + timedelta(microseconds=at)


def local_date(calendar: WorkCalendar, at: int) -> date:
    """The date on the calendar's wall."""
    return from_us(at).astimezone(calendar.zone_info).date()


def month_index(day: date) -> int:
    """Months since year 0, so that the next month is one more."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=4096)
def month(calendar: WorkCalendar, index: int) -> Month:
    """The table of one month. Beyond the published days it follows the plain week."""
    first = date(index // 12, index % 12 + 1, 1)
    after = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    dates = [first + n * ONE_DAY for n in range((after - first).days)]
    spans = [
        (instant(calendar.zone, day, start), instant(calendar.zone, day, end), day)
        for day in dates
        for start, end in calendar.hours_on(day)
    ]
    spans = [span for span in spans if span[0] < span[1]]
    closings = {day: end for _, end, day in spans}
    return Month(
        starts=tuple(start for start, _, _ in spans),
        ends=tuple(end for _, end, _ in spans),
        done=tuple(accumulate((end - start for start, end, _ in spans), initial=0)),
        dates=tuple(day for _, _, day in spans),
        days=tuple(closings),
        closings=closings,
    )


def instant(zone: str, day: date, minutes: int) -> int:
    """The first instant at which the wall of `zone` shows this time of `day`, or later."""
    day += ONE_DAY * (minutes // DAY)
    wall = datetime.combine(day, time(minutes % DAY // 60, minutes % 60), ZoneInfo(zone))
    at = to_us(wall)
    late = to_us(wall.replace(fold=1))
    return at if at <= late else _jump(ZoneInfo(zone), late, at)


def _jump(zone: ZoneInfo, before: int, after: int) -> int:
    """The instant between the two at which the wall clock leaps forward."""
    first, last = before // SECOND, after // SECOND
    old = _offset(zone, first)
    still = bisect_right(range(first, last), False, key=lambda second: _offset(zone, second) != old)
    return (first + still) * SECOND


def _offset(zone: ZoneInfo, second: int) -> timedelta | None:
    return from_us(second * SECOND).astimezone(zone).utcoffset()


def midnight_after(calendar: WorkCalendar, day: date) -> int:
    """24:00 of this date."""
    return instant(calendar.zone, day, DAY)


def nth_working_day(calendar: WorkCalendar, after: date, n: int) -> tuple[date, int]:
    """The n-th working day later than `after`, and the end of its last interval."""
    index = month_index(after)
    table = month(calendar, index)
    at = bisect_right(table.days, after) + n - 1
    while at >= len(table.days):
        at -= len(table.days)
        index += 1
        table = month(calendar, index)
    return table.days[at], table.closings[table.days[at]]


def worked(calendar: WorkCalendar, a: int, b: int) -> int:
    """Working microseconds from a to b. The month before counts too: a shift may cross midnight."""
    first = month_index(local_date(calendar, a) - ONE_DAY)
    last = month_index(local_date(calendar, b))
    tables = (month(calendar, index) for index in range(first, last + 1))
    return sum(table.worked_by(b) - table.worked_by(a) for table in tables)


def advance(calendar: WorkCalendar, at: int, work: int) -> int:
    """The instant when `work` has been done since `at`; for less than zero, before it."""
    if work < 0:
        return _subtract(calendar, at, -work)
    if work == 0:
        return at
    index = month_index(local_date(calendar, at) - ONE_DAY)
    table = month(calendar, index)
    work += table.worked_by(at)
    while work > table.done[-1]:
        work -= table.done[-1]
        index += 1
        table = month(calendar, index)
        work += table.worked_by(at)
    return table.finish(work)


def _subtract(calendar: WorkCalendar, at: int, work: int) -> int:
    index = month_index(local_date(calendar, at))
    table = month(calendar, index)
    while (before := table.worked_by(at)) < work:
        work -= before
        index -= 1
        table = month(calendar, index)
    return table.resume(before - work)
