"""Promises that cross the edge of what is published, before and after the notice comes out."""

from datetime import date, timedelta

import pytest

from helpdesk.clock import (
    DayRule,
    Limit,
    WorkCalendar,
    at_share,
    covers,
    due_at,
    opens_at,
    remaining,
)
from tests.help.clock_samples import OFFICE, at, wall

NEW_YEAR = {
    date(2027, 1, 1): DayRule("rest", (), "元旦", "New Year's Day"),
    date(2027, 1, 3): DayRule("work", (), "元旦补班", "Make-up workday for New Year's Day"),
}
PUBLISHED = WorkCalendar(
    OFFICE.code,
    OFFICE.version + 1,
    OFFICE.zone,
    OFFICE.week,
    {**OFFICE.days, **NEW_YEAR},
    (date(2024, 1, 1), date(2027, 12, 31)),
)
START = at("2026-12-31 10:00")


@pytest.mark.parametrize(
    ("limit", "provisional", "published"),
    [
        ("8 wh", "2027-01-01 10:30", "2027-01-03 10:30"),
        ("1 wd", "2027-01-01 18:00", "2027-01-03 18:00"),
        ("2 wd", "2027-01-04 18:00", "2027-01-04 18:00"),
        ("1 cd", "2027-01-02 00:00", "2027-01-03 18:00"),
        ("3 cd", "2027-01-04 18:00", "2027-01-04 00:00"),
    ],
)
def test_a_provisional_due_time_is_recomputed_when_the_notice_is_out(limit, provisional, published):
    limit = Limit.parse(limit)
    before = due_at(START, limit, OFFICE)
    after = due_at(START, limit, PUBLISHED)
    assert (wall(before), wall(after)) == (provisional, published)
    assert not covers(START, before, OFFICE, limit)
    assert covers(START, after, PUBLISHED, limit)


def test_a_countdown_never_fails_on_a_provisional_promise():
    limit = Limit.parse("8 wh")
    due = due_at(START, limit, OFFICE)
    assert remaining(START, due, limit, OFFICE) == 8 * 3600
    assert remaining(due + timedelta(days=700), due, limit, OFFICE) < 0


def test_the_next_opening_is_never_refused():
    evening = at("2026-12-31 19:00")
    assert wall(opens_at(evening, OFFICE)) == "2027-01-01 09:00"
    assert wall(opens_at(evening, PUBLISHED)) == "2027-01-03 09:00"


@pytest.mark.parametrize("text", ["30 min", "24 h", "2 wh", "8 wh", "5 wd", "3 cd"])
@pytest.mark.parametrize("start", ["2026-09-30 17:59", "2026-11-28 03:00", "2026-12-31 17:59"])
def test_the_steps_of_an_escalation_come_in_order(text, start):
    limit = Limit.parse(text)
    due = due_at(at(start), limit, OFFICE)
    shares = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.5, 2.0)
    steps = [at_share(at(start), due, share, limit, OFFICE) for share in shares]
    assert steps == sorted(steps)
    assert len(set(steps)) == len(steps)
    assert steps[5] == due
