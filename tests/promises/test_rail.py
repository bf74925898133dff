"""The marks of the rail: how each promise stands at every moment, and what is said beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.i18n import in_language
from helpdesk.promises import rail
from helpdesk.promises.models import Promise
from tests.help.promised import HOUR, MOMENT, NINE, promise, snapshot

DUE = NINE + 8 * HOUR


@pytest.mark.parametrize(
    ("row", "after", "stands"),
    [
        ({}, HOUR, ("running", 0.12)),
        ({}, 6 * HOUR - MOMENT, ("running", 0.75)),
        ({}, 6 * HOUR, ("risk", 0.75)),
        ({}, 8 * HOUR - MOMENT, ("risk", 1.0)),
        ({}, 8 * HOUR, ("breached", 1.0)),
        ({}, 80 * HOUR, ("breached", 1.0)),
        ({"state": "met", "verdict": "on_time"}, 9 * HOUR, ("met", 1.0)),
        ({"state": "met", "verdict": "late"}, HOUR, ("late", 1.0)),
        ({"state": "paused"}, 9 * HOUR, ("paused", 0.5)),
        ({"state": "pending", "started_at": None, "due_at": None}, HOUR, ("pending", 0.0)),
        ({"state": "pending"}, HOUR, ("pending", 0.0)),
        ({"due_at": None}, HOUR, ("pending", 0.0)),
        ({"started_at": None}, HOUR, ("pending", 0.0)),
        ({"state": "window"}, 4 * HOUR, ("running", 0.5)),
        ({"state": "window"}, 8 * HOUR - MOMENT, ("risk", 1.0)),
        ({"state": "window"}, 8 * HOUR, ("none", 1.0)),
    ],
)
def test_a_mark_changes_at_its_moment(
    row: dict[str, Any], after: timedelta, stands: tuple[str, float]
) -> None:
    assert rail.state_of(promise(**row), snapshot(), NINE + after) == stands


def test_time_remains_until_it_is_up_and_then_none() -> None:
    assert rail.left_of(promise(), snapshot(), DUE - HOUR) == (3600, None, None, None)
    assert rail.left_of(promise(), snapshot(), DUE) is None
    assert rail.left_of(promise(due_at=None), snapshot(), NINE) is None


def marked(row: Promise, after: timedelta) -> rail.Mark:
    with moved_to(NINE + after):
        return rail.marks([row], snapshot(), NINE + after)[0]


class TestWords:
    @pytest.fixture(autouse=True)
    def english(self, app: Flask) -> Iterator[None]:
        with app.test_request_context(), in_language("en"), moved_to(NINE):
            yield

    @pytest.mark.parametrize(
        ("row", "after", "title"),
        [
            ({}, HOUR, "Resolve: due 9 Mar"),
            ({}, 8 * HOUR + timedelta(minutes=5), "Resolve: overdue by 5 min"),
            ({"state": "window"}, 9 * HOUR, "Resolve: ended on 9 Mar"),
            ({"state": "met", "met_at": NINE}, HOUR, "Resolve: kept on 9 Mar"),
            ({"state": "met", "verdict": "late", "met_at": NINE}, HOUR, "Resolve: done late on"),
            ({"state": "paused"}, HOUR, "Resolve: paused"),
            ({"state": "pending", "due_at": None}, HOUR, "Resolve: not due yet"),
        ],
    )
    def test_a_mark_says_what_became_of_its_promise(
        self, row: dict[str, Any], after: timedelta, title: str
    ) -> None:
        assert marked(promise(**row), after).title.startswith(title)

    @pytest.mark.parametrize(
        ("row", "after", "text"),
        [
            ({}, HOUR, "7 h left"),
            ({"state": "met", "met_at": NINE}, HOUR, "9 Mar"),
            ({"state": "paused"}, HOUR, "paused"),
        ],
    )
    def test_the_text_under_a_mark_is_its_clock_its_moment_or_its_state(
        self, row: dict[str, Any], after: timedelta, text: str
    ) -> None:
        assert marked(promise(**row), after).text.startswith(text)

    def test_the_text_of_what_came_late_says_so_and_of_what_came_in_time_does_not(self) -> None:
        late = marked(promise(state="met", verdict="late", met_at=NINE), HOUR)
        met = marked(promise(state="met", verdict="on_time", met_at=NINE), HOUR)
        assert late.text.endswith(", late") and not met.text.endswith(", late")

    @pytest.mark.parametrize(
        ("row", "after", "ticks", "left"),
        [
            ({}, HOUR, True, 7 * 3600),
            ({}, 7 * HOUR, True, 3600),
            ({}, 9 * HOUR, True, None),  # late: what it ticks is how late
            ({"state": "met", "met_at": NINE}, HOUR, False, None),
            ({"state": "paused"}, HOUR, False, None),
            ({"state": "window"}, 9 * HOUR, False, None),
            ({"state": "pending", "due_at": None}, HOUR, False, None),
        ],
    )
    def test_only_what_runs_has_a_clock(
        self, row: dict[str, Any], after: timedelta, ticks: bool, left: int | None
    ) -> None:
        mark = marked(promise(**row), after)
        assert (mark.is_open, mark.due is not None) == (ticks, ticks)
        assert (mark.left and mark.left.seconds) == left

    def test_a_mark_that_has_no_time_has_no_clock_whatever_its_state(self) -> None:
        assert not marked(promise(), HOUR)._replace(due_at=None).is_open

    def test_the_rail_is_drawn_without_the_seconds(self) -> None:
        running, late = marked(promise(), HOUR), marked(promise(), 9 * HOUR)
        assert running.drawn == running._replace(left=None) != running
        assert late.drawn is late

    def test_without_a_moment_the_rail_is_that_of_now(self) -> None:
        with moved_to(DUE):
            assert rail.marks([promise()], snapshot())[0].state == "breached"
            assert rail.marks([promise()], snapshot(), NINE)[0].state == "running"

    def test_a_row_has_a_clock_when_it_has_a_time(self) -> None:
        assert rail.clock_of(promise(due_at=None), snapshot(), NINE) is None
        clock = rail.clock_of(promise(), snapshot(), NINE)
        assert clock is not None and clock.words == "8 h left"
