"""The loops of a serving process: ring alarms, deliver the outbox, feed live pages.

A loop never dies: a round that throws is logged and the next one reads the same rows. Any number
of processes may run them, because every row is claimed in the database.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask, current_app

from helpdesk.clock import now
from helpdesk.core import alarms, heartbeats, jobs, outbox, seals
from helpdesk.core.alarms import ring_due
from helpdesk.core.db import db

log = logging.getLogger(__name__)
TICK = 1.0  # the longest time between two looks at the alarms, in seconds
SWEEP = 5.0  # the same for the outbox: a lost wake-up costs no more than this
LATE = timedelta(seconds=2)  # after which a worker that was woken has not come
GATHER = 0.1  # alarms that are due closely after each other ring in one transaction
BREATH = 0.02  # between two batches: SQLite's other writers get their turn
BEAT_EVERY = 10.0
LONGEST_BATCH = 0.05  # seconds for which SQLite's other writers are kept waiting
MOST_ALARMS = 500  # in one transaction, however fast it is
LEAST_ALARMS = 20  # in one transaction, however slow the machine is
BATCH = 100
TIDY = 600.0  # seconds between two looks for what nobody needs any more


@dataclass
class Pace:
    """How many alarms ring in one transaction. On SQLite, where everybody else waits meanwhile, as
    many as this machine manages in LONGEST_BATCH; each batch tells for the next one. On PostgreSQL,
    while more than one batch is due, two at a time: one is prepared while the database writes the other.
    """

    size: int = alarms.BATCH
    full: bool = False  # the last batch was: more are due

    def ring(self) -> int:
        """Ring what rings at once; returns how much was done."""
        if db.engine.dialect.name != "sqlite":
            found = _ring_beside(this_app()) if self.full else [ring_due(MOST_ALARMS)]
            self.full = max(found) >= MOST_ALARMS
            return sum(found)
        began = time.monotonic()
        done = ring_due(self.size)
        self.learn(done, time.monotonic() - began)
        return done

    def learn(self, done: int, seconds: float) -> None:
        """Fewer next time if it took too long, twice as many if a full batch took half of that."""
        if seconds > LONGEST_BATCH:
            self.size = max(LEAST_ALARMS, int(self.size * LONGEST_BATCH / seconds))
        elif done >= self.size and seconds < LONGEST_BATCH / 2:
            self.size = min(MOST_ALARMS, self.size * 2)


def _ring_beside(app: Flask) -> list[int]:
    """Ring two batches beside each other; how much was done in each."""

    def other() -> int:
        with app.app_context():
            return ring_due(MOST_ALARMS)

    with ThreadPoolExecutor(1, "alarms") as beside:
        found = beside.submit(other)
        return [ring_due(MOST_ALARMS), found.result()]


_pace = Pace()


def ring_round() -> float:
    """Ring one batch if something is due; returns the seconds until the next look."""
    due = alarms.next_thing()
    if due is None:
        return TICK
    wait = (due - now()).total_seconds()
    if wait > 0:
        return min(TICK, max(wait, GATHER))
    if not _pace.ring():
        return TICK / 5  # another process holds what is due
    return BREATH if db.engine.dialect.name == "sqlite" else 0.0


def deliver_round() -> float:
    """The outbox, then what else was asked for; returns the seconds until the next look. Where a worker
    is woken for the outbox, only what it is late with."""
    mine = jobs.redis_client() is None or _is_late(outbox.late_since())
    tried = outbox.deliver_due(BATCH) if mine else 0
    jobs.run_pending("mail", "offer", "outbox", seals.JOB, "simulate")
    return 0.0 if tried >= BATCH else SWEEP


def _is_late(since: datetime | None) -> bool:
    return since is not None and since < now() - LATE


@dataclass
class Loop:
    """One endless job: its work returns how long to wait; `woken` ends the waiting early."""

    name: str
    work: Callable[[], float]
    woken: threading.Event | None = None
    pause_after_error: float = TICK
    beaten: float = field(default=-BEAT_EVERY)

    def run(self, app: Flask, stop: threading.Event) -> None:
        """Go round until told to stop."""
        while not stop.is_set():
            self._wait(self.round(app), stop)

    def round(self, app: Flask) -> float:
        """One round in a fresh context, whatever happens in it; returns the seconds to wait."""
        if self.woken is not None:
            self.woken.clear()
        try:
            with app.app_context():
                pause = self.work()
                self._beat()
                return pause
        except Exception:
            log.exception("A round of the %s loop failed; the next one tries again.", self.name)
            return self.pause_after_error

    def _beat(self) -> None:
        if time.monotonic() - self.beaten >= BEAT_EVERY:
            heartbeats.beat(self.name)
            self.beaten = time.monotonic()

    def _wait(self, seconds: float, stop: threading.Event) -> None:
        if seconds > 0:
            (self.woken or stop).wait(seconds)


_forgotten: list[Callable[[], int]] = []


def forgetting(sweep: Callable[[], int]) -> Callable[[], int]:
    """Register what lets go of rows or files that nobody needs any more, and says of how many: at
    most BATCH in one transaction."""
    _forgotten.append(sweep)
    return sweep


def tidy_round() -> float:
    """Each sweep once, whatever the others say; returns the seconds until the next look."""
    found = [_swept(sweep) for sweep in _forgotten]
    return 0.0 if max(found, default=0) >= BATCH else TIDY


def _swept(sweep: Callable[[], int]) -> int:
    try:
        return sweep()
    except Exception:
        log.exception("A sweep failed; the next round tries again.")
        db.session.rollback()
        return 0


@dataclass
class Running:
    """Loops at work in threads; end() lets each finish its round."""

    stop: threading.Event
    threads: list[threading.Thread]

    def end(self, within: float = 5.0) -> None:
        """Stop the loops; returns when they are done, or after `within` seconds."""
        self.stop.set()
        jobs.woken.set()
        for thread in self.threads:
            thread.join(within)


_more: list[Callable[[], Loop]] = []


def also(loop: Callable[[], Loop]) -> Callable[[], Loop]:
    """Register a further loop of a process that rings alarms."""
    _more.append(loop)
    return loop


def start(app: Flask, stop: threading.Event) -> Running:
    """Start the loops that ring alarms, deliver the outbox (at once when woken in this process) and
    tidy, and all others."""
    ringing, tidying = Loop("alarms", ring_round), Loop("tidying", tidy_round)
    delivering = Loop("deliveries", deliver_round, woken=jobs.woken)
    return run(app, stop, ringing, delivering, tidying, *(make() for make in _more))


def run(app: Flask, stop: threading.Event, *loops: Loop) -> Running:
    """Start these loops, each in its own thread."""
    threads = [
        threading.Thread(target=loop.run, args=(app, stop), name=loop.name, daemon=True)
        for loop in loops
    ]
    for thread in threads:
        thread.start()
    return Running(stop, threads)


def stop_on_signals() -> threading.Event:
    """What is set when somebody ends this process with Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def this_app() -> Flask:
    """The app of the command that runs."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return found
