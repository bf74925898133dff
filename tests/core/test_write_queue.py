"""Who writes next on SQLite: who has waited longest, in this process."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from flask import Flask

from helpdesk.core import write_queue as queues
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import Busy
from helpdesk.core.rows import draw
from helpdesk.core.write_queue import Turns, turn
from tests.help.servers import wait_until


def test_a_turn_goes_to_who_has_waited_longest_and_never_back_to_who_gives_it() -> None:
    turns, order = Turns(), list[int]()
    assert turns.take(0)

    def write(number: int) -> None:
        assert turns.take(60)
        order.append(number)
        turns.give()

    threads = list[threading.Thread]()
    for number in range(8):
        threads.append(threading.Thread(target=write, args=(number,)))
        threads[-1].start()
        wait_until(lambda n=number: len(turns._waiting) > n, 60, "the next in the queue")
    turns.give()
    assert turns.take(60)
    assert order == list(range(8))
    turns.give()
    for thread in threads:
        thread.join()


def test_who_has_waited_too_long_leaves_the_queue_and_stands_in_nobodys_way() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)
    turns.give()
    assert turns.take(0)


def test_what_throws_gives_its_turn_back() -> None:
    key = Turns()  # anything that has a hash
    with pytest.raises(ZeroDivisionError), turn(key, 0):
        raise ZeroDivisionError
    with turn(key, 0), pytest.raises(TimeoutError), turn(key, 0.01):
        raise AssertionError("unreachable")


def test_a_forked_process_does_not_wait_for_a_thread_that_it_has_not() -> None:
    key = Turns()
    with turn(key, 0):
        child = os.fork()
        if not child:
            with turn(key, 0):
                os._exit(0)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_on_sqlite_a_waiting_writer_comes_between_two_batches_of_a_loop(app: Flask) -> None:
    """The loop begins its next transaction at once, and still is not next."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the database")
    order, waits = list[str](), threading.Event()

    def person() -> None:
        with app.app_context():
            waits.set()
            with transaction() as session:
                draw(session, "test")
                order.append("person")

    thread = threading.Thread(target=person)
    for batch in range(2):
        with transaction() as session:
            draw(session, "test")
            order.append(f"batch {batch}")
            if not batch:
                thread.start()
                wait_until(lambda: waits.is_set() and _queue(), 60, "the person")
    thread.join()
    assert order == ["batch 0", "person", "batch 1"]


def _queue() -> int:
    return len(queues._of[db.engine]._waiting)


def test_a_turn_that_does_not_come_is_busy_and_nothing_was_begun(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the database")
    monkeypatch.setattr(sys.modules["helpdesk.core.db"], "PATIENCE", 0.01)
    with turn(db.engine, 1), pytest.raises(Busy), transaction():
        raise AssertionError("unreachable")
    with transaction() as session:
        assert draw(session, "test") == 1
