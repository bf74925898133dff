"""A dispatch that comes back, and what the promises of the department keep of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from helpdesk import promises
from helpdesk.clock import moved_to
from helpdesk.core.alarms import Alarm, ring_all
from helpdesk.core.db import db
from helpdesk.promises.models import Promise
from helpdesk.promises.words import ALARM
from helpdesk.tickets import actions, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
HOUR, DAY = 3600, 24 * 3600


def parts(ticket: Ticket, promise: str) -> list[tuple[int, str, str]]:
    """Part, state and verdict of every row of this promise."""
    return [(r.part, r.state, r.verdict) for r in promises.table(ticket) if r.promise == promise]


def newest(ticket: Ticket, promise: str) -> Promise:
    found = promises.current(promises.table(ticket), ticket)
    return next(row for row in found if row.promise == promise)


def ringing() -> set[int]:
    return set(db.session.scalars(select(Alarm.subject_id).where(Alarm.kind == ALARM)))


def dispatched() -> Ticket:
    quality, agent = make.department(), make.agent()
    ticket = make.ticket()
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    return ticket


def missed_cases(promise: str) -> int:
    return ticket_lists.count(Filter(promise=promise, verdict=("missed",)), make.SUPERVISOR)


def test_a_return_within_the_time_to_sign_ends_that_promise_on_time(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(HOUR)
        actions.send_back(ticket, by=make.SUPERVISOR, comment="职能不符")
        sign = newest(ticket, "sign")
        assert (sign.state, sign.verdict, sign.done) == ("met", "on_time", "职能不符")
        assert sign.id not in ringing()


def test_a_return_after_the_time_to_sign_was_late(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(DAY)
        actions.send_back(ticket, by=make.SUPERVISOR, comment="职能不符")
        assert newest(ticket, "sign").verdict == "late"


def test_at_the_dispatch_desk_no_clock_of_the_department_runs(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        due = newest(ticket, "department_reply").due_at
        tick(HOUR)
        actions.send_back(ticket, by=make.SUPERVISOR, comment="职能不符")
        reply = newest(ticket, "department_reply")
        assert (reply.state, reply.id in ringing()) == ("paused", False)
        assert newest(ticket, "resolve").state == "running"
        tick(DAY)
        ring_all()
        assert newest(ticket, "sign").verdict == "on_time"
        actions.refuse_return(ticket, by=make.SUPERVISOR, comment="属于质量部")
    reply = newest(ticket, "department_reply")
    assert reply.state == "running" and due and reply.due_at == due + timedelta(days=1)
    assert parts(ticket, "sign") == [(1, "met", "on_time")]


def test_a_promise_that_was_missed_before_a_transfer_stays_missed_and_is_counted(
    app: Flask,
) -> None:
    finance = make.department("finance", "财务部", "Finance")
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(6 * HOUR)
        ring_all()
        actions.transfer(ticket, by=make.SUPERVISOR, department_id=finance.id, comment="属于退款")
        assert parts(ticket, "sign") == [(1, "dropped", "missed"), (2, "running", "")]
        assert parts(ticket, "department_reply") == [(1, "dropped", "dropped"), (2, "running", "")]
        assert missed_cases("sign") == 1
        actions.sign(ticket, by=make.SUPERVISOR)
        assert missed_cases("sign") == 1


def test_a_miss_is_kept_even_when_no_alarm_has_rung_yet(app: Flask) -> None:
    finance = make.department("finance", "财务部", "Finance")
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(10 * DAY)
        actions.transfer(ticket, by=make.SUPERVISOR, department_id=finance.id, comment="属于退款")
        assert parts(ticket, "department_reply")[0] == (1, "dropped", "missed")


def test_a_reply_that_was_missed_before_the_return_stays_missed(app: Flask) -> None:
    finance = make.department("finance", "财务部", "Finance")
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(10 * DAY)
        actions.send_back(ticket, by=make.SUPERVISOR, comment="职能不符")
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=finance.id)
        found = parts(ticket, "department_reply")
        assert found == [(1, "dropped", "missed"), (2, "running", "")]


def test_waiting_at_the_desk_makes_no_miss_of_a_department(app: Flask) -> None:
    finance = make.department("finance", "财务部", "Finance")
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(HOUR)
        actions.send_back(ticket, by=make.SUPERVISOR, comment="职能不符")
        tick(20 * DAY)
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=finance.id)
        found = parts(ticket, "department_reply")
        assert found == [(1, "dropped", "dropped"), (2, "running", "")]


def test_a_case_that_is_withdrawn_late_keeps_its_misses(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        tick(30 * DAY)
        actions.withdraw(ticket, by=make.CUSTOMER, comment="不用了")
        assert parts(ticket, "resolve") == [(1, "dropped", "missed")]
        assert missed_cases("resolve") == 1
        assert not ringing()
