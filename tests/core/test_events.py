"""The journal's numbers, the outbox, and what happens when things go wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import moved_to, now
from helpdesk.core import events, outbox
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event, record
from helpdesk.core.outbox import Delivery, deliver_due, durable
from tests.help import factories as make

WRITERS, EACH = 16, 12


@pytest.fixture
def subscriber() -> Iterator[list[int]]:
    """A durable subscriber for 'test.happened' that keeps the numbers it was given."""
    heard: list[int] = []
    durable("test.listener", "test.happened")(lambda noted: heard.append(noted.seq))
    yield heard
    outbox._durable.pop("test.listener")


def happen(count: int = 1, **data: object) -> None:
    with transaction():
        for _ in range(count):
            record("test.happened", by=SYSTEM, **data)


def test_numbers_have_no_gap_and_follow_the_order_of_the_commits(app: Flask) -> None:
    start = events.last_seq()
    happen(3)
    with pytest.raises(RuntimeError), transaction():
        record("test.happened", by=SYSTEM)
        raise RuntimeError
    happen(1)
    numbers = select(Event.seq).where(Event.seq > start).order_by(Event.seq)
    assert list(db.session.scalars(numbers)) == [start + n for n in (1, 2, 3, 4)]


def test_a_reader_who_has_seen_a_number_never_misses_a_smaller_one(app: Flask) -> None:
    """Sixteen writers commit at once; the reader only ever asks for what is after its last."""
    seen: list[int] = []
    done = threading.Event()
    start = events.last_seq()

    def write(writer: int) -> None:
        with app.app_context():
            for turn in range(EACH):
                with transaction():
                    record("test.happened", by=SYSTEM, writer=writer)
                    time.sleep(0.001 * ((writer + turn) % 3))

    def read() -> None:
        last = start
        with app.app_context():
            while not done.is_set() or _newer(last):
                found = _newer(last)
                seen.extend(found)
                last = found[-1] if found else last
                db.session.rollback()

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert seen == list(range(start + 1, start + 1 + WRITERS * EACH))


def _newer(last: int) -> list[int]:
    return list(db.session.scalars(select(Event.seq).where(Event.seq > last).order_by(Event.seq)))


def test_a_delivery_row_is_written_with_its_event_or_not_at_all(
    app: Flask, subscriber: list[int]
) -> None:
    with pytest.raises(RuntimeError), transaction():
        record("test.happened", by=SYSTEM)
        raise RuntimeError
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0
    happen()
    assert db.session.scalar(select(Delivery.state)) == "waiting"


def test_deliveries_run_once_and_in_order(app: Flask, subscriber: list[int]) -> None:
    happen(5)
    deliver_due()
    deliver_due()
    assert subscriber == sorted(subscriber)
    assert len(subscriber) == 5
    assert set(db.session.scalars(select(Delivery.state))) == {"done"}


def test_a_failing_delivery_waits_longer_each_time_and_then_stays_for_a_person(app: Flask) -> None:
    durable("test.broken", "test.happened")(lambda _noted: 1 / 0)
    try:
        happen()
        pauses = []
        with moved_to(now()) as tick:
            for _ in range(outbox.MAX_TRIES):
                deliver_due(limit=1)
                row = db.session.scalar(select(Delivery).execution_options(populate_existing=True))
                pauses.append((row.next_at - now()).total_seconds())
                tick(pauses[-1] + 1)
        assert row.state == "dead"
        assert "ZeroDivisionError" in row.error
        assert pauses[:4] == sorted(pauses[:4])
    finally:
        outbox._durable.pop("test.broken")


def test_a_failing_delivery_of_one_ticket_does_not_hold_up_another(app: Flask) -> None:
    first, second = make.ticket(), make.ticket(subject="第二张")
    heard: list[int | None] = []

    def handle(noted: Event) -> None:
        if noted.ticket_id == first.id:
            raise ValueError("poison")
        heard.append(noted.ticket_id)

    durable("test.picky", "test.happened")(handle)
    try:
        with transaction():
            record("test.happened", by=SYSTEM, ticket=first)
            record("test.happened", by=SYSTEM, ticket=second)
        deliver_due()
        assert heard == [second.id]
    finally:
        outbox._durable.pop("test.picky")


def test_deliveries_of_one_ticket_keep_their_order_even_when_the_first_fails(app: Flask) -> None:
    ticket = make.ticket()
    heard: list[int] = []
    broken = [True]

    def handle(noted: Event) -> None:
        if broken[0]:
            raise ValueError("not yet")
        heard.append(noted.seq)

    durable("test.strict", "test.happened")(handle)
    try:
        for _ in range(3):
            with transaction():
                record("test.happened", by=SYSTEM, ticket=ticket)
        with moved_to(now()) as tick:
            deliver_due()
            broken[0] = False
            tick(3600)
            deliver_due()
        assert heard == sorted(heard)
        assert len(heard) == 3
    finally:
        outbox._durable.pop("test.strict")


def test_a_delivery_whose_worker_died_is_taken_up_again_after_its_lease(
    app: Flask, subscriber: list[int]
) -> None:
    happen()
    claimed = outbox._claim(10)
    assert len(claimed) == 1
    deliver_due()
    assert subscriber == []
    with moved_to(now() + outbox.LEASE * 2):
        deliver_due()
    assert len(subscriber) == 1


def test_what_concerns_no_ticket_waits_for_nothing_before_it(app: Flask) -> None:
    """F24: one row that fails holds up no other that has nothing to do with it."""
    heard: list[int] = []

    def handle(noted: Event) -> None:
        if noted.data["n"] == 1:
            raise ValueError("poison")
        heard.append(noted.data["n"])

    durable("test.loose", "test.happened")(handle)
    try:
        for n in (1, 2, 3):
            with transaction():
                record("test.happened", by=SYSTEM, n=n)
        deliver_due()
        assert heard == [2, 3]
    finally:
        outbox._durable.pop("test.loose")


def test_a_delivery_for_a_newer_release_waits_for_it(app: Flask) -> None:
    """While releases change, an old worker must not tick off what it does not know."""
    durable("test.newer", "test.happened")(lambda _noted: None)
    happen()
    outbox._durable.pop("test.newer")
    deliver_due()
    row = db.session.scalar(select(Delivery).execution_options(populate_existing=True))
    assert row.state == "waiting"
    assert "test.newer" in row.error


def test_the_journal_can_not_be_edited(app: Flask) -> None:
    """Neither changed nor deleted from the application."""
    happen()
    noted = db.session.scalar(select(Event).order_by(Event.seq.desc()))
    noted.name = "test.other"
    with pytest.raises(RuntimeError, match="journal"), transaction():
        db.session.flush()
    db.session.rollback()
    with pytest.raises(RuntimeError, match="journal"), transaction() as session:
        session.delete(noted)


def test_a_listener_that_fails_after_the_commit_breaks_nothing(app: Flask) -> None:
    events.on_commit(_explode)
    try:
        happen()
    finally:
        events._on_commit.remove(_explode)
    assert db.session.scalar(select(func.count()).where(Event.name == "test.happened")) == 1


def _explode(_events: object) -> None:
    raise RuntimeError("a listener's own trouble")
