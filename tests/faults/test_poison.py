"""Rows that throw, rows that kill, rows that take too long: the others are delivered all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms, outbox
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event, record
from helpdesk.core.outbox import Delivery, deliver_due, durable
from tests.help import factories as make
from tests.help.faults.crashing import Crash
from tests.help.refusals import refusal

ROWS = 20


@pytest.fixture
def handled(app: Flask) -> Iterator[list[int]]:
    """Twenty rows wait in the outbox; the handler set below is asked for each, and noted here."""
    numbers: list[int] = []
    tickets = [make.ticket(subject=f"第{number}台") for number in range(ROWS)]

    @durable("test.poison", "test.poisoned")
    def handle(noted: Event) -> None:
        HOW[0](noted.data["n"])
        numbers.append(noted.data["n"])

    with transaction():
        for number, ticket in enumerate(tickets):
            record("test.poisoned", by=SYSTEM, ticket=ticket, n=number)
    yield numbers
    outbox._durable.pop("test.poison")
    HOW[0] = lambda _number: None


HOW: list[Callable[[int], None]] = [lambda _number: None]


def states() -> Counter[str]:
    rows = db.session.scalars(db.select(Delivery.state).filter_by(subscriber="test.poison"))
    return Counter(rows)


def sweep(hours: int = 4) -> None:
    """Look at the outbox every six minutes for so long; the worker may die at each look."""
    with moved_to(now()) as tick:
        for _ in range(hours * 10):
            for _restart in range(ROWS):
                try:
                    if not deliver_due():
                        break
                except Crash:
                    db.session.rollback()
            tick(360)


def test_f24_a_row_that_always_throws_ends_with_its_error_and_delays_nobody(
    app: Flask, handled: list[int]
) -> None:
    def throw(number: int) -> None:
        if number == 7:
            raise ValueError("poison")

    HOW[0] = throw
    deliver_due()
    assert sorted(handled) == [n for n in range(ROWS) if n != 7]
    sweep()
    assert states() == {"done": ROWS - 1, "dead": 1}
    dead = db.session.scalars(db.select(Delivery).filter_by(state="dead")).one()
    assert (dead.tries, dead.error) == (outbox.MAX_TRIES, "ValueError: poison")
    HOW[0] = lambda _number: None
    outbox.retry(dead.id)
    deliver_due()
    assert states() == {"done": ROWS}


def test_f24_a_row_that_kills_the_worker_uses_up_its_own_tries_only(
    app: Flask, handled: list[int]
) -> None:
    """The nineteen beside it were claimed along with it; none of them dies for that."""

    def kill(number: int) -> None:
        if number == 3:
            raise Crash

    HOW[0] = kill
    sweep()
    assert sorted(handled) == [n for n in range(ROWS) if n != 3]
    dead = db.session.scalars(db.select(Delivery).filter_by(state="dead")).one()
    assert states() == {"done": ROWS - 1, "dead": 1}
    assert dead.error == outbox.DIED


def test_f9_a_delivery_that_gave_way_is_run_again_at_once_and_counts_no_failed_try(
    app: Flask, handled: list[int]
) -> None:
    """Nor is one delivered again whose end could not be noted at the first try."""
    refused = {4: 2}

    def give_way(number: int) -> None:
        with transaction() as session:
            session.execute(db.update(Event).values(by_name="twice"))
            if refused.get(number, 0):
                refused[number] -= 1
                raise refusal("40001")

    HOW[0] = give_way
    left = [1]

    def not_at_the_end(_connection: object) -> None:
        if len(handled) == 9 and left and db.session().info.get("writing"):
            left.pop()
            raise refusal("40P01")

    event.listen(db.engine, "commit", not_at_the_end)
    try:
        deliver_due()
    finally:
        event.remove(db.engine, "commit", not_at_the_end)
    assert (refused, left) == ({4: 0}, [])
    assert sorted(handled) == list(range(ROWS))
    rows = db.session.scalars(db.select(Delivery).filter_by(subscriber="test.poison"))
    assert {(row.state, row.tries) for row in rows} == {("done", 1)}


def test_a_slow_batch_is_not_delivered_by_a_second_worker_too(
    app: Flask, handled: list[int]
) -> None:
    """A mail server that takes a minute for each: the lease is renewed before it ends."""
    with moved_to(now()) as tick:

        def slow(_number: int) -> None:
            tick(60)
            HOW[0] = lambda _n: None
            deliver_due()  # the other worker
            HOW[0] = slow

        HOW[0] = slow
        deliver_due()
    assert sorted(handled) == list(range(ROWS))
    assert states() == {"done": ROWS}


def test_a_worker_that_comes_back_too_late_changes_nothing(app: Flask, handled: list[int]) -> None:
    """Fencing: the row belongs to who claimed it last."""
    late = outbox._claim(ROWS)
    with moved_to(now() + outbox.LEASE * 2):
        while outbox._claim(1):
            pass
        assert not outbox._set(late[0], state="done")
        outbox._push_back(late[0], "too late")
    rows = db.session.scalars(db.select(Delivery).filter_by(subscriber="test.poison")).all()
    assert {row.state for row in rows} == {"running"}
    assert {row.error for row in rows} == {None}


def test_f24_an_alarm_that_throws_is_parked_and_the_others_ring_on_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []

    def handle(ring: alarms.Ring) -> None:
        if ring.subject_id == 7:
            raise ValueError("poison")
        rung.append(ring.subject_id)

    monkeypatch.setitem(alarms._handlers, "bell", handle)
    with transaction():
        for subject in range(ROWS):
            alarms.set_alarm("bell", subject, now() - timedelta(seconds=1))
    alarms.ring_all()
    assert sorted(rung) == [n for n in range(ROWS) if n != 7]
    with moved_to(now()) as tick:
        for _ in range(30):
            tick(600)
            alarms.ring_all()
    left = db.session.scalars(db.select(Alarm).filter_by(kind="bell")).one()
    assert (left.parked, left.tries) == (True, alarms.MAX_TRIES)
