"""Letters are written in sets: what a set costs, and that one of them never harms another."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.clock import moved_to, now
from helpdesk.core import outbox
from helpdesk.core.db import commits, db
from helpdesk.core.outbox import Delivery, deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify import customers
from helpdesk.notify.envelopes import MOST_AUTOMATIC
from helpdesk.notify.models import Envelope
from tests.help import factories as make
from tests.help.faults.crashing import Crash
from tests.help.statements import counted


def cases(count: int, address: str = "p{n}@example.com", **more: object) -> list[str]:
    """So many new cases; their numbers."""
    people = (Asker(email=address.format(n=n)) for n in range(count))
    return [make.ticket(subject="水管漏水", person=who, **more).number for who in people]


def ends() -> Counter[tuple[str, str]]:
    rows = db.session.execute(select(Delivery.subscriber, Delivery.state))
    return Counter((name, state) for name, state in rows if name == "mail.acknowledge")


def receipts() -> Counter[str]:
    return Counter(db.session.scalars(select(Envelope.recipient).filter_by(purpose="receipt")))


def cost_of(count: int) -> tuple[int, int]:
    """Statements and commits until the receipts of so many new cases are written."""
    cases(count, address=f"of{count}-{{n}}@example.com")
    before = commits()
    with counted() as sent:
        deliver_due()
    return len(sent), commits() - before


def test_a_set_of_receipts_costs_as_much_as_one(app: Flask) -> None:
    """A claim, what their cases need, the letters and the ends: two transactions, and the look
    that finds nothing more."""
    cost_of(1)
    one, many = cost_of(2), cost_of(60)
    assert one == many
    assert many[0] <= 13 and many[1] <= 3
    assert receipts().total() == 63 and set(receipts().values()) == {1}


def test_a_case_whose_letter_can_not_be_drawn_waits_alone(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = cases(5)[2]
    draw = customers._confirm

    def confirm(ticket: object, reader: object) -> str:
        if ticket.number == bad:  # type: ignore[attr-defined]
            raise ValueError("poison")
        return draw(ticket, reader)  # type: ignore[arg-type]

    monkeypatch.setattr(customers, "_confirm", confirm)
    deliver_due()
    assert ends() == {("mail.acknowledge", "done"): 4, ("mail.acknowledge", "waiting"): 1}
    monkeypatch.setattr(customers, "_confirm", draw)
    with moved_to(now() + timedelta(minutes=5)):
        deliver_due()
    assert set(receipts().values()) == {1} and receipts().total() == 5


def test_a_set_that_can_not_be_read_together_is_read_one_by_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(4)
    known = outbox._durable["mail.acknowledge"]

    def reading(events: list[object]) -> object:
        if len(events) > 1:
            raise ValueError("too many")
        return known.reading(events)  # type: ignore[arg-type]

    parted = outbox.Subscriber(known.name, known.wants, reading, known.write)  # type: ignore[arg-type]
    monkeypatch.setitem(outbox._durable, known.name, parted)
    deliver_due()
    assert set(receipts().values()) == {1} and receipts().total() == 4


def test_a_set_whose_writing_fails_is_written_one_by_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the set was kept, so nothing is there twice."""
    cases(4)
    known = outbox._durable["mail.acknowledge"]

    def write(made: list[object]) -> None:
        known.write(made)  # type: ignore[misc,arg-type]
        if len(made) > 1:
            raise ValueError("one of them")

    monkeypatch.setitem(
        outbox._durable,
        known.name,
        outbox.Subscriber(known.name, known.wants, known.reading, write),
    )
    deliver_due()
    assert ends() == {("mail.acknowledge", "done"): 4}
    assert set(receipts().values()) == {1} and receipts().total() == 4


def test_a_worker_that_dies_in_a_set_leaves_nothing_behind_and_all_are_written_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(6)
    known = outbox._durable["mail.acknowledge"]
    left = [1]

    def write(made: list[object]) -> None:
        known.write(made)  # type: ignore[misc,arg-type]
        if left:
            left.pop()
            raise Crash

    monkeypatch.setitem(
        outbox._durable,
        known.name,
        outbox.Subscriber(known.name, known.wants, known.reading, write),
    )
    with pytest.raises(Crash):
        deliver_due()
    db.session.rollback()
    assert receipts().total() == 0
    with moved_to(now() + outbox.LEASE * 2) as tick:
        for _ in range(10):
            deliver_due()
            tick(1)
    assert ends() == {("mail.acknowledge", "done"): 6}
    assert set(receipts().values()) == {1} and receipts().total() == 6


def test_a_set_that_comes_back_too_late_writes_nothing(app: Flask) -> None:
    """Somebody else has claimed its rows meanwhile, and has written the letters."""
    cases(3)
    late = outbox._claim(100)
    with moved_to(now() + outbox.LEASE * 2) as tick:
        for _ in range(5):
            deliver_due()
            tick(1)
        assert receipts().total() == 3
        outbox._deliver(late)
    assert ends() == {("mail.acknowledge", "done"): 3}
    assert receipts().total() == 3


def test_the_hourly_limit_of_an_address_holds_within_one_set(app: Flask) -> None:
    cases(MOST_AUTOMATIC + 3, address="victim@example.com")
    deliver_due()
    states = Counter(db.session.scalars(select(Envelope.state).filter_by(purpose="receipt")))
    assert states == {"kept": MOST_AUTOMATIC, "failed": 3}


def test_the_same_words_twice_in_one_set_get_one_receipt(app: Flask) -> None:
    """Two machines that answer each other end here, however fast they are."""
    cases(3, address="machine@example.com", channel="email", body="I am away.")
    deliver_due()
    assert receipts() == {"machine@example.com": 1}
