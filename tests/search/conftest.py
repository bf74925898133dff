"""An empty index on SQLite, and on PostgreSQL too when TEST_DATABASE_URL names a server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from helpdesk import search

Find = Callable[..., list[int]]


def _engine(name: str) -> Engine:
    if name == "sqlite":
        return create_engine("sqlite://")
    url = os.environ.get("TEST_POSTGRES_URL") or os.environ.get("TEST_DATABASE_URL", "")
    if not url:
        pytest.skip("no PostgreSQL server: TEST_DATABASE_URL is not set")
    return create_engine("postgresql+psycopg" + url[url.index(":") :])


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to a fresh index; PostgreSQL's lies in a schema that is rolled back."""
    engine = _engine(request.param)
    with engine.connect() as opened:
        if request.param == "postgresql":
            schema = f"search_{uuid.uuid4().hex}"
            opened.execute(text(f"CREATE SCHEMA {schema}"))
            opened.execute(text(f"SET LOCAL search_path TO {schema}"))
        search.create(opened)
        yield opened
        opened.rollback()
    engine.dispose()


@pytest.fixture
def find(connection: Connection) -> Find:
    """The ids of what a query finds, in order."""

    def found(query: str, kind: str = "ticket", prefix: bool = False) -> list[int]:
        dialect = connection.dialect.name
        statement = search.matching(query, kind, dialect, prefix=prefix)
        return sorted(connection.scalars(statement))

    return found
