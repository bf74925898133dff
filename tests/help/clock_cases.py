"""Random calendars and promises: around every change of DST, every Chinese make-up workday."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

from helpdesk.clock import (
    CalendarError,
    DayRule,
    Limit,
    LimitKind,
    Season,
    WorkCalendar,
    after_pause,
    chinese_days,
    due_at,
    work_seconds_between,
)
from tests.help.clock_judge import EPOCH, Judge, Spans

YEARS = (2024, 2025, 2026)
DST_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
ZONES = (*DST_ZONES, *DST_ZONES, "Asia/Shanghai", "Asia/Kolkata", "America/Sao_Paulo", "UTC")
OFFICE: Spans = [(540, 720), (810, 1080)]
PER_CALENDAR = 100  # promises on one calendar, so that the judge's minutes are used again
MOST = {
    LimitKind.work_minutes: 2400,
    LimitKind.clock_minutes: 7200,
    LimitKind.working_days: 12,
    LimitKind.calendar_days: 12,
}


@dataclass(frozen=True)
class Case:
    """One promise on one calendar, for the clock and for the judge."""

    calendar: WorkCalendar
    judge: Judge
    start: int  # seconds since 1970
    limit: Limit
    pauses: tuple[tuple[int, int], ...]


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@cache
def makeup_days() -> list[date]:
    """Every Chinese make-up workday, by a package that the clock does not use."""
    first = date(YEARS[0], 1, 1)
    days = [first + timedelta(days=n) for n in range(366 + 365 * (len(YEARS) - 1))]
    return [day for day in days if day.weekday() >= 5 and chinese_calendar.is_workday(day)]


@cache
def leaps(zone: str) -> list[date]:
    """The dates on which the offset of a zone changes."""
    known = ZoneInfo(zone)
    noons = [datetime(YEARS[0], 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(1096)]
    offsets = [noon.astimezone(known).utcoffset() for noon in noons]
    changed = zip(noons[1:], offsets, offsets[1:], strict=False)
    return [noon.date() for noon, before, after in changed if before != after]


@cache
def china() -> tuple[WorkCalendar, Judge]:
    """The Chinese office: the clock's days from one package, the judge's from another."""
    week = dict.fromkeys(range(5), OFFICE)
    first, days = date(YEARS[0], 1, 1), {}
    for n in range(1096 + 60):
        day = first + timedelta(days=n)
        works = day.weekday() < 5
        if day.year in YEARS and chinese_calendar.is_workday(day) != works:
            days[day] = ("rest" if works else "work", [])
    clock = WorkCalendar("cn", 1, "Asia/Shanghai", _texts(week), chinese_days(YEARS))
    return clock, Judge("Asia/Shanghai", week, days)


def cases(count: int, seed: int) -> Iterator[Case]:
    """So many cases, the same for the same seed."""
    draw = random.Random(seed)
    for number in range(count):
        if number % PER_CALENDAR == 0:
            calendar, judge, anchors = _calendar(draw, number // PER_CALENDAR)
        anchor = anchors[number % len(anchors)]
        start = (anchor - EPOCH).days * 86_400 + draw.randrange(-3 * 86_400, 3 * 86_400)
        kind = draw.choice([LimitKind.work_minutes, LimitKind.work_minutes, *LimitKind])
        limit = Limit(draw.randint(1, MOST[kind]), kind)
        yield Case(calendar, judge, start, limit, _pauses(draw, judge, start, limit))


def _calendar(draw: random.Random, number: int) -> tuple[WorkCalendar, Judge, list[date]]:
    """Each fifth is China around its make-up days; the rest is drawn around DST, if there is any."""
    if number % 5 == 0:
        return (*china(), makeup_days())
    zone = draw.choice(ZONES)
    anchors = leaps(zone) or [date(2024, 2, 28), date(2026, 12, 31)]
    while True:
        judge = _judge(draw, zone, draw.choice(anchors))
        try:
            return _clock(judge, number), judge, anchors
        except CalendarError:  # two shifts that overlap: draw again
            continue


def _judge(draw: random.Random, zone: str, anchor: date) -> Judge:
    days = {
        anchor + timedelta(days=draw.randint(-4, 8)): draw.choice(
            [("rest", []), ("work", []), ("hours", _shifts(draw) or OFFICE)]
        )
        for _ in range(draw.randint(0, 5))
    }
    seasons = []
    if draw.random() < 0.4:
        begins = (anchor + timedelta(days=draw.randint(-5, 5))).isoformat()
        seasons = [(begins if draw.random() < 0.5 else begins[5:], _week(draw))]
        seasons += [(f"{draw.randint(1, 12):02}-{draw.randint(1, 28):02}", _week(draw))]
    return Judge(zone, _week(draw), days, seasons)


def _week(draw: random.Random) -> dict[int, Spans]:
    if draw.random() < 0.1:
        return {day: [(0, 1440)] for day in range(7)}
    shifts = _shifts(draw) or OFFICE
    week = {day: shifts if draw.random() < 0.7 else _shifts(draw) for day in range(7)}
    return {day: spans for day, spans in week.items() if spans} or {0: OFFICE}


def _shifts(draw: random.Random) -> Spans:
    """Up to three shifts of a day, to the minute; the last may run over midnight."""
    marks = sorted(draw.sample(range(1, 1440), 2 * draw.randint(0, 3)))
    spans = list(zip(marks[::2], marks[1::2], strict=True))
    if spans and draw.random() < 0.3:
        spans[-1] = (spans[-1][0], 1440 + draw.randint(0, max(0, min(spans[0][0], 300))))
    return spans


def _pauses(
    draw: random.Random, judge: Judge, start: int, limit: Limit
) -> tuple[tuple[int, int], ...]:
    """Up to two pauses, each begun before the promise fell due."""
    kind, pauses, begin = limit.kind.value, [], start
    due = judge.due(start, limit.amount, kind)
    for _ in range(draw.choice((0, 0, 1, 2))):
        if begin >= due:
            break
        pause = (draw.randrange(begin, due), 0)
        pause = (pause[0], pause[0] + draw.randint(1, 2 * 86_400))
        pauses.append(pause)
        due, begin = judge.moved(due, pause, kind), pause[1]
    return tuple(pauses)


def difference(case: Case) -> int:
    """By how many seconds clock and judge differ, of the due time or of the work up to it."""
    limit, kind = case.limit, case.limit.kind.value
    judged = case.judge.due(case.start, limit.amount, kind)
    due = due_at(moment(case.start), limit, case.calendar)
    for pause in case.pauses:
        judged = case.judge.moved(judged, pause, kind)
        due = after_pause(due, (moment(pause[0]), moment(pause[1])), limit, case.calendar)
    apart = abs(due - moment(judged)).total_seconds()
    worked = work_seconds_between(moment(case.start), due, case.calendar)
    return int(apart) + abs(worked - case.judge.worked(case.start, judged))


def _clock(judge: Judge, number: int) -> WorkCalendar:
    return WorkCalendar(
        f"any-{number}",
        1,
        judge.zone,
        _texts(judge.week),
        {day: DayRule(kind, _pairs(spans)) for day, (kind, spans) in judge.days.items()},
        None,
        tuple(Season(begins, _texts(week)) for begins, week in judge.seasons),
    )


def _texts(week: dict[int, Spans]) -> dict[int, tuple[tuple[str, str], ...]]:
    return {day: _pairs(spans) for day, spans in week.items()}


def _pairs(spans: Spans) -> tuple[tuple[str, str], ...]:
    return tuple((_text(a), _text(b if b <= 1440 else b - 1440)) for a, b in spans)


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
