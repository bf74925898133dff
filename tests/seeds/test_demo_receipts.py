"""The receipts of every promise of the demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.core.db import db
from helpdesk.promises.models import Promise
from helpdesk.promises.words import ORDER
from helpdesk.seeds.demo import seed_demo
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket
from tests.help.receipts import proven

pytestmark = pytest.mark.thorough

NOW = datetime.fromisoformat("2026-11-20T16:20:00+08:00")


@pytest.fixture(scope="module")
def day(the_app: Flask, store: Any) -> Iterator[None]:
    """The demo, made once for this module's read-only tests."""
    with the_app.app_context():
        store.fresh()
        in_force.forget()
        seed_demo(NOW)
        yield
        db.session.remove()


def test_every_receipt_of_the_demo_adds_up(day: None) -> None:
    of_tickets = sa.select(Promise).where(Promise.subject_kind == Ticket.subject_kind)
    rows = db.session.scalars(of_tickets).all()
    shown = sum(proven(row) for row in rows)
    assert shown > 150 and {row.promise for row in rows} == set(ORDER)
