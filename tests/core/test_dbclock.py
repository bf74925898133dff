"""One clock for all processes: the database server's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk import clock
from helpdesk.clock import moved_to, now, read_from, wall
from helpdesk.core import alarms, dbclock
from helpdesk.core.db import db, transaction

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_clock_again() -> Iterator[None]:
    yield
    read_from(wall)


def test_the_told_time_goes_on_by_the_steady_clock() -> None:
    told = dbclock.Clock(lambda: NOON)
    told.compare()
    first, second = told.now(), told.now()
    assert NOON <= first <= second < NOON + timedelta(minutes=5)


def test_before_the_first_answer_the_machines_own_clock_counts() -> None:
    assert abs(dbclock.Clock(lambda: NOON).now() - wall()) < timedelta(minutes=5)


def test_a_jump_of_this_machines_clock_by_a_day_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F12: the database's clock counts, however this machine's is set meanwhile."""
    told = dbclock.Clock(lambda: NOON)
    told.compare()
    read_from(told.now)
    monkeypatch.setattr(clock.moment, "wall", lambda: NOON + timedelta(days=1))
    assert NOON <= now() < NOON + timedelta(minutes=5)


def test_an_answer_that_was_long_on_its_way_does_not_replace_a_good_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = dbclock.Clock(iter([NOON, NOON + timedelta(days=1)]).__next__)
    told.compare()
    monkeypatch.setattr(dbclock, "LONGEST_ANSWER", -1.0)
    told.compare()
    assert told.now() < NOON + timedelta(minutes=5)


def test_a_process_that_is_five_minutes_ahead_rings_nothing_early(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F12: due by this machine's wrong clock, not by the one that counts."""
    heard: list[int] = []
    monkeypatch.setitem(alarms._handlers, "bell", lambda ring: heard.append(ring.subject_id))
    true_time = [NOON]
    told = dbclock.Clock(lambda: true_time[0])
    told.compare()
    read_from(told.now)
    with transaction():
        alarms.set_alarm("bell", 7, NOON + timedelta(minutes=30))
    assert wall() > NOON + timedelta(minutes=30)
    assert alarms.ring_all() == 0
    true_time[0] = NOON + timedelta(minutes=31)
    told.compare()
    alarms.ring_all()
    assert heard == [7]


def test_on_postgresql_a_process_follows_the_servers_clock_and_on_sqlite_its_own(
    app: Flask,
) -> None:
    followed = dbclock.follow_once(app, dbclock.Clock(lambda: NOON))
    assert followed == (db.engine.dialect.name == "postgresql")
    assert (abs(now() - NOON) < timedelta(minutes=5)) == followed


def test_the_server_is_asked_for_its_time(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    assert abs(dbclock.database_time() - wall()) < timedelta(minutes=5)


def test_a_moment_that_is_set_by_hand_goes_before_every_clock() -> None:
    read_from(lambda: NOON)
    with moved_to(NOON + timedelta(days=9)):
        assert now() == NOON + timedelta(days=9)
