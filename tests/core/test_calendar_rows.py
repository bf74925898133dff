"""Calendars as rows: every version can be read back as it was."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from helpdesk.clock import DayRule, Season, WorkCalendar, default_calendars
from helpdesk.core import calendars
from helpdesk.core.calendars import CalendarDay
from helpdesk.core.db import db, transaction

OFFICE = default_calendars()[0]
GOLDEN = date(2026, 10, 1)
WEEK = dict.fromkeys(range(5), (("09:00", "12:00"),))


def keep(calendar: WorkCalendar, before: WorkCalendar | None = None) -> None:
    with transaction() as session:
        session.add_all(calendars.rows_of(calendar, "办公", "Office", before))


def second(**changed: object) -> WorkCalendar:
    known = {name: getattr(OFFICE, name) for name in ("code", "zone", "week", "days", "covered")}
    return WorkCalendar(**(known | {"version": 2} | changed))  # type: ignore[arg-type]


def test_a_calendar_is_read_back_as_it_was_kept(app: Flask) -> None:
    assert calendars.load_calendars()["cn-office"] == OFFICE
    assert calendars.load_calendars()["cn-office"].days == OFFICE.days


def test_days_of_a_new_desk_name_their_source(app: Flask) -> None:
    sources = set(db.session.scalars(db.select(CalendarDay.source)))
    assert len(sources) == 1
    assert sources.pop().startswith("holidays ")


def test_an_edit_keeps_only_the_days_that_differ(app: Flask) -> None:
    days = dict(OFFICE.days)
    del days[GOLDEN]
    days[date(2026, 11, 27)] = DayRule("hours", (("09:00", "12:00"),), "半天", "Half day")
    edited = second(days=days)
    keep(edited, OFFICE)
    rows = db.session.scalars(db.select(CalendarDay).filter_by(version=2)).all()
    assert {row.date: row.kind for row in rows} == {GOLDEN: "plain", date(2026, 11, 27): "hours"}
    assert calendars.load_calendars()["cn-office"] == edited


def test_an_old_version_stays_readable_after_an_edit(app: Flask) -> None:
    days = {day: rule for day, rule in OFFICE.days.items() if day != GOLDEN}
    keep(second(days=days), OFFICE)
    assert not calendars.edition("cn-office", 1).is_working_day(GOLDEN)
    assert calendars.edition("cn-office", 2).is_working_day(GOLDEN)


def test_a_day_that_was_taken_back_may_come_again(app: Flask) -> None:
    without = second(days={day: rule for day, rule in OFFICE.days.items() if day != GOLDEN})
    keep(without, OFFICE)
    keep(second(version=3), without)
    assert calendars.load_calendars()["cn-office"].days == OFFICE.days


def test_hours_of_seasons_are_kept_too(app: Flask) -> None:
    seasons = (Season("05-01", WEEK), Season("2027-03-01", WEEK))
    keep(second(seasons=seasons), OFFICE)
    assert calendars.load_calendars()["cn-office"].seasons == tuple(
        sorted(seasons, key=lambda season: season.begins)
    )


def test_an_unknown_version_is_told(app: Flask) -> None:
    with pytest.raises(LookupError):
        calendars.edition("cn-office", 7)
