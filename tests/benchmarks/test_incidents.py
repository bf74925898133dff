"""Real lives of incidents, driven through our verbs at their own times (benchmarks/incidents)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from benchmarks import incident_logs, incident_report
from benchmarks.incidents import HOME, Replay, departments, next_move
from helpdesk import promises
from helpdesk.clock import moved_to
from helpdesk.core.db import db
from helpdesk.ops import doctor
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.setup.promises import actions as policy
from helpdesk.simulator import facts, plans
from helpdesk.simulator.compare import Bench, tried
from helpdesk.tickets import lifecycle
from helpdesk.tickets.lifecycle import Status
from helpdesk.tickets.models import Ticket
from tests.help.sampled import few

OWN = Path(__file__).parent / "incident_logs"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def read(log: str) -> list[incident_logs.Incident]:
    return list(incident_logs.read(log, OWN / f"{log}.csv"))


@pytest.fixture
def replay(app: Flask) -> Replay:
    """Both small logs, driven to their end."""
    made = Replay(departments())
    last = made.run([*read("servicenow"), *read("volvo")])
    with moved_to(last + timedelta(seconds=1)):
        yield made


def ticket_of(replay: Replay, log: str, number: str) -> Ticket:
    return db.session.get_one(Ticket, replay.tickets[log, number], populate_existing=True)


def test_a_log_is_read_in_the_order_of_time_with_days_before_months() -> None:
    first = read("servicenow")[0]
    assert (first.number, first.severity, first.opened) == (
        "A1",
        "S2",
        MONDAY.replace(hour=1, minute=10),
    )
    assert [one.at for one in first.happenings] == sorted(one.at for one in first.happenings)
    assert first.happenings[-1].at == datetime(2026, 3, 9, 3, tzinfo=UTC)  # closed at


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("goal", list(HOME))
def test_each_step_towards_a_goal_stands_in_the_table_of_moves(status: Status, goal: str) -> None:
    code = next_move(status, goal)
    assert code is None or lifecycle.TABLE.row(code, lifecycle.Stand(status, "request"))


def test_each_incident_ends_where_its_log_left_it(replay: Replay) -> None:
    assert ticket_of(replay, "servicenow", "A1").status == "closed"
    assert ticket_of(replay, "servicenow", "A2").status == "handling"
    assert ticket_of(replay, "volvo", "7").status == "closed"
    assert not replay.odd_ends()
    assert not replay.refused
    assert dict(replay.unknown) == {"-100": 1}


def test_waiting_pauses_the_clocks_for_as_long_as_the_log_waited(replay: Replay) -> None:
    rows = db.session.scalars(
        sa.select(Promise).where(
            Promise.subject_id == replay.tickets["servicenow", "A1"], Promise.promise == "resolve"
        )
    ).all()
    pauses = [promises.pauses_of(row) for row in rows if row.cycle == 1]
    assert pauses == [[(MONDAY.replace(hour=3), MONDAY.replace(day=3, hour=3))]]


def test_hand_overs_and_reopenings_are_moves_of_ours(replay: Replay) -> None:
    assert replay.made["transfer"] == 2  # A1 goes to another group, 7 is queued again
    assert replay.made["rework"] == 1  # 7 was solved and worked on again
    assert replay.made["open"] == 3


def test_the_data_keeps_every_promise_afterwards(replay: Replay) -> None:
    assert doctor.broken_promises() == []


def test_the_simulator_tells_real_lives_as_they_were(replay: Replay) -> None:
    bench = Bench(
        in_force.current(),
        plans.editions(),
        plans.of_data(plans.as_data(lines=policy.lines(in_force.current().policy_version))),
        MONDAY + timedelta(days=8),
    )
    cases = facts.cases(0, MONDAY, MONDAY + timedelta(days=30), 100, True)
    assert [d for case in cases for d in tried(case, bench).differences] == []


def test_a_report_tells_each_promise_with_its_receipt(replay: Replay) -> None:
    text = incident_report.text_of([replay.tickets["servicenow", "A1"]])
    assert "servicenow-A1  S2  closed" in text
    assert "paused 2026-03-02 03:00 to 2026-03-03 03:00" in text
    assert "ticket.reply by Replay" in text
    assert any(line.startswith("S2  resolve") for line in incident_report.kept_by_severity())


@pytest.mark.shared
@pytest.mark.parametrize("log", few(["servicenow", "volvo"], "servicenow"))
def test_real_incidents_leave_no_broken_promise(app: Flask, shared: Path, log: str) -> None:
    incidents = list(islice(incident_logs.read(log), 8))
    made = Replay(departments())
    last = made.run(incidents)
    with moved_to(last + timedelta(seconds=1)):
        assert doctor.broken_promises() == []
        assert not made.odd_ends()
    assert len(made.tickets) == 8
