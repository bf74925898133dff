"""What a calendar refuses, and what it knows of a day."""

import pickle
from datetime import date, timedelta

import pytest

from helpdesk.clock import CalendarError, DayRule, Limit, Season, Span, WorkCalendar
from helpdesk.clock.timetable import Month
from tests.help.clock_samples import NIGHT, OFFICE, PLAIN, SPLIT, ZONE

SATURDAY = date(2026, 11, 28)


def calendar(week=None, days=None, zone=ZONE, covered=None) -> WorkCalendar:
    return WorkCalendar("x", 1, zone, {0: SPLIT} if week is None else week, days or {}, covered)


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"week": {}}, "week"),
        ({"week": {0: (), 6: ()}}, "week"),
        ({"week": {7: SPLIT}}, "week.7"),
        ({"week": {0: (("09:00", "09:00"),)}}, "week.0"),
        ({"week": {0: (("00:00", "00:00"),)}}, "week.0"),
        ({"week": {0: (("24:00", "08:00"),)}}, "week.0"),
        ({"week": {3: (("9:00", "12:00"),)}}, "week.3"),
        ({"week": {3: (("09:00", "24:01"),)}}, "week.3"),
        ({"week": {3: (("09:00", "12:60"),)}}, "week.3"),
        ({"week": {3: (("", "12:00"),)}}, "week.3"),
        ({"week": {0: (("09:00", "12:00"), ("11:59", "18:00"))}}, "week"),
        ({"week": {0: (("22:00", "06:00"),), 1: (("05:00", "08:00"),)}}, "week"),
        ({"week": {6: (("22:00", "06:00"),), 0: (("05:00", "08:00"),)}}, "week"),
        ({"zone": "Asia/Peking"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"covered": (date(2026, 12, 31), date(2026, 1, 1))}, "covered"),
        ({"days": {SATURDAY: DayRule("party")}}, "days.2026-11-28"),
        ({"days": {SATURDAY: DayRule("hours")}}, "days.2026-11-28"),
        ({"days": {SATURDAY: DayRule("rest", SPLIT)}}, "days.2026-11-28"),
        ({"days": {SATURDAY: DayRule("hours", (("9", "10"),))}}, "days.2026-11-28"),
        ({"days": {date.max: DayRule("rest")}}, "days.9999-12-31"),
    ],
)
def test_a_calendar_that_nobody_could_work_by_is_refused(parts, where):
    with pytest.raises(CalendarError) as refusal:
        calendar(**parts)
    assert refusal.value.where == where
    assert refusal.value.message.endswith(".")
    assert isinstance(refusal.value, ValueError)


def test_a_day_may_not_run_into_the_shift_of_the_night_before():
    early = {date(2026, 11, 24): DayRule("hours", (("05:00", "12:00"),))}
    with pytest.raises(CalendarError) as refusal:
        WorkCalendar("night", 1, ZONE, NIGHT.week, early)
    assert refusal.value.where == "days.2026-11-24"


def test_intervals_may_touch_and_come_in_any_order():
    touching = calendar({0: (("12:00", "24:00"), ("09:00", "12:00")), 1: (("00:00", "08:00"),)})
    assert touching.hours_on(date(2026, 11, 23)) == ((540, 720), (720, 1440))


def test_a_makeup_workday_has_the_hours_of_the_last_weekday_unless_it_says_others():
    sunday = date(2026, 11, 29)
    usual = calendar({4: SPLIT}, {SATURDAY: DayRule("work"), sunday: DayRule("work")})
    assert usual.hours_on(SATURDAY) == usual.hours_on(sunday) == ((540, 720), (810, 1080))
    short = calendar({4: SPLIT}, {SATURDAY: DayRule("work", (("10:00", "12:00"),))})
    assert short.hours_on(SATURDAY) == ((600, 720),)


def test_a_makeup_workday_that_is_a_working_weekday_keeps_its_own_hours():
    days = {date(2026, 11, 24): DayRule("work")}
    own = calendar({0: SPLIT, 1: (("08:00", "10:00"),)}, days)
    assert own.hours_on(date(2026, 11, 24)) == ((480, 600),)


def test_a_day_rule_beats_the_week():
    assert not OFFICE.is_working_day(date(2026, 10, 1))
    assert OFFICE.is_working_day(date(2026, 10, 10))
    assert PLAIN.is_working_day(date(2026, 10, 1))
    assert not PLAIN.is_working_day(date(2026, 10, 10))


def test_calendars_of_the_same_content_are_equal_whatever_the_order():
    rest, work = DayRule("rest"), DayRule("work", [["09:00", "12:00"]])
    one = calendar({0: SPLIT, 4: SPLIT}, {SATURDAY: work, date(2026, 10, 1): rest})
    two = calendar({4: list(SPLIT), 0: SPLIT}, {date(2026, 10, 1): rest, SATURDAY: work})
    assert one == two
    assert hash(one) == hash(two)
    assert one != calendar({0: SPLIT, 4: SPLIT}, {SATURDAY: work})


def test_a_calendar_survives_a_trip_to_another_process():
    assert pickle.loads(pickle.dumps(OFFICE)) == OFFICE  # noqa: S301


def test_a_calendar_does_not_change_with_the_dict_it_came_from():
    days = {SATURDAY: DayRule("work")}
    made = calendar({4: SPLIT}, days)
    days.clear()
    assert made.is_working_day(SATURDAY)
    assert SATURDAY in made.days


@pytest.mark.parametrize(
    ("day", "days_away", "fits"),
    [(date.min, 7, False), (date.min, 8, True), (date.max, -7, False), (date.max, -8, True)],
)
def test_a_date_needs_a_week_on_either_side_that_there_is(day, days_away, fits):
    days = {day + timedelta(days=days_away): DayRule("rest")}
    if fits:
        assert calendar(days=days).days == days
    else:
        with pytest.raises(CalendarError, match="out of range"):
            calendar(days=days)


def test_a_day_may_not_run_into_the_morning_after():
    saturday = {SATURDAY: DayRule("hours", (("22:00", "06:00"),))}
    with pytest.raises(CalendarError) as refusal:
        calendar({6: (("05:00", "08:00"),)}, saturday)
    assert refusal.value.where == "days.2026-11-28"
    assert calendar({0: (("05:00", "08:00"),)}, saturday).is_working_day(SATURDAY)


def test_a_makeup_workday_looks_back_in_the_week_and_not_ahead():
    days = {SATURDAY: DayRule("work")}
    usual = calendar({3: SPLIT, 4: (("08:00", "10:00"),), 0: (("11:00", "12:00"),)}, days)
    assert usual.hours_on(SATURDAY) == ((480, 600),)
    monday = calendar({4: (("08:00", "10:00"),)}, {date(2026, 11, 30): DayRule("work")})
    assert monday.hours_on(date(2026, 11, 30)) == ((480, 600),)


def test_what_is_kept_by_calendar_and_shared_between_threads_does_not_change():
    kinds = (DayRule, Limit, Month, Season, Span, WorkCalendar)
    assert [kind for kind in kinds if not kind.__dataclass_params__.frozen] == []


def test_two_rules_for_a_day_are_the_same_whoever_said_so():
    said = DayRule("rest", (), "元旦", "New Year's Day", source="a notice")
    assert said == DayRule("rest", (), "元旦", "New Year's Day")
    assert "notice" not in repr(said)
    assert calendar(days={SATURDAY: said}) == calendar(
        days={SATURDAY: DayRule("rest", (), "元旦", "New Year's Day")}
    )


def test_a_calendar_may_be_published_for_a_single_day():
    day = date(2026, 3, 9)
    assert calendar(covered=(day, day)).covered == (day, day)
