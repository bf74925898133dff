"""Due times by table: the rules of counting, one line per case."""

from datetime import date, timedelta

import pytest

from helpdesk.clock import (
    DayRule,
    Limit,
    WorkCalendar,
    add_work_seconds,
    closes_at,
    covers,
    due_at,
    opens_at,
    work_seconds_between,
)
from tests.help.clock_samples import (
    ALWAYS,
    CALENDARS,
    DESK,
    HOURS,
    NIGHT,
    OFFICE,
    PLAIN,
    ZONE,
    at,
    wall,
)

DAYS = [
    # working days: the first day is left out, the last one ends at closing time
    ("office", "2026-11-23 09:00", "1 wd", "2026-11-24 18:00"),
    ("office", "2026-11-23 23:59", "1 wd", "2026-11-24 18:00"),
    ("office", "2026-11-27 09:00", "1 wd", "2026-11-30 18:00"),
    ("office", "2026-11-28 09:00", "1 wd", "2026-11-30 18:00"),
    ("office", "2026-09-30 17:00", "5 wd", "2026-10-13 18:00"),
    ("office", "2026-10-09 09:00", "1 wd", "2026-10-10 18:00"),
    ("office", "2026-02-13 09:00", "2 wd", "2026-02-24 18:00"),
    ("office", "2024-02-28 09:00", "1 wd", "2024-02-29 18:00"),
    ("office", "2025-12-31 09:00", "1 wd", "2026-01-04 18:00"),
    ("half", "2026-11-24 09:00", "1 wd", "2026-11-25 12:00"),
    ("night", "2026-11-23 23:00", "1 wd", "2026-11-25 06:00"),
    ("desk", "2026-11-27 09:00", "2 wd", "2026-11-29 20:00"),
    # calendar days: 24:00 of the last day, moved when that is a rest day
    ("office", "2026-11-23 09:00", "3 cd", "2026-11-27 00:00"),
    ("office", "2026-11-23 09:00", "5 cd", "2026-11-30 18:00"),
    ("office", "2026-09-30 09:00", "7 cd", "2026-10-08 18:00"),
    ("office", "2026-10-03 09:00", "7 cd", "2026-10-11 00:00"),
    ("office", "2024-02-28 09:00", "1 cd", "2024-03-01 00:00"),
    ("always", "2026-11-27 09:00", "1 cd", "2026-11-29 00:00"),
]


@pytest.mark.parametrize(("calendar", "start", "limit", "due"), HOURS)
def test_hours_count_only_inside_working_intervals(calendar, start, limit, due):
    assert wall(due_at(at(start), Limit.parse(limit), CALENDARS[calendar])) == due


@pytest.mark.parametrize(("calendar", "start", "limit", "due"), DAYS)
def test_days_leave_the_first_out_and_end_with_the_last(calendar, start, limit, due):
    assert wall(due_at(at(start), Limit.parse(limit), CALENDARS[calendar])) == due


def test_seconds_and_microseconds_are_kept():
    start = at("2026-11-23 11:59:30.000250")
    due = due_at(start, Limit.parse("2 wmin"), OFFICE)
    assert due == at("2026-11-23 13:31:30.000250")
    assert work_seconds_between(start, due, OFFICE) == 120


def test_the_working_days_of_2026_are_as_many_as_the_notice_gives():
    first, days = date(2026, 1, 1), range(365)
    assert sum(OFFICE.is_working_day(first + timedelta(n)) for n in days) == 248


def test_a_due_time_without_zone_is_refused():
    with pytest.raises(TypeError):
        due_at(at("2026-11-23 09:00").replace(tzinfo=None), Limit.parse("2 wh"), OFFICE)


@pytest.mark.parametrize(
    ("start", "limit"),
    [
        ("2026-12-31 17:00", "2 wh"),
        ("2026-12-30 17:00", "2 wd"),
        ("2026-12-24 17:00", "8 cd"),
        ("2027-03-01 10:00", "1 wh"),
        ("2027-03-01 10:00", "1 wd"),
        ("2027-03-01 10:00", "1 cd"),
    ],
)
def test_a_promise_in_a_year_that_is_not_published_is_provisional(start, limit):
    measured = Limit.parse(limit)
    assert not covers(at(start), due_at(at(start), measured, OFFICE), OFFICE, measured)


@pytest.mark.parametrize("start", ["2024-01-01 00:00", "2025-06-01 10:00", "2026-12-31 23:59"])
def test_a_promise_that_ends_behind_the_published_days_is_provisional_wherever_it_began(start):
    limit = Limit.parse("1200 cd")
    assert not covers(at(start), due_at(at(start), limit, OFFICE), OFFICE, limit)


def test_a_promise_that_began_before_the_published_days_is_provisional():
    start, limit = at("2023-06-01 10:00"), Limit.parse("1 wh")
    assert not covers(start, due_at(start, limit, OFFICE), OFFICE, limit)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2026-12-31 16:00", "2 wh", "2026-12-31 18:00"),
        ("2026-12-30 16:00", "1 wd", "2026-12-31 18:00"),
        ("2026-12-30 16:00", "1 cd", "2027-01-01 00:00"),
        ("2027-05-01 16:00", "24 h", "2027-05-02 16:00"),
    ],
)
def test_a_promise_within_the_published_days_needs_no_guess(start, limit, due):
    measured = due_at(at(start), Limit.parse(limit), OFFICE)
    assert wall(measured) == due
    assert covers(at(start), measured, OFFICE, Limit.parse(limit))


def test_a_shift_over_the_last_midnight_is_still_published():
    covered = (date(2026, 1, 1), date(2026, 12, 31))
    night = WorkCalendar("night", 1, ZONE, NIGHT.week, {}, covered)
    due = due_at(at("2026-12-31 23:00"), Limit.parse("7 wh"), night)
    assert wall(due) == "2027-01-01 06:00"
    assert covers(at("2026-12-31 23:00"), due, night)
    longer = due_at(at("2026-12-31 23:00"), Limit.parse("8 wh"), night)
    assert not covers(at("2026-12-31 23:00"), longer, night)


def test_intake_in_late_december_goes_on_with_a_provisional_due_time():
    start, limit = at("2026-12-31 17:00"), Limit.parse("2 wh")
    due = due_at(start, limit, OFFICE)
    assert wall(due) == "2027-01-01 10:00"
    assert not covers(start, due, OFFICE, limit)
    assert not covers(at("2027-02-01 10:00"), at("2027-02-01 11:00"), OFFICE)
    assert covers(start, due, PLAIN, limit)


def test_a_day_known_early_counts_beyond_the_published_range():
    days = {date(2027, 1, 1): DayRule("rest", (), "元旦", "New Year's Day")}
    calendar = WorkCalendar("early", 1, ZONE, OFFICE.week, days, OFFICE.covered)
    due = due_at(at("2026-12-31 17:00"), Limit.parse("2 wh"), calendar)
    assert wall(due) == "2027-01-04 10:00"


def test_counting_back_is_the_mirror_of_counting_on():
    assert add_work_seconds(at("2026-11-24 10:30"), -7200, OFFICE) == at("2026-11-23 17:30")
    assert add_work_seconds(at("2026-11-24 11:00"), -7200, OFFICE) == at("2026-11-24 09:00")
    assert add_work_seconds(at("2026-03-02 09:30"), -45 * 27000, OFFICE) < at("2026-01-01 10:00")
    assert add_work_seconds(at("2026-11-22 10:30"), 0, OFFICE) == at("2026-11-22 10:30")


def test_working_seconds_have_a_sign():
    a, b = at("2026-11-27 17:00"), at("2026-11-30 10:00")
    assert work_seconds_between(a, b, OFFICE) == 7200
    assert work_seconds_between(b, a, OFFICE) == -7200
    assert work_seconds_between(a, a, OFFICE) == 0


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:00"),
        ("2026-11-23 12:00", "2026-11-23 13:30"),
        ("2026-11-27 18:00", "2026-11-30 09:00"),
        ("2026-10-01 03:00", "2026-10-08 09:00"),
        ("2026-11-23 09:00", "2026-11-23 09:00"),
    ],
)
def test_a_reminder_at_night_waits_for_the_next_working_minute(moment, opening):
    assert wall(opens_at(at(moment), OFFICE)) == opening


def test_every_minute_counts_on_the_calendar_without_end():
    a, b = at("2020-01-01 00:00"), at("2030-01-01 00:00")
    assert work_seconds_between(a, b, ALWAYS) == (b - a).total_seconds()
    assert work_seconds_between(a, b, DESK) == (b - a).total_seconds() / 2


@pytest.mark.parametrize(
    ("calendar", "moment", "closing"),
    [
        ("office", "2026-11-23 09:00", "2026-11-23 12:00"),
        ("office", "2026-11-23 11:59", "2026-11-23 12:00"),
        ("office", "2026-11-23 12:00", "2026-11-23 12:00"),  # closed at this moment
        ("office", "2026-11-23 13:29", "2026-11-23 13:29"),
        ("office", "2026-11-23 13:30", "2026-11-23 18:00"),
        ("office", "2026-11-28 10:00", "2026-11-28 10:00"),
        ("night", "2026-11-30 23:00", "2026-12-01 06:00"),
        ("night", "2026-12-01 05:00", "2026-12-01 06:00"),  # a shift of the month before
        ("night", "2026-12-01 06:00", "2026-12-01 06:00"),
    ],
)
def test_working_time_ends_with_its_own_stretch_and_outside_of_it_at_once(
    calendar, moment, closing
):
    assert wall(closes_at(at(moment), CALENDARS[calendar])) == closing


@pytest.mark.parametrize(
    ("start", "published"),
    [
        ("2023-12-31 23:59", False),
        ("2024-01-01 00:00", True),
        ("2026-12-31 10:00", True),
        ("2027-01-01 00:00", False),
    ],
)
def test_the_first_and_the_last_published_day_are_published(start, published):
    due = at(start) + timedelta(minutes=1)
    assert covers(at(start), due, OFFICE) == published
