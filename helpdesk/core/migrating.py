"""Which edition the tables are at. Alembic is loaded when somebody asks: who serves never needs its 12 MB."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy import Engine

from helpdesk.core.db import db

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_more: list[click.Command] = []


class _Commands(AppGroup):
    """The app's commands; `db` is loaded with the first look at it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), "db"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "db" and "db" not in self.commands:
            connect(ctx.ensure_object(ScriptInfo).load_app())
        return super().get_command(ctx, cmd_name)


def also(command: click.Command) -> click.Command:
    """Register a command of ours that stands beside Flask-Migrate's under `flask db`."""
    _more.append(command)
    return command


def init(app: Flask) -> None:
    """Let the app have its command `db`. Called before any other command is registered."""
    app.cli = _Commands(app.cli.name)


def upgrade() -> None:
    """Bring the tables to the newest edition."""
    from flask_migrate import upgrade  # see above

    connect(current_app._get_current_object())  # type: ignore[attr-defined]
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


def connect(app: Flask) -> None:
    """Let Flask-Migrate know the app, its tables and their migrations."""
    from flask_migrate import Migrate  # see above
    from flask_migrate.cli import db as commands  # see above

    Migrate(app, db, directory=str(MIGRATIONS))
    for command in _more:
        commands.add_command(command)
