"""When a promise falls due, and how much of it is used up.

Rules of counting: limits in minutes and hours start at once, and a result that lands exactly on the
closing time stays there. Limits in days leave the first day out and end with the last day (Civil
Code of the PRC, articles 201 and 203).

Where a calendar's days are not published the plain week is counted; covers() tells whether it came to
that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from helpdesk.clock.calendar import WorkCalendar
from helpdesk.clock.limits import Limit, LimitKind
from helpdesk.clock.timetable import (
    SECOND,
    advance,
    from_us,
    local_date,
    midnight_after,
    month,
    month_index,
    nth_working_day,
    to_us,
    worked,
)

Pause = tuple[datetime, datetime]


def due_at(start: datetime, limit: Limit, calendar: WorkCalendar) -> datetime:
    """The moment (UTC) at which a promise made at `start` falls due.

    Calendar days end at 24:00; one that ends on a rest day moves to the closing time of the next
    working day.
    """
    at = to_us(start)
    if limit.kind is LimitKind.clock_minutes:
        return from_us(at + limit.amount * 60 * SECOND)
    if limit.kind is LimitKind.work_minutes:
        return from_us(advance(calendar, at, limit.amount * 60 * SECOND))
    if limit.kind is LimitKind.working_days:
        return from_us(nth_working_day(calendar, local_date(calendar, at), limit.amount)[1])
    return from_us(_end_of_days(calendar, local_date(calendar, at), limit.amount))


def add_work_seconds(start: datetime, seconds: int, calendar: WorkCalendar) -> datetime:
    """The moment when `seconds` of working time have passed since `start` (before it, if negative).

    The exact inverse of work_seconds_between().
    """
    return from_us(advance(calendar, to_us(start), seconds * SECOND))


def work_seconds_between(start: datetime, end: datetime, calendar: WorkCalendar) -> int:
    """Whole seconds of working time from `start` to `end`; negative if `end` is the earlier one."""
    a, b = to_us(start), to_us(end)
    seconds = worked(calendar, min(a, b), max(a, b)) // SECOND
    return seconds if a <= b else -seconds


def opens_at(at: datetime, calendar: WorkCalendar) -> datetime:
    """`at` itself inside working time, else the next opening: for reminders by daylight."""
    return from_us(advance(calendar, advance(calendar, to_us(at), 1), -1))


def closes_at(at: datetime, calendar: WorkCalendar) -> datetime:
    """When the stretch of working time around `at` ends; `at` itself outside working time."""
    moment = to_us(at)
    index = month_index(local_date(calendar, moment))
    return from_us(max(month(calendar, n).closing(moment) for n in (index - 1, index)))


def covers(
    start: datetime, due: datetime, calendar: WorkCalendar, limit: Limit | None = None
) -> bool:
    """Whether every day from `start` to `due` is published. False: the due time is provisional.

    Always True for a `limit` in plain minutes or hours, which needs no calendar.
    """
    if calendar.covered is None or (limit is not None and not limit.needs_calendar):
        return True
    first, last = calendar.covered
    a, b = to_us(start), to_us(due)
    if not first <= local_date(calendar, a) <= last:
        return False
    return local_date(calendar, b) <= last or b <= _edge(calendar, last)


def at_share(
    start: datetime,
    due: datetime,
    share: float,
    limit: Limit,
    calendar: WorkCalendar,
    *,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """The moment when `share` (0.5, 1.0, 2.0 ...) of the promise's time is used up.

    Measured in working time for working hours and days, else on the clock; past 1.0 it counts on.
    `pauses` are those that have already moved `due`.
    """
    if share < 0:
        raise ValueError("A share is not negative.")
    begin = _begin(start, pauses, limit, calendar)
    total = remaining(begin, due, limit, calendar)
    if share > 1:
        return _advance(due, round(total * (share - 1)), limit, calendar)
    used = _advance(begin, round(total * share), limit, calendar)
    return from_us(to_us(due) if share == 1 else min(to_us(due), to_us(used)))


def share_used(
    start: datetime,
    due: datetime,
    now: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    *,
    pauses: Sequence[Pause] = (),
) -> float:
    """How much of the promise's time is used at `now`: 0.0 at the start, 1.0 when due, and on."""
    begin = _begin(start, pauses, limit, calendar)
    total = remaining(begin, due, limit, calendar)
    if total <= 0:
        return 1.0 if to_us(now) >= to_us(due) else 0.0
    return max(0.0, remaining(begin, now, limit, calendar) / total)


def remaining(now: datetime, due: datetime, limit: Limit, calendar: WorkCalendar) -> int:
    """Seconds left until `due`, negative when past; working seconds for working hours and days."""
    if limit.in_work_time:
        return work_seconds_between(now, due, calendar)
    return (to_us(due) - to_us(now)) // SECOND


def after_pause(due: datetime, pause: Pause, limit: Limit, calendar: WorkCalendar) -> datetime:
    """`due` moved by exactly the time of the pause, in the limit's own measure."""
    return _advance(due, max(0, remaining(*pause, limit, calendar)), limit, calendar)


def _begin(
    start: datetime, pauses: Sequence[Pause], limit: Limit, calendar: WorkCalendar
) -> datetime:
    """The start as if all pauses had come first."""
    for pause in pauses:
        start = after_pause(start, pause, limit, calendar)
    return start


def _advance(at: datetime, seconds: int, limit: Limit, calendar: WorkCalendar) -> datetime:
    if limit.in_work_time:
        return add_work_seconds(at, seconds, calendar)
    return from_us(to_us(at) + seconds * SECOND)


def _end_of_days(calendar: WorkCalendar, first: date, n: int) -> int:
    last = first + timedelta(days=n)
    if calendar.is_working_day(last):
        return midnight_after(calendar, last)
    return nth_working_day(calendar, last, 1)[1]


def _edge(calendar: WorkCalendar, last: date) -> int:
    """The end of the last published day: its midnight, or the end of a shift that crosses it."""
    midnight = midnight_after(calendar, last)
    return max(midnight, month(calendar, month_index(last)).closings.get(last, midnight))
