"""`flask db copy`: every row into another database, from SQLite to PostgreSQL, back, or between two of a kind.

The old one is read in one snapshot, so it may run on, and nothing is written to it. A table beside the
others in the new one counts, in the transaction of each batch, what it has: a second call reads that much
again, and goes on where it is still the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import Connection, Row, Table, bindparam, delete, func, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpdesk import search
from helpdesk.core import background, heartbeats, migrating, seals
from helpdesk.core.db import Model, db, engine_options, transaction
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.events import Counter, last_seq
from helpdesk.core.heartbeats import Heartbeat
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.kb import step as articles
from helpdesk.kb.models import Article
from helpdesk.notices.actions import step as notices
from helpdesk.notices.models import Notice
from helpdesk.ops.backup import BackupError
from helpdesk.ops.backup.archive import hold_back, is_in_use
from helpdesk.settings import SettingsError, driven_url, settings
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket

BATCH = 1000
SAME_FOR = 2**128
OLDER = "The old one has changed since it was copied, by {since} events. --again begins anew."
WHOLE = "*"  # the line that stands for a copy that is complete
PROGRESS = Table(
    "copy_progress",
    sa.MetaData(),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
)
FOUND: dict[str, tuple[Any, Callable[[Any], Sequence[str | None]]]] = {
    "article": (Article, articles.found_by),
    "notice": (Notice, notices.found_by),
    "person": (Person, people.found_by),
    "ticket": (Ticket, queries.found_by),
}


class Changed(Exception):
    """The old one no longer holds what was copied of it."""


@dataclass
class Tally:
    """How many rows, and the sum of their digests: the same in any order and on both databases."""

    rows: int = 0
    sum: int = 0

    def add(self, rows: Sequence[Row[Any]]) -> None:
        """Count these rows too."""
        self.rows += len(rows)
        for row in rows:
            line = json.dumps(list(row), default=str, sort_keys=True)
            self.sum += int.from_bytes(sha256(line.encode()).digest()[:16])
        self.sum %= SAME_FOR


@migrating.also
@click.command("copy")
@click.option("--to", "url", required=True, envvar="HELPDESK_COPY_TO", help="The new database.")
@click.option("--again", is_flag=True, help="Forget an earlier copy there, and begin anew.")
@with_appcontext
def copy_(url: str, again: bool) -> None:
    """Copy every row into the database at this URL; a call that was broken off goes on when called again."""
    running = bool(heartbeats.alive("deliveries", within=1.5 * background.BEAT_EVERY))
    try:
        number = _copy(driven_url(url), again, running)
    except (SQLAlchemyError, HelpdeskError, SettingsError) as error:
        cause = getattr(error.__cause__ or error, "orig", None) or error
        raise BackupError(f"The copy is not complete: {cause}") from error
    click.echo(f"All counts, checksums and seals are the same, up to journal number {number}.")
    if running:
        click.echo(
            "The old one runs, or has only just ended, so what waited to be sent is held back in the copy."
        )
    db.session.rollback()  # so that we see what happened meanwhile
    if since := last_seq() - number:
        click.echo(f"It has had {since} events since: stop it, and call this again with --again.")
    click.echo(
        "To use the copy, stop the old one and set HELPDESK_DATABASE_URL to what --to was given."
    )
    click.echo("Files stay where they are, and so does HELPDESK_INSTANCE.")
    if (key := settings().instance / "secret_key").exists():
        click.echo(f"HELPDESK_SECRET_KEY must be the text in {key}.")


def _copy(url: str, again: bool, running: bool) -> int:
    """Fill the copy and compare; returns the journal number that it has."""
    if migrating.here() != migrating.newest():
        raise BackupError("These tables are of another release: run flask prepare first.")
    old = db.engine.url
    with _snapshot() as source, _other(url).app_context():
        if db.engine.url == old:
            raise BackupError("That is the database which is to be copied. Nothing was changed.")
        number = source.scalar(select(Counter.value).where(Counter.name == "event")) or 0
        begun = _begun(number, again)
        try:
            tallies = _fill(source, begun)
        except Changed:
            if WHOLE in begun:
                raise BackupError(OLDER.format(since=number - begun[WHOLE].rows)) from None
            click.echo("The old one has changed since the copy broke off, so it begins anew.")
            _begin_anew()
            tallies = _fill(source, {})
        _make_findable(source)
        _compare(tallies)
        _finish(number, running)
    return number


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """A connection that sees one state of the old database, however long it takes."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield connection


def _other(url: str) -> Flask:
    """An app that has nothing but the other database."""
    app, options = Flask("helpdesk", static_folder=None), engine_options(url)
    if "options" in options["connect_args"]:
        options["connect_args"]["options"] += " -c statement_timeout=0"
    app.config |= {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}
    db.init_app(app)
    return app


def _begun(number: int, again: bool) -> dict[str, Tally]:
    """What of each table is there already. Raises BackupError when the database is used for something."""
    there = {
        name for name in inspect(db.engine).get_table_names() if not search.is_index_table(name)
    }
    is_ours = PROGRESS.name in there
    if there - {*Model.metadata.tables, "alembic_version", PROGRESS.name}:
        raise BackupError("There are tables of something else. Nothing was changed.")
    if is_ours:
        used = last_seq() > number or db.session.scalar(select(Heartbeat.at).limit(1)) is not None
    else:
        used = is_in_use()
    db.session.rollback()
    if used:
        raise BackupError("That database is in use: it has its own life. Nothing was changed.")
    if again or not is_ours:
        _begin_anew()
        return {}
    migrating.upgrade()
    return {row.name: Tally(row.rows, int(row.digest, 16)) for row in _rows_of(PROGRESS)}


def _tables() -> list[Table]:
    """What is copied, those that others point to first: all but the signs of life of the old processes."""
    return [table for table in Model.metadata.sorted_tables if table is not Heartbeat.__table__]


def _rows_of(table: Table) -> Sequence[Row[Any]]:
    with db.engine.connect() as connection:
        return connection.execute(select(table)).all()


def _begin_anew() -> None:
    """The newest tables, with nothing in them."""
    with db.engine.begin() as connection:
        search.drop(connection)
        old = sa.MetaData()
        old.reflect(connection)
        old.drop_all(connection)
    migrating.upgrade()
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        for table in reversed(_tables()):
            connection.execute(delete(table))
        PROGRESS.create(connection)


def _fill(source: Connection, begun: dict[str, Tally]) -> dict[Table, Tally]:
    """Every table, those that others point to first. Raises Changed."""
    tallies = {}
    for table in _tables():
        length = source.scalar(select(func.count()).select_from(table))
        with click.progressbar(length=length or 0, label=f"{table.name:<20}{length:>10}") as bar:
            before = begun.get(table.name, Tally())
            tallies[table] = _fill_one(source, table, before, bar.update)
    return tallies


def _fill_one(
    source: Connection, table: Table, before: Tally, told: Callable[[int], None]
) -> Tally:
    seen, own = Tally(), [key.parent for key in table.foreign_keys if key.column.table is table]
    rows = source.execute(
        select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    )
    for batch in rows.partitions():
        there = max(0, before.rows - seen.rows)
        old, new = batch[:there], batch[there:]
        seen.add(old)
        if seen.rows == before.rows and seen != before:
            raise Changed
        if new:
            seen.add(new)
            _write(table, [row._asdict() | {each.key: None for each in own} for row in new], seen)
        told(len(batch))
    if seen.rows < before.rows:
        raise Changed
    for column in own:  # it may point to a row that came later
        _point(source, table, column)
    return seen


def _write(table: Table, rows: list[dict[str, Any]], seen: Tally) -> None:
    with transaction() as session:
        session.execute(insert(table), rows)
        _note(session, table.name, seen)


def _note(session: Session, name: str, seen: Tally) -> None:
    session.execute(delete(PROGRESS).where(PROGRESS.c.name == name))
    values = {"name": name, "rows": seen.rows, "digest": f"{seen.sum:x}"}
    session.execute(insert(PROGRESS), values)


def _point(source: Connection, table: Table, column: sa.Column[Any]) -> None:
    pairs = select(table.c.id.label("at"), column.label("to")).where(column.is_not(None))
    rows = [row._asdict() for row in source.execute(pairs)]
    statement = (
        sa.update(table).where(table.c.id == bindparam("at")).values({column: bindparam("to")})
    )
    if rows:
        with transaction() as session:
            session.execute(statement, rows)


def _make_findable(source: Connection) -> None:
    """The search index, made of the copied rows: each database has its own kind."""
    for kind, (model, texts) in FOUND.items():
        there = search.subjects(db.session.connection(), kind)
        ids = search.subjects(source, kind, after=there[-1] if there else 0)
        with search.loading(db.session(), kind):
            for start in range(0, len(ids), BATCH):
                _index(kind, select(model).where(model.id.in_(ids[start : start + BATCH])), texts)
        db.session.commit()


def _index(kind: str, query: sa.Select[Any], texts: Callable[[Any], Sequence[str | None]]) -> None:
    with transaction() as session:
        subjects = sorted(session.scalars(query), key=attrgetter("id"))
        search.put_many(session, kind, [(each.id, texts(each)) for each in subjects])
    db.session.expunge_all()


def _compare(tallies: dict[Table, Tally]) -> None:
    """Raise BackupError with the names of what is not the same in the copy."""
    found = {table: Tally() for table in tallies}
    with db.engine.connect() as connection:
        for table, tally in found.items():
            rows = connection.execute(select(table).execution_options(yield_per=BATCH))
            for batch in rows.partitions():
                tally.add(batch)
    differ = [table.name for table, tally in found.items() if tally != tallies[table]]
    differ += [f"seal {stretch}" for stretch in seals.broken()]
    db.session.rollback()
    if differ:
        raise BackupError(
            f"The copy differs in: {', '.join(differ)}. Don't use it; --again begins anew."
        )


def _finish(number: int, running: bool) -> None:
    """PostgreSQL: new rows get free ids, and queries good plans. Then the copy is complete."""
    with transaction() as session:
        if db.engine.dialect.name == "postgresql":
            for table in _tables():
                if "id" in table.c:
                    sequence = func.pg_get_serial_sequence(table.name, "id")
                    session.execute(select(func.setval(sequence, func.max(table.c.id))))
            session.execute(sa.text("ANALYZE"))
        if running:
            hold_back()
        _note(session, WHOLE, Tally(number))
