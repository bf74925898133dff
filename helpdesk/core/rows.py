"""New rows: as plain values or as objects, of one table or of several that name one another.

What names another row has that one's id before either is written: name() draws ids as the
database itself would. PostgreSQL gets all rows as JSON in one statement (to take hundreds of placeholders
apart costs its driver more than the rows cost the database), SQLite one statement for each table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Integer, bindparam, insert, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from helpdesk.core.db import Model, db

T = TypeVar("T", bound=Model)


class Rows(NamedTuple):
    """Rows of one table and one shape: every one has the same names."""

    table: Any
    values: Sequence[Mapping[str, Any]]


def fresh(kind: type[T], /, **values: Any) -> T:
    """A new object with `values` and the defaults of its other columns; no session knows it."""
    row, (fixed, made) = kind(), _blank(kind)
    keep(row, **(fixed | {name: default(None) for name, default in made.items()} | values))
    return row


def keep(row: Model, **values: Any) -> None:
    """Set columns of an object that is not stored yet: it has no changes to keep track of."""
    row.__dict__.update(values)


@cache
def _blank(kind: type[Model]) -> tuple[dict[str, Any], dict[str, Callable[[None], Any]]]:
    """The defaults of a table's columns without its id: those that are fixed, and those made anew."""
    columns = [each for each in kind.__table__.columns if not each.primary_key]
    defaults = {each.key: each.default for each in columns}
    made = {name: each.arg for name, each in defaults.items() if each and each.is_callable}
    fixed = {name: getattr(each, "arg", None) for name, each in defaults.items()}
    return {name: value for name, value in fixed.items() if name not in made}, made


def values_of(objects: Sequence[Model]) -> Rows:
    """The rows of objects, at least one, of one kind and shape that came from fresh()."""
    table: Any = objects[0].__table__
    names = [each.name for each in table.c if each.name in objects[0].__dict__]
    return Rows(table, [{name: each.__dict__[name] for name in names} for each in objects])


_DRAW = (
    "INSERT INTO counter (name, value) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
)
# For PostgreSQL's driver.
_DRAWN = _DRAW.replace(":name", "%(name)s").replace(":count", "%(count)s")


def draw(session: Session, name: str, count: int = 1) -> int:
    """The next number of a counter (the first of `count`); its row stays locked until commit."""
    connection = session.connection()
    words = _DRAW if connection.dialect.name == "sqlite" else _DRAWN
    last: int = connection.exec_driver_sql(words, {"name": name, "count": count}).scalar_one()
    return last - count + 1


def name(session: Session, counter: str, objects: Sequence[Any], count: int = 1) -> int:
    """Give new objects, one kind after the other, the ids that they will be written with.

    Gives the next number of a counter beside them (the first of `count`): its row stays locked until
    commit.
    """
    wanted = Counter(each.__table__ for each in objects)
    number, ids = _taken(session, counter, count, wanted)
    for each, one in zip(objects, chain(*ids), strict=True):
        keep(each, id=one)
    return number


def _taken(
    session: Session, counter: str, count: int, wanted: Mapping[Any, int]
) -> tuple[int, list[list[int]]]:
    connection, tables = session.connection(), tuple(wanted)
    if connection.dialect.name == "sqlite":
        # One writer: what is free stays free until it has ended.
        number = draw(session, counter, count)
        last = connection.exec_driver_sql(_last_ids(tables)).one()
        counts = zip(last, wanted.values(), strict=True)
        return number, [list(range(used + 1, used + 1 + n)) for used, n in counts]
    counted = {f"n{at}": each for at, each in enumerate(wanted.values())}
    given = {"name": counter, "count": count} | counted
    row = connection.exec_driver_sql(_taking(tables), given).one()
    return row[0] - count + 1, list(row[1:])


@cache
def _last_ids(tables: tuple[Any, ...]) -> str:
    last = (f"(SELECT coalesce(max(id), 0) FROM {each.name})" for each in tables)
    return f"SELECT {', '.join(last)}"


@cache
def _taking(tables: tuple[Any, ...]) -> str:
    ids = (
        f"ARRAY(SELECT nextval(CAST(pg_get_serial_sequence('{each.name}', 'id') AS regclass))"
        f" FROM generate_series(1, %(n{at})s))"
        for at, each in enumerate(tables)
    )
    return f"WITH drawn AS ({_DRAWN}) SELECT value, {', '.join(ids)} FROM drawn"


def store(session: Session, objects: Sequence[Model], *more: Rows) -> None:
    """Write new objects that have their ids, one kind after the other and those that others name
    first, with more rows. No session knows them: see adopt()."""
    kinds = [values_of(list(each)) for _kind, each in groupby(objects, key=type)]
    write(session, [*kinds, *more])


def adopt(session: Session, objects: Iterable[Model]) -> None:
    """Let the session know objects whose rows were written as they are, e.g. because verbs follow.

    What it knew under the same id was undone: SQLite gives ids of a rollback again.
    """
    for each in objects:
        make_transient_to_detached(each)
        undone = session.identity_map.get(identity_key(instance=each))
        if undone is not None:
            session.expunge(undone)
    session.add_all(objects)


def write(session: Session, batch: Iterable[Rows]) -> None:
    """Write the rows of several tables, those that others name first."""
    full = [each for each in batch if each.values]
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        _one_by_one(connection, full)
    elif full:
        connection.exec_driver_sql(_together(_shape(full)), _as_json(full))


def write_numbered(
    session: Session, name: str, count: int, batch: Iterable[Rows], columns: frozenset[Any]
) -> int:
    """The same for rows that bear `count` numbers of a counter, drawn now: in `columns` they have 0, 1 ...
    and get the first number and what follows. Gives the first; the counter's row stays locked until commit."""
    full = [each for each in batch if each.values]
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        given = _as_json(full) | {"name": name, "count": count}
        last: int = connection.exec_driver_sql(_together(_shape(full), columns), given).scalar_one()
        return last - count + 1
    first = draw(session, name, count)
    _one_by_one(connection, [_raised(each, columns, first) for each in full])
    return first


def _raised(rows: Rows, columns: frozenset[Any], first: int) -> Rows:
    """The rows with their numbers instead of 0, 1 ..."""
    mine = [column.name for column in rows.table.c if column in columns]
    return Rows(
        rows.table, [{**row, **{name: first + row[name] for name in mine}} for row in rows.values]
    )


def _one_by_one(connection: Connection, batch: Iterable[Rows], more: str = "") -> None:
    for rows in batch:
        _run_many(connection, _inserting(rows.table, tuple(rows.values[0])) + more, rows)


def _run_many(connection: Connection, words: str, rows: Rows) -> None:
    """SQLite: as its driver takes it, since to put each statement together takes longer than to run it."""
    pick, makers = _for_sqlite(rows.table, tuple(rows.values[0]), connection.dialect)
    given = [list(pick(row)) for row in rows.values]
    for row in given:
        for at, make in makers:
            if row[at] is not None:
                row[at] = make(row[at])
    connection.exec_driver_sql(words, list(map(tuple, given)))


def insert_many(table: Any, rows: Sequence[dict[str, Any]], *returning: Any) -> list[Any]:
    """Insert rows of one shape in one statement; gives the columns `returning` of each."""
    return _insert(table, rows, returning)


def insert_new(table: Any, rows: Sequence[dict[str, Any]], *returning: Any) -> list[Any]:
    """The same, leaving out rows whose unique key is there already: the constraint is the guard, no code.

    Gives the columns `returning` of the rows that were new.
    """
    return _insert(table, rows, returning, " ON CONFLICT DO NOTHING")


def _insert(
    table: Any, rows: Sequence[dict[str, Any]], returning: Sequence[Any], more: str = ""
) -> list[Any]:
    if not rows:
        return []
    connection, batch = db.session().connection(), [Rows(table, rows)]
    if connection.dialect.name == "sqlite":
        if not returning:
            _one_by_one(connection, batch, more)
            return []
        into = sqlite.insert(table).on_conflict_do_nothing() if more else insert(table)
        return list(connection.execute(into.returning(*returning), rows).all())
    back = ", ".join(_quote(column.name) for column in returning)
    words = _from_json(_shape(batch)[0]) + more + (f" RETURNING {back}" if back else "")
    found = connection.exec_driver_sql(words, _as_json(batch))
    return list(found.all()) if back else []


def among(column: Any, ids: Collection[int]) -> ColumnElement[bool]:
    """The column is one of these, written out: to the driver hundreds of placeholders cost more than rows."""
    given = bindparam(None, ids, expanding=True, literal_execute=True, type_=Integer)
    found: ColumnElement[bool] = column.in_(given)
    return found


def change_many(table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Change rows in one statement: each is named by its `id`, and all have new values of the same columns.
    What the session holds of them is read anew when it is asked."""
    if not rows:
        return
    session, changed = db.session(), {(row["id"],) for row in rows}
    everything: Iterable[Any] = session.identity_map.values()
    for held in everything:
        if held.__table__ is table and inspect(held).identity in changed:
            session.expire(held)
    connection, batch = session.connection(), Rows(table, rows)
    if connection.dialect.name == "sqlite":
        _run_many(connection, _changing(table, tuple(rows[0])), batch)
    else:
        connection.exec_driver_sql(_changing_from_json(table, tuple(rows[0])), _as_json([batch]))


Shape = tuple[Any, tuple[str, ...]]


def _shape(batch: Iterable[Rows]) -> tuple[Shape, ...]:
    """What a statement depends on: it is put together once for each."""
    return tuple((table, tuple(values[0])) for table, values in batch)


def _as_json(batch: Iterable[Rows]) -> dict[str, Any]:
    return {f"rows_{table.name}": json.dumps(values, default=_iso) for table, values in batch}


def _iso(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    raise TypeError(f"{value!r} can't be stored.")


@cache
def _inserting(table: Any, names: tuple[str, ...]) -> str:
    columns, places = ", ".join(map(_quote, names)), ", ".join("?" * len(names))
    return f"INSERT INTO {_quote(table.name)} ({columns}) VALUES ({places})"


@cache
def _changing(table: Any, names: tuple[str, ...]) -> str:
    place = {name: f"{_quote(name)} = ?{at}" for at, name in enumerate(names, 1)}
    which = place.pop("id")
    return f"UPDATE {_quote(table.name)} SET {', '.join(place.values())} WHERE {which}"


@cache
def _changing_from_json(table: Any, names: tuple[str, ...]) -> str:
    what, columns = _quote(table.name), [_quote(name) for name in names if name != "id"]
    values = ", ".join(f"{column} = new.{column}" for column in columns)
    return f"UPDATE {what} SET {values} FROM {_read(table)} AS new WHERE {what}.id = new.id"


@cache
def _for_sqlite(table: Any, names: tuple[str, ...], dialect: Dialect) -> tuple[Any, list[Any]]:
    """What gives a row's values in its order, and by place what makes one SQLite's own."""
    types = [table.c[name].type.dialect_impl(dialect) for name in names]
    makers = [(at, each.bind_processor(dialect)) for at, each in enumerate(types)]
    return itemgetter(*names), [(at, make) for at, make in makers if make]


@cache
def _together(shapes: tuple[Shape, ...], numbered: frozenset[Any] = frozenset()) -> str:
    """One statement that writes all; with numbered columns it draws the numbers and gives the last one."""
    parts = [f"drawn AS ({_DRAWN})"] if numbered else []
    parts += [f"new_{each[0].name} AS ({_from_json(each, numbered)})" for each in shapes]
    return f"WITH {', '.join(parts)} SELECT {'value FROM drawn' if numbered else '1'}"


def _from_json(shape: Shape, numbered: frozenset[Any] = frozenset()) -> str:
    """INSERT ... SELECT from a JSON array of objects with these keys."""
    table, names = shape
    into = _quote(table.name)
    raised = "(SELECT value - %(count)s + 1 FROM drawn) + "
    columns = [_quote(name) for name in names]
    given = [
        f"{raised}{column}" if table.c[name] in numbered else column
        for name, column in zip(names, columns, strict=True)
    ]
    return (
        f"INSERT INTO {into} ({', '.join(columns)}) SELECT {', '.join(given)} FROM {_read(table)}"
    )


def _read(table: Any) -> str:
    """The rows that were given as JSON."""
    into = _quote(table.name)
    return f"json_populate_recordset(CAST(NULL AS {into}), CAST(%(rows_{table.name})s AS json))"


_quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
