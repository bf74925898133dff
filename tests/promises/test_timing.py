"""The clock of one row at its edges: due, paused, granted, kept to the moment, and its next alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.clock import moved_to
from helpdesk.promises import keeping, timing
from helpdesk.promises.policy import ChainStep
from tests.help.promised import HOUR, MOMENT, NINE, pause, promise, snapshot

DUE = NINE + 8 * HOUR
OFFICE = snapshot().calendars["cn-office"]
CHAIN = {"standard": tuple(ChainStep(at, ("owner",)) for at in (50, 75, 100))}


@pytest.mark.parametrize(
    ("pauses", "more", "due"),
    [
        ([], {}, DUE),
        ([(HOUR, 2 * HOUR)], {}, DUE + HOUR),
        ([(HOUR, 2 * HOUR), (3 * HOUR, 5 * HOUR)], {}, DUE + 3 * HOUR),
        ([(7 * HOUR, 10 * HOUR)], {}, DUE + 3 * HOUR),  # held before it was due, until after that
        ([(8 * HOUR, 9 * HOUR)], {}, DUE),  # held when the time was up
        ([(9 * HOUR, 10 * HOUR)], {}, DUE),
        ([(HOUR, 2 * HOUR)], {"latest_at": DUE}, DUE),
        ([], {"latest_at": NINE + HOUR}, NINE + HOUR),
        ([], {"latest_at": DUE + HOUR}, DUE),
    ],
)
def test_a_row_is_due_after_its_limit_and_its_pauses_and_never_after_the_authority_s_time(
    pauses: list[tuple[timedelta, timedelta]], more: dict[str, Any], due: datetime
) -> None:
    row = promise(pauses=[pause(NINE + a, NINE + b) for a, b in pauses], **more)
    assert timing.counted(row, OFFICE) == due


@pytest.mark.parametrize(
    ("begin", "end", "moves"),
    [
        (HOUR, 2 * HOUR, False),  # before more time was granted: it is in that time
        (3 * HOUR, 5 * HOUR, False),  # on hold while it was granted
        (4 * HOUR, 5 * HOUR, True),  # from this very moment on
        (6 * HOUR, 7 * HOUR, True),
    ],
)
def test_granted_time_is_moved_by_later_pauses_alone(
    begin: timedelta, end: timedelta, moves: bool
) -> None:
    granted = NINE + 48 * HOUR
    row = promise(pauses=[pause(NINE + begin, NINE + end)])
    row.extended_to, row.extended_at = granted, NINE + 4 * HOUR
    assert timing.counted(row, OFFICE) == granted + (end - begin) * moves


def test_a_promise_begins_to_run_and_a_right_is_a_window() -> None:
    for name, state in (("resolve", "running"), ("send_back", "window")):
        row = promise(name, state="pending", started_at=None, due_at=None)
        timing.begin(row, snapshot(), NINE)
        assert (row.state, row.started_at, row.due_at) == (state, NINE, DUE)
        assert (row.calendar_version, row.bound, row.provisional) == (1, "", False)


@pytest.mark.parametrize(("latest", "bound"), [(DUE, "external"), (DUE + HOUR, ""), (None, "")])
def test_a_row_that_ends_by_the_authority_s_time_says_so(
    latest: datetime | None, bound: str
) -> None:
    row = promise(latest_at=latest)
    timing.count(row, snapshot())
    assert row.bound == bound


@pytest.mark.parametrize(
    ("level", "alarm"),
    [(0, (50, NINE + 4 * HOUR)), (49, (50, NINE + 4 * HOUR)), (50, (75, NINE + 6 * HOUR))]
    + [(75, (100, DUE)), (100, None), (150, None)],
)
def test_the_next_alarm_is_the_first_step_above_the_level_that_was_reached(
    level: int, alarm: tuple[int, datetime] | None
) -> None:
    found = timing.next_alarm(promise(level=level), snapshot(chains=CHAIN))
    assert [(one["level"], one["due_at"]) for one in found] == ([alarm] if alarm else [])
    assert timing.next_alarm(promise(chain="none"), snapshot(chains=CHAIN)) == []


@pytest.mark.parametrize("state", ["paused", "window", "pending", "met", "dropped"])
def test_only_a_row_that_runs_has_an_alarm(state: str) -> None:
    assert timing.alarms_of([promise(state=state)], snapshot(chains=CHAIN)) == []
    assert len(timing.alarms_of([promise()], snapshot(chains=CHAIN))) == 1


@pytest.mark.parametrize(
    ("after", "step"),
    [(HOUR, 0), (4 * HOUR - MOMENT, 0), (4 * HOUR, 50), (7 * HOUR, 75), (8 * HOUR, 100)],
)
def test_a_step_lies_behind_from_its_moment_on(after: timedelta, step: int) -> None:
    with moved_to(NINE + after):
        assert timing.passed(promise(), snapshot(chains=CHAIN)) == step


@pytest.mark.parametrize(
    ("row", "after", "taken"),
    [
        ({}, timedelta(0), 0),
        ({}, 3 * HOUR, 3),
        ({"pauses": [pause(NINE + HOUR, NINE + 2 * HOUR)]}, 3 * HOUR, 2),
        ({"pauses": None}, 3 * HOUR, 3),
        ({"state": "paused", "paused_at": NINE + HOUR}, 3 * HOUR, 1),
        ({"started_at": NINE + 4 * HOUR}, 3 * HOUR, 0),  # met before it began: never less than none
    ],
)
def test_the_time_taken_is_that_from_the_start_without_pauses(
    row: dict[str, Any], after: timedelta, taken: int
) -> None:
    assert timing.taken(promise(**row), NINE + after, snapshot()) == taken * 3600


@pytest.mark.parametrize(
    ("held", "until", "due"),
    [
        (HOUR, 3 * HOUR, DUE + 2 * HOUR),
        (7 * HOUR, 10 * HOUR, DUE + 3 * HOUR),
        (8 * HOUR, 10 * HOUR, DUE),  # its time was up when it was held
        (9 * HOUR, 10 * HOUR, DUE),
    ],
)
def test_who_goes_on_has_the_time_that_was_left(
    held: timedelta, until: timedelta, due: datetime
) -> None:
    row = promise()
    with moved_to(NINE + held):
        timing.hold_still(row)
        assert (row.state, row.paused_at) == ("paused", NINE + held)
    with moved_to(NINE + until):
        timing.go_on(row, snapshot())
    assert (row.state, row.paused_at, row.due_at) == ("running", None, due)
    assert row.pauses == [pause(NINE + held, NINE + until)]
    bound = promise(latest_at=DUE + HOUR, paused_at=NINE + HOUR)
    with moved_to(NINE + 5 * HOUR):
        timing.go_on(bound, snapshot())
    assert bound.due_at == DUE + HOUR


def test_only_a_pause_that_began_before_the_due_time_has_moved_it() -> None:
    times = [(HOUR, 2 * HOUR), (7 * HOUR, 9 * HOUR), (8 * HOUR, 9 * HOUR), (9 * HOUR, 10 * HOUR)]
    row = promise(pauses=[pause(NINE + a, NINE + b) for a, b in times])
    every = [(NINE + a, NINE + b) for a, b in times]
    assert timing.every_pause(row) == every
    assert timing.pauses_of(row) == every[:2]
    row.due_at = None
    assert timing.pauses_of(row) == every


@pytest.mark.parametrize(
    ("row", "after", "missed"),
    [
        ({}, HOUR, False),
        ({}, 8 * HOUR, False),  # in the very moment it can still be kept
        ({}, 8 * HOUR + MOMENT, True),
        ({"verdict": "missed"}, HOUR, True),
        ({"due_at": None}, 9 * HOUR, False),
        ({"due_at": None, "verdict": "missed"}, 9 * HOUR, True),
        ({"paused_at": NINE + 7 * HOUR}, 9 * HOUR, False),  # it stood still when it was not yet up
        ({"paused_at": NINE + 9 * HOUR}, 10 * HOUR, True),
    ],
)
def test_a_promise_is_missed_when_its_clock_ran_past_its_time(
    row: dict[str, Any], after: timedelta, missed: bool
) -> None:
    with moved_to(NINE + after):
        assert timing.is_missed(promise(**row)) is missed
        assert not timing.is_missed(promise("send_back", **row)), "a right is never missed"


@pytest.mark.parametrize(
    ("row", "after", "verdict"),
    [
        ({}, 8 * HOUR, "on_time"),
        ({}, 8 * HOUR + MOMENT, "late"),
        ({"due_at": None}, 9 * HOUR, "on_time"),
        ({"verdict": "missed"}, 9 * HOUR, "late"),
    ],
)
def test_a_promise_is_kept_in_time_up_to_its_last_moment(
    row: dict[str, Any], after: timedelta, verdict: str
) -> None:
    kept = promise(**row)
    keeping.keep([kept], NINE + after, "Li Na", "x" * 600, snapshot())
    assert (kept.state, kept.verdict, kept.met_at) == ("met", verdict, NINE + after)
    assert (kept.met_by, len(kept.done)) == ("Li Na", 500)


def test_what_the_way_in_has_kept_is_that_one_promise_and_only_while_it_runs() -> None:
    asked, other = promise("acknowledge"), promise("first_answer")
    over = promise("acknowledge", state="met", met_by="Chen Jie")
    with moved_to(NINE):
        keeping.meet_at_opening([asked, other, over], "acknowledge", "Li Na", snapshot())
    assert [row.state for row in (asked, other, over)] == ["met", "running", "met"]
    assert (asked.met_by, asked.met_at, over.met_by) == ("Li Na", NINE, "Chen Jie")
