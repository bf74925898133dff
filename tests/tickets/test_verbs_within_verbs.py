"""A verb that calls another verb loses nothing of what it has changed."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import db, locked, transaction
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make


def test_a_rule_that_dispatches_brings_the_ticket_to_its_department(app: Flask) -> None:
    make.rule("Fridges", make.department(), words="冰箱", dispatch=True)
    ticket = make.ticket()
    db.session.expire_all()
    kept = db.session.get_one(Ticket, ticket.id)
    assert (kept.status, kept.queue) == ("dispatched", "quality")


def test_a_customers_word_on_hold_wakes_the_ticket_and_notes_the_wait(app: Flask) -> None:
    quality = make.department()
    agent = make.agent("Zhang Wei").actor
    handler = make.agent("Li Na", "handler", quality).actor
    at = datetime(2026, 11, 18, 2, tzinfo=UTC)
    with moved_to(at):
        ticket = make.ticket()
        actions.accept(ticket, by=agent)
        actions.dispatch(ticket, by=agent, department_id=quality.id)
        actions.sign(ticket, by=handler)
        actions.handle(ticket, by=handler)
        actions.send_message(ticket, by=handler, body="请把机身编号发给我们。")
        actions.hold(ticket, by=handler, comment="等客户", until=datetime(2026, 11, 25, tzinfo=UTC))
        actions.add_customer_message(ticket, by=make.CUSTOMER, body="编号在照片里。", channel="web")
    kept = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    assert (kept.status, kept.waiting_since) == ("handling", at)


def test_locking_a_row_keeps_what_this_transaction_changed(app: Flask) -> None:
    ticket = make.ticket()
    with transaction():
        ticket.place = "东湖区"
        assert locked(ticket).place == "东湖区"
