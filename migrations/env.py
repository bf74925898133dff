"""Alembic's surroundings: the app's own engine and tables. `flask db upgrade` comes here."""

from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy.exc import IntegrityError

from helpdesk.search import is_index_table

database = current_app.extensions["migrate"].db


def ours(_object, name, kind, _reflected, _other):
    """Tables that the search module makes by hand are not compared, nor what a copy has beside them."""
    return not (kind == "table" and (is_index_table(name) or name == "copy_progress"))


def run() -> None:
    """Upgrade or downgrade in one transaction, however many rows there are."""
    with database.engine.connect().execution_options(writing=True) as connection, free(connection):
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            include_object=ours,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,  # SQLite too: all of the run, or nothing of it
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            context.run_migrations()
            check(connection)
        connection.commit()


@contextmanager
def free(connection):
    """SQLite changes a table by making it anew: what points to it is looked at when all is done.

    While foreign keys are watched it refuses to drop the old table (or deletes what hangs on its rows), and
    the watch can't be changed inside a transaction, so this comes before it.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def check(connection):
    """Raise when a row points to nothing, so that nothing of this run is kept."""
    if connection.dialect.name == "sqlite":
        loose = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if loose:
            told = ", ".join(f"{row[0]} {row[1]} -> {row[2]}" for row in loose[:5])
            raise IntegrityError(
                f"{len(loose)} rows point to nothing: {told}", None, ValueError(told)
            )


run()
