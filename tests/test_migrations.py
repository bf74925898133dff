"""The migrations lead to the tables of the models, from nothing and from an older edition with rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from helpdesk import create_app, settings
from helpdesk.core.db import db
from helpdesk.search import is_index_table
from tests.conftest import POSTGRES, _psycopg

FIRST = "0001"
RENAMED = {"response"}  # tables of the first edition that have another name by now


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Flask]:
    """An app with a database of its own in which nothing is."""
    url, drop = _new_database(tmp_path)
    given = {
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_SECRET_KEY": "a key for tests only, long enough",
        "HELPDESK_INSTANCE": str(tmp_path),
    }
    app = create_app(settings.load(given))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    drop()


def _new_database(folder: Path) -> tuple[str, Any]:
    if not POSTGRES:
        return f"sqlite:///{folder / 'migrated.sqlite3'}", lambda: None
    server = sa.create_engine(_psycopg(POSTGRES), isolation_level="AUTOCOMMIT")
    name = "helpdesk_migrated"
    with server.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')

    def drop() -> None:
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    return server.url.set(database=name).render_as_string(hide_password=False), drop


def differences() -> list[Any]:
    """What autogeneration would still change."""
    with db.engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_object": lambda _o, name, kind, *_: (
                not (kind == "table" and is_index_table(name))
            ),
        }
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata)
        )


def partial_indexes() -> dict[str, str]:
    """Each index with a condition, as the database wrote it down: comparing by name leaves it out."""
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    other = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(other if POSTGRES else sqlite))
        return {name: " ".join(told.split()) for name, told in rows}


def test_an_empty_database_gets_exactly_the_tables_of_the_models(empty: Flask) -> None:
    upgrade()
    assert differences() == []
    migrated = partial_indexes()
    with db.engine.begin() as connection:
        db.metadata.drop_all(connection)
        db.metadata.create_all(connection)
    assert migrated == partial_indexes()


def test_an_older_edition_keeps_its_rows(empty: Flask) -> None:
    upgrade(revision=FIRST)
    told = {"name": "support", "address": "help@example.com"}
    box = sa.Table("mailbox", sa.MetaData(), autoload_with=db.engine)
    blank = {c.name: _blank(c) for c in box.columns if not c.nullable and c.name != "id"}
    with db.engine.begin() as connection:
        connection.execute(box.insert().values(blank | told))
    upgrade()
    row = db.session.execute(
        sa.text("SELECT name, address, per_minute, proof_by FROM mailbox")
    ).one()
    assert tuple(row) == ("support", "help@example.com", 30, "")
    assert differences() == []


def _insert(connection: sa.Connection, name: str, **told: Any) -> None:
    """A row of an older edition; what is not told is blank."""
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    blank = {c.name: _blank(c) for c in table.columns if not c.nullable and c.name != "id"}
    connection.execute(table.insert().values(blank | told))


def _counted(*names: str) -> list[int]:
    return [db.session.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names]


def test_rows_that_hang_on_a_table_that_changes_stay(empty: Flask) -> None:
    upgrade(revision=FIRST)
    with db.engine.begin() as connection:
        _insert(connection, "person", id=1)
        _insert(connection, "ticket", id=1, number="2026-000001", person_id=1)
        _insert(connection, "message", id=1, ticket_id=1, body="It leaks.")
        _insert(connection, "response", id=1, ticket_id=1, promise="resolve", state="running")
    upgrade()
    assert _counted("person", "ticket", "message", "promise") == [1, 1, 1, 1]
    db.session.rollback()
    downgrade(revision=FIRST)
    assert _counted("person", "ticket", "message", "response") == [1, 1, 1, 1]


@pytest.mark.skipif(bool(POSTGRES), reason="PostgreSQL watches foreign keys while tables change")
def test_a_row_that_points_to_nothing_stops_the_upgrade_and_nothing_of_it_is_kept(
    empty: Flask,
) -> None:
    upgrade(revision=FIRST)
    tables = set(sa.inspect(db.engine).get_table_names())
    with closing(sqlite3.connect(str(db.engine.url.database))) as loose:
        loose.execute("INSERT INTO link (from_id, to_id, kind) VALUES (98, 99, 'repeat')")
        loose.commit()
    with pytest.raises(sa.exc.IntegrityError, match="2 rows point to nothing: link 1 -> ticket"):
        upgrade()
    assert set(sa.inspect(db.engine).get_table_names()) == tables
    assert db.session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_promises_keep_their_ids_alarms_and_steps_there_and_back(empty: Flask) -> None:
    upgrade(revision="0015")
    with db.engine.begin() as connection:
        _insert(connection, "person", id=1)
        _insert(connection, "ticket", id=7, person_id=1, number="2026-000007")
        for row_id, promise in ((30, "acknowledge"), (31, "resolve")):
            _insert(connection, "response", id=row_id, ticket_id=7, promise=promise, limit="8 wh")
        _insert(connection, "alarm", id=1, kind="response", subject_id=31)
        _insert(connection, "alarm", id=2, kind="hold", subject_id=7)
        for kind, subject in (("response", 31), ("notice", 4)):
            _insert(connection, "escalation", subject_kind=kind, subject_id=subject)
    upgrade()
    about = 'SELECT id, subject_kind, subject_id, promise, "limit" FROM promise ORDER BY id'
    assert _all(about) == [
        (30, "ticket", 7, "acknowledge", "8 wh"),
        (31, "ticket", 7, "resolve", "8 wh"),
    ]
    assert _all("SELECT kind FROM alarm ORDER BY id") == [("promise",), ("hold",)]
    assert ("promise", 31) in _all("SELECT subject_kind, subject_id FROM escalation")
    with db.engine.begin() as connection:
        _insert(connection, "promise", subject_kind="ticket", subject_id=7, promise="close")
    assert _all("SELECT max(id) FROM promise") == [(32,)]  # the counter goes on behind the old ids
    downgrade(revision="0015")
    assert _all("SELECT id, ticket_id, promise FROM response ORDER BY id") == [
        (30, 7, "acknowledge"),
        (31, 7, "resolve"),
        (32, 7, "close"),
    ]
    assert _all("SELECT kind FROM alarm ORDER BY id") == [("response",), ("hold",)]
    assert ("response", 31) in _all("SELECT subject_kind, subject_id FROM escalation")


def _all(query: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_the_way_back_leads_to_the_older_edition(empty: Flask) -> None:
    upgrade(revision=FIRST)
    tables, indexes = set(sa.inspect(db.engine).get_table_names()), partial_indexes()
    upgrade()
    assert set(sa.inspect(db.engine).get_table_names()) > tables - RENAMED
    downgrade(revision=FIRST)
    assert (set(sa.inspect(db.engine).get_table_names()), partial_indexes()) == (tables, indexes)


def _blank(column: sa.Column[Any]) -> Any:
    """Any value of the column's kind."""
    if isinstance(column.type, sa.JSON):
        return {}
    kind = column.type.python_type
    return {bool: False, int: 0, str: "", dict: {}, list: []}.get(kind, sa.func.now())
