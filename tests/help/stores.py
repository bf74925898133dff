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
    """The same on PostgreSQL: the rows of the tables that a test wrote to are put back, which is much
    faster than a new database."""

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
            _keep_rows(connection)
        self.here.dispose()
        self._sql(f'CREATE DATABASE "{self.name}_seed" TEMPLATE "{self.name}"')

    def fresh(self) -> None:
        db.session.remove()
        try:
            with self.here.begin() as connection:
                connection.exec_driver_sql(REFILL)
        except sa.exc.DBAPIError:  # a test has changed the tables themselves
            db.engine.dispose()
            self.here.dispose()
            self._sql(f'DROP DATABASE "{self.name}" WITH (FORCE)')
            self._sql(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.name}_seed"')

    def drop(self) -> None:
        self.here.dispose()
        for name in (self.name, f"{self.name}_seed"):
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


# In a schema of its own: the rows of the template, how each table is filled, and which were written to.
NOTE_WRITTEN = """CREATE TABLE seed.written (name text);
CREATE TABLE seed.refill (name text PRIMARY KEY, script text);
CREATE FUNCTION seed.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO seed.written VALUES (TG_TABLE_NAME); RETURN NULL; END $$"""

WATCH = """CREATE TRIGGER zz_written AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public."{table}"
FOR EACH STATEMENT EXECUTE FUNCTION seed.note()"""

REFILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
SET LOCAL session_replication_role = replica;
DO $$ DECLARE found record; BEGIN
IF (SELECT count(*) FROM pg_trigger WHERE tgname = 'zz_written') <> (SELECT count(*) FROM seed.refill)
THEN RAISE 'tables were made anew'; END IF;
FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    AND tablename NOT IN (SELECT name FROM seed.refill)
LOOP EXECUTE 'DROP TABLE public.' || quote_ident(found.tablename) || ' CASCADE'; END LOOP;
FOR found IN SELECT script FROM seed.refill WHERE name IN (SELECT name FROM seed.written)
LOOP EXECUTE found.script; END LOOP;
TRUNCATE seed.written; END $$"""


def _keep_rows(connection: sa.Connection) -> None:
    """Keep the rows in a schema of their own, and note from now on which tables are written to."""
    connection.exec_driver_sql(f"CREATE SCHEMA seed; {NOTE_WRITTEN}")
    for table in sa.inspect(connection).get_table_names(schema="public"):
        columns = ", ".join(_columns(connection, table))
        connection.exec_driver_sql(f'CREATE TABLE seed."{table}" AS TABLE public."{table}"')
        script = (
            f'DELETE FROM public."{table}"; '
            f'INSERT INTO public."{table}" ({columns}) SELECT {columns} FROM seed."{table}"'
        )
        script += "".join(f"; {each}" for each in _numbering(connection, table))
        insert = sa.text("INSERT INTO seed.refill VALUES (:name, :script)")
        connection.execute(insert, {"name": table, "script": script})
        connection.exec_driver_sql(WATCH.format(table=table))


def _numbering(connection: sa.Connection, table: str) -> list[str]:
    """The statements that let a table's ids begin where the template's ended."""
    owned = sa.text(
        "SELECT s.schemaname || '.' || quote_ident(s.sequencename), s.last_value FROM pg_sequences s"
        " JOIN pg_depend d ON d.objid = (quote_ident(s.schemaname) || '.' ||"
        " quote_ident(s.sequencename))::regclass AND d.deptype IN ('a', 'i')"
        " WHERE s.schemaname = 'public' AND d.refobjid = (:table)::regclass"
    )
    found = connection.execute(owned, {"table": f'public."{table}"'})
    return [f"SELECT setval('{name}', {last or 1}, {last is not None})" for name, last in found]


def _columns(connection: sa.Connection, table: str) -> list[str]:
    """The columns that can be written, quoted."""
    found = sa.inspect(connection).get_columns(table, schema="public")
    return [f'"{column["name"]}"' for column in found if not column.get("computed")]


def _psycopg(url: str) -> str:
    return "postgresql+psycopg" + url[url.index(":") :]
