"""The migrations lead to the tables of the models, from nothing and from an older edition with rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from helpdesk import create_app, settings
from helpdesk.db import db
from helpdesk.search import is_index_table
from tests.conftest import POSTGRES, _psycopg

FIRST = "0001"


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


def test_the_way_back_leads_to_the_older_edition(empty: Flask) -> None:
    upgrade(revision=FIRST)
    tables, indexes = set(sa.inspect(db.engine).get_table_names()), partial_indexes()
    upgrade()
    assert set(sa.inspect(db.engine).get_table_names()) > tables
    downgrade(revision=FIRST)
    assert (set(sa.inspect(db.engine).get_table_names()), partial_indexes()) == (tables, indexes)


def _blank(column: sa.Column[Any]) -> Any:
    """Any value of the column's kind."""
    kind = column.type.python_type
    return {bool: False, int: 0, str: "", dict: {}, list: []}.get(kind, sa.func.now())
