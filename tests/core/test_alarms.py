"""Alarms: batches, true due times, and a look that costs the same however much is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, text

from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.alarms import Alarm, Ring
from helpdesk.core.db import db, transaction
from helpdesk.promises import reminders
from tests.help.statements import counted

FAR = timedelta(days=9)


def fill(count: int) -> None:
    """So many alarms of open tickets that are due in some days."""
    with transaction() as session:
        rows = [alarms.alarm_row("far", subject, now() + FAR) for subject in range(count)]
        session.execute(insert(Alarm), rows)


def plan_of(statement: object, index_only: bool = False) -> str:
    """How the database finds what the statement asks for."""
    compiled = statement.compile(db.engine)  # type: ignore[attr-defined]
    values = {k: now() if k.startswith("due_at") else v for k, v in compiled.params.items()}
    sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.connect() as connection:
        if not sqlite:
            connection.execute(text("ANALYZE alarm"))
            if index_only:  # a table without rows is read as it is otherwise
                connection.execute(text("SET enable_seqscan = off"))
        how = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        words = str(statement.compile(db.engine, compile_kwargs={"literal_binds": False}))  # type: ignore[attr-defined]
        if sqlite:
            values = {
                k: v.replace(tzinfo=None).isoformat(" ") if hasattr(v, "isoformat") else v
                for k, v in values.items()
            }
            ordered = tuple(values[name] for name in compiled.positiontup)
            return str(connection.exec_driver_sql(how + words, ordered).all())
        return str(connection.exec_driver_sql(how + words, values).all())


@pytest.mark.parametrize("look", ["next", "claim"])
def test_an_idle_look_reads_the_index_and_never_the_open_tickets(app: Flask, look: str) -> None:
    """The cost of a tick does not depend on how many tickets are open."""
    fill(5000)
    statement = alarms.next_due_query() if look == "next" else alarms.claim_query(100)
    plan = plan_of(statement)
    assert "ix_alarm_due" in plan
    assert "Seq Scan" not in plan
    assert "SCAN alarm'" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def test_a_look_for_whom_to_tell_reads_the_index_of_those_who_wait(app: Flask) -> None:
    assert "ix_reminder_waiting" in plan_of(reminders.next_telling_query(), index_only=True)


def test_a_batch_costs_a_few_statements_however_many_ring(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []

    def handle(rings: Sequence[Ring]) -> list[Ring]:
        heard.extend(ring.subject_id for ring in rings)
        return []

    monkeypatch.setitem(alarms._handlers, "bells", alarms.Many(handle))
    costs = []
    for count in (5, 50):
        with transaction():
            alarms.set_alarms([alarms.alarm_row("bells", n, now()) for n in range(count)])
        with counted() as statements:
            alarms.ring_due()
        costs.append(len(statements))
    assert heard == [*range(5), *range(50)]
    assert costs[0] == costs[1]


def test_one_that_throws_in_a_batch_keeps_no_other_from_ringing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F24: the batch is rung one by one, and only the poison is pushed back."""
    heard: list[int] = []

    def handle(rings: Sequence[Ring]) -> list[Ring]:
        if any(ring.subject_id == 3 for ring in rings):
            raise ValueError("poison")
        heard.extend(ring.subject_id for ring in rings)
        return []

    monkeypatch.setitem(alarms._handlers, "bells", alarms.Many(handle))
    with transaction():
        alarms.set_alarms([alarms.alarm_row("bells", n, now()) for n in range(6)])
    alarms.ring_all()
    assert heard == [0, 1, 2, 4, 5]
    left = db.session.scalars(select(Alarm)).one()
    assert (left.subject_id, left.tries) == (3, 1)
    assert "poison" in left.error


def test_an_alarm_that_failed_still_knows_when_it_was_due(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Ring] = []

    def handle(ring: Ring) -> None:
        seen.append(ring)
        if len(seen) < 3:
            raise ValueError("not yet")

    monkeypatch.setitem(alarms._handlers, "bell", handle)
    due = now() - timedelta(minutes=1)
    with transaction():
        alarms.set_alarm("bell", 7, due)
    with moved_to(now()) as tick:
        for _ in range(3):
            alarms.ring_all()
            tick(3600)
    assert [ring.due_at for ring in seen] == [due] * 3


def test_what_a_handler_leaves_stays_due_as_it_was(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(alarms._handlers, "bells", alarms.Many(lambda rings: rings))
    due = now() - timedelta(minutes=1)
    with transaction():
        alarms.set_alarm("bells", 7, due)
    assert alarms.ring_due() == 0
    left = db.session.scalars(select(Alarm)).one()
    assert (left.due_at, left.tries) == (due, 0)


def test_of_those_that_ring_one_by_one_a_large_set_takes_a_hundred(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others of their set, and whoever wants to write, do not wait for more of them."""
    monkeypatch.setitem(alarms._handlers, "bell", lambda _ring: None)
    monkeypatch.setitem(alarms._handlers, "bells", alarms.Many(lambda _rings: []))
    with transaction():
        for kind in ("bell", "bells"):
            alarms.set_alarms([alarms.alarm_row(kind, n, now()) for n in range(150)])
    assert alarms.ring_due(500) == alarms.BATCH + 150
    assert alarms.ring_due(500) == 50
