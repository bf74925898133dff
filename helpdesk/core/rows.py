"""New rows: plain values, of one table or of several that name one another.

What names another row has that one's id before either is written: NextIds draws ids as the
database itself would. PostgreSQL gets all rows as JSON in one statement (to take hundreds of placeholders
apart costs its driver more than the rows cost the database), SQLite one statement for each table.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import count, groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    bindparam,
    insert,
    inspect,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import QueryableAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from helpdesk.core.db import Model, db, each_alone, is_untouched

T = TypeVar("T", bound=Model)


class Rows(NamedTuple):
    """Rows of one table and one shape: every one has the same names."""

    table: Any
    values: Sequence[Mapping[str, Any]]


def fresh(kind: type[T], /, **values: Any) -> T:
    """A new row as plain values, with the defaults of its other columns: it reads like an object of
    `kind`, but no session can know it; see entity()."""
    twin, fixed, made = _twin(kind)
    row: Any = twin()
    row.__dict__.update(fixed)
    for name, default in made:
        row.__dict__[name] = default(None)
    row.__dict__.update(values)
    return cast(T, row)


@cache
def _twin(kind: type[Model]) -> tuple[type, dict[str, Any], list[tuple[str, Any]]]:
    """A class with what else can be asked of such a row, where columns without a default are None; the
    defaults that are fixed, and what makes the others anew."""
    more = {name: value for name, value in vars(kind).items() if not _is_stored(name, value)}
    defaults: dict[str, Any] = {each.key: each.default for each in kind.__table__.columns}
    more |= {name: None for name, default in defaults.items() if default is None}
    given = {name: default.arg for name, default in defaults.items() if default is not None}
    made = [(name, arg) for name, arg in given.items() if callable(arg)]
    fixed = {name: arg for name, arg in given.items() if not callable(arg)}
    more |= {"entity": kind, "__table__": kind.__table__}
    return type(kind.__name__, (), more), fixed, made


def _is_stored(name: str, value: Any) -> bool:
    return name.startswith("_") or isinstance(value, QueryableAttribute)


def entity(row: T) -> T:
    """A row of fresh() as an object that a session can be given."""
    kind: Any = row
    return cast(T, kind.entity(**vars(row)))


def rows_of(made: Iterable[Model]) -> list[Rows]:
    """Rows of fresh(), one kind after the other, as they are written: without what all lack."""
    kinds = [list(each) for _kind, each in groupby(made, key=type)]
    return [Rows(each[0].__table__, _values(each)) for each in kinds]


def _values(made: list[Any]) -> list[dict[str, Any]]:
    given = [vars(each) for each in made]
    names = _in_order(made[0].__table__, frozenset().union(*given))
    return [{name: values.get(name) for name in names} for values in given]


@cache
def _in_order(table: Any, names: frozenset[str]) -> list[str]:
    return [each.name for each in table.c if each.name in names]


class NextIds(FunctionElement[Any]):
    """A column of a statement that looks before it is written: ids for so many new rows of a table."""

    inherit_cache = True

    def __init__(self, table: Any, most: int) -> None:
        super().__init__(literal_column(table.name), literal_column(str(most)))


@compiles(NextIds)
def _from_sequence(element: NextIds, compiler: SQLCompiler, **_given: Any) -> str:
    name, most = element.clauses
    sequence = f"CAST(pg_get_serial_sequence('{name}', 'id') AS regclass)"
    return f"ARRAY(SELECT nextval({sequence}) FROM generate_series(1, {most}))"


@compiles(NextIds, "sqlite")
def _behind_the_last(element: NextIds, compiler: SQLCompiler, **_given: Any) -> str:
    # One writer: what is free stays free until it has ended.
    return f"(SELECT coalesce(max(id), 0) FROM {next(iter(element.clauses))})"


def ids_of(found: list[int] | int) -> Iterator[int]:
    """The ids that such a column gives."""
    return iter(found) if isinstance(found, list) else count(found + 1)


class Numbered(NamedTuple):
    """Numbers of a counter that are drawn when the rows which bear them are written: so its row is locked
    as briefly as can be. Of `columns` those with 0, 1 ... get the first number and what follows; in
    texts of a table's n-th row the n-th stands for MARK."""

    counter: str
    amount: int
    columns: frozenset[Any] = frozenset()


# Six digits that nobody writes. A word with them is cut like one with a number's own.
MARK = "\N{ADLAM DIGIT ZERO}" * 6


def marked(text: str, number: int) -> str:
    """The text with the number where the mark is; it has six digits or more."""
    return text.replace(MARK, f"{number:06d}")


def write(
    session: Session, batch: Iterable[Rows], *numbered: Numbered, last: bool = False
) -> list[int]:
    """Write the rows of several tables, those that others name first; `last` says that the transaction
    writes nothing after them.

    Gives the first number that was drawn of each counter; its row stays locked until commit.
    """
    full = [each for each in batch if each.values]
    if db.engine.dialect.name == "sqlite":
        connection = session.connection()
        firsts = [_drawn(connection, each) for each in numbered]
        for each, first in zip(numbered, firsts, strict=True):
            full = [_with_numbers(rows, each.columns, first) for rows in full]
        _one_by_one(connection, full)
        return firsts
    given = _as_json(full)
    for at, each in enumerate(numbered):
        given |= {f"name{at}": each.counter, f"amount{at}": each.amount}
    words = _together(_shape(full), tuple(each.columns for each in numbered))
    if last and is_untouched(session):
        with each_alone(db.engine).connect() as alone:
            return list(alone.exec_driver_sql(words, given).one())[: len(numbered)]
    return list(session.connection().exec_driver_sql(words, given).one())[: len(numbered)]


def draw(session: Session, counter: str, amount: int = 1) -> int:
    """The next number of a counter (the first of `amount`); its row stays locked until commit."""
    return write(session, [], Numbered(counter, amount))[0]


def _drawn(connection: Connection, numbered: Numbered) -> int:
    given = numbered.counter, numbered.amount
    words = f"INSERT INTO counter (name, value) VALUES (?, ?) {_RAISED}"
    last: int = connection.exec_driver_sql(f"{words} RETURNING value", given).scalar_one()
    return last - numbered.amount + 1


_RAISED = "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value"


def _with_numbers(rows: Rows, columns: frozenset[Any], first: int) -> Rows:
    """The rows with their numbers instead of 0, 1 ... and the mark."""
    mine = [each for each in rows.values[0] if rows.table.c[each] in columns]

    def told(value: Any, at: int) -> Any:
        return marked(value, first + at) if isinstance(value, str) else first + value

    values = [
        {**row, **{name: told(row[name], at) for name in mine}}
        for at, row in enumerate(rows.values)
    ]
    return Rows(rows.table, values) if mine else rows


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
    return {f"rows{at}": _json(each.values) for at, each in enumerate(batch)}


def _iso(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    raise TypeError(f"{value!r} can't be stored.")


_json = json.JSONEncoder(default=_iso).encode  # to make one anew takes as long as to write a row


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
def _together(shapes: tuple[Shape, ...], numbered: tuple[frozenset[Any], ...]) -> str:
    """One statement that writes all and gives the first number of each counter. It is written tightly: of
    4,096 bytes the driver keeps what it has made."""
    which = {column: at for at, columns in enumerate(numbered) for column in columns}
    parts = [f"w{at} AS ({_from_json(each, at, which)})" for at, each in enumerate(shapes)]
    if numbered:
        places = range(len(numbered))
        asked = ", ".join(f"(%(name{at})s, %(amount{at})s)" for at in places)
        drawn = f"INSERT INTO counter (name, value) VALUES {asked} {_RAISED} RETURNING name, value"
        first = "max(value) FILTER (WHERE name = %(name{0})s) - %(amount{0})s + 1 AS n{0}"
        numbers = f"SELECT {', '.join(map(first.format, places))} FROM drawn"
        parts = [f"drawn AS ({drawn})", f"numbers AS ({numbers})", *parts]
    return f"WITH {', '.join(parts)} SELECT * FROM {'numbers' if numbered else '(SELECT 1) AS one'}"


def _from_json(
    shape: Shape, at: int = 0, numbered: Mapping[Any, int] = MappingProxyType({})
) -> str:
    """INSERT ... SELECT from the JSON array at this place, of objects with these keys."""
    table, names = shape
    into, columns = _quote(table.name), ",".join(map(_quote, names))
    given = ",".join(_given(table.c[name], numbered.get(table.c[name])) for name in names)
    source = ("" if given == columns else "numbers, ") + _read(table, at)
    source += " WITH ORDINALITY" if "ordinality" in given else ""
    return f"INSERT INTO {into} ({columns}) SELECT {given} FROM {source}"


def _given(column: Any, at: int | None) -> str:
    """A column's value, with the number that it bears of that counter."""
    value = _quote(column.name)
    if at is None:
        return value
    if isinstance(column.type, Integer):
        return f"n{at} + {value}"
    number = f"(n{at} + ordinality - 1)::text"
    digits = f"lpad({number}, greatest(6, length({number})), '0')"
    kind = column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
    return f"replace({value}::text, '{MARK}', {digits})::{kind}"


def _read(table: Any, at: int = 0) -> str:
    """The rows that were given as JSON."""
    into = _quote(table.name)
    return f"json_populate_recordset(NULL::{into}, %(rows{at})s::json)"


_quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
