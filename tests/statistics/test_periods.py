"""Periods in days of the company, their edges, and the summer time of zones that have it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from helpdesk.clock import moved_to
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.statistics import counting
from helpdesk.statistics.groups import Scope, every
from helpdesk.statistics.periods import Period, choose, offsets
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import figures as samples

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)  # noon in Shanghai


@pytest.mark.parametrize(
    ("code", "since", "until"),
    [
        ("today", "2026-11-18", "2026-11-18"),
        ("yesterday", "2026-11-17", "2026-11-17"),
        ("7days", "2026-11-12", "2026-11-18"),
        ("month", "2026-11-01", "2026-11-18"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("quarter", "2026-10-01", "2026-11-18"),
        ("year", "2026-01-01", "2026-11-18"),
    ],
)
def test_a_named_period_has_these_days(app: Flask, code: str, since: str, until: str) -> None:
    with moved_to(WEDNESDAY):
        found = choose({"period": code})
    assert (found.since.isoformat(), found.until.isoformat()) == (since, until)


def test_without_an_answer_it_is_the_last_seven_days(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        assert choose({}).code == "7days"


def test_chosen_days_win_over_a_name(app: Flask) -> None:
    found = choose({"period": "year", "from": "2026-03-01", "to": "2026-03-02"})
    assert (found.code, found.days) == ("", 2)


def test_one_end_is_enough(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        assert choose({"from": "2026-11-10"}).until == date(2026, 11, 18)
        assert choose({"to": "2026-11-10"}).since == date(2026, 11, 4)


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "decade"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "yesterday"},
        {"from": "1991-01-01", "to": "2026-01-01"},
    ],
)
def test_a_period_that_makes_no_sense_is_refused(app: Flask, asked: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        choose(asked)


def test_a_day_begins_at_the_companys_midnight(app: Flask) -> None:
    found = choose({"from": "2026-03-09", "to": "2026-03-09"})
    assert found.begin == datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
    assert found.end == datetime(2026, 3, 9, 16, 0, tzinfo=UTC)


def test_a_running_period_is_compared_up_to_the_same_hour(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        begin, end = choose({"period": "today"}).before
    assert end - begin == timedelta(hours=12)
    assert begin == datetime(2026, 11, 16, 16, 0, tzinfo=UTC)


def test_an_ended_period_is_compared_with_the_whole_stretch_before(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        begin, end = choose({"from": "2026-11-02", "to": "2026-11-08"}).before
    assert end - begin == timedelta(days=7)


def test_china_has_one_distance_from_utc_in_a_year() -> None:
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert [o for _until, o in offsets(begin, end, SHANGHAI)] == [timedelta(hours=8)]


def test_summer_time_parts_a_year_at_the_right_second() -> None:
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    found = offsets(begin, end, BERLIN)
    assert [o.total_seconds() / 3600 for _until, o in found] == [1, 2, 1]
    assert found[0][0] == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert found[1][0] == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def received(*moments: datetime) -> None:
    """One case received at each of these moments."""
    for turn, at in enumerate(moments):
        ticket = make.ticket(subject=f"Case {turn}")
        with transaction() as session:
            session.execute(update(Ticket).where(Ticket.id == ticket.id).values(received_at=at))
    db.session.expire_all()


def by_day(zone: ZoneInfo, since: date, until: date, by: str = "day") -> dict[str, int]:
    scope = Scope(Filter(), Period("", since, until, zone), samples.BOSS)
    rows = counting.tally(scope, "received", by, {"received": Filter()})
    return {key: row["received"] for key, row in rows.items()}


def test_cases_around_midnight_fall_on_their_own_day(app: Flask) -> None:
    midnight = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    second = timedelta(seconds=1)
    received(midnight - second, midnight, midnight + second)
    found = by_day(SHANGHAI, date(2026, 3, 9), date(2026, 3, 10))
    assert found == {"2026-03-09": 1, "2026-03-10": 2}


def test_days_follow_summer_time(app: Flask) -> None:
    """The same UTC hour lies on different days before and after the change."""
    received(
        datetime(2026, 3, 28, 22, 30, tzinfo=UTC),  # 23:30 in Berlin
        datetime(2026, 3, 29, 22, 30, tzinfo=UTC),  # 00:30 on the next day
        datetime(2026, 10, 24, 22, 30, tzinfo=UTC),  # 00:30 on the next day
        datetime(2026, 10, 25, 22, 30, tzinfo=UTC),  # 23:30
    )
    found = by_day(BERLIN, date(2026, 1, 1), date(2026, 12, 31))
    assert found == {"2026-03-28": 1, "2026-03-30": 1, "2026-10-25": 2}


def test_weeks_begin_on_monday_and_months_on_the_first(app: Flask) -> None:
    received(
        datetime(2026, 3, 1, 4, 0, tzinfo=UTC),  # Sunday
        datetime(2026, 3, 2, 4, 0, tzinfo=UTC),  # Monday
        datetime(2026, 3, 31, 16, 30, tzinfo=UTC),  # 1 April in Shanghai
    )
    days = (date(2026, 2, 1), date(2026, 4, 30))
    weeks = by_day(SHANGHAI, *days, by="week")
    assert weeks == {"2026-02-23": 1, "2026-03-02": 1, "2026-03-30": 1}
    assert by_day(SHANGHAI, *days, by="month") == {"2026-03-01": 2, "2026-04-01": 1}


def test_groups_of_time_without_a_case_are_there_too() -> None:
    period = Period("", date(2026, 2, 25), date(2026, 3, 10), SHANGHAI)
    assert len(every("day", period)) == 14
    assert every("week", period) == ["2026-02-23", "2026-03-02", "2026-03-09"]
    assert every("month", period) == ["2026-02-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("month", "begins"),
    [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 4),
        (5, 4),
        (6, 4),
        (7, 7),
        (8, 7),
        (9, 7),
        (10, 10),
        (11, 10),
        (12, 10),
    ],
)
def test_a_quarter_begins_in_january_april_july_and_october(
    app: Flask, month: int, begins: int
) -> None:
    with moved_to(WEDNESDAY.replace(month=month)):
        assert choose({"period": "quarter"}).since == date(2026, begins, 1)


@pytest.mark.parametrize(
    ("month", "last"), [(1, "2025-12-31"), (3, "2026-02-28"), (12, "2026-11-30")]
)
def test_the_last_month_is_whole_whatever_its_length(app: Flask, month: int, last: str) -> None:
    with moved_to(WEDNESDAY.replace(month=month)):
        found = choose({"period": "last_month"})
    assert (found.until.isoformat(), found.since) == (last, found.until.replace(day=1))


@pytest.mark.parametrize(("days", "fits"), [(1, True), (3660, True), (3661, False)])
def test_a_period_has_one_day_at_least_and_ten_years_at_most(
    app: Flask, days: int, fits: bool
) -> None:
    until = date(2026, 3, 1) + timedelta(days=days - 1)
    asked = {"from": "2026-03-01", "to": until.isoformat()}
    if fits:
        assert choose(asked).days == days
        return
    with pytest.raises(BadInput) as refused:
        choose(asked)
    assert set(refused.value.errors) == {"from"}


def test_the_end_before_the_beginning_is_told_at_the_end(app: Flask) -> None:
    with pytest.raises(BadInput) as refused:
        choose({"from": "2026-03-02", "to": "2026-03-01"})
    assert set(refused.value.errors) == {"to"}


def test_a_period_that_begins_later_than_today_ends_with_its_first_day(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        found = choose({"from": "2026-12-24"})
    assert (found.since, found.until) == (date(2026, 12, 24), date(2026, 12, 24))


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        (timedelta(0), 0),  # at its first moment nothing of it is over, nor compared
        (timedelta(hours=1), 1),
        (timedelta(hours=24) - timedelta(seconds=1), 24),
        (timedelta(hours=24), 24),
        (timedelta(hours=-1), 24),  # still to come: the whole day before
    ],
)
def test_a_day_is_compared_up_to_the_hour_that_it_has_reached(
    app: Flask, at: timedelta, hours: int
) -> None:
    day = Period("", date(2026, 11, 18), date(2026, 11, 18), SHANGHAI)
    with moved_to(day.begin + at):
        begin, end = day.before
        assert day.runs == (timedelta(0) <= at < timedelta(hours=24))
    assert begin == day.begin - timedelta(days=1)
    assert round((end - begin).total_seconds() / 3600) == hours


def test_a_day_of_25_hours_is_never_compared_beyond_the_day_before(app: Flask) -> None:
    day = Period("", date(2026, 10, 25), date(2026, 10, 25), BERLIN)
    with moved_to(day.end - timedelta(minutes=1)):
        assert day.before[1] == day.begin
