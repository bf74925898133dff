"""Alembic's surroundings: the app's own engine and tables. `flask db upgrade` comes here."""

from alembic import context
from flask import current_app

from helpdesk.search import is_index_table

database = current_app.extensions["migrate"].db


def ours(_object, name, kind, _reflected, _other):
    """Tables that the search module makes by hand are not compared."""
    return not (kind == "table" and is_index_table(name))


def run() -> None:
    """Upgrade or downgrade in one transaction."""
    with database.engine.connect().execution_options(writing=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            include_object=ours,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
