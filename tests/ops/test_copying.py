"""One command takes a desk to another database: from SQLite to PostgreSQL, and back."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk import search
from helpdesk.core import heartbeats, migrating, seals
from helpdesk.core.db import Model, db, transaction
from helpdesk.core.outbox import Delivery
from helpdesk.ops import copying
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import installations, servers
from tests.help.servers import environment, find, flask

Rows = dict[str, list[tuple[Any, ...]]]
UNLIKE = {"heartbeat"}  # who serves the old one does not serve the new one

# What a process does that is killed before its 15th batch is written.
KILLED = """
import os, signal, sys
from flask.cli import ScriptInfo
from helpdesk.ops import copying
import wsgi
left, write = [14], copying._write
def dying(*given):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    write(*given)
copying._write, copying.BATCH = dying, 40
wsgi.command(wsgi.app, ["db", "copy", "--to", sys.argv[1]])
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if find("initdb") is None:
        pytest.skip("PostgreSQL is not installed")
    with servers.postgresql() as url:
        yield url


@pytest.fixture
def postgresql(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    engine = sa.create_engine(copying.driven_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS copied WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE copied")
    engine.dispose()
    return engine.url.set(database="copied").render_as_string(hide_password=False)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'copied.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


def copied(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["db", "copy", *arguments])
    return done.exit_code, done.output


def rows(url: str) -> Rows:
    """All that is in a database, table by table."""
    engine = sa.create_engine(copying.driven_url(url))
    tables = [each for each in Model.metadata.sorted_tables if each.name not in UNLIKE]
    with engine.connect() as connection:
        found = {
            t.name: sorted(map(tuple, connection.execute(sa.select(t))), key=repr) for t in tables
        }
    engine.dispose()
    return found


def here(app: Flask) -> Rows:
    return rows(app.config["SQLALCHEMY_DATABASE_URI"])


@pytest.mark.thorough
def test_a_demo_that_goes_to_postgresql_and_back_keeps_every_row(
    tmp_path: Path, postgresql: str, sqlite: str
) -> None:
    old = environment(installations.demo(tmp_path / "old"))
    before = rows(f"sqlite:///{tmp_path}/old/helpdesk.sqlite3")
    there = flask("db", "copy", "--to", postgresql, environ=old)
    assert there.returncode == 0, there.stderr
    assert rows(postgresql) == before == rows(f"sqlite:///{tmp_path}/old/helpdesk.sqlite3")
    assert len(before["ticket"]) > 20
    new = old | {"HELPDESK_DATABASE_URL": postgresql, "HELPDESK_SECRET_KEY": "k" * 40}
    back = flask("db", "copy", "--to", sqlite, environ=new)
    assert back.returncode == 0, back.stderr
    assert rows(sqlite) == before


@pytest.mark.thorough
def test_a_copy_that_is_killed_again_and_again_goes_on_and_doubles_nothing(
    tmp_path: Path, postgresql: str
) -> None:
    old = environment(installations.demo(tmp_path / "old"))
    command = [sys.executable, "-c", KILLED, postgresql]
    ends = []
    while not ends or (ends[-1] == -signal.SIGKILL and len(ends) < 40):
        done = subprocess.run(command, cwd=servers.ROOT, env=old, capture_output=True, check=False)
        ends.append(done.returncode)
    assert ends[-1] == 0, done.stderr
    assert len(ends) > 2
    assert rows(postgresql) == rows(f"sqlite:///{tmp_path}/old/helpdesk.sqlite3")


def test_the_new_desk_goes_on_with_free_numbers_and_finds_what_the_old_one_found(
    app: Flask, target: str
) -> None:
    old = make.ticket(subject="the fridge hums a waltz")
    seals.seal()
    status, said = copied(app, "--to", target)
    assert status == 0, said
    assert "All counts, checksums and seals are the same" in said
    with copying._other(target).app_context():
        assert list(seals.broken()) == []
        query = search.matching("fridge waltz", "ticket", db.engine.dialect.name)
        assert list(db.session.scalars(query)) == [old.id]
        new = make.ticket(subject="another one")
        assert (new.id, new.number) > (old.id, old.number)
        assert migrating.here() == migrating.newest()
        db.session.remove()
        db.engine.dispose()


def test_what_points_to_a_later_row_of_its_own_table_is_kept(app: Flask, target: str) -> None:
    first, second = make.ticket(), make.ticket(subject="a twin")
    with transaction() as session:
        session.execute(
            sa.update(Ticket).where(Ticket.id == first.id).values(merged_into_id=second.id)
        )
    assert copied(app, "--to", target)[0] == 0
    assert rows(target) == here(app)


@pytest.mark.thorough
def test_a_copy_that_broke_off_begins_anew_when_the_old_one_has_changed(
    app: Flask, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    with monkeypatch.context() as broken:
        broken.setattr(copying, "_make_findable", fail)
        assert "The copy is not complete" in copied(app, "--to", sqlite)[1]
    make.ticket(subject="opened meanwhile")
    status, said = copied(app, "--to", sqlite)
    assert (status, "it begins anew" in said) == (0, True), said
    assert rows(sqlite) == here(app)


def fail(_source: object) -> None:
    raise sa.exc.SQLAlchemyError("the disk is gone")


def then(app: Flask, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this happen in the old desk when all rows are copied."""
    findable = copying._make_findable

    def meanwhile(source: sa.Connection) -> None:
        with app.app_context():
            work()
        findable(source)

    monkeypatch.setattr(copying, "_make_findable", meanwhile)


@pytest.mark.thorough
def test_of_a_running_desk_one_state_is_copied_and_it_says_what_has_happened_since(
    app: Flask, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    heartbeats.beat("deliveries")
    before = here(app)
    then(app, lambda: make.ticket(subject="opened meanwhile"), monkeypatch)
    status, said = copied(app, "--to", target)
    assert status == 0, said
    assert f"up to journal number {len(before['event'])}." in said
    assert f"It has had {len(here(app)['event']) - len(before['event'])} events since" in said
    assert rows(target)["ticket"] == before["ticket"]
    monkeypatch.undo()
    assert "--again begins anew" in copied(app, "--to", target)[1]
    assert copied(app, "--to", target, "--again")[0] == 0
    assert rows(target)["ticket"] == here(app)["ticket"]


@pytest.mark.thorough
def test_what_waits_to_be_sent_is_held_back_in_the_copy_of_a_running_desk(
    app: Flask, sqlite: str
) -> None:
    make.ticket()
    waiting = db.session.scalar(sa.select(sa.func.count()).where(Delivery.state == "waiting"))
    assert waiting
    assert copied(app, "--to", sqlite)[0] == 0
    assert rows(sqlite)["delivery"] == here(app)["delivery"]
    heartbeats.beat("deliveries")
    assert "held back in the copy" in copied(app, "--to", sqlite, "--again")[1]
    with copying._other(sqlite).app_context():
        held = sa.select(sa.func.count()).where(Delivery.state == "dead")
        assert db.session.scalar(held) == waiting
        db.session.remove()


@pytest.mark.thorough
def test_a_copy_that_differs_ends_with_the_names_of_what_differs(
    app: Flask, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.ticket()
    compare = copying._compare

    def spoilt(tallies: Any) -> None:
        with transaction() as session:
            session.execute(sa.update(Ticket).values(subject="something else"))
        compare(tallies)

    monkeypatch.setattr(copying, "_compare", spoilt)
    status, said = copied(app, "--to", target)
    assert (status, "The copy differs in: ticket." in said) == (1, True), said


def test_a_database_in_use_is_never_copied_over(app: Flask, target: str) -> None:
    make.ticket()
    assert copied(app, "--to", target)[0] == 0
    with copying._other(target).app_context():
        heartbeats.beat("alarms")
        db.session.remove()
        db.engine.dispose()
    before = rows(target)
    make.ticket(subject="later")
    for more in ((), ("--again",)):
        status, said = copied(app, "--to", target, *more)
        assert (status, "is in use" in said) == (1, True), said
    assert rows(target) == before


def test_a_database_with_other_tables_and_the_old_one_itself_are_refused(
    app: Flask, sqlite: str
) -> None:
    make.ticket()
    status, said = copied(app, "--to", app.config["SQLALCHEMY_DATABASE_URI"], "--again")
    assert (status, "to be copied" in said) == (1, True), said
    engine = sa.create_engine(sqlite)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE wages (id integer)")
    status, said = copied(app, "--to", sqlite)
    assert (status, "tables of something else" in said) == (1, True), said
    assert sa.inspect(engine).get_table_names() == ["wages"]
