"""Chinese working days against a second, independent package, day by day."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from helpdesk.clock import NoCalendarData, chinese_days, default_calendars, published_years
from tests.help.clock_samples import OFFICE


def dates_of(year: int) -> list[date]:
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    return [first + timedelta(n) for n in range((after - first).days)]


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_office_works_on_the_days_that_a_second_source_gives(year):
    wrong = [
        day
        for day in dates_of(year)
        if OFFICE.is_working_day(day) != chinese_calendar.is_workday(day)
    ]
    assert wrong == []


def test_every_published_year_agrees_with_the_second_source():
    rules = chinese_days(published_years())
    days = [day for year in published_years() for day in dates_of(year)]
    works = {day: rules[day].kind == "work" if day in rules else day.weekday() < 5 for day in days}
    assert [day for day in days if works[day] != chinese_calendar.is_workday(day)] == []


def test_an_estimated_year_is_not_published():
    assert published_years() == tuple(range(2006, 2027))
    with pytest.raises(NoCalendarData) as refusal:
        chinese_days([2026, 2027])
    assert refusal.value.year == 2027
    with pytest.raises(NoCalendarData):
        chinese_days([2000])


def test_the_makeup_workdays_of_2026_are_named_after_their_holiday():
    made_up = {d: (r.name, r.name_en) for d, r in chinese_days([2026]).items() if r.kind == "work"}
    national = ("国庆节补班", "Make-up workday for National Day")
    spring = ("春节补班", "Make-up workday for Spring Festival")
    assert made_up == {
        date(2026, 1, 4): ("元旦补班", "Make-up workday for New Year's Day"),
        date(2026, 2, 14): spring,
        date(2026, 2, 28): spring,
        date(2026, 5, 9): ("劳动节补班", "Make-up workday for Labour Day"),
        date(2026, 9, 20): national,
        date(2026, 10, 10): national,
    }


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("元旦", date(2026, 1, 1), date(2026, 1, 3)),
        ("春节", date(2026, 2, 15), date(2026, 2, 23)),
        ("清明节", date(2026, 4, 4), date(2026, 4, 6)),
        ("劳动节", date(2026, 5, 1), date(2026, 5, 5)),
        ("端午节", date(2026, 6, 19), date(2026, 6, 21)),
        ("中秋节", date(2026, 9, 25), date(2026, 9, 27)),
        ("国庆节", date(2026, 10, 1), date(2026, 10, 7)),
    ],
)
def test_the_holidays_of_2026_are_as_long_as_the_notice_says(name, first, last):
    named = [d for d, r in chinese_days([2026]).items() if r.kind == "rest" and r.name == name]
    assert named == [first + timedelta(n) for n in range((last - first).days + 1)]


def test_every_day_has_both_names():
    rules = chinese_days(published_years()).values()
    assert all(rule.name and rule.name_en for rule in rules)


def test_a_new_desk_starts_with_three_calendars():
    office, desk, always = default_calendars()
    assert [c.code for c in (office, desk, always)] == ["cn-office", "cn-desk", "always"]
    assert [c.version for c in (office, desk, always)] == [1, 1, 1]
    assert office.covered == (date(2024, 1, 1), date(2026, 12, 31))
    assert desk.covered is None
    assert always.covered is None
    assert desk.hours_on(date(2026, 10, 1)) == ((480, 1200),)
    assert always.hours_on(date(2026, 10, 1)) == ((0, 1440),)
