"""Every job delivered three times and in any order leaves what it leaves once and in order (F11)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core import jobs
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.outbox import Delivery
from helpdesk.customers.people import Asker
from helpdesk.notify.models import Envelope
from helpdesk.ops import doctor
from helpdesk.tickets import queue
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
CASES = 6


def worked_off(order: list[str]) -> list[Any]:
    """What there is after these jobs: each row by what it means, not by when it was written."""
    with moved_to(NOON):
        queue.set_presence(make.agent("Zhang Wei", capacity=3), "ready")
        for number in range(CASES):
            person = Asker(name=f"顾客{number}", email=f"c{number}@example.com")
            make.ticket(person=person, subject=f"第{number}台")
        for name in order:
            jobs.run(name)
        assert doctor.broken_promises() == []
    db.session.rollback()
    mails = db.select(Envelope.recipient, Envelope.purpose, Envelope.state)
    done = db.select(Delivery.subscriber, Delivery.state, Delivery.tries, Delivery.order_key)
    events = db.select(Event.name, Event.ticket_id, Event.by_name)
    tickets = db.select(Ticket.number, Ticket.assignee_id, Ticket.status, Ticket.version)
    return [sorted(map(tuple, db.session.execute(each))) for each in (mails, done, events, tickets)]


@pytest.fixture(scope="module")
def once(the_app: Flask, store: Any) -> list[Any]:
    """The jobs that the loops run, each once."""
    with the_app.app_context():
        store.fresh()
        return worked_off(["offer", "deliver", "outbox", "mail"])


@pytest.mark.parametrize("seed", range(4))
def test_f11_jobs_delivered_three_times_in_any_order_change_nothing_more(
    app: Flask, once: list[Any], seed: int
) -> None:
    order = ["offer", "deliver", "outbox", "mail"] * 3
    random.Random(seed).shuffle(order)
    assert worked_off(order) == once


def test_f11_the_run_to_compare_with_did_all_of_its_work(once: list[Any]) -> None:
    mails, done, events, tickets = once
    assert len(mails) == len(tickets) == CASES
    assert {state for _name, state, *_ in done} == {"done"}
    assert sum(name == "ticket.offer" for name, *_ in events) == 3
