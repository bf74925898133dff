"""Summer and winter hours, and hours that change for good from a date on."""

from datetime import date

import pytest

from helpdesk.clock import (
    CalendarError,
    DayRule,
    Limit,
    Season,
    WorkCalendar,
    due_at,
    work_seconds_between,
)
from tests.help.clock_samples import PLAIN, SPLIT, ZONE, at, wall

SUMMER_HOURS = (("09:00", "12:00"), ("14:30", "18:30"))
SUMMER = Season("05-01", dict.fromkeys(range(5), SUMMER_HOURS))
WINTER = Season("10-01", dict.fromkeys(range(5), SPLIT))
FOR_GOOD = Season("2026-07-06", dict.fromkeys(range(6), (("08:00", "16:00"),)))


def calendar(*seasons, days=None, week=PLAIN.week, zone=ZONE):
    return WorkCalendar("any", 1, zone, week, days or {}, None, seasons)


@pytest.mark.parametrize(
    ("received", "limit", "due"),
    [
        ("2026-04-30 11:00", "2 wh", "2026-04-30 14:30"),
        ("2026-05-06 11:00", "2 wh", "2026-05-06 15:30"),
        ("2026-04-30 17:00", "3 wh", "2026-05-01 11:00"),
        ("2026-09-30 18:00", "1 wh", "2026-10-01 09:30"),
        ("2027-01-15 11:00", "2 wh", "2027-01-15 14:30"),
        ("2026-04-30 10:00", "1 wd", "2026-05-01 18:30"),
        ("2026-09-29 10:00", "2 wd", "2026-10-01 18:00"),
    ],
)
def test_the_lunch_break_of_the_season_counts(received, limit, due):
    both = calendar(SUMMER, WINTER)
    assert wall(due_at(at(received), Limit.parse(limit), both)) == due


def test_yearly_hours_come_back_every_year_without_an_edit():
    both = calendar(SUMMER, WINTER)
    for year in (1999, 2024, 2026, 2049):
        assert both.hours_on(date(year, 4, 30)) in (both.hours_on(date(year, 10, 8)), ())
    begins = [date(year, 5, 3) for year in (2027, 2032)]
    assert [both.hours_on(day) for day in begins] == [((540, 720), (870, 1110))] * 2


def test_hours_that_change_for_good_leave_the_past_as_it_was():
    changed = calendar(FOR_GOOD)
    assert not changed.is_working_day(date(2026, 7, 4))
    assert changed.is_working_day(date(2026, 7, 11))
    before, after = at("2026-07-03 08:00"), at("2026-07-06 18:00")
    assert work_seconds_between(before, after, changed) == (7.5 + 8) * 3600


def test_the_hours_that_began_last_hold_and_a_single_date_beats_them_all():
    mixed = calendar(SUMMER, FOR_GOOD, days={date(2026, 7, 8): DayRule("rest")})
    assert mixed.hours_on(date(2026, 7, 3)) == ((540, 720), (870, 1110))
    assert mixed.hours_on(date(2026, 7, 7)) == ((480, 960),)
    assert mixed.hours_on(date(2026, 7, 8)) == ()
    assert mixed.hours_on(date(2027, 5, 3)) == ((540, 720), (870, 1110))


@pytest.mark.parametrize("turned", [False, True])
def test_hours_that_begin_once_win_over_yearly_ones_of_the_same_day(turned):
    once = Season("2026-05-01", dict.fromkeys(range(5), (("08:00", "10:00"),)))
    both = calendar(*((once, SUMMER) if turned else (SUMMER, once)))
    assert both.hours_on(date(2026, 5, 1)) == both.hours_on(date(2027, 4, 30)) == ((480, 600),)
    assert both.hours_on(date(2027, 5, 3)) == ((540, 720), (870, 1110))


def test_a_make_up_workday_has_the_hours_of_its_season():
    made_up = calendar(SUMMER, WINTER, days={date(2026, 5, 9): DayRule("work")})
    assert made_up.hours_on(date(2026, 5, 9)) == ((540, 720), (870, 1110))


@pytest.mark.parametrize(
    ("season", "sentence"),
    [
        (("02-29", {0: SPLIT}), "no such date"),
        (("2027-02-29", {0: SPLIT}), "no such date"),
        (("13-01", {0: SPLIT}), "no such date"),
        (("May", {0: SPLIT}), "begin on a date"),
        (("05-01", {}), "at least one working hour"),
        (("05-01", {0: (("09:00", "12:00"), ("11:00", "13:00"))}), "overlap"),
        (("05-01", {0: (("9:00", "12:00"),)}), "are written"),
    ],
)
def test_hours_that_make_no_sense_are_refused(season, sentence):
    with pytest.raises(CalendarError, match=sentence):
        Season(*season)


def test_a_leap_day_may_be_the_first_of_hours_that_begin_once():
    assert Season("2028-02-29", {0: SPLIT}).once == date(2028, 2, 29)


def test_a_night_that_runs_into_other_hours_is_refused_at_the_change():
    night = dict.fromkeys(range(7), (("22:00", "06:00"),))
    early = Season("2026-05-01", dict.fromkeys(range(7), (("05:00", "13:00"),)))
    with pytest.raises(CalendarError, match="overlap"):
        calendar(early, week=night)


def test_two_sets_of_hours_cannot_begin_on_one_day():
    with pytest.raises(CalendarError, match="there already"):
        calendar(SUMMER, Season("05-01", {0: SPLIT}))
