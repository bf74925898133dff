"""Working time where the wall clock leaps."""

from datetime import UTC, date, timedelta

import pytest

from helpdesk.clock import (
    Limit,
    WorkCalendar,
    add_work_seconds,
    due_at,
    explain,
    work_seconds_between,
)
from tests.help.clock_samples import at, wall

FOUR = Limit.parse("4 wh")
CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
]


def shift(zone: str, *hours: tuple[str, str]) -> WorkCalendar:
    return WorkCalendar("shift", 1, zone, dict.fromkeys(range(7), hours))


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("hours", [(("00:00", "24:00"),), (("22:00", "06:00"),)])
def test_four_working_hours_are_four_hours_across_the_change(zone, day, hours):
    calendar = shift(zone, *hours)
    start = at(f"{day} 00:30", zone)
    due = due_at(start, FOUR, calendar)
    assert (due - start.astimezone(due.tzinfo)) == timedelta(hours=4)
    assert work_seconds_between(start, due, calendar) == 4 * 3600
    assert (
        sum(s.seconds for s in explain(start, due, FOUR, calendar) if s.kind == "counted") == 14400
    )


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_four_working_hours_from_the_evening_before_skip_the_night(zone, day):
    calendar = shift(zone, ("09:00", "17:00"))
    before = date.fromisoformat(day) - timedelta(days=1)
    due = due_at(at(f"{before} 15:00", zone), FOUR, calendar)
    assert wall(due, zone) == f"{day} 11:00"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Asia/Shanghai", "2026-10-04", 24),
    ],
)
def test_a_whole_day_has_the_hours_that_its_wall_shows(zone, day, hours):
    calendar = WorkCalendar.always(zone)
    after = date.fromisoformat(day) + timedelta(days=1)
    a, b = at(f"{day} 00:00", zone), at(f"{after} 00:00", zone)
    assert work_seconds_between(a, b, calendar) == hours * 3600


def test_an_hour_that_is_skipped_has_no_length():
    calendar = shift("Europe/Berlin", ("02:15", "02:45"), ("09:00", "10:00"))
    a, b = at("2026-03-29 00:00", "Europe/Berlin"), at("2026-03-30 00:00", "Europe/Berlin")
    assert work_seconds_between(a, b, calendar) == 3600


def test_a_shift_that_begins_in_the_skipped_hour_begins_at_the_leap():
    calendar = shift("Europe/Berlin", ("02:30", "06:00"))
    due = due_at(at("2026-03-29 00:00", "Europe/Berlin"), FOUR, calendar)
    assert wall(due, "Europe/Berlin") == "2026-03-30 03:30"
    assert work_seconds_between(at("2026-03-29 00:00", "Europe/Berlin"), due, calendar) == 14400


def test_neighbours_that_meet_in_the_repeated_hour_do_not_count_twice():
    calendar = shift("Europe/Berlin", ("22:00", "02:30"), ("02:30", "06:00"))
    a, b = at("2026-10-24 22:00", "Europe/Berlin"), at("2026-10-25 06:00", "Europe/Berlin")
    assert work_seconds_between(a, b, calendar) == 9 * 3600


def test_the_repeated_hour_is_told_apart():
    calendar = WorkCalendar.always("Europe/Berlin")
    first = at("2026-10-25 02:30", "Europe/Berlin")
    second = at("2026-10-25 02:30", "Europe/Berlin", fold=1)
    assert work_seconds_between(first, second, calendar) == 3600
    assert work_seconds_between(second, first, calendar) == -3600
    assert add_work_seconds(first, 3600, calendar) == second.astimezone(UTC)


def test_a_date_that_never_was_is_no_working_day():
    calendar = WorkCalendar.always("Pacific/Apia")
    due = due_at(at("2011-12-29 12:00", "Pacific/Apia"), Limit.parse("1 wd"), calendar)
    assert wall(due - timedelta(seconds=1), "Pacific/Apia") == "2011-12-31 23:59"


def test_a_day_that_begins_at_one_oclock_ends_at_its_midnight():
    calendar = WorkCalendar.always("Asia/Beirut")
    due = due_at(at("2024-03-29 12:00", "Asia/Beirut"), Limit.parse("2 cd"), calendar)
    assert wall(due, "Asia/Beirut") == "2024-04-01 00:00"
    a, b = at("2024-03-31 01:00", "Asia/Beirut"), due
    assert work_seconds_between(a, b, calendar) == 23 * 3600
