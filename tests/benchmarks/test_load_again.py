"""A load is the same for the same seed, and the real verbs go on where it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from flask import Flask

from benchmarks.load.run import ZONE, arrivals, seed_load
from helpdesk.clock import moved_to
from helpdesk.core import alarms
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make

NOW = datetime.fromisoformat("2026-11-20T16:20:00+08:00")


def _rows() -> list[Any]:
    queries = (
        sa.select(Ticket.number, Ticket.subject, Ticket.status, Ticket.due_at, Ticket.track_salt),
        sa.select(Message.body, Message.at, Message.kind),
        sa.select(Promise.promise, Promise.due_at, Promise.verdict),
        sa.select(Event.seq, Event.name, Event.by_name),
    )
    return [db.session.execute(query.order_by(sa.text("1, 2, 3"))).all() for query in queries]


def test_the_same_seed_gives_the_same_rows(app: Flask, store: Any) -> None:
    seed_load(60, seed=3, now=NOW)
    first = _rows()
    store.fresh()
    in_force.forget()
    seed_load(60, seed=3, now=NOW)
    assert _rows() == first
    store.fresh()
    in_force.forget()
    seed_load(60, seed=4, now=NOW)
    assert _rows() != first


def test_the_next_ticket_gets_the_next_number(app: Flask) -> None:
    report = seed_load(60, now=NOW)
    last = db.session.scalar(sa.select(sa.func.max(Ticket.number)))
    with moved_to(NOW):
        ticket = make.ticket()
    assert last is not None
    assert int(ticket.number[5:]) == int(last[5:]) + 1
    assert report.tickets == 60


def test_a_second_load_adds_to_the_first(app: Flask) -> None:
    seed_load(40, seed=1, now=NOW)
    seed_load(40, seed=2, now=NOW)
    numbers = db.session.scalars(sa.select(Ticket.number)).all()
    assert len(set(numbers)) == 80


def test_verbs_work_on_loaded_tickets(app: Flask) -> None:
    seed_load(200, open=60, now=NOW)
    supervisor = make.agent("Chen Jie", "supervisor").actor
    with moved_to(NOW):
        ticket = db.session.scalars(sa.select(Ticket).where(Ticket.status == "handling")).first()
        assert ticket is not None
        actions.reply(ticket, by=supervisor, body="已处理完毕。")
        assert ticket.status == "replied"


def test_alarms_of_a_load_ring_in_the_days_after_it(app: Flask) -> None:
    seed_load(200, open=60, now=NOW)
    with moved_to(NOW + timedelta(days=3)):
        assert alarms.ring_all() > 0
    failed = db.session.scalars(sa.select(alarms.Alarm).where(alarms.Alarm.tries > 0)).all()
    assert failed == []


def test_an_empty_load_makes_people_only(app: Flask) -> None:
    said: list[str] = []
    report = seed_load(0, now=NOW, progress=said.append)
    assert (report.tickets, report.long_talk) == (0, "")
    assert report.customers == 20
    assert said


def test_more_open_ones_than_tickets_means_all_of_them(app: Flask) -> None:
    assert seed_load(30, open=100, now=NOW).open == 30


def test_mondays_are_busier_than_sundays_and_mornings_than_nights() -> None:
    times = [datetime.fromtimestamp(at, ZONE) for at in arrivals(20_000, NOW, Random(1))]
    assert times == sorted(times)
    assert times[-1] <= NOW
    mondays, sundays = (sum(at.weekday() == day for at in times) for day in (0, 6))
    assert mondays > 4 * sundays
    assert sum(at.hour in (9, 10) for at in times) > 5 * sum(at.hour in (2, 3) for at in times)
