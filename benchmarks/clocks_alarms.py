"""Ringing: ten thousand alarms due in one minute beside new cases, and the cost of an idle look.

The flood has 10,000 open tickets, each with a promise whose step falls due at its own moment of one
minute; the loop of a timer process rings them while new cases come in, all in one process as in the
embedded profile. Lateness is from a step's due time to the moment at which it was taken. The idle
look is measured with rows of the alarm table alone: it reads no other (tests/core/test_alarms.py).
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import delete, func, insert, select

from benchmarks.clocks_site import Asked, Figure
from helpdesk.clock import now
from helpdesk.core import alarms, background
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.customers.people import Asker
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.words import ALARM
from helpdesk.tickets.intake import Intake, open_ticket
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

FLOOD = 10_000
MINUTE = 60.0
EVERY = 0.2  # seconds between two new cases
PART = 99  # marks the promises of the flood
LOOKS = 1_000
FEW, MANY = 1_000, 1_000_000


def measure(asked: Asked) -> Iterator[Figure]:
    """The flood, then the idle look."""
    with asked.site(tickets=FLOOD, open_=FLOOD) as app:
        yield from _flood(app, 10.0 if asked.postgresql else 30.0)
    with asked.site():
        yield from _idle()


def _flood(app: Flask, aim: float) -> Iterator[Figure]:
    settle()
    begin = now() + timedelta(seconds=3)
    rows = plan([begin + timedelta(seconds=MINUTE * n / FLOOD) for n in range(FLOOD)], PART)
    waits: list[float] = []
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=background.Loop("alarms", background.ring_round).run, args=(app, stop)
        ),
        threading.Thread(target=_come_in, args=(app, stop, waits)),
    ]
    for thread in threads:
        thread.start()
    try:
        _wait_until_rung()
    finally:
        stop.set()
    for thread in threads:
        thread.join()
    taken = select(Escalation.promise_id, Escalation.due_at, Escalation.at)
    found = [row for row in db.session.execute(taken) if row.promise_id in rows]
    late = [(row.at - row.due_at).total_seconds() for row in found]
    yield Figure("flood: steps taken, of 10,000 promises", len(found), "steps", FLOOD)
    yield Figure("flood: promises stepped twice", len(found) - len(rows), "steps", 0, less=True)
    yield Figure("flood: lateness, 99th percentile", _p99(late), "s", aim, less=True)
    yield Figure("flood: lateness, worst", max(late), "s")
    yield Figure("flood: new cases meanwhile", len(waits), "cases")
    yield Figure("flood: opening one, 99th percentile", _p99(waits) * 1000, "ms", 500, less=True)


def settle() -> None:
    """Somebody to tell, and none of the alarms that the invented tickets brought."""
    make.agent("Chen Jie", "supervisor")
    with transaction() as session:
        session.execute(delete(Alarm))


def plan(moments: list[datetime], part: int) -> set[int]:
    """A promise for each of the first open tickets, half of its time used up then; returns their ids."""
    first = select(Ticket.id).where(Ticket.status.not_in(ENDED)).order_by(Ticket.id)
    tickets = db.session.scalars(first.limit(len(moments))).all()
    with transaction() as session:
        rows = [_promise(*one, part) for one in zip(tickets, moments, strict=True)]
        session.execute(insert(Promise), rows)
        mine = select(Promise.id).where(Promise.part == part).order_by(Promise.subject_id)
        ids = session.scalars(mine).all()
        due = zip(ids, moments, strict=True)
        alarms.set_alarms([alarms.alarm_row(ALARM, row, at, level=50) for row, at in due])
    return set(ids)


def _promise(ticket_id: int, half: datetime, part: int) -> dict[str, object]:
    return {
        "subject_kind": "ticket",
        "subject_id": ticket_id,
        "promise": "acknowledge",
        "cycle": 1,
        "part": part,
        "owner": "desk",
        "limit": "2 h",
        "chain": "standard",
        "calendar": "always",
        "policy_version": 1,
        "state": "running",
        "started_at": half - timedelta(hours=1),
        "due_at": half + timedelta(hours=1),
    }


def _come_in(app: Flask, stop: threading.Event, waits: list[float]) -> None:
    """New cases at an even pace; notes how long each one took."""
    while not stop.wait(EVERY):
        with app.app_context():
            case = Intake(
                channel="web",
                subject="The fridge does not cool",
                body="Three visits, and it still does not cool.",
                person=Asker(name="Wang Fang", email=f"w{len(waits)}@example.com"),
            )
            began = time.perf_counter()
            open_ticket(case, make.CUSTOMER)
            waits.append(time.perf_counter() - began)
            db.session.remove()


def _wait_until_rung(most: float = 600) -> None:
    """Return when none of the flood is left."""
    end = time.monotonic() + most
    flood = select(Promise.id).where(Promise.part == PART)
    mine = select(func.count()).where(
        Alarm.kind == ALARM, Alarm.level == 50, Alarm.subject_id.in_(flood)
    )
    while db.session.scalar(mine) and time.monotonic() < end:
        db.session.rollback()
        time.sleep(1)
    db.session.rollback()


def _idle() -> Iterator[Figure]:
    few = _look_with(FEW)
    many = _look_with(MANY - FEW)
    yield Figure("idle look, 1,000 alarms ahead", few * 1000, "ms")
    yield Figure("idle look, 1,000,000 alarms ahead", many * 1000, "ms")
    yield Figure("idle look, ratio", many / few, "times", 1.5, less=True)


def _look_with(further: int) -> float:
    """The median seconds of a look, with so many more alarms that are due in some days."""
    known = db.session.scalar(select(func.max(Alarm.subject_id))) or 0
    ahead = now() + timedelta(days=2)
    for start in range(known + 1, known + further + 1, 50_000):
        with transaction():
            stop = min(start + 50_000, known + further + 1)
            alarms.set_alarms([alarms.alarm_row("far", n, ahead) for n in range(start, stop)])
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    return statistics.median(_one_look() for _ in range(LOOKS))


def _one_look() -> float:
    began = time.perf_counter()
    background.ring_round()
    db.session.rollback()
    return time.perf_counter() - began


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)] if values else 0.0
