"""No list reads more than it shows: the database's own plans for each of them, as each kind of reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from benchmarks.load.run import seed_load
from helpdesk.clock import moved_to
from helpdesk.core.db import db
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket
from tests.help import plans
from tests.help.calls import token
from tests.help.sampled import few

NOW = datetime.fromisoformat("2026-11-20T16:20:00+08:00")


@pytest.fixture(scope="module")
def loaded(the_app: Flask, store: Any) -> Iterator[Flask]:
    """Two thousand tickets, of which four hundred are open, made once."""
    with the_app.app_context(), moved_to(NOW):
        store.fresh()
        in_force.forget()
        seed_load(2_000, open=400, now=NOW)
        db.session.connection().exec_driver_sql("ANALYZE")
        db.session.commit()
        yield the_app
        db.session.remove()


@pytest.mark.parametrize("role", few(plans.ROLES, "agent"))
def test_no_list_reads_a_large_table_from_end_to_end(loaded: Flask, role: str) -> None:
    sent = plans.sent_to(loaded, role, token("supervisor"))
    few = db.session.scalar(select(func.count()).where(Ticket.closed_at.is_(None))) or 0
    wrong = {}
    for each in sent:
        if db.engine.dialect.name == "postgresql":
            for way in ("seqscan", "mergejoin", "hashjoin"):  # which so few rows would invite
                db.session.connection().exec_driver_sql(f"SET LOCAL enable_{way} = off")
        if found := plans.faults(each, 4 * few):
            wrong[each.page] = found, each.text
        db.session.rollback()
    assert len(sent) > 50 and wrong == {}


def test_a_list_without_an_index_is_found(loaded: Flask) -> None:
    by_place = plans.Sent("/tickets", "SELECT ticket.id FROM ticket WHERE ticket.place != ''", ())
    assert plans.faults(by_place, 1_600)
