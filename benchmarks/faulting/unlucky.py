"""One transaction in twenty is made to give way by PostgreSQL itself, whoever runs it (F9)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from benchmarks.faulting import intake, outbox, timers
from benchmarks.faulting.nursery import nursery
from benchmarks.faulting.tally import Tally
from helpdesk.core.db import db

TABLES = ("counter", "delivery", "envelope", "ticket", "alarm", "reminder", "heartbeat")
# By its number a transaction is chosen or not: all of its rows agree, and a further try is another one.
GIVE_WAY = """
CREATE SEQUENCE gave_way;
CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE chance int := abs(hashint8(txid_current()) % 40);
BEGIN
    IF chance > 1 THEN RETURN NULL; END IF;
    PERFORM nextval('gave_way');
    IF chance = 0 THEN RAISE EXCEPTION 'a deadlock' USING ERRCODE = '40P01'; END IF;
    RAISE EXCEPTION 'a serialization failure' USING ERRCODE = '40001';
END $$"""
AT_COMMIT = """CREATE CONSTRAINT TRIGGER give_way AFTER INSERT OR UPDATE OR DELETE ON "{}"
DEFERRABLE INITIALLY {} FOR EACH ROW EXECUTE FUNCTION give_way()"""


@contextmanager
def one_in_twenty() -> Iterator[None]:
    """Inside, a twentieth of all writing transactions is refused, half of it at the commit."""
    with db.engine.begin() as connection:
        connection.execute(text(GIVE_WAY))
        for number, table in enumerate(TABLES):
            when = "DEFERRED" if number % 2 else "IMMEDIATE"
            connection.execute(text(AT_COMMIT.format(table, when)))
    yield
    db.session.remove()
    with db.engine.begin() as connection:
        connection.execute(text("DROP FUNCTION give_way CASCADE"))


def refused() -> int:
    """How often a transaction was made to give way: a sequence forgets nothing in a rollback."""
    last: int = db.session.scalar(text("SELECT last_value FROM gave_way")) or 0
    return last


def forced(app: Flask, folder: Path, seconds: float, rows: int) -> Tally:
    """F9: cases over HTTP, mails and steps of escalation, all at once; each is there once."""
    timers.promises_due(rows, timedelta(0), timedelta(seconds=seconds))
    with one_in_twenty():
        with outbox.posting(app) as sink, intake.web(app, folder) as server:
            people = intake.crowd(server)
            with nursery(app, timers.timers, timers.timers_too):
                with people.at_work():
                    outbox.complaints(rows)
                    time.sleep(seconds)
                timers.quiet()
                outbox.wait(lambda: not outbox.still_open())
        times = refused()
    parts = (
        intake.tally("F9", people, times),
        outbox.tally("F9", sink, rows, 0),
        timers.tally("F9", rows, times),
    )
    return Tally(
        "F9",
        times,
        accepted=sum(part.accepted for part in parts),
        lost=sum(part.lost for part in parts),
        doubled=sum(part.doubled for part in parts),
        late=parts[1].late,
        note="kills are transactions that gave way; " + parts[0].note,
    )
