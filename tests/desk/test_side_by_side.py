"""All clocks of a case side by side: each starts, runs and ends on its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import promises
from helpdesk.clock import moved_to, now
from helpdesk.core.alarms import ring_all
from helpdesk.core.db import db
from helpdesk.core.errors import Refused
from helpdesk.desk import case
from helpdesk.promises.models import Escalation, Promise
from helpdesk.tickets import actions, callbacks
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
HOUR, DAY = 3600, 24 * 3600


def newest(ticket: Ticket) -> dict[str, Promise]:
    found = promises.table(db.session.get_one(Ticket, ticket.id, populate_existing=True))
    return {row.promise: row for row in promises.current(found, ticket)}


def parts(ticket: Ticket, promise: str) -> list[tuple[int, str, str]]:
    return [(r.part, r.state, r.verdict) for r in promises.table(ticket) if r.promise == promise]


def running(ticket: Ticket) -> set[str]:
    return {name for name, row in newest(ticket).items() if row.state == "running"}


def dispatched(**more: object) -> Ticket:
    ticket = make.ticket(**more)
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
    return ticket


def handled(**more: object) -> Ticket:
    ticket = dispatched(**more)
    actions.sign(ticket, by=make.SUPERVISOR)
    actions.handle(ticket, by=make.SUPERVISOR)
    return ticket


def test_each_clock_has_its_own_start_and_end(app: Flask) -> None:
    """One life: which clocks run after each move."""
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(severity="S2")
        assert running(ticket) == {"acknowledge", "first_answer", "containment", "resolve"}
        actions.accept(ticket, by=make.SUPERVISOR)
        assert running(ticket) == {"first_answer", "containment", "resolve"}
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
        at_work = {"first_answer", "containment", "resolve", "department_reply"}
        assert running(ticket) == at_work | {"sign"}
        actions.sign(ticket, by=make.SUPERVISOR)
        actions.handle(ticket, by=make.SUPERVISOR)
        assert running(ticket) == at_work
        actions.send_message(ticket, by=make.SUPERVISOR, body="我们正在查")
        assert running(ticket) == {"containment", "resolve", "department_reply", "update"}
        actions.edit(ticket, by=make.SUPERVISOR, facts={"containment": "停用"})
        tick(HOUR)
        actions.reply(ticket, by=make.SUPERVISOR, body="已更换")
        assert running(ticket) == {"callback", "close"}
        actions.approve(ticket, by=make.SUPERVISOR)
        caller = make.agent("Zhao Min").actor
        callbacks.attempt(ticket, by=caller, contact="reached", resolved="yes", result=5)
        assert running(ticket) == {"close"}
        dues = [row.due_at for row in newest(ticket).values() if row.state == "running"]
        assert db.session.get_one(Ticket, ticket.id, populate_existing=True).due_at == dues[0]


def test_the_next_update_is_due_again_after_each_word_to_the_customer(app: Flask) -> None:
    """S3: an update every two working days."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S3")
        assert newest(ticket)["update"].state == "pending"
        actions.send_message(ticket, by=make.SUPERVISOR, body="第一次")
        assert newest(ticket)["update"].due_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
        tick(DAY)
        actions.send_message(ticket, by=make.SUPERVISOR, body="第二次")
        assert parts(ticket, "update") == [(1, "met", "on_time"), (2, "running", "")]
        assert newest(ticket)["update"].due_at == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
        tick(10 * DAY)
        actions.send_message(ticket, by=make.SUPERVISOR, body="第三次")
        assert [verdict for _part, _state, verdict in parts(ticket, "update")] == [
            "on_time",
            "late",
            "",
        ]
        actions.reply(ticket, by=make.SUPERVISOR, body="好了")
        assert parts(ticket, "update")[-1] == (3, "met", "on_time")


def test_a_note_or_the_customers_own_words_are_no_update(app: Flask) -> None:
    ticket = handled()
    actions.note(ticket, by=make.SUPERVISOR, body="intern")
    actions.add_customer_message(ticket, by=make.CUSTOMER, body="?", channel="web")
    assert newest(ticket)["update"].state == "pending"


def test_words_while_a_case_waits_keep_the_update_and_the_next_one_waits_too(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = handled()
        actions.hold(ticket, by=make.SUPERVISOR, comment="x", until=now() + timedelta(days=3))
        actions.send_message(ticket, by=make.SUPERVISOR, body="等配件")
        row = newest(ticket)["update"]
        assert row.state == "paused" and not running(ticket)
        before = row.due_at
        tick(DAY)
        actions.resume(ticket, by=make.SUPERVISOR)
        row = newest(ticket)["update"]
        assert row.state == "running" and before == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert row.due_at == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_a_further_cycle_owes_an_update_from_its_first_moment(app: Flask) -> None:
    ticket = handled()
    actions.reply(ticket, by=make.SUPERVISOR, body="好了")
    actions.rework(ticket, by=make.SUPERVISOR, comment="没好")
    assert running(ticket) == {"update", "resolve", "department_reply"}


def test_after_its_time_only_a_supervisor_returns_a_dispatch(app: Flask) -> None:
    """The return window: dispatch to return, two working days for S3."""
    handler = make.agent("Li Na", "handler", make.department()).actor
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched(severity="S3")
        window = newest(ticket)["send_back"]
        assert (window.state, window.due_at) == ("window", datetime(2026, 11, 20, 10, tzinfo=UTC))
        tick(3 * DAY)
        with pytest.raises(Refused, match="supervisor"):
            actions.send_back(ticket, by=handler, comment="职能不符")
        assert "send_back" not in {m.code for m in case.load(ticket.number, handler).moves}
        assert "send_back" in {m.code for m in case.load(ticket.number, make.SUPERVISOR).moves}
        actions.send_back(ticket, by=make.SUPERVISOR, comment="权属不清")
        assert newest(ticket)["send_back"].verdict == "late"


def test_a_window_that_ends_unused_warns_nobody_and_misses_nothing(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched(severity="S3")
        window = newest(ticket)["send_back"].id
        tick(3 * DAY)
        ring_all()
        rung = set(db.session.scalars(select(Escalation.promise_id)))
        assert rung and window not in rung
        assert ticket.due_at != newest(ticket)["send_back"].due_at
        actions.handle(ticket, by=make.SUPERVISOR)  # it was signed for the department meanwhile
        assert parts(ticket, "send_back") == [(1, "dropped", "dropped")]


def test_a_further_dispatch_opens_the_window_anew(app: Flask) -> None:
    finance = make.department("finance", "财务部", "Finance")
    with moved_to(WEDNESDAY) as tick:
        ticket = handled()
        tick(DAY)
        actions.transfer(ticket, by=make.SUPERVISOR, department_id=finance.id, comment="退款")
        assert parts(ticket, "send_back") == [(1, "dropped", "dropped"), (2, "window", "")]


def test_closing_keeps_its_own_promise(app: Flask) -> None:
    """close: from the answer to the closed file."""
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket(kind="request", category="advice")
        actions.accept(ticket, by=make.SUPERVISOR)
        actions.answer_directly(ticket, by=make.SUPERVISOR, body="请看说明书")
        tick(30 * DAY)
        actions.close(ticket, by=make.SUPERVISOR)
    row = newest(ticket)["close"]
    assert (row.state, row.verdict, row.met_by) == ("met", "late", "Chen Jie")


def test_what_never_began_is_not_counted_as_kept(app: Flask) -> None:
    ticket = make.ticket()
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.answer_directly(ticket, by=make.SUPERVISOR, body="已处理")
    assert parts(ticket, "department_reply") == [(1, "dropped", "dropped")]
