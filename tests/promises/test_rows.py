"""The rows of a case: which are made, from which calendar, which count now and which are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import transaction
from helpdesk.promises import rows
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Terms, Unit
from tests.help import factories as make
from tests.help.promised import HOUR, MOMENT, NINE, promise, snapshot


@dataclass
class Case:
    """A case as planning asks about it."""

    subject_kind: ClassVar[str] = "ticket"
    id: int = 1
    cycle: int = 1
    department_id: int | None = None
    due_at: datetime | None = None
    received_at: datetime = NINE
    external_due_at: datetime | None = None
    severity: str = "S3"
    kind: str = "complaint"
    channel: str = "web"
    category_id: int | None = None


def unit(number: int, calendar: str) -> Unit:
    return Unit(number, f"d{number}", {}, calendar, active=True)


UNITS = {1: unit(1, "always"), 7: unit(7, "cn-desk")}
POLICY = tuple(
    Terms(name, "8 h", "department" if name in ("sign", "resolve") else "desk")
    for name in ("resolve", "acknowledge", "first_answer", "update", "sign", "hold")
)
SET = snapshot(policy=POLICY, departments=UNITS)


def planned(case: Case) -> dict[str, Promise]:
    return {row.promise: row for row in rows.plan(case, SET)}


def test_a_new_case_has_its_promises_and_those_of_the_opening_run_since_it_came_in() -> None:
    with moved_to(NINE + HOUR):
        found = planned(Case())
    assert list(found) == ["acknowledge", "first_answer", "update", "sign", "resolve"]
    running = {name for name, row in found.items() if row.state == "running"}
    assert running == {"acknowledge", "first_answer", "resolve"}
    assert {row.started_at for row in found.values()} == {NINE, None}
    assert {row.state for name, row in found.items() if name not in running} == {"pending"}
    assert {row.part for row in found.values()} == {1}


def test_a_further_cycle_begins_now_and_acknowledges_nothing_again() -> None:
    with moved_to(NINE + HOUR):
        found = planned(Case(cycle=2))
    assert list(found) == ["update", "sign", "resolve"]
    assert found["update"].state == found["resolve"].state == "running"
    assert found["sign"].state == "pending"
    assert found["resolve"].started_at == NINE + HOUR
    assert {row.cycle for row in found.values()} == {2}


def test_a_single_promise_begins_with_the_case_and_is_none_where_the_policy_has_none() -> None:
    row = rows.planned(Case(), "update", SET)
    assert row is not None and (row.state, row.started_at) == ("running", NINE)
    assert rows.planned(Case(), "callback", SET) is None


@pytest.mark.parametrize(
    ("owner", "department_id", "calendar", "whose"),
    [
        ("department", 7, "cn-desk", 7),
        ("department", None, "cn-office", None),
        ("department", 99, "cn-office", 99),  # one that is gone
        ("desk", 7, "cn-office", None),
        ("supervisor", 7, "cn-office", None),
    ],
)
def test_a_department_s_promise_is_counted_by_its_own_hours_and_all_others_by_the_office_s(
    owner: str, department_id: int | None, calendar: str, whose: int | None
) -> None:
    row = rows.new_row(Case(department_id=department_id), Terms("sign", "4 wh", owner), SET)
    assert (row.calendar, row.owner_department_id) == (calendar, whose)


def test_a_row_begins_with_nothing_counted_told_or_kept() -> None:
    row = rows.new_row(Case(), Terms("sign", "4 wh", "desk"), SET)
    blank = {name: getattr(row, name) for name in ("verdict", "owner_name", "bound", "met_by")}
    assert blank == dict.fromkeys(blank, "")
    assert (row.level, row.calendar_version, row.provisional, row.part) == (0, 0, False, 1)
    assert (row.state, row.position) == ("pending", 4)
    assert rows.new_row(Case(), Terms("plan", "4 wh", "desk"), SET).position == 0


def kept(*found: Promise, cycle: int = 1) -> list[tuple[str, int]]:
    return [(row.promise, row.part) for row in rows.current(found, Case(cycle=cycle))]


def test_what_counts_is_the_newest_part_of_this_cycle_in_the_order_of_the_table() -> None:
    old, new = promise(part=1, position=7), promise(part=2, position=7)
    first = promise("acknowledge", position=0, state="met")
    assert kept(old, new, first) == kept(new, old, first) == [("acknowledge", 1), ("resolve", 2)]
    assert kept(old, promise(part=2, state="dropped")) == [("resolve", 1)]
    assert kept(old, promise(part=2, cycle=2)) == [("resolve", 1)]
    assert kept(old, promise(part=1, cycle=2, position=7), cycle=2) == [("resolve", 1)]
    assert kept(promise(state="dropped")) == kept(promise(cycle=2)) == []


@pytest.mark.parametrize(
    ("name", "state", "is_shown"),
    [
        ("resolve", "running", True),
        ("resolve", "pending", True),
        ("callback", "pending", True),
        ("update", "running", True),
        ("update", "pending", False),
        ("close", "pending", False),
        ("close", "met", True),
        ("send_back", "window", False),
        ("send_back", "pending", False),
    ],
)
def test_the_rail_leaves_out_rights_and_what_is_promised_much_later(
    name: str, state: str, is_shown: bool
) -> None:
    assert bool(rows.shown([promise(name, state=state)], Case())) is is_shown


@pytest.mark.parametrize(
    ("row", "after", "over"),
    [
        ({}, 8 * HOUR, False),
        ({}, 8 * HOUR + MOMENT, True),
        ({"state": "met"}, 9 * HOUR, False),
        ({"state": "running"}, 9 * HOUR, False),
        ({"due_at": None}, 9 * HOUR, False),
        ({"cycle": 2}, 9 * HOUR, False),
    ],
)
def test_a_dispatch_may_be_returned_up_to_the_last_moment_of_its_window(
    row: dict[str, Any], after: timedelta, over: bool
) -> None:
    window = promise("send_back", **({"state": "window"} | row))
    with moved_to(NINE + after):
        assert rows.is_window_over([window], Case()) is over


def test_the_next_due_time_is_the_earliest_of_what_runs() -> None:
    late, soon = promise(), promise("acknowledge", due_at=NINE + HOUR)
    still = [
        promise("sign", state=state, due_at=NINE)
        for state in ("paused", "met", "window", "dropped")
    ]
    case = Case(due_at=NINE)
    rows.note_next_due(case, [late, soon, *still, promise("close", due_at=None)])
    assert case.due_at == NINE + HOUR
    rows.note_next_due(case, [*still, promise("close", due_at=None)])
    assert case.due_at is None


def test_the_newest_of_one_promise_is_its_own_last_part_for_each_case(app: Flask) -> None:
    first, other = make.ticket(severity="S3"), make.ticket(severity="S3")
    with transaction() as session:
        [answer] = [row for row in rows.table(first) if row.promise == "first_answer"]
        again = promise("first_answer", id=None, subject_id=first.id, part=answer.part + 1)
        session.add(again)
        session.flush()
        added = again.id
    found = rows.newest([first, other], "first_answer")
    assert {case: row.promise for case, row in found.items()} == dict.fromkeys(
        (first.id, other.id), "first_answer"
    )
    assert found[first.id].id == added
    assert found[other.id].subject_id == other.id
