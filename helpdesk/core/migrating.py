"""Which edition the tables are at. Alembic is loaded when somebody asks: who serves never needs its 12 MB."""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import Engine

from helpdesk.core.db import db

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def init(app: Flask) -> None:
    """Let `flask db` know the migrations: its command line loads Flask-Migrate before any app."""
    if "flask_migrate" in sys.modules:
        _connect(app)


def upgrade() -> None:
    """Bring the tables to the newest edition."""
    from flask_migrate import upgrade  # see above

    _connect(current_app._get_current_object())  # type: ignore[attr-defined]
    upgrade()


def here(engine: Engine | None = None) -> tuple[str, ...]:
    """The edition of the tables, of this database or of the one named; none before the first migration."""
    from alembic.migration import MigrationContext  # see above

    with (engine or db.engine).connect() as connection:
        return MigrationContext.configure(connection).get_current_heads()


def newest() -> tuple[str, ...]:
    """The edition that this program needs."""
    from alembic.script import ScriptDirectory  # see above

    return tuple(ScriptDirectory(str(MIGRATIONS)).get_heads())


def _connect(app: Flask) -> None:
    from flask_migrate import Migrate  # see above

    Migrate(app, db, directory=str(MIGRATIONS))
