"""Mails whatever happens to the workers that send them, and to the Redis that wakes them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from redis import Redis
from sqlalchemy import func, select, update

from benchmarks.faulting.nursery import killing, nursery, timers, worker
from benchmarks.faulting.tally import Tally
from benchmarks.faulting.timers import timers_too
from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.db import db, retrying, transaction
from helpdesk.core.events import Event
from helpdesk.core.outbox import Delivery
from helpdesk.customers.people import Asker
from helpdesk.notify.models import Envelope
from tests.help import factories as make
from tests.help.servers import wait_until
from tests.help.smtp_sink import Sink

PATIENCE = 600.0


@contextmanager
def posting(app: Flask) -> Iterator[Sink]:
    """Inside, the program's mails go to a real mail server on this machine."""
    before, sink = app.extensions["helpdesk_settings"], Sink()
    app.extensions["helpdesk_settings"] = replace(before, smtp_url=sink.url)
    try:
        yield sink
    finally:
        app.extensions["helpdesk_settings"] = before
        sink.shutdown()
        sink.server_close()


def complaints(count: int) -> None:
    """So many cases, each of another customer who is owed a receipt."""
    for number in range(count):
        _complain(number)


def killed(app: Flask, rows: int, every: float, kills: int) -> Tally:
    """F2: two processes deliver, one of them is killed every so many seconds; then all is finished.

    When everything is dead, leases are moved into the past: the five minutes that they last.
    """
    complaints(rows)
    with posting(app) as sink:
        with nursery(app, timers, timers_too) as family, killing(family, every, kills):
            wait(lambda: family.kills >= kills or not still_open())
        for _again in range(12):
            _let_leases_end()
            with nursery(app, timers):
                wait(lambda: not under_way())
            if not still_open():
                break
        return tally("F2", sink, rows, family.kills)


def wait(done: Callable[[], bool], within: float = PATIENCE) -> None:
    """Return when `done()` is true of fresh rows."""

    def fresh() -> bool:
        time.sleep(0.2)
        db.session.rollback()
        return done()

    wait_until(fresh, within, "an empty outbox")


def _count(*conditions) -> int:  # type: ignore[no-untyped-def]
    return db.session.scalar(select(func.count()).where(*conditions)) or 0


def still_open() -> int:
    """Everything that is still to be done, at whatever time."""
    rows = _count(Delivery.id.is_not(None), Delivery.state.in_(("waiting", "running")))
    return rows + _count(Envelope.next_at.is_not(None))


def under_way() -> int:
    """What is being done, or could be done now; to end a process meanwhile costs its rows a try."""
    held = _count(Delivery.state == "running") + _count(Envelope.state == "sending")
    due = _count(Delivery.state == "waiting", Delivery.next_at <= now())
    return held + due + _count(Envelope.next_at <= now())


def _let_leases_end() -> None:
    with transaction() as session:
        for kind, is_open in (
            (Delivery, Delivery.state.in_(("waiting", "running"))),
            (Envelope, Envelope.next_at.is_not(None)),
        ):
            session.execute(
                update(kind)
                .where(is_open)
                .values(next_at=now())
                .execution_options(synchronize_session=False)
            )


def tally(row: str, sink: Sink, rows: int, kills: int, note: str = "") -> Tally:
    """What became of the receipts that were owed."""
    db.session.rollback()
    mails = Counter(str(mail["Message-ID"]) for mail in sink.taken)
    written = _count(Envelope.purpose == "receipt")
    again = sum(mails.values()) - len(mails)
    beyond = max(0, again - kills)  # more copies than there were moments to be killed in
    words = f"{again} mails came twice with one Message-ID"
    return Tally(
        row, kills, rows, rows - len(mails), max(0, written - rows) + beyond, _late(), note or words
    )


def _late() -> list[float]:
    """From the event to the mail server's yes, in seconds."""
    rows = db.session.execute(
        select(Envelope.sent_at, Event.at)
        .join(Event, Event.seq == Envelope.event_seq)
        .where(Envelope.sent_at.is_not(None))
    )
    return [(sent - at).total_seconds() for sent, at in rows]


@contextmanager
def waking(url: str) -> Iterator[Redis]:
    """Inside, this process and its children wake each other through that Redis."""
    before = jobs._url
    jobs.connect(url)
    try:
        yield Redis.from_url(url)
    finally:
        jobs.connect(before)


def redis_forgets(app: Flask, url: str, rows: int) -> Tally:
    """F5: FLUSHALL again and again while cases come in and workers work."""
    with posting(app) as sink, waking(url) as client, nursery(app, timers, worker):
        for number in range(rows):
            _complain(number)
            client.flushall()
        wait(lambda: not still_open(), 120)
        return tally("F5", sink, rows, rows, "kills are FLUSHALLs")


def _complain(number: int) -> None:
    person = Asker(name=f"顾客{number}", email=f"c{number}@example.com")
    retrying(lambda: make.ticket(person=person, subject=f"第{number}台冰箱"))


def redis_stops(app: Flask, url: str, stop: Callable[[], object], rows: int) -> Tally:
    """F6: Redis is gone for good in the middle; the sweep does the work alone."""
    with posting(app) as sink, waking(url), nursery(app, timers, worker):
        for number in range(rows):
            if number == rows // 2:
                stop()
            _complain(number)
        wait(lambda: not still_open(), 120)
        return tally("F6", sink, rows, 1, "Redis stopped halfway and stayed away")


def redis_is_full(app: Flask, url: str, rows: int) -> Tally:
    """F7: no memory left: first it refuses to write, then it throws away what it likes."""
    with posting(app) as sink, waking(url) as client, nursery(app, timers, worker):
        for number in range(rows):
            if number in (0, rows // 2):
                policy = "allkeys-lru" if number else "noeviction"
                client.config_set("maxmemory", 1)
                client.config_set("maxmemory-policy", policy)
            _complain(number)
        wait(lambda: not still_open(), 120)
        return tally("F7", sink, rows, 2, "noeviction, then allkeys-lru, with one byte")
