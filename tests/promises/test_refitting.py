"""A corrected severity plans the open promises anew, from where they began."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.clock import moved_to, now
from helpdesk.core.alarms import Alarm, ring_all
from helpdesk.core.db import db, transaction
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.rows import COLUMNS
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
HOUR, DAY = 3600, 24 * 3600


def newest(ticket: Ticket) -> dict[str, Promise]:
    found = promises.table(db.session.get_one(Ticket, ticket.id, populate_existing=True))
    return {row.promise: row for row in promises.current(found, ticket)}


def parts(ticket: Ticket, promise: str) -> list[tuple[int, str, str]]:
    return [(r.part, r.state, r.verdict) for r in promises.table(ticket) if r.promise == promise]


def raised(ticket: Ticket, severity: str) -> None:
    actions.edit(ticket, by=make.SUPERVISOR, severity=severity, reason="烫伤")


def test_a_graver_case_has_its_shorter_limits_from_the_original_start(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S3")
        tick(HOUR)
        raised(ticket, "S1")
        after = newest(ticket)
        assert after["resolve"].due_at == WEDNESDAY + timedelta(hours=24)
        assert after["containment"].due_at == WEDNESDAY + timedelta(hours=2)
        assert after["callback"].limit == "24 h"
        fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        assert fresh.due_at == WEDNESDAY + timedelta(minutes=10)
        ids = {row.id for row in after.values() if row.state == "running"}
        assert set(db.session.scalars(select(Alarm.subject_id))) == ids


def test_a_milder_case_has_more_time_and_what_no_longer_applies_ends(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        ticket = make.ticket(severity="S1")
        raised(ticket, "S4")
        assert parts(ticket, "containment") == [(1, "dropped", "dropped")]
        assert newest(ticket)["resolve"].limit == "10 wd"
        raised(ticket, "S1")
        assert parts(ticket, "containment") == [(1, "dropped", "dropped"), (2, "running", "")]
        assert newest(ticket)["containment"].started_at == WEDNESDAY


def test_a_kept_promise_keeps_its_result(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S3")
        tick(HOUR)
        actions.accept(ticket, by=make.SUPERVISOR)
        raised(ticket, "S1")
        row = newest(ticket)["acknowledge"]
        assert (row.state, row.verdict, row.limit) == ("met", "on_time", "2 wh")


def test_a_miss_does_not_vanish_when_the_case_is_called_milder(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S1")
        tick(26 * HOUR)
        ring_all()
        raised(ticket, "S3")
        assert parts(ticket, "resolve") == [(1, "dropped", "missed"), (2, "running", "")]
        second = newest(ticket)["resolve"]
        assert (second.started_at, second.limit) == (WEDNESDAY, "5 wd")
        assert second.due_at and second.due_at > now()


def test_of_the_steps_that_lie_behind_only_the_last_one_is_told(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S3")
        actions.accept(ticket, by=make.SUPERVISOR)
        tick(20 * HOUR)
        ring_all()
        raised(ticket, "S1")
        resolve = newest(ticket)["resolve"]
        ring_all()
        mine = select(Escalation).where(Escalation.promise_id == resolve.id)
        told = {step.level: bool(step.told) for step in db.session.scalars(mine)}
        assert told == {25: False, 50: False, 75: True}


def test_a_case_on_hold_gets_its_new_limits_without_running(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S3")
        actions.accept(ticket, by=make.SUPERVISOR)
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
        actions.sign(ticket, by=make.SUPERVISOR)
        actions.handle(ticket, by=make.SUPERVISOR)
        actions.hold(ticket, by=make.SUPERVISOR, comment="x", until=now() + timedelta(hours=9))
        tick(HOUR)
        raised(ticket, "S2")
        assert {r.state for r in newest(ticket).values()} <= {"met", "paused", "pending"}
        assert newest(ticket)["containment"].state == "paused"
        actions.resume(ticket, by=make.SUPERVISOR)
        assert newest(ticket)["containment"].due_at == WEDNESDAY + timedelta(hours=9)


def test_a_further_category_with_its_own_promise_plans_anew_and_a_place_does_not(
    app: Flask,
) -> None:
    ticket = make.ticket()
    before = {row.id: row.due_at for row in newest(ticket).values()}
    actions.edit(ticket, by=make.SUPERVISOR, place="上海")
    assert {row.id: row.due_at for row in newest(ticket).values()} == before
    actions.edit(ticket, by=make.SUPERVISOR, kind="enquiry", reason="只是咨询")
    assert "callback" not in newest(ticket) and "sign" not in newest(ticket)


def test_no_row_of_an_ended_case_changes(app: Flask) -> None:
    ticket = make.ticket()
    actions.withdraw(ticket, by=make.CUSTOMER, comment="x")
    count = db.session.scalar(select(func.count()).select_from(Promise))
    raised(ticket, "S1")
    assert db.session.scalar(select(func.count()).select_from(Promise)) == count
    assert {r.state for r in promises.table(ticket)} == {"dropped"}


def test_what_a_graver_case_gets_anew_is_its_first_part_and_has_taken_no_step(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S3")
        tick(HOUR)
        ring_all()
        assert newest(ticket)["acknowledge"].level == 50
        raised(ticket, "S4")
    assert newest(ticket)["acknowledge"].level == 0
    assert parts(ticket, "acknowledge") == [(1, "running", "")]
    with moved_to(WEDNESDAY):
        raised(ticket, "S1")
    assert parts(ticket, "containment") == [(1, "running", "")]


def test_in_a_further_cycle_a_graver_case_is_contained_and_not_acknowledged_again(
    app: Flask,
) -> None:
    by = make.SUPERVISOR
    with moved_to(WEDNESDAY) as tick:
        ticket = handled_case()
        actions.reply(ticket, by=by, body="好的")
        tick(HOUR)
        actions.rework(ticket, by=by, comment="x")
        raised(ticket, "S1")
    second = {row.promise: row for row in promises.table(ticket) if row.cycle == 2}
    assert second["containment"].state == "running"
    assert second["containment"].started_at == WEDNESDAY + timedelta(hours=1)
    assert not {"acknowledge", "first_answer"} & set(second)


def test_more_time_for_the_solution_is_none_for_what_a_graver_case_gets_anew(app: Flask) -> None:
    by, until = make.SUPERVISOR, WEDNESDAY + timedelta(days=12)
    with moved_to(WEDNESDAY) as tick:
        ticket = handled_case()
        tick(HOUR)
        actions.ask_extension(ticket, by=by, until=until, comment="A part is on its way")
        actions.grant_extension(ticket, by=by)
        raised(ticket, "S1")
        after = newest(ticket)
    assert after["resolve"].due_at == until
    assert after["containment"].due_at == WEDNESDAY + timedelta(hours=2)
    assert after["containment"].started_at == WEDNESDAY


def handled_case(severity: str = "S3") -> Ticket:
    by, ticket = make.SUPERVISOR, make.ticket(severity=severity)
    actions.accept(ticket, by=by)
    actions.dispatch(ticket, by=by, department_id=make.department().id)
    actions.sign(ticket, by=by)
    return actions.handle(ticket, by=by)


def test_what_no_longer_solves_gets_no_further_promise(app: Flask) -> None:
    """Answered, the case is only checked: nothing of its opening begins now."""
    with moved_to(WEDNESDAY):
        ticket = handled_case()
        actions.reply(ticket, by=make.SUPERVISOR, body="好的")
        raised(ticket, "S1")
    assert parts(ticket, "containment") == []


def test_a_miss_before_a_hold_stays_a_miss_and_the_milder_limit_waits_with_the_case(
    app: Flask,
) -> None:
    """What matters is the moment at which the clock stopped, however long the hold has lasted."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled_case("S1")
        tick(13 * HOUR)  # the department's twelve hours are over
        ring_all()
        until = now() + timedelta(days=60)
        actions.hold(ticket, by=make.SUPERVISOR, comment="x", until=until)
        tick(40 * HOUR)
        raised(ticket, "S2")  # two days, and thirteen hours of them were used
    assert parts(ticket, "department_reply") == [(1, "dropped", "missed"), (2, "paused", "")]


@pytest.mark.parametrize(
    ("after", "part"), [(-timedelta(hours=1), 2), (timedelta(0), 1), (timedelta(hours=1), 1)]
)
def test_a_milder_limit_that_is_over_as_well_changes_nothing_of_a_miss(
    app: Flask, after: timedelta, part: int
) -> None:
    """Three days, moved off the weekend to the end of Monday: until then there is still time."""
    due = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S1")
        tick((due + after - WEDNESDAY).total_seconds())
        ring_all()
        raised(ticket, "S2")
    row = newest(ticket)["resolve"]
    assert (row.due_at, row.part, row.verdict) == (due, part, "" if part == 2 else "missed")


def values(ticket: Ticket) -> dict[int, dict[str, Any]]:
    rows = promises.table(db.session.get_one(Ticket, ticket.id, populate_existing=True))
    return {row.id: {name: getattr(row, name) for name in COLUMNS} for row in rows}


def rings(ticket: Ticket) -> set[tuple[int, datetime]]:
    mine = select(Alarm.subject_id, Alarm.due_at).where(Alarm.kind == "promise")
    return {tuple(row) for row in db.session.execute(mine)}


def test_rows_come_back_exactly_as_they_were_remembered(app: Flask) -> None:
    """Texts, times, pauses and alarms; what has begun since never did."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled_case()
        before, alarms = values(ticket), rings(ticket)
        kept = json.loads(json.dumps(promises.remembered(ticket)))
        tick(HOUR)
        actions.send_message(ticket, by=make.SUPERVISOR, body="soon")
        actions.reply(ticket, by=make.SUPERVISOR, body="2026-11-18T02:00:00+00:00")
        assert values(ticket).keys() > set() and values(ticket) != before
        with transaction():
            promises.as_remembered(ticket, kept, in_force.current())
        assert (values(ticket), rings(ticket)) == (before, alarms)
        fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        assert fresh.due_at == min(due for _row, due in dues(before))


def dues(rows: dict[int, dict[str, Any]]) -> list[tuple[int, datetime]]:
    return [(id_, row["due_at"]) for id_, row in rows.items() if row["state"] == "running"]


def test_what_an_upgrade_has_added_since_stays_and_a_text_like_a_time_stays_a_text(
    app: Flask,
) -> None:
    with moved_to(WEDNESDAY):
        ticket = make.ticket()
        with transaction():
            promises.meet(ticket, ["acknowledge"], "2026-11-18", "2026-11-18T02:00:00+00:00")
        kept = promises.remembered(ticket)
        for row in kept.values():
            del row["profile"]
        with transaction():
            for row in promises.table(ticket):
                row.done, row.met_by, row.profile = "else", "else", "new"
            promises.as_remembered(ticket, kept, in_force.current())
        row = newest(ticket)["acknowledge"]
        assert (row.done, row.met_by) == ("2026-11-18T02:00:00+00:00", "2026-11-18")
        assert {each.profile for each in newest(ticket).values()} == {"new"}


def test_before_a_merge_the_open_rows_are_kept_in_mind_and_put_back_alone(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        ticket = make.ticket()
        with transaction():
            promises.meet(ticket, ["acknowledge"], "Li Na")
        states = {row.promise: (row.state, row.verdict) for row in promises.table(ticket)}
        alarms = rings(ticket)
        with transaction():
            before = promises.before_merge(ticket)
            promises.drop_open(ticket)
        named = {str(row.id): row.promise for row in promises.table(ticket)}
        assert {named[id_] for id_ in before} == set(states) - {"acknowledge"}
        with transaction():
            promises.put_back(ticket, before, in_force.current())
    after = {row.promise: (row.state, row.verdict) for row in promises.table(ticket)}
    assert (after, rings(ticket)) == (states, alarms)
