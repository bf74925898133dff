"""The whole database as one number: equal numbers, equal rows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import sqlalchemy as sa

from helpdesk.core.db import db

PLACES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
}
ONE = (
    "SELECT '{0}', md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) "
    'FROM public."{0}" t'
)


def state(without: Collection[str] = ()) -> str:
    """A hash of every row of every table, read by a connection of its own; call it between transactions."""
    db.session.rollback()
    with db.engine.connect() as connection:
        kind = connection.dialect.name
        tables = [name for (name,) in connection.execute(sa.text(PLACES[kind]))]
        read = _sqlite if kind == "sqlite" else _postgresql
        return read(connection, [name for name in tables if name not in without])


def _sqlite(connection: sa.Connection, tables: list[str]) -> str:
    found = hashlib.sha256()
    for name in tables:
        rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall()
        found.update(repr((name, sorted(map(repr, rows)))).encode())
    return found.hexdigest()


def _postgresql(connection: sa.Connection, tables: list[str]) -> str:
    query = " UNION ALL ".join(ONE.format(name) for name in tables)
    rows = connection.exec_driver_sql(query).fetchall()
    return hashlib.sha256(repr(sorted(map(tuple, rows))).encode()).hexdigest()
