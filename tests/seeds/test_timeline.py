"""The demo's words for time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.seeds.timeline import Timeline

ZONE = ZoneInfo("Asia/Shanghai")


def _at(text: str) -> Timeline:
    return Timeline(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def test_working_days_leave_out_weekends_and_holidays() -> None:
    after_the_national_holiday = _at("2026-10-08 15:00")
    assert after_the_national_holiday.working_day(-1) == date(2026, 9, 30)


def test_a_make_up_workday_counts() -> None:
    assert _at("2026-10-12 15:00").working_day(-1) == date(2026, 10, 10)


def test_a_time_of_an_earlier_day_is_a_time_of_the_companys_zone() -> None:
    at = _at("2026-11-20 16:00").at("D-1 14:20")
    assert at.astimezone(ZONE) == datetime(2026, 11, 19, 14, 20, tzinfo=ZONE)


def test_a_day_ahead_is_a_working_day() -> None:
    at = _at("2026-11-20 16:00").at("D+1 18:00")
    assert at.astimezone(ZONE) == datetime(2026, 11, 23, 18, tzinfo=ZONE)


def test_todays_stories_fill_the_time_since_the_opening() -> None:
    line = _at("2026-11-20 17:30")
    assert line.now - line.at("T-9") == timedelta(hours=9)
    assert _at("2026-11-20 13:00").at("T-9") == datetime(2026, 11, 20, 8, 30, tzinfo=ZONE)


def test_in_the_early_morning_they_take_three_hours_at_least() -> None:
    line = _at("2026-11-20 09:00")
    assert line.now - line.at("T-9") == timedelta(hours=3)


def test_in_the_night_they_begin_at_midnight() -> None:
    assert _at("2026-11-23 04:30").at("T-9") == datetime(2026, 11, 23, tzinfo=ZONE)


@pytest.mark.parametrize("words", ["yesterday", "D-1", "5", ""])
def test_other_words_are_an_error(words: str) -> None:
    with pytest.raises(ValueError):
        _at("2026-11-20 16:00").at(words)
