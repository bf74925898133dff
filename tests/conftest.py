"""One app for the run; every test gets a fresh copy of a seeded database, on either profile.

TEST_DATABASE_URL names a PostgreSQL server's maintenance database to run the suite there,
TEST_REDIS_URL a Redis to run it with: `bin/test --servers` brings both. Processes that run parts of the
suite side by side (pytest-xdist) share no database, folder, port or Redis.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from helpdesk import create_app, settings
from helpdesk.agents import passwords
from helpdesk.api import auth
from helpdesk.core.db import db
from helpdesk.seeds.defaults import seed_defaults
from helpdesk.setup import in_force
from tests import described, servers
from tests.smtp_sink import Sink

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")
SHARED = Path(__file__).parent.parent.parent / "shared"
# A password costs a tenth of a second on purpose: tests of other things need not wait for it.
DEAR, passwords.METHOD = passwords.METHOD, "scrypt:1024:8:1"


def pytest_report_header() -> str:
    """What is not here: tests that need it are skipped, and the end says so."""
    there = {name: bool(servers.find(name)) for name in ("dovecot", "pdftotext", "redis-server")}
    there |= {"PostgreSQL": bool(servers.find("initdb")), "Chromium": bool(servers.chromium())}
    there |= {"the material beside the project": SHARED.is_dir()}
    missing = sorted(name for name, is_there in there.items() if not is_there)
    return f"not here, so its tests are skipped: {', '.join(missing) or 'nothing'}"


class Store:
    """Makes the seeded template once and hands out fresh copies of it."""

    setup: in_force.Setup  # of every fresh copy, so that not each test reads it

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'test.sqlite3'}"

    def keep_template(self) -> None:
        db.session.remove()
        db.engine.dispose()
        shutil.copy(self.folder / "test.sqlite3", self.folder / "seed.sqlite3")

    def fresh(self) -> None:
        db.session.remove()
        db.engine.dispose()
        for leftover in self.folder.glob("test.sqlite3-*"):
            leftover.unlink()
        shutil.copy(self.folder / "seed.sqlite3", self.folder / "test.sqlite3")

    def drop(self) -> None:
        """The folder goes away by itself."""


class PostgresqlStore(Store):
    """The same on PostgreSQL: rows are put back, which is much faster than a new database."""

    def __init__(self, folder: Path) -> None:
        self.server = sa.create_engine(_psycopg(POSTGRES), isolation_level="AUTOCOMMIT")
        self.name = f"helpdesk_test_{os.getpid()}"
        url = self.server.url.set(database=self.name)
        self.url = url.render_as_string(hide_password=False)
        self._sql(f'CREATE DATABASE "{self.name}"')
        # One connection for all tests: a new one reads the whole catalogue first.
        self.here = sa.create_engine(url, pool_size=1, pool_pre_ping=True)

    def _sql(self, statement: str) -> None:
        with self.server.connect() as connection:
            connection.exec_driver_sql(statement)

    def keep_template(self) -> None:
        db.session.remove()
        db.engine.dispose()
        with self.here.begin() as connection:
            self.refill = _refill_script(connection)
        self.here.dispose()
        self._sql(f'CREATE DATABASE "{self.name}_seed" TEMPLATE "{self.name}"')

    def fresh(self) -> None:
        db.session.remove()
        try:
            with self.here.begin() as connection:
                connection.exec_driver_sql(self.refill)
        except sa.exc.DBAPIError:  # a test has changed the tables themselves
            db.engine.dispose()
            self.here.dispose()
            self._sql(f'DROP DATABASE "{self.name}" WITH (FORCE)')
            self._sql(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.name}_seed"')

    def drop(self) -> None:
        self.here.dispose()
        for name in (self.name, f"{self.name}_seed"):
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
DROP_NEW_TABLES = """DO $$ DECLARE new text; BEGIN
FOR new IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
AND tablename NOT IN (SELECT tablename FROM pg_tables WHERE schemaname = 'seed')
LOOP EXECUTE 'DROP TABLE public.' || quote_ident(new) || ' CASCADE'; END LOOP; END $$"""


def _refill_script(connection: sa.Connection) -> str:
    """Keep the rows in a schema of their own; the statements that bring them back."""
    connection.exec_driver_sql("CREATE SCHEMA seed")
    script = [END_OTHERS, "SET LOCAL session_replication_role = replica", DROP_NEW_TABLES]
    for table in sa.inspect(connection).get_table_names(schema="public"):
        columns = ", ".join(_columns(connection, table))
        connection.exec_driver_sql(f'CREATE TABLE seed."{table}" AS TABLE public."{table}"')
        script.append(f'DELETE FROM public."{table}"')
        script.append(
            f'INSERT INTO public."{table}" ({columns}) SELECT {columns} FROM seed."{table}"'
        )
    rows = connection.exec_driver_sql(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
    )
    for name, last in rows:
        script.append(f"SELECT setval('public.\"{name}\"', {last or 1}, {last is not None})")
    return ";\n".join(script)


def _columns(connection: sa.Connection, table: str) -> list[str]:
    """The columns that can be written, quoted."""
    found = sa.inspect(connection).get_columns(table, schema="public")
    return [f'"{column["name"]}"' for column in found if not column.get("computed")]


def _psycopg(url: str) -> str:
    return "postgresql+psycopg" + url[url.index(":") :]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    kind = PostgresqlStore if POSTGRES else Store
    made = kind(tmp_path_factory.mktemp("database"))
    yield made
    made.drop()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The Redis of this process, or nothing: processes that share one hear each other's messages."""
    given = os.environ.get("TEST_REDIS_URL", "")
    if given and "PYTEST_XDIST_WORKER" in os.environ:
        with servers.redis() as own:
            yield own
    else:
        yield given


@pytest.fixture(scope="session")
def the_app(
    store: Store, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    known = settings.load(
        {
            "HELPDESK_DATABASE_URL": store.url,
            "HELPDESK_SECRET_KEY": "a key for tests only",
            "HELPDESK_INSTANCE": str(tmp_path_factory.mktemp("instance")),
            "HELPDESK_LANGUAGE": "en",
            "HELPDESK_MAIL_NETWORKS": "127.0.0.0/8:* [::1]:*",
            "HELPDESK_REDIS_URL": redis_url,
        }
    )
    app = create_app(known)
    app.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False, "PROPAGATE": True}
    described.watch(app)
    with app.app_context():
        upgrade()
        seed_defaults()
        store.setup = in_force.current()
        store.keep_template()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords that cost as much as outside of tests."""
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(passwords, "METHOD", DEAR)
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def app(the_app: Flask, store: Store) -> Iterator[Flask]:
    """The app with a fresh, seeded database and an application context."""
    with the_app.app_context():
        store.fresh()
        in_force.forget()
        auth.paces.forget()
        in_force._kept[db.engine] = store.setup
        yield the_app
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a sign-in. (Its requests use sessions of their own.)"""
    return app.test_client()


@pytest.fixture
def sink(app: Flask) -> Iterator[Sink]:
    """The mail server that the app sends through."""
    server, before = Sink(), app.extensions["helpdesk_settings"]
    app.extensions["helpdesk_settings"] = replace(before, smtp_url=server.url)
    yield server
    app.extensions["helpdesk_settings"] = before
    server.shutdown()
    server.server_close()


@pytest.fixture
def shared() -> Path:
    """The real material beside the project; the test is skipped where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("the real material is not beside this clone")
    return SHARED
