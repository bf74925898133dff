"""The simulator's work and pages: changed promises, calendars and rules on past cases."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import moved_to
from helpdesk.core import jobs
from helpdesk.core.calendars import Calendar
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Terms
from helpdesk.setup import in_force
from helpdesk.setup.models import PolicyRow, PolicyVersion, RoutingRule
from helpdesk.setup.promises import actions as policy
from helpdesk.simulator import plans, work
from helpdesk.simulator.models import Simulated, Simulation
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

LEAD = Actor(kind="token", id=7, name="Chen Jie", role=Role.SUPERVISOR)
START = datetime.fromisoformat("2026-03-09T09:00:00+08:00")  # a Monday
TODAY = datetime.fromisoformat("2026-03-20T12:00:00+08:00")
SINCE, UNTIL = date(2026, 3, 9), date(2026, 3, 19)


@pytest.fixture
def past(app: Flask) -> list[Ticket]:
    """Five complaints of one week, answered 10, 20, 30, 40 and 50 minutes after they came."""
    tickets = []
    for n in range(5):
        with moved_to(START + timedelta(days=n)) as tick:
            ticket = make.ticket()
            tick(600 * (n + 1))
            tickets.append(actions.answer_directly(ticket, by=LEAD, body="We will repair it."))
    return tickets


def lines(**limits: str) -> list[Terms]:
    """The rows of the edition in force, with other limits for these promises."""
    rows = policy.lines(policy.in_force().id)
    return [replace(row, limit=limits.get(row.promise, row.limit)) for row in rows]


def worked_off(plan: dict[str, Any]) -> Simulation:
    """The simulation of this plan, done."""
    with moved_to(TODAY):
        row = work.begin(SINCE, UNTIL, plan, LEAD)
        for _ in range(50):
            if not work.advance():
                break
        return work.one(row.id)


def told(row: Simulation, outcome: str, promise: str = "") -> list[str]:
    """The numbers of the cases in one list."""
    return [ticket.number for _found, ticket in work.every(work.found(row, outcome, promise))]


def test_a_shorter_limit_names_the_cases_that_would_newly_break_it(past: list[Ticket]) -> None:
    row = worked_off(plans.as_data(lines=lines(first_answer="25 min")))
    assert row.state == "done"
    assert told(row, "broken", "first_answer") == [ticket.number for ticket in past[2:]]
    assert told(row, "saved") == told(row, "unlike") == []
    assert row.counts["broken_cases"] == 3
    assert row.counts["broken_after"] - row.counts["broken_before"] == 3


def test_a_longer_limit_names_the_cases_that_would_be_saved(past: list[Ticket]) -> None:
    with moved_to(START) as tick:
        slow = make.ticket()
        tick(3600 * 100)
        actions.answer_directly(slow, by=LEAD, body="At last.")
    assert _verdict(slow, "first_answer") == "late"
    row = worked_off(plans.as_data(lines=lines(first_answer="200 h")))
    assert told(row, "saved", "first_answer") == [slow.number]
    assert told(row, "broken") == []


def _verdict(ticket: Ticket, promise: str) -> str:
    return db.session.scalar(
        sa.select(Promise.verdict).where(Promise.of(ticket), Promise.promise == promise)
    )


def test_a_promise_that_is_no_longer_made_breaks_nothing(past: list[Ticket]) -> None:
    row = worked_off(plans.as_data(lines=lines(acknowledge="")))
    assert told(row, "broken") == []
    assert all(f.after == "none" for f, _t in work.every(work.found(row, "saved", "acknowledge")))


def test_a_promise_that_was_never_made_is_tried_from_the_journal(app: Flask) -> None:
    for line in _rows():
        if line.promise == "first_answer":
            _force(sa.delete(type(line)).where(type(line).id == line.id))
    in_force.forget()
    with moved_to(START) as tick:
        ticket = make.ticket()
        tick(3600 * 30)
        actions.answer_directly(ticket, by=LEAD, body="We will repair it.")
    new = Terms("first_answer", "1 h", "desk")
    row = worked_off(plans.as_data(lines=[*lines(), new]))
    [(found, case)] = work.every(work.found(row, "broken", "first_answer"))
    assert (case.number, found.before, found.after) == (ticket.number, "none", "late")


def _rows() -> list[PolicyRow]:
    edition = policy.in_force().id
    return list(db.session.scalars(sa.select(PolicyRow).filter_by(version_id=edition)))


def _force(statement: Any) -> None:
    with transaction() as session:
        session.execute(statement, execution_options={"synchronize_session": False})


def test_another_calendar_moves_due_times(past: list[Ticket]) -> None:
    """The office works two hours a day: what was answered in time by nine hours is late."""
    with transaction() as session:
        base = session.scalars(sa.select(Calendar).where(Calendar.code == "cn-office")).first()
        week = {str(day): [["09:00", "18:00"]] for day in range(7)}
        full = Calendar(code="busy", zone=base.zone, week=week, covered=None, version=1)
        session.add(full)
    row = worked_off(plans.as_data(calendars={"cn-office": full.id}))
    assert row.state == "done"
    assert told(row, "unlike") == []
    assert row.counts["judged"] > 0


def test_changed_rules_name_the_cases_that_would_go_elsewhere(past: list[Ticket]) -> None:
    unit = make.department("quality")
    rule = make.rule("fridges", unit, words="冰箱", active=False)
    row = worked_off(plans.as_data(rules=[rule.id]))
    found = list(work.every(work.found(row, "elsewhere")))
    assert len(found) == 5
    assert {(f.before, f.after, f.reason) for f, _t in found} == {
        (past[0].queue, "quality", "fridges")
    }
    assert db.session.scalar(sa.select(RoutingRule.active)) is False  # nothing was switched on


def test_a_rule_with_a_severity_brings_the_promises_of_that_severity(past: list[Ticket]) -> None:
    unit = make.department("quality")
    rule = make.rule("fridges", unit, words="冰箱", severity="S1", active=False)
    row = worked_off(plans.as_data(rules=[rule.id]))
    limits = {f.limit_after for f, _t in work.every(work.found(row, "broken"))}
    grave = {line.limit for line in _rows() if line.severity == "S1"}
    assert limits and limits <= grave


def test_a_calendar_that_has_changed_since_is_said_and_left_out_of_the_sums(
    past: list[Ticket],
) -> None:
    _force(sa.update(Promise).values(due_at=START))
    row = worked_off(plans.as_data(lines=lines(first_answer="25 min")))
    assert row.counts.get("judged", 0) == 0
    assert set(told(row, "unlike")) == {ticket.number for ticket in past}


def test_the_numbers_are_as_long_as_their_lists(past: list[Ticket]) -> None:
    row = worked_off(plans.as_data(lines=lines(first_answer="25 min", acknowledge="1 min")))
    for (outcome, promise), count in work.counts(row).items():
        assert count == len(told(row, outcome, promise))
        assert count == work.number(work.found(row, outcome, promise))


def test_work_is_done_in_rounds_and_goes_on_where_it_was_left(
    past: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "ROUND", 2)
    with moved_to(TODAY):
        row = work.begin(SINCE, UNTIL, plans.as_data(lines=lines(first_answer="25 min")), LEAD)
        seen = []
        while work.advance():
            seen.append((work.one(row.id).done, work.one(row.id).state))
    assert seen == [(2, "running"), (4, "running"), (5, "done")]
    assert len(told(work.one(row.id), "broken", "first_answer")) == 3


def test_a_round_that_another_process_has_written_is_not_written_twice(past: list[Ticket]) -> None:
    with moved_to(TODAY):
        row = work.begin(SINCE, UNTIL, plans.as_data(lines=lines(first_answer="1 min")), LEAD)
        stale = work.one(row.id)
        db.session.expunge(stale)
        work.advance()
        count = len(told(row, "broken", "first_answer"))
        work._round(stale)
    assert len(told(row, "broken", "first_answer")) == count == 5


def test_a_simulation_that_throws_is_failed_and_blocks_no_other(
    past: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved_to(TODAY):
        plan = plans.as_data(lines=lines(first_answer="1 min"))
        bad, good = (work.begin(SINCE, UNTIL, plan, LEAD) for _ in range(2))
        _force(sa.update(Simulation).where(Simulation.id == bad.id).values(plan={"rules": "x"}))
        monkeypatch.setattr(plans, "_rules", lambda ids: 1 / 0)
        jobs.run(work.JOB)
        jobs.run(work.JOB)
    assert work.one(bad.id).state == "failed"
    assert "ZeroDivisionError" in work.one(bad.id).error
    assert work.one(good.id).state == "done"


def test_a_stopped_simulation_keeps_what_it_found(
    past: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "ROUND", 2)
    with moved_to(TODAY):
        row = work.begin(SINCE, UNTIL, plans.as_data(lines=lines(first_answer="1 min")), LEAD)
        work.advance()
        work.end(row.id, LEAD)
        assert work.advance() == 0
    assert (work.one(row.id).state, work.one(row.id).done) == ("ended", 2)
    assert len(told(row, "broken", "first_answer")) == 2


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        (date(2026, 3, 9), date(2026, 3, 8), "until"),
        (date(2026, 4, 9), date(2026, 4, 10), "since"),
        (date(2025, 1, 1), date(2026, 3, 1), "until"),
    ],
)
def test_days_that_can_not_be_tried_are_refused_with_a_sentence(
    past: list[Ticket], since: date, until: date, field: str
) -> None:
    with moved_to(TODAY), pytest.raises(BadInput) as refused:
        work.begin(since, until, plans.as_data(rules=[]), LEAD)
    assert list(refused.value.errors) == [field]


def test_too_many_cases_are_refused_before_any_work(
    past: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_TICKETS", 4)
    with moved_to(TODAY), pytest.raises(BadInput) as refused:
        work.begin(SINCE, UNTIL, plans.as_data(rules=[]), LEAD)
    assert "fewer days" in refused.value.errors["until"]


def test_nothing_to_try_is_refused(past: list[Ticket]) -> None:
    with moved_to(TODAY), pytest.raises(BadInput) as refused:
        work.begin(SINCE, UNTIL, plans.as_data(), LEAD)
    assert "policy" in refused.value.errors


def test_only_those_who_lead_may_simulate(past: list[Ticket]) -> None:
    agent = Actor(kind="agent", id=1, name="Zhang", role=Role.AGENT)
    with moved_to(TODAY), pytest.raises(NotAllowed):
        work.begin(SINCE, UNTIL, plans.as_data(rules=[]), agent)


@pytest.fixture
def chief(client: FlaskClient) -> FlaskClient:
    """A supervisor's browser."""
    return make.sign_in(client, make.agent("Chen Jie", role="supervisor"))


def answer_of(client: FlaskClient, url: str) -> str:
    page = client.get(url)
    assert page.status_code == 200, url
    return page.get_data(as_text=True)


def test_a_supervisor_tries_an_edition_and_opens_each_number(
    past: list[Ticket], chief: FlaskClient
) -> None:
    edition = db.session.scalar(sa.select(PolicyVersion.id).where(PolicyVersion.active))
    row = _rows()[0]
    for line in _rows():
        if line.promise == "first_answer":
            _force(sa.update(type(row)).where(type(row).id == line.id).values(limit="25 min"))
    with transaction() as session:  # an edition of its own holds the changed rows
        other = PolicyVersion(note="quicker", made_by="Chen Jie", active=False)
        session.add(other)
        session.flush()
        for line in _rows():
            values = {f: getattr(line, f) for f in Terms.__dataclass_fields__}
            session.add(type(line)(version_id=other.id, **values))
    assert "quicker" in answer_of(chief, "/admin/simulator")
    sent = {"since": "2026-03-09", "until": "2026-03-19", "policy": str(other.id)}
    begun = chief.post("/admin/simulator", data=sent)
    assert begun.status_code == 303
    home = begun.headers["Location"]
    assert 'hx-trigger="every 2s"' in answer_of(chief, home)
    jobs.run(work.JOB)
    page = answer_of(chief, home)
    assert "hx-trigger" not in re.search(r'<div id="simulation"[^>]*>', page)[0]
    for link, number in re.findall(r'<a href="([^"]*/cases\?[^"]*)">(\d+)</a>', page):
        listed = answer_of(chief, link.replace("&amp;", "&"))
        assert len(re.findall(r'href="/tickets/2', listed)) == int(number) > 0
    assert edition


def test_the_list_goes_out_as_csv_with_as_many_rows(past: list[Ticket], chief: FlaskClient) -> None:
    row = worked_off(plans.as_data(lines=lines(first_answer="25 min")))
    sent = chief.get(f"/admin/simulator/{row.id}/cases.csv?outcome=broken&promise=first_answer")
    table = list(csv.reader(io.StringIO(sent.data.decode("utf-8-sig"))))
    assert [line[0] for line in table[1:]] == [ticket.number for ticket in past[2:]]
    assert table[1][7] == "25 min"


def test_edited_rows_are_tried_from_the_page_of_promises_without_being_saved(
    past: list[Ticket], chief: FlaskClient
) -> None:
    before = db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion))
    sent = {f"first_answer-S{n}-limit": "1 min" for n in range(1, 5)}
    with moved_to(TODAY):
        begun = chief.post("/admin/simulator/promises", data=sent)
        jobs.run(work.JOB)
    assert begun.status_code == 303
    assert "Edited promises, not saved" in answer_of(chief, begun.headers["Location"])
    row = db.session.scalar(sa.select(Simulation))
    assert len(told(row, "broken", "first_answer")) == 5
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PolicyVersion)) == before


def test_a_limit_that_can_not_be_counted_is_said_on_the_page_of_promises(
    past: list[Ticket], chief: FlaskClient
) -> None:
    wrong = chief.post("/admin/simulator/promises", data={"first_answer-S1-limit": "soon"})
    assert wrong.status_code == 422
    assert "soon" in wrong.get_data(as_text=True)
    assert db.session.scalar(sa.select(Simulation.id)) is None


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(chief: FlaskClient) -> None:
    sent = {"since": "2026-03-19", "until": "2026-03-09", "rules": "y"}
    wrong = chief.post("/admin/simulator", data=sent)
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 422
    assert "The last day lies before the first one." in page
    assert 'value="2026-03-19"' in page


def test_the_pages_of_promises_calendars_and_rules_lead_here(chief: FlaskClient) -> None:
    for url in ("/admin/promises", "/admin/calendars", "/admin/routes", "/admin"):
        assert "/admin/simulator" in answer_of(chief, url)


def test_a_list_that_is_none_is_not_found(past: list[Ticket], chief: FlaskClient) -> None:
    row = worked_off(plans.as_data(rules=[]))
    for query in ("outcome=odd", "outcome=broken&promise=odd"):
        assert chief.get(f"/admin/simulator/{row.id}/cases?{query}").status_code == 404
    assert chief.get("/admin/simulator/999").status_code == 404


def test_a_stopped_one_says_how_far_it_came_and_can_be_tried_over_other_days(
    past: list[Ticket], chief: FlaskClient
) -> None:
    with moved_to(TODAY):
        row = work.begin(SINCE, UNTIL, plans.as_data(rules=[]), LEAD)
        chief.post(f"/admin/simulator/{row.id}/stop")
        assert "stopped after 0 of 5" in answer_of(chief, f"/admin/simulator/{row.id}")
        days = {"since": "2026-03-09", "until": "2026-03-10"}
        again = chief.post(f"/admin/simulator/{row.id}/again", data=days)
    assert again.status_code == 303
    assert work.one(row.id + 1).total == 2
    assert db.session.scalar(sa.select(Simulated.id)) is None
