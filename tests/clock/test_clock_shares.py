"""Shares of a promise, what remains of it, and pauses."""

from datetime import timedelta

import pytest

from helpdesk.clock import Limit, after_pause, at_share, due_at, remaining, share_used
from tests.help.clock_samples import ALWAYS, OFFICE, at, wall

EIGHT, TWO_DAYS, DAY, CD = (Limit.parse(text) for text in ("8 wh", "2 wd", "24 h", "3 cd"))
MONDAY = at("2026-11-23 09:00")


@pytest.mark.parametrize(
    ("limit", "share", "moment"),
    [
        (EIGHT, 0.5, "2026-11-23 14:30"),
        (EIGHT, 0.75, "2026-11-23 16:30"),
        (EIGHT, 1.0, "2026-11-24 09:30"),
        (EIGHT, 1.5, "2026-11-24 15:00"),
        (EIGHT, 2.0, "2026-11-25 10:00"),
        (TWO_DAYS, 0.5, "2026-11-24 14:15"),
        (TWO_DAYS, 1.0, "2026-11-25 18:00"),
        (TWO_DAYS, 2.0, "2026-11-30 18:00"),
        (DAY, 0.25, "2026-11-23 15:00"),
        (DAY, 0.5, "2026-11-23 21:00"),
        (DAY, 2.0, "2026-11-25 09:00"),
        (CD, 0.5, "2026-11-25 04:30"),
        (CD, 1.0, "2026-11-27 00:00"),
        (CD, 0.0, "2026-11-23 09:00"),
    ],
)
def test_a_share_is_reached_in_the_limits_own_measure(limit, share, moment):
    due = due_at(MONDAY, limit, OFFICE)
    reached = at_share(MONDAY, due, share, limit, OFFICE)
    assert wall(reached) == moment
    assert share_used(MONDAY, due, reached, limit, OFFICE) == pytest.approx(share)


def test_the_share_at_the_due_time_is_exactly_one():
    for limit in (EIGHT, TWO_DAYS, DAY, CD):
        due = due_at(MONDAY, limit, OFFICE)
        assert at_share(MONDAY, due, 1.0, limit, OFFICE) == due
        assert share_used(MONDAY, due, due, limit, OFFICE) == 1.0


def test_a_share_beyond_the_published_days_counts_on():
    start = at("2026-12-31 09:00")
    due = due_at(start, Limit.parse("6 wh"), OFFICE)
    assert wall(at_share(start, due, 2.0, EIGHT, OFFICE)) == "2027-01-01 15:00"


def test_a_negative_share_is_refused():
    with pytest.raises(ValueError, match="negative"):
        at_share(MONDAY, MONDAY, -0.5, EIGHT, OFFICE)


@pytest.mark.parametrize(
    ("now", "limit", "seconds"),
    [
        ("2026-11-23 09:00", EIGHT, 8 * 3600),
        ("2026-11-23 12:30", EIGHT, 5 * 3600),
        ("2026-11-24 09:30", EIGHT, 0),
        ("2026-11-24 20:00", EIGHT, -7 * 3600),
        ("2026-11-24 18:00", TWO_DAYS, 7.5 * 3600),
        ("2026-11-24 10:00", DAY, -3600),
        ("2026-11-26 23:00", CD, 3600),
    ],
)
def test_what_remains_is_negative_when_past(now, limit, seconds):
    assert remaining(at(now), due_at(MONDAY, limit, OFFICE), limit, OFFICE) == seconds


def test_a_promise_given_by_hand_for_a_rest_day_is_used_up_when_due():
    saturday, sunday = at("2026-11-28 10:00"), at("2026-11-29 10:00")
    assert at_share(saturday, sunday, 0.5, EIGHT, OFFICE) == saturday
    assert at_share(saturday, sunday, 1.0, EIGHT, OFFICE) == sunday
    assert share_used(saturday, sunday, saturday, EIGHT, OFFICE) == 0.0
    assert share_used(saturday, sunday, sunday, EIGHT, OFFICE) == 1.0


def test_the_shortest_promise_counts_on_when_it_is_past():
    start = MONDAY
    due, past = start + timedelta(seconds=1), start + timedelta(seconds=2)
    for limit in (EIGHT, DAY):
        assert share_used(start, due, past, limit, OFFICE) == 2.0


def test_nothing_is_used_before_the_start():
    due = due_at(MONDAY, EIGHT, OFFICE)
    assert share_used(MONDAY, due, MONDAY - timedelta(days=3), EIGHT, OFFICE) == 0.0


@pytest.mark.parametrize(
    ("limit", "paused", "resumed", "due"),
    [
        (EIGHT, "2026-11-23 10:00", "2026-11-23 11:00", "2026-11-24 10:30"),
        (EIGHT, "2026-11-23 11:00", "2026-11-23 14:30", "2026-11-24 11:30"),
        (EIGHT, "2026-11-23 18:00", "2026-11-24 09:00", "2026-11-24 09:30"),
        (EIGHT, "2026-11-23 10:00", "2026-11-30 10:00", "2026-12-01 09:30"),
        (TWO_DAYS, "2026-11-24 10:00", "2026-11-25 10:00", "2026-11-26 18:00"),
        (DAY, "2026-11-23 10:00", "2026-11-23 18:00", "2026-11-24 17:00"),
    ],
)
def test_a_pause_moves_the_due_time_by_exactly_the_time_paused(limit, paused, resumed, due):
    moved = after_pause(due_at(MONDAY, limit, OFFICE), (at(paused), at(resumed)), limit, OFFICE)
    assert wall(moved) == due


def test_a_pause_that_ends_before_it_begins_moves_nothing():
    due = due_at(MONDAY, DAY, ALWAYS)
    assert after_pause(due, (due, MONDAY), DAY, ALWAYS) == due


def test_shares_leave_the_pauses_out():
    pause = (at("2026-11-23 10:00"), at("2026-11-30 10:00"))
    due = after_pause(due_at(MONDAY, EIGHT, OFFICE), pause, EIGHT, OFFICE)
    half = at_share(MONDAY, due, 0.5, EIGHT, OFFICE, pauses=[pause])
    assert wall(half) == "2026-11-30 14:30"
    used = share_used(MONDAY, due, at("2026-11-30 11:00"), EIGHT, OFFICE, pauses=[pause])
    assert used == 0.25
