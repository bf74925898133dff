"""Where tests keep their rows: a fresh, seeded database for each, on either profile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import sqlalchemy as sa

from helpdesk.core.db import db
from helpdesk.setup import in_force
from tests.help.servers import ROOT

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")

SHARED = ROOT.parent / "shared"


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
