"""One clock for all processes: the database server's.

A machine whose clock is five minutes off, or jumps by a day, must not ring an alarm early. So
a process asks PostgreSQL for the time when it begins and once a minute, and counts on from there by
its steady clock, which nobody can set. On SQLite this machine is the database, and its clock is the
only one there is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.clock import now, read_from, wall
from helpdesk.core.db import db

log = logging.getLogger(__name__)
EVERY = 60.0  # seconds between two comparisons
LONGEST_ANSWER = 2.0  # an answer that took longer says too little about now
WORTH_TELLING = 30.0  # seconds of difference that a person should know of


class Clock:
    """The time that `ask` told, carried on by this process's steady clock."""

    def __init__(self, ask: Callable[[], datetime]) -> None:
        self._ask = ask
        self._told: tuple[datetime, float] | None = None

    def compare(self) -> None:
        """Ask again. An answer that was long on its way is used only when there is no other."""
        before = time.monotonic()
        at = self._ask()
        after = time.monotonic()
        if self._told is None or after - before <= LONGEST_ANSWER:
            self._told = (at, (before + after) / 2)

    def now(self) -> datetime:
        """The present moment by that clock; this machine's own before the first answer."""
        if self._told is None:
            return wall()
        at, steady = self._told
        return at + timedelta(seconds=time.monotonic() - steady)


def database_time() -> datetime:
    """What the database server's clock says now."""
    with db.engine.connect() as connection:
        at: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return at


def follow(app: Flask, stop: threading.Event) -> None:
    """Let now() follow the database's clock in this process until `stop`; does nothing on SQLite."""
    clock = Clock(database_time)
    if not follow_once(app, clock):
        return
    threading.Thread(
        target=_keep_comparing, args=(app, clock, stop), name="clock", daemon=True
    ).start()


def follow_once(app: Flask, clock: Clock | None = None) -> bool:
    """Compare once and let now() follow; False where the database has no clock of its own."""
    clock = clock or Clock(database_time)
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            return False
        _compare(clock)
    read_from(clock.now)
    if abs(skew()) > WORTH_TELLING:
        log.warning("This machine's clock is %.0f s off the database's, which counts.", skew())
    return True


def skew() -> float:
    """How many seconds this machine's clock is ahead of the clock that counts."""
    return (wall() - now()).total_seconds()


def _keep_comparing(app: Flask, clock: Clock, stop: threading.Event) -> None:
    while not stop.wait(EVERY):
        with app.app_context():
            _compare(clock)


def _compare(clock: Clock) -> None:
    try:
        clock.compare()
    except SQLAlchemyError as error:
        log.warning("The database's clock can't be read now, the last answer counts on: %s", error)
