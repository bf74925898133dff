"""Why a promise falls due when it does: the stretches that were counted, skipped and paused."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from helpdesk.clock.calendar import ONE_DAY, DayRule, WorkCalendar
from helpdesk.clock.counting import Pause
from helpdesk.clock.hours import DAY
from helpdesk.clock.limits import Limit, LimitKind
from helpdesk.clock.timetable import (
    SECOND,
    from_us,
    instant,
    local_date,
    midnight_after,
    month,
    month_index,
    to_us,
    worked,
)

# A longer promise is told day by day: its breaks for lunch are no longer listed.
DETAILED_DAYS = 7
DAY_LONG = 86_400 * SECOND


@dataclass(frozen=True)
class Span:
    """One stretch of a promise.

    kind: counted, skipped or paused. `seconds` are elapsed for skipped stretches, else in the
    limit's own measure. why: open, makeup, hours (other hours that day), clock, day, pause; lunch,
    night, closed, weekend, holiday, first_day, moved (the due day moved off a rest day).
    """

    kind: str
    start: datetime
    end: datetime
    seconds: int
    why: str
    name: str = ""
    name_en: str = ""


@dataclass
class _Piece:
    """A stretch that begins on one local date, in microseconds since 1970."""

    kind: str
    start: int
    end: int
    why: str
    day: date
    rule: DayRule | None = None


def explain(
    start: datetime,
    due: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    pauses: Sequence[Pause] = (),
) -> list[Span]:
    """The stretches from `start` to `due`, in order and without a gap.

    For limits in minutes and hours the counted seconds sum to the promise; for limits in days each
    counted day is a stretch of its own. `pauses` are those that have moved `due`.
    """
    a, b = to_us(start), to_us(due)
    rests = _apart(pauses)
    paused = sum(end - start for start, end in rests)
    pieces = _cut(_pieces(a, b, limit, calendar, paused), rests)
    days = (local_date(calendar, b) - local_date(calendar, a)).days
    return _spans(_joined(pieces, days <= DETAILED_DAYS), limit, calendar)


def _pieces(a: int, b: int, limit: Limit, calendar: WorkCalendar, paused: int) -> Iterable[_Piece]:
    if limit.kind is LimitKind.clock_minutes:
        return [_Piece("counted", a, b, "clock", local_date(calendar, a))]
    if limit.kind is LimitKind.working_days:
        return _working_days(a, b, calendar)
    if limit.kind is LimitKind.calendar_days:
        return _calendar_days(a, b, limit.amount + math.ceil(paused / DAY_LONG), calendar)
    return _hour_pieces(a, b, calendar)


def _hour_pieces(a: int, b: int, calendar: WorkCalendar) -> Iterator[_Piece]:
    """Open intervals and the gaps between them, clipped to a..b."""
    at = a
    for start, end, day in _intervals(a, b, calendar):
        yield from _gap(at, start, calendar)
        why = why_open(calendar, day)
        yield _dated("counted", start, end, why, day, calendar)
        at = end
    yield from _gap(at, b, calendar)


def _intervals(a: int, b: int, calendar: WorkCalendar) -> Iterator[tuple[int, int, date]]:
    first = month_index(local_date(calendar, a) - ONE_DAY)
    for index in range(first, month_index(local_date(calendar, b)) + 1):
        table = month(calendar, index)
        for start, end, day in zip(table.starts, table.ends, table.dates, strict=True):
            if start < b and end > a:
                yield max(a, start), min(b, end), day


def _gap(a: int, b: int, calendar: WorkCalendar) -> Iterator[_Piece]:
    for start, end, day in _by_date(a, b, calendar):
        yield _dated("skipped", start, end, why_closed(calendar, day, start), day, calendar)


def _by_date(a: int, b: int, calendar: WorkCalendar) -> Iterator[tuple[int, int, date]]:
    """The time from a to b, cut at each local midnight."""
    while a < b:
        day = local_date(calendar, a)
        end = min(b, midnight_after(calendar, day))
        yield a, end, day
        a = end


def _working_days(a: int, b: int, calendar: WorkCalendar) -> list[_Piece]:
    """One piece per date: the first left out, then each working day counted."""
    pieces = []
    for start, end, day in _by_date(a, b, calendar):
        works = calendar.is_working_day(day)
        kind, why = ("counted", why_day(calendar, day)) if works else ("skipped", "")
        pieces.append(_dated(kind, start, end, why or why_rest(calendar, day), day, calendar))
    if len(pieces) > 1 and _is_tail(pieces[-1], calendar):
        pieces[-2:] = [replace(pieces[-2], end=b)]
    return _without_first(pieces)


def _is_tail(piece: _Piece, calendar: WorkCalendar) -> bool:
    """Whether the due time is the end of a shift that began the day before."""
    hours = calendar.hours_on(piece.day)
    return not hours or piece.end <= instant(calendar.zone, piece.day, hours[0][0])


def _calendar_days(a: int, b: int, amount: int, calendar: WorkCalendar) -> list[_Piece]:
    """One piece per date: the first left out, `amount` counted, then a due day that moved."""
    pieces = []
    for n, (start, end, day) in enumerate(_by_date(a, b, calendar)):
        works, late = calendar.is_working_day(day), n > amount
        why = why_day(calendar, day) if works else why_rest(calendar, day)
        why = "moved" if works and late else why
        pieces.append(_dated("skipped" if late else "counted", start, end, why, day, calendar))
    return _without_first(pieces)


def _dated(kind: str, start: int, end: int, why: str, day: date, calendar: WorkCalendar) -> _Piece:
    return _Piece(kind, start, end, why, day, calendar.days.get(day))


def _without_first(pieces: list[_Piece]) -> list[_Piece]:
    """The day on which a limit in days begins does not count (Civil Code, article 201)."""
    return [replace(piece, kind="skipped", why="first_day") for piece in pieces[:1]] + pieces[1:]


def _apart(pauses: Sequence[Pause]) -> list[tuple[int, int]]:
    """The pauses in order, with those that overlap made one."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted((to_us(start), to_us(end)) for start, end in pauses):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def _cut(pieces: Iterable[_Piece], pauses: list[tuple[int, int]]) -> Iterator[_Piece]:
    for piece in pieces:
        at = piece.start
        for start, end in pauses:
            start, end = max(at, start), min(piece.end, end)
            if start < end:
                yield replace(piece, start=at, end=start)
                yield replace(piece, kind="paused", start=start, end=end, why="pause", rule=None)
                at = end
        yield replace(piece, start=at)


def _joined(pieces: Iterable[_Piece], detailed: bool) -> list[_Piece]:
    """Neighbours that say the same made one; without `detailed` a day's work hides its breaks."""
    joined: list[_Piece] = []
    for piece in pieces:
        if piece.start >= piece.end:
            continue
        if joined and _same(joined[-1], piece, detailed):
            joined[-1] = replace(joined[-1], end=piece.end)
        else:
            joined.append(piece)
    return joined


def _same(before: _Piece, piece: _Piece, detailed: bool) -> bool:
    if before.kind == "counted" and piece.day == before.day:
        return piece.kind == "counted" or (not detailed and piece.why == "lunch")
    alike = (before.kind, before.why, _name(before)) == (piece.kind, piece.why, _name(piece))
    return alike and piece.kind != "counted"


def _name(piece: _Piece) -> str:
    return piece.rule.name if piece.rule else ""


def _spans(pieces: list[_Piece], limit: Limit, calendar: WorkCalendar) -> list[Span]:
    """Pieces in whole seconds, rounded so that each kind's sum stays exact."""
    spans, sums = [], {"counted": 0, "skipped": 0, "paused": 0}
    for piece in pieces:
        before = sums[piece.kind]
        in_work_time = limit.in_work_time and piece.kind != "skipped"
        whole = (
            worked(calendar, piece.start, piece.end) if in_work_time else piece.end - piece.start
        )
        after = sums[piece.kind] = before + whole
        start, end = from_us(piece.start), from_us(piece.end)
        names = (piece.rule.name, piece.rule.name_en) if piece.rule else ("", "")
        seconds = after // SECOND - before // SECOND
        spans.append(Span(piece.kind, start, end, seconds, piece.why, *names))
    return spans


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
