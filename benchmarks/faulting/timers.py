"""Steps of escalation whatever happens to the processes that take them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from benchmarks.faulting.nursery import Role, killing, nursery, skewed, timers
from benchmarks.faulting.tally import Tally
from helpdesk import promises
from helpdesk.clock import now
from helpdesk.core import alarms
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.customers.people import Asker
from helpdesk.promises.models import Escalation, Promise
from tests.help import factories as make
from tests.help.servers import wait_until

STEPS = ("promise.warned", "promise.breached")
PER_TICKET = 25
PATIENCE = 600.0


def promises_due(count: int, late: timedelta, spread: timedelta = timedelta(0)) -> None:
    """So many promises of several tickets whose breach, the last step of their chain, is due."""
    for first in range(0, count, PER_TICKET):
        nobody = Asker(name="周敏", phone="139 0000 0000")  # who gets no mail
        ticket = make.ticket(subject=f"第{first}台", person=nobody)
        start = now() - timedelta(days=30)
        with transaction() as session:
            rows = [_promise(ticket.id, n, start) for n in range(min(PER_TICKET, count - first))]
            session.add_all(rows)
            session.flush()
            promises.note_next_due(ticket, promises.table(ticket))
            moments = [now() - late + spread * ((first + n) / count) for n in range(len(rows))]
            alarms.set_alarms(
                [
                    alarms.alarm_row("promise", row.id, at, level=200)
                    for row, at in zip(rows, moments, strict=True)
                ]
            )


def _promise(ticket_id: int, part: int, start) -> Promise:  # type: ignore[no-untyped-def]
    return Promise(
        subject_kind="ticket",
        subject_id=ticket_id,
        promise="sign",
        cycle=1,
        part=part + 2,
        position=9,
        owner="desk",
        limit="1 h",
        chain="standard",
        calendar="always",
        policy_version=1,
        calendar_version=1,
        started_at=start,
        due_at=start + timedelta(hours=1),
        level=150,
    )


def killed(app: Flask, rows: int, every: float, kills: int) -> Tally:
    """F3: two timer processes, one of them killed every so many seconds, for as long as there are
    promises that fall due.
    """
    promises_due(rows, timedelta(0), timedelta(seconds=every * kills))
    with nursery(app, timers, timers_too) as family, killing(family, every, kills):
        quiet()
    return tally("F3", rows, family.kills)


def timers_too(app: Flask) -> None:
    """A second timer process: roles are told apart by their function."""
    timers(app)


def at_once(app: Flask, rows: int) -> Tally:
    """F18: all of them due within one minute (or at once, for few)."""
    spread = timedelta(seconds=60 if rows >= 1000 else 2)
    promises_due(rows, timedelta(0), spread)
    with nursery(app, timers, timers_too) as family:
        quiet()
    return tally("F18", rows, family.kills)


def after_twelve_hours(app: Flask, rows: int) -> Tally:
    """F19: nobody rang for twelve hours; each missed step is taken once and keeps its due time."""
    promises_due(rows, timedelta(hours=12))
    due = {r.subject_id: r.due_at for r in db.session.scalars(_ours(Alarm))}
    with nursery(app, timers) as family:
        quiet()
    db.session.rollback()
    told = {r.promise_id: r.due_at for r in db.session.scalars(_taken())}
    found = tally("F19", rows, family.kills)
    found.lost += sum(told.get(subject) != at for subject, at in due.items())
    found.note = "each with its true due time; " + found.note
    return found


def wrong_clocks(app: Flask, rows: int, skew: float) -> Tally:
    """F12: three timer processes, one fast, one slow, one right: early by no more than the skew."""
    promises_due(rows, timedelta(seconds=-skew / 2), timedelta(seconds=skew))
    roles: list[Role] = [skewed(skew), skewed(-skew), timers]
    early: list[float] = []
    with nursery(app, *roles) as family:
        quiet(lambda: early.append(_earliest()))
    found, first = tally("F12", rows, family.kills), max(early)
    found.note = f"clocks wrong by ±{skew:.0f} s, earliest {first:.0f} s early"
    found.lost += first > skew + 1
    return found


def _earliest() -> float:
    """How many seconds before its time, by the right clock, a step has been seen by now."""
    newest = db.session.scalar(_taken().with_only_columns(func.max(Escalation.due_at)))
    return (newest - now()).total_seconds() if newest else 0.0


def _ours(kind):  # type: ignore[no-untyped-def]
    return select(kind).where(kind.kind == "promise", kind.level == 200)


def _taken():  # type: ignore[no-untyped-def]
    return select(Escalation).where(Escalation.level == 200)


def quiet(look: Callable[[], object] = int) -> None:
    """Return when none of our alarms is left; `look` is called all the while."""

    def done() -> bool:
        time.sleep(0.2)
        db.session.rollback()
        look()
        return not waiting()

    wait_until(done, PATIENCE, "the last step of escalation")


def waiting() -> int:
    """How many of our alarms have not rung."""
    ours = select(func.count()).where(Alarm.kind == "promise", Alarm.level == 200)
    return db.session.scalar(ours.where(Alarm.parked.is_(False))) or 0


def tally(row: str, rows: int, kills: int) -> Tally:
    """What became of the promises that were due."""
    db.session.rollback()
    steps = db.session.scalars(_taken()).all()
    noted = db.session.scalars(select(Event).where(Event.name.in_(STEPS))).all()
    times = Counter(e.data["response"] for e in noted if e.data["level"] == 200)
    failed = db.session.scalar(select(func.count()).where(Alarm.tries > 0)) or 0
    return Tally(
        row,
        kills,
        accepted=rows,
        lost=rows - len({step.promise_id for step in steps}) + failed,
        doubled=sum(times.values()) - len(times),
        late=[(step.at - step.due_at).total_seconds() for step in steps],
        note=f"{len(steps)} steps",
    )
