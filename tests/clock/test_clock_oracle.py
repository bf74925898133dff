"""Random calendars against a slow judge that looks at every single minute and shares no code."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpdesk.clock import (
    CalendarError,
    DayRule,
    Limit,
    LimitKind,
    WorkCalendar,
    add_work_seconds,
    due_at,
    explain,
    work_seconds_between,
)

pytestmark = pytest.mark.thorough

MINUTE = timedelta(minutes=1)
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
# Days around the leaps of these zones, a leap day and an end of year.
ANCHORS = [
    date(2026, 3, 28), date(2026, 10, 24), date(2026, 3, 7), date(2026, 10, 31),
    date(2026, 4, 4), date(2026, 10, 3), date(2024, 2, 28), date(2026, 12, 30),
]  # fmt: skip


@st.composite
def shifts(draw):
    """Up to two shifts of one day; the last may run over midnight."""
    marks = sorted(draw(st.sets(st.integers(0, 23), min_size=2, max_size=4)))
    pairs = [(a, b) for a, b in zip(marks[::2], marks[1::2], strict=False)]
    if draw(st.booleans()):
        pairs[-1] = (pairs[-1][0], draw(st.integers(0, min(5, marks[0]))))
    texts = [(f"{a:02}:00", f"{b:02}:00") for a, b in pairs]
    return tuple(pair for pair in texts if pair[0] != pair[1])


@st.composite
def cases(draw):
    """A calendar near an anchor, and a start."""
    anchor = draw(st.sampled_from(ANCHORS))
    week = draw(st.dictionaries(st.integers(0, 6), shifts(), min_size=1))
    near = st.integers(-3, 10).map(lambda n: anchor + timedelta(days=n))
    rule = st.one_of(
        st.just(DayRule("rest")),
        st.just(DayRule("work")),
        shifts().filter(bool).map(lambda pairs: DayRule("hours", pairs)),
    )
    days = draw(st.dictionaries(near, rule, max_size=3))
    try:
        calendar = WorkCalendar("any", 1, draw(st.sampled_from(ZONES)), week, days)
    except CalendarError:
        assume(False)
    minute = draw(st.integers(0, 3 * 1440))
    return calendar, datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC) + minute * MINUTE


def shifts_on(calendar, day):
    rule = calendar.days.get(day)
    if rule is None:
        return calendar.week.get(day.weekday(), ())
    if rule.kind != "work":
        return rule.intervals
    for back in range(7):
        usual = calendar.week.get((day - timedelta(days=back)).weekday(), ())
        if usual:
            return usual
    return ()


def is_open(calendar, moment):
    """The judge: what does the wall show in this minute, and is somebody there?"""
    local = moment.astimezone(ZoneInfo(calendar.zone))
    clock = local.strftime("%H:%M")
    yesterday = local.date() - timedelta(days=1)
    today = any(
        start <= clock and (end <= start or clock < end)
        for start, end in shifts_on(calendar, local.date())
    )
    return today or any(
        end <= start and clock < end for start, end in shifts_on(calendar, yesterday)
    )


def slow_due(calendar, start, minutes):
    while minutes:
        minutes -= is_open(calendar, start)
        start += MINUTE
    return start


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=cases(), minutes=st.integers(1, 1200))
def test_due_times_agree_with_a_judge_who_looks_at_every_minute(case, minutes):
    calendar, start = case
    limit = Limit(minutes, LimitKind.work_minutes)
    due = due_at(start, limit, calendar)
    assert due == slow_due(calendar, start, minutes)
    assert work_seconds_between(start, due, calendar) == minutes * 60
    counted = [span for span in explain(start, due, limit, calendar) if span.kind == "counted"]
    assert sum(span.seconds for span in counted) == minutes * 60


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=cases(), seconds=st.integers(-300_000, 300_000), micro=st.integers(0, 999_999))
def test_counting_on_and_measuring_are_exact_inverses(case, seconds, micro):
    calendar, start = case
    start += timedelta(microseconds=micro)
    end = add_work_seconds(start, seconds, calendar)
    assert work_seconds_between(start, end, calendar) == seconds
    half = add_work_seconds(start, seconds // 2, calendar)
    assert add_work_seconds(half, seconds - seconds // 2, calendar) == end


@settings(max_examples=300, deadline=None, derandomize=True)
@given(case=cases(), days=st.integers(1, 12))
def test_working_days_agree_with_a_walk_over_the_dates(case, days):
    calendar, start = case
    assume("02:00" not in repr((calendar.week, calendar.days)))  # two o'clock may never be shown
    zone = ZoneInfo(calendar.zone)
    due = due_at(start, Limit(days, LimitKind.working_days), calendar)
    day, left = start.astimezone(zone).date(), days
    while left:
        day += timedelta(days=1)
        left -= bool(shifts_on(calendar, day))
    assert is_open(calendar, due - MINUTE)
    begins, ends = max(shifts_on(calendar, day))
    closes = day + timedelta(days=ends <= begins)
    assert due.astimezone(zone).strftime("%Y-%m-%d %H:%M") == f"{closes} {ends}"
