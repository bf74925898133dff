"""The demo gives the same day for the same now, and a day that makes sense at any hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.promises.models import Promise
from helpdesk.seeds.demo import seed_demo, sign_ins
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket

pytestmark = pytest.mark.thorough

NOON = datetime.fromisoformat("2026-09-09T12:30:00+08:00")
SUNDAY_NIGHT = datetime.fromisoformat("2026-11-22T17:40:00+00:00")


def _day() -> tuple[list[Any], list[Any], list[Any]]:
    tickets = sa.select(
        Ticket.number, Ticket.status, Ticket.received_at, Ticket.due_at, Ticket.department_id
    ).order_by(Ticket.id)
    promises = sa.select(
        Promise.subject_id, Promise.promise, Promise.due_at, Promise.met_at, Promise.verdict
    ).order_by(Promise.id)
    events = sa.select(Event.seq, Event.at, Event.name, Event.ticket_id).order_by(Event.seq)
    tables = [db.session.execute(query).all() for query in (tickets, promises, events)]
    return tables[0], tables[1], tables[2]


def test_the_same_now_gives_the_same_day(app: Flask, store: Any) -> None:
    seed_demo(NOON)
    first = _day()
    store.fresh()
    in_force.forget()
    seed_demo(NOON)
    assert _day() == first


def test_a_demo_in_the_night_has_a_day_of_sixty_tickets_too(app: Flask) -> None:
    said: list[str] = []
    assert seed_demo(SUNDAY_NIGHT, said.append) == sign_ins()
    late = db.session.scalars(
        sa.select(Ticket).where(Ticket.closed_at.is_(None), Ticket.due_at < SUNDAY_NIGHT)
    ).all()
    newest = db.session.scalar(sa.select(sa.func.max(Ticket.received_at)))
    assert newest is not None
    assert newest < SUNDAY_NIGHT
    assert 3 <= len(late) <= 8
    assert said


@pytest.mark.parametrize("row", sign_ins())
def test_each_sign_in_has_a_mail_a_role_and_a_password(row: tuple[str, str, str]) -> None:
    mail, role, password = row
    assert mail.endswith("@example.com")
    assert role
    assert len(password) >= 12
