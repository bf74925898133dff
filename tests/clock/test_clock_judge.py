"""Random promises against the judge of clock_judge.py; benchmarks/oracle runs 100,000 of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from helpdesk.clock import Limit, due_at
from tests.help.clock_cases import DST_ZONES, cases, china, difference, leaps, makeup_days, moment
from tests.help.clock_judge import Judge, first_minute

COUNT = 3000


@pytest.mark.thorough
def test_f13_m17_m18_the_clock_agrees_with_a_judge_who_looks_at_every_minute() -> None:
    """Difference 0 s: lunch, nights, holidays, make-up days, both DST changes."""
    wrong = [case for case in cases(COUNT, seed=13) if difference(case)]
    assert wrong == []


@pytest.mark.thorough
def test_the_cases_lie_at_every_change_of_dst_and_every_make_up_workday() -> None:
    seen = list(cases(COUNT, seed=13))
    near = {(c.calendar.zone, moment(c.start).date()) for c in seen}
    for zone in DST_ZONES:
        assert len(leaps(zone)) == 6
        assert any(one == zone and day in leaps(zone) for one, day in near)
    starts = [c.start for c in seen if c.calendar is china()[0]]
    for day in makeup_days():
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
        assert any(abs(start - noon) < 4 * 86_400 for start in starts)
    assert sum(bool(case.pauses) for case in seen) > COUNT // 4
    assert {case.limit.kind for case in seen} == set(type(seen[0].limit.kind))


@pytest.mark.parametrize("day", makeup_days())
def test_every_chinese_make_up_workday_is_worked(day: date) -> None:
    calendar, judge = china()
    start = int(datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC).timestamp())
    limit = Limit.parse("4 wh")
    assert due_at(moment(start), limit, calendar) == moment(judge.due(start, 240, "work_minutes"))
    assert judge.worked(start, start + 12 * 3600) == 7.5 * 3600


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_the_judge_knows_how_long_a_day_is(zone: str, day: date, hours: float) -> None:
    whole = Judge(zone, {n: [(0, 1440)] for n in range(7)})
    ((begin, end),) = whole.spans(day)
    assert end - begin == hours * 60
    assert whole.worked(begin * 60, end * 60) == hours * 3600


def test_the_judge_begins_an_hour_that_is_skipped_where_it_ends() -> None:
    midnight = (date(2026, 3, 29) - date(1970, 1, 1)).days * 1440
    skipped, after = (first_minute("Europe/Berlin", midnight + m) for m in (150, 180))
    assert skipped == after
