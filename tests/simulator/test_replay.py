"""One promise under another limit and calendar: the pure core of the simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.clock import Limit, default_calendars, due_at
from helpdesk.simulator.replay import Moments, Outcome, compared, outcome

OFFICE = default_calendars()[0]
MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
HOUR = timedelta(hours=1)
LATER = MONDAY + timedelta(days=30)


def told(limit: str, **moments: object) -> Outcome:
    return outcome(Moments(MONDAY, LATER, **moments), Limit.parse(limit), OFFICE)  # type: ignore[arg-type]


def test_a_promise_met_before_its_due_time_was_kept() -> None:
    assert told("2 h", met=MONDAY + HOUR) == Outcome(MONDAY + 2 * HOUR, "on_time")


def test_the_due_moment_itself_is_still_in_time() -> None:
    assert told("2 h", met=MONDAY + 2 * HOUR).verdict == "on_time"


def test_a_shorter_limit_breaks_what_was_kept() -> None:
    assert told("30 min", met=MONDAY + HOUR).verdict == "late"


def test_a_pause_moves_the_due_time_by_its_length() -> None:
    pause = (MONDAY + HOUR, MONDAY + 4 * HOUR)
    assert told("2 h", pauses=(pause,), met=MONDAY + 5 * HOUR) == Outcome(
        MONDAY + 5 * HOUR, "on_time"
    )


def test_more_time_that_was_granted_stands_and_later_pauses_move_it() -> None:
    grant = (MONDAY + HOUR, MONDAY + 10 * HOUR)
    pause = (MONDAY + 2 * HOUR, MONDAY + 3 * HOUR)
    assert told("2 h", granted=(grant,), pauses=(pause,)).due == MONDAY + 11 * HOUR


@pytest.mark.parametrize(
    ("moments", "verdict"),
    [
        ({}, "missed"),
        ({"paused": MONDAY + HOUR}, ""),
        ({"dropped": MONDAY + HOUR}, "dropped"),
        ({"dropped": MONDAY + 3 * HOUR}, "missed"),
        ({"paused": MONDAY + HOUR, "dropped": MONDAY + 3 * HOUR}, "dropped"),
    ],
)
def test_an_open_or_dropped_promise_is_judged_when_its_clock_stopped(
    moments: dict[str, datetime], verdict: str
) -> None:
    assert told("2 h", **moments).verdict == verdict


def test_working_time_is_counted_by_the_calendar() -> None:
    limit = Limit.parse("2 wd")
    assert told("2 wd").due == due_at(MONDAY, limit, OFFICE)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("on_time", "late", "broken"),
        ("", "missed", "broken"),
        ("late", "on_time", "saved"),
        ("missed", "none", "saved"),
        ("late", "missed", ""),
        ("on_time", "", ""),
        ("dropped", "dropped", ""),
    ],
)
def test_two_verdicts_are_compared(before: str, after: str, change: str) -> None:
    assert compared(before, after) == change
