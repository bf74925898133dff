"""A corrected severity plans the open promises anew, from where they began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.clock import moved_to, now
from helpdesk.core.alarms import Alarm, ring_all
from helpdesk.core.db import db
from helpdesk.promises.models import Escalation, Promise
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
