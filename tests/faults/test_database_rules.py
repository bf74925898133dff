"""What helpdesk/core/db.py promises of both databases: durable, strict, retried, and honest when gone."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.exc import IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from helpdesk import promises
from helpdesk.clock import now
from helpdesk.core import alarms
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, gave_way, locked, retrying, transaction
from helpdesk.core.errors import Busy, Conflict
from helpdesk.core.rows import insert_many
from helpdesk.ops import doctor
from helpdesk.promises import rows
from helpdesk.promises.models import Promise
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.refusals import refusal
from tests.help.statements import counted

BEIJING = timezone(timedelta(hours=8))


def on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def setting(name: str) -> object:
    command = f"PRAGMA {name}" if on_sqlite() else f"SHOW {name}"
    return db.session.scalar(text(command))


def test_sqlite_is_durable_strict_and_patient(app: Flask) -> None:
    """WAL, full synchronisation (2), foreign keys, and at least ten seconds of patience."""
    if not on_sqlite():
        pytest.skip("SQLite only")
    found = {name: setting(name) for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert setting("busy_timeout") >= 10_000  # type: ignore[operator]


def test_postgresql_gives_up_waiting_before_people_do(app: Flask) -> None:
    if on_sqlite():
        pytest.skip("PostgreSQL only")
    limits = {name: setting(name) for name in ("lock_timeout", "statement_timeout", "TimeZone")}
    assert limits == {"lock_timeout": "10s", "statement_timeout": "1min", "TimeZone": "UTC"}


def test_a_connection_that_the_server_has_ended_is_not_used(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is refused for that, however shortly it was out of use, and no server is asked for it."""
    if on_sqlite():
        pytest.skip("PostgreSQL only")
    db.session.remove()
    asked: list[object] = []
    monkeypatch.setattr(db.engine.dialect, "do_ping", lambda wire: asked.append(wire) or True)
    rested, other = db.engine.connect(), db.engine.connect()
    pid = rested.scalar(text("SELECT pg_backend_pid()"))
    rested.close()
    other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.close()
    pids = {connection.scalar(text("SELECT pg_backend_pid()")) for connection in both()}
    assert len(pids) == 2 and pid not in pids and not asked


def both() -> Iterator[Connection]:
    """Two connections at once."""
    with db.engine.connect() as one, db.engine.connect() as another:
        yield from (one, another)


def test_who_only_looks_is_in_no_transaction_and_who_writes_is_in_one(app: Flask) -> None:
    """Of two statements of a request the second is as fresh as one in a transaction of its own; what a
    verb writes in the same request is undone as a whole."""
    if on_sqlite():
        pytest.skip("SQLite reads in its own way")
    db.session.remove()
    begun = text("SELECT transaction_timestamp() = statement_timestamp()")
    with app.test_request_context("/queue"):
        assert [db.session.scalar(begun) for _ in range(2)] == [True, True]
        with pytest.raises(ValueError, match="half"), transaction() as session:
            session.add(Alarm(kind="half", subject_id=1, due_at=datetime.now(UTC)))
            session.flush()
            assert not session.scalar(begun)
            raise ValueError("half of it")
        assert db.session.scalar(select(func.count()).where(Alarm.kind == "half")) == 0


def test_a_time_with_a_zone_comes_back_as_the_same_moment(app: Flask) -> None:
    noon = datetime(2026, 11, 18, 12, tzinfo=BEIJING)
    with transaction() as session:
        session.add(Alarm(kind="noon", subject_id=1, due_at=noon))
    db.session.expire_all()
    kept = db.session.scalars(db.select(Alarm.due_at).filter_by(kind="noon")).one()
    assert (kept, kept.tzinfo) == (noon, UTC)


def test_many_rows_in_one_statement_keep_every_kind_of_value(app: Flask) -> None:
    """Numbers, texts in both scripts, moments of any zone, lists, yes and no, and nothing at all."""
    row = promises.table(make.ticket())[0]
    noon = datetime(2026, 11, 18, 12, tzinfo=BEIJING)
    values = {name: getattr(row, name) for name in rows.COLUMNS} | {
        "part": 7,
        "done": "已退款 “100 %”, it's 'done'\\",
        "due_at": noon,
        "pauses": [[noon.isoformat(), ""]],
        "provisional": True,
        "met_at": None,
        "taken": None,
    }
    with transaction():
        [made] = insert_many(Promise.__table__, [values], Promise.promise, Promise.id)
    kept = db.session.get_one(Promise, made.id)
    assert made.promise == row.promise
    assert {name: getattr(kept, name) for name in rows.COLUMNS} == values
    assert kept.due_at is not None and kept.due_at.tzinfo is UTC


def test_no_rows_are_no_statement(app: Flask) -> None:
    with transaction(), counted() as sent:
        assert insert_many(Promise.__table__, [], Promise.id) == []
    assert sent == []


def test_read_then_write_by_many_at_once_loses_nothing(app: Flask) -> None:
    """BEGIN IMMEDIATE, or the row's lock: nobody writes over what he has not read (V2.3.3)."""
    ticket = make.ticket()
    number = ticket.id

    def work() -> None:
        with app.app_context():
            for _ in range(10):
                with transaction() as session:
                    locked(session.get_one(Ticket, number)).urges += 1

    db.session.remove()
    _at_once([work] * 4)
    assert db.session.get_one(Ticket, number).urges == 40


def _at_once(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_row_that_moved_on_is_a_conflict_and_not_overwritten(app: Flask) -> None:
    """The version column guards what nobody locked, too."""
    ticket = make.ticket()
    with pytest.raises(Conflict), transaction() as session:
        session.execute(text("UPDATE ticket SET version = version + 1, place = 'Wuhan'"))
        ticket.place = "Beijing"
    db.session.rollback()
    with pytest.raises(Conflict):
        actions.accept(ticket, by=make.SUPERVISOR, version=ticket.version + 7)


def gone() -> InterfaceError:
    return InterfaceError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)


@pytest.mark.parametrize("error", [refusal("57P01"), PoolTimeout("no connection"), gone()])
def test_a_database_that_is_gone_is_busy_and_leaves_the_next_transaction_whole(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Also when not even BEGIN works: what follows must not believe that a transaction is open."""

    def refuse(*_args: object, **_more: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(type(db.session()), "connection", refuse)
        with pytest.raises(Busy), transaction() as session:
            session.connection()  # PostgreSQL is asked when there is something to do
            raise AssertionError("unreachable")
    ticket = make.ticket()
    db.session.remove()
    assert db.session.get(Ticket, ticket.id) is not None


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_f9_who_gave_way_is_run_again_three_times_at_most(app: Flask, code: str) -> None:
    tries: list[int] = []

    def work() -> str:
        with transaction():
            tries.append(1)
            if len(tries) < 3:
                raise refusal(code)
            return "done"

    assert retrying(work) == "done"
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(Busy):
        retrying(lambda: _always(tries, code))
    assert len(tries) == 3


def _always(tries: list[int], code: str) -> None:
    with transaction():
        tries.append(1)
        raise refusal(code)


def test_a_broken_rule_of_the_tables_is_not_run_again(app: Flask) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        with transaction() as session:
            session.execute(text("UPDATE ticket SET person_id = NULL"))

    make.ticket()
    with pytest.raises(IntegrityError):
        retrying(work)
    assert tries == [1]


@pytest.fixture
def unlucky(app: Flask) -> Iterator[list[int]]:
    """The next commits that change a ticket are chosen to give way, as often as the list has items."""
    left: list[int] = []

    def give_way(*_args: object) -> None:
        if left and db.session().info.get("writing"):
            left.pop()
            raise refusal("40P01")

    event.listen(db.session, "before_flush", give_way)
    yield left
    event.remove(db.session, "before_flush", give_way)


@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_f9_of_a_hundred_cases_with_forced_failures_each_is_there_once(
    app: Flask, code: str
) -> None:
    """One commit in twenty is refused at its last statement, at random."""
    chance, refused = random.Random(code), 0

    def maybe(_connection: object) -> None:
        nonlocal refused
        if db.session().info.get("writing") and chance.random() < 0.05:
            refused += 1
            raise refusal(code)

    event.listen(db.engine, "commit", maybe)
    try:
        for number in range(100):
            make.ticket(subject=f"第{number}台")
    finally:
        event.remove(db.engine, "commit", maybe)
    assert refused
    subjects = list(db.session.scalars(db.select(Ticket.subject)))
    assert sorted(subjects) == sorted(f"第{number}台" for number in range(100))
    assert doctor.broken_promises() == []


def test_f9_two_who_wait_for_each_other_are_both_done_in_the_end(app: Flask) -> None:
    """A real deadlock: PostgreSQL ends one of the two, whose work is then run again; it may be back before
    the other has woken up, and meet it once more."""
    if on_sqlite():
        pytest.skip("SQLite has one writer: there is no deadlock")
    first, second = make.ticket().id, make.ticket().id
    meeting, tries = threading.Barrier(2), list[int]()

    def work(order: tuple[int, int]) -> None:
        tries.append(1)
        with transaction() as session:
            locked(session.get_one(Ticket, order[0])).urges += 1
            session.flush()
            if len(tries) <= 2:
                meeting.wait(30)
            locked(session.get_one(Ticket, order[1])).urges += 1

    def in_context(order: tuple[int, int]) -> None:
        with app.app_context():
            retrying(lambda: work(order))

    db.session.remove()
    _at_once([lambda: in_context((first, second)), lambda: in_context((second, first))])
    assert 3 <= len(tries) <= 4
    assert [db.session.get_one(Ticket, number).urges for number in (first, second)] == [2, 2]


def test_f9_a_request_that_gave_way_is_answered_as_if_nothing_had_been(
    app: Flask, client: FlaskClient, unlucky: list[int]
) -> None:
    ticket = make.ticket()
    agent = make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    unlucky.extend([1, 1])
    answer = agent.post(f"/tickets/{ticket.number}/moves/accept", data={"version": ticket.version})
    assert answer.status_code < 400, answer.text
    assert not unlucky
    kept = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    assert kept.status == "accepted"


def test_f9_a_request_that_gives_way_again_and_again_says_so(
    app: Flask, client: FlaskClient, unlucky: list[int]
) -> None:
    ticket = make.ticket()
    agent = make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    unlucky.extend([1] * 9)
    answer = agent.post(f"/tickets/{ticket.number}/moves/accept", data={"version": ticket.version})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert len(unlucky) == 6


@pytest.mark.parametrize("error", [gone(), PoolTimeout("none"), StaleDataError("moved")])
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_f8_a_page_says_that_the_database_is_gone(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    def view() -> str:
        raise error

    monkeypatch.setitem(app.view_functions, "health.healthz", view)
    answer = client.get("/healthz", headers={"Accept": kind})
    expected = 409 if isinstance(error, StaleDataError) else 503
    assert answer.status_code == expected
    assert "Traceback" not in answer.text
    assert kind == "text/html" or answer.json["code"] in ("busy", "conflict")


def test_an_alarm_steps_back_for_the_person_who_is_at_work(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving way is no failure: no try is counted, nothing is put off, the others ring."""
    turns = [refusal("55P03"), None, None]
    rung: list[int] = []

    def handler(ring: alarms.Ring) -> None:
        if (error := turns.pop(0)) is not None:
            raise error
        rung.append(ring.subject_id)

    monkeypatch.setitem(alarms._handlers, "bell", handler)
    with transaction():
        for subject in (1, 2):
            alarms.set_alarm("bell", subject, now() - timedelta(seconds=9 - subject))
    assert (alarms.ring_due(), rung) == (1, [2])
    left = db.session.scalars(db.select(Alarm)).one()
    assert (left.tries, left.error, left.due_at < now()) == (0, None, True)
    assert (alarms.ring_due(), rung) == (1, [2, 1])


def test_background_work_waits_less_for_a_lock_than_it_takes_to_call_a_deadlock(app: Flask) -> None:
    if on_sqlite():
        pytest.skip("SQLite has one writer: there is no deadlock")
    ticket = make.ticket(severity="S1")
    with transaction():
        db.session.execute(text("UPDATE alarm SET due_at = due_at - interval '9 days'"))
    db.session.remove()
    with db.engine.connect() as person, person.begin():
        person.execute(text("SELECT 1 FROM ticket WHERE id = :id FOR UPDATE"), {"id": ticket.id})
        assert alarms.ring_due() == 0
    assert alarms.ring_due() > 0
    assert not db.session.scalars(db.select(Alarm).where(Alarm.tries > 0)).all()


def test_only_codes_that_undo_everything_are_run_again() -> None:
    assert gave_way(refusal("40P01"))
    assert not gave_way(refusal("57014"))
    assert not gave_way(ValueError())
