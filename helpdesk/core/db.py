"""The engine profiles (SQLite, PostgreSQL), the UTC time type and the one transaction().

Rules: a write happens inside transaction(); a nested transaction() joins the outer one; what must
follow a commit is handed to after_commit() and never runs when the commit fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from flask import has_request_context
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as OwnSession
from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Engine,
    Index,
    MetaData,
    TypeDecorator,
    event,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry

from helpdesk.core.errors import Busy, Conflict, HelpdeskError, NotFound
from helpdesk.core.i18n import N_
from helpdesk.core.shortage import Shortage, note, shortage_of
from helpdesk.core.write_queue import turn

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)


def index_where(where: str, name: str, *columns: str) -> Index:
    """An index of those rows alone for which `where` (SQL) holds, on both databases."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class TwoNames:
    """The part of a table whose rows have a name in each language."""

    name_zh: Mapped[str]
    name_en: Mapped[str]

    def name(self, language: str) -> str:
        """The name in zh_Hans or en."""
        return self.name_zh if language.startswith("zh") else self.name_en


class Session(OwnSession):
    """In a request, what only looks does so on PostgreSQL in no transaction: in one, each statement sees
    what is committed by then just so, and two round trips are saved. transaction() leaves it behind."""

    def get_bind(self, *args: Any, **given: Any) -> Any:
        """The engine, as Flask-SQLAlchemy finds it."""
        engine: Any = super().get_bind(*args, **given)
        if self.info.get("writing") or not has_request_context() or engine.name == "sqlite":
            return engine
        return each_alone(engine)


def each_alone(engine: Engine) -> Engine:
    """The same engine, where each statement is a transaction by itself (PostgreSQL)."""
    if engine not in _each_alone:
        _each_alone[engine] = engine.execution_options(isolation_level="AUTOCOMMIT")
    return _each_alone[engine]


_each_alone: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()
db: SQLAlchemy = SQLAlchemy(
    model_class=Model,
    session_options={"expire_on_commit": False, "autoflush": False, "class_": Session},
)
JsonData = JSON().with_variant(postgresql.JSONB(), "postgresql")


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases; SQLite alone would lose the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone can't be stored.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


EMPTY: dict[str | bytes, Callable[[], Any]] = {"[]": list, "{}": dict, b"[]": list, b"{}": dict}


def _from_json(raw: str | bytes) -> Any:
    """JSON -> value; most columns hold nothing, and a list reads hundreds of them."""
    empty = EMPTY.get(raw)
    return empty() if empty else json.loads(raw)


_as_json = partial(json.dumps, allow_nan=False)  # SQLite would keep NaN, and never read it again

LOCK_TIMEOUT = "10s"
PATIENCE = 15  # seconds that a writer waits for SQLite


def engine_options(url: str) -> dict[str, Any]:
    """Pool and connection options for this database."""
    if url.startswith("sqlite"):
        return {  # a connection for each thread of the embedded server
            "json_deserializer": _from_json,
            "json_serializer": _as_json,
            "pool_size": 20,
            "max_overflow": 160,
            "connect_args": {"timeout": PATIENCE, "check_same_thread": False},
        }
    return {
        "json_deserializer": _from_json,
        "pool_size": 10,
        "max_overflow": 20,
        "connect_args": {
            "options": f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout=60s -c timezone=UTC -c jit=off",
            "prepare_threshold": 2,
        },
    }


@event.listens_for(Engine, "connect")
def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """SQLite: we say BEGIN ourselves; WAL, full sync and foreign keys on every connection."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=2"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "checkout")
def _alive(connection: Any, _entry: ConnectionPoolEntry, _fairy: Any) -> None:
    """A connection to which PostgreSQL has said goodbye is made anew. It tells so itself, so that nobody
    has to ask, which would be a round trip more before each statement."""
    if not hasattr(connection, "pgconn"):
        return
    try:
        connection.pgconn.consume_input()  # why it ends
        connection.pgconn.consume_input()  # the end
    except connection.OperationalError as error:
        raise DisconnectionError from error


@event.listens_for(Engine, "begin")
def _begun(connection: Any) -> None:
    """A writing transaction takes SQLite's write lock at once: read-then-write can't be refused."""
    if connection.dialect.name == "sqlite":
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


BUSY = N_("The database is busy. Nothing was stored; please try again.")
CHANGED = N_("Somebody changed this while you were working. Your text is kept: look, then send.")
T = TypeVar("T", bound=Model)
R = TypeVar("R")
Hook = TypeVar("Hook", bound=Callable[..., object])
_before_commit: list[Callable[..., object]] = []


def before_commit(hook: Hook) -> Hook:
    """Register what every transaction does as its last statements (the journal)."""
    _before_commit.append(hook)
    return hook


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` when the open transaction has committed; it is dropped on a rollback."""
    db.session.info.setdefault("after_commit", []).append(callback)


@contextmanager
def transaction() -> Iterator[Session]:
    """One business action, all or nothing. Joins an open transaction().

    Raises Conflict when a row has moved on meanwhile, Busy when the database can't be reached or is
    locked for too long, and IntegrityError for a unique row that somebody else made first.
    """
    session: Any = db.session()
    if session.info.get("writing"):
        yield session
        return
    callbacks: list[Callable[[], None]] = session.info.setdefault("after_commit", [])
    with _turn():
        try:
            _begin_writing(session)
            yield session
            session.flush()
            for hook in _before_commit:
                hook(session)
            if session.in_transaction():
                session.commit()
        except BaseException as error:
            _undo(session)
            refusal = refusal_of(error)
            if isinstance(refusal, Shortage):
                note(refusal)
            if refusal is not None:
                raise refusal from error
            raise
    note(None)
    session.info["writing"] = False
    session.info["after_commit"] = []
    session.info["commits"] = commits() + 1
    for callback in callbacks:
        callback()


@contextmanager
def _turn() -> Iterator[None]:
    """SQLite: one writer at a time, in the order of asking. Raises Busy when that takes too long."""
    if db.engine.dialect.name != "sqlite":
        yield
        return
    with ExitStack() as mine:
        try:
            mine.enter_context(turn(db.engine, PATIENCE))
        except TimeoutError as error:
            raise Busy(BUSY) from error
        yield


def refusal_of(error: BaseException) -> HelpdeskError | None:
    """What a person is told when the database, and not the trade, says no; None for all else."""
    if isinstance(error, DBAPIError) and (shortage := shortage_of(error)):
        return shortage
    unreachable = isinstance(error, DBAPIError) and error.connection_invalidated
    if isinstance(error, OperationalError | PoolTimeout) or unreachable:
        return Busy(BUSY)
    if isinstance(error, StaleDataError):
        return Conflict(CHANGED)
    return None


def commits() -> int:
    """How many transactions this session has committed: 0 means that all may be done again."""
    return int(db.session().info.get("commits", 0)) if db.session.registry.has() else 0


def retrying(work: Callable[[], R]) -> R:
    """Run `work` (its own transaction()) twice again when it lost a race; see lost_race(). Inside a
    transaction() it runs once: then whoever opened that one has to run all of it again.
    """
    if db.session().info.get("writing"):
        return work()
    for left in (2, 1, 0):
        try:
            return work()
        except (IntegrityError, Busy, Conflict) as error:
            if not left or not lost_race(error):
                raise
    raise AssertionError("unreachable")


def lost_race(error: BaseException) -> bool:
    """Somebody else was faster, and it is nobody's fault: a twin of our unique row, a lock that we
    gave up, a row that moved on between our reading and writing. All was undone; do it again.
    """
    stale = isinstance(error, Conflict) and isinstance(error.__cause__, StaleDataError)
    return stale or is_twin(error) or gave_way(error)


def gave_way(error: BaseException) -> bool:
    """Deadlock (40P01), serialization failure (40001), lock not to be had (55P03): all was undone,
    and running it again is safe.
    """
    return _state(error) in ("40P01", "40001", "55P03")


def is_twin(error: BaseException) -> bool:
    """A unique row that somebody else made first: running it again finds that row."""
    if not isinstance(error, IntegrityError):
        return False
    return _state(error) == "23505" or "UNIQUE constraint" in str(error.orig)


def _state(error: BaseException) -> str | None:
    """PostgreSQL's code of what went wrong, also behind a Busy."""
    cause = error.__cause__ if isinstance(error, Busy) else error
    return getattr(getattr(cause, "orig", None), "sqlstate", None)


def _begin_writing(session: Session) -> None:
    """On PostgreSQL what has read in a transaction goes on to write: each statement sees what is committed
    by then.

    Objects stay loaded; verbs lock and refresh.
    """
    on_sqlite = db.engine.dialect.name == "sqlite"
    if session.in_transaction() and (on_sqlite or has_request_context()):
        session.commit()  # what only reads has no write lock, or no transaction
    session.info["writing"] = True
    if on_sqlite:
        session.connection(execution_options={"writing": True})


def is_untouched(session: Any) -> bool:
    """Whether nothing of the open transaction() has reached PostgreSQL, or waits to: then one statement
    that writes all of it needs no transaction around it."""
    waits = session.in_transaction() or session.new or session.dirty or session.deleted
    return not waits and db.engine.dialect.name == "postgresql"


def _undo(session: Session) -> None:
    session.info["writing"] = False
    session.info["after_commit"] = []
    session.info.pop("events", None)
    try:
        session.rollback()
    except DBAPIError:
        session.invalidate()  # the connection died; with it died the transaction


def stored(model: type[T], key: object, missing: str) -> T:
    """The row with this key. Raises NotFound with the sentence `missing`."""
    row = db.session.get(model, key)
    if row is None:
        raise NotFound(missing)
    return row


def locked(thing: T, version: int | None = None) -> T:
    """The row again, fresh and locked until commit, with what this transaction has changed so far.

    Raises Conflict when `version` is given and the row has moved on.
    """
    kind = type(thing)
    db.session.flush()  # reading anew would forget what an outer verb has not written yet
    query = select(kind).where(kind.id == thing.id)  # type: ignore[attr-defined]
    fresh = db.session.scalar(
        query.with_for_update(of=kind).execution_options(populate_existing=True)
    )
    if fresh is None:
        raise Conflict(CHANGED)
    require_current(fresh, version)
    return fresh


def require_current(fresh: Model, version: int | None) -> None:
    """Raise Conflict when `version` is given and the locked row has moved on since."""
    if version is not None and fresh.version != version:  # type: ignore[attr-defined]
        raise Conflict(CHANGED)


def own_insert(table: Any) -> Any:
    """An INSERT of this database's own kind, which can say what becomes of a row that is there."""
    return (sqlite if db.engine.dialect.name == "sqlite" else postgresql).insert(table)


def change_rows(statement: Any) -> Any:
    """What an UPDATE or DELETE in the database alone gives; what was read before stays as it was."""
    return db.session.execute(statement.execution_options(synchronize_session=False))


@contextmanager
def giving_way(session: Session) -> Iterator[None]:
    """Inside, PostgreSQL waits only so long for a lock: shorter than it takes to call a deadlock, so
    that work in the background steps back and a person's request goes through.
    """
    if session.connection().dialect.name != "postgresql":
        yield
        return
    session.execute(text("SET LOCAL lock_timeout = '300ms'"))
    yield
    session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
