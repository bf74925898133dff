"""Rows that travel as one JSON value each, or a whole list of them beside a row of another statement.

Such a text is the key of what is made of it, and is taken apart only where that is not kept.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from helpdesk.core.db import UtcTime


class Row(FunctionElement[str]):
    """A JSON list: the values of these columns."""

    type = Text()
    inherit_cache = True


class _Gathered(Row):
    """A JSON list of lists: the values of these columns for each row, in the rows' order."""

    inherit_cache = True


@compiles(Row)
def _as_postgresql(element: Row, compiler: SQLCompiler, **given: Any) -> str:
    row = f"json_build_array({compiler.process(element.clauses, **given)})"
    return f"CAST({f'json_agg({row})' if isinstance(element, _Gathered) else row} AS text)"


@compiles(Row, "sqlite")
def _as_sqlite(element: Row, compiler: SQLCompiler, **given: Any) -> str:
    columns = []
    for column in element.clauses:
        name = compiler.process(column, **given)
        columns.append(f"json({name})" if isinstance(column.type, JSON) else name)
    row = f"json_array({', '.join(columns)})"
    gathered = f"json_group_array({row})" if isinstance(element, _Gathered) else row
    return f"({gathered} || '')"  # a text, also inside of another one


def _moment(stored: str | None) -> datetime | None:
    """A time as JSON tells it: with its zone by PostgreSQL, without by SQLite, both in UTC."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if stored else None


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, UtcTime | DateTime):
        return _moment
    return bool if isinstance(kind, Boolean) else None


class Told:
    """The rows of a query (at most 50 columns), each as one text, and back again.

    `kind`: a tuple's class that says what else a row can be asked; a NamedTuple names the columns, too.
    """

    def __init__(self, query: Select[*tuple[Any, ...]], kind: type = tuple) -> None:
        columns = query.selected_columns
        self.query = query.with_only_columns(Row(*columns), maintain_column_froms=True)
        self._take(columns, kind)

    def _take(self, columns: Any, kind: type) -> None:
        row: Any = namedtuple("Row", columns.keys())  # type: ignore[misc]
        mixed = kind is tuple or hasattr(kind, "_make")
        self._kind: Any = (
            (row if kind is tuple else kind) if mixed else type("Row", (kind, row), {})
        )
        self._readers = [
            (place, read) for place, each in enumerate(columns) if (read := _reader(each.type))
        ]

    def row(self, value: str) -> Any:
        """The row of this text, with attributes named as the query's columns."""
        return self.made(json.loads(value))

    def made(self, values: list[Any]) -> Any:
        """The same of what its JSON holds."""
        for place, read in self._readers:
            values[place] = read(values[place])
        return self._kind._make(values)


class Beside(Told):
    """The rows of a query as a column of another one, and back again.

    `of_each`: the query names the other one's table, so each of its rows has its own, in no order.
    """

    def __init__(self, query: Select[*tuple[Any, ...]], *, of_each: bool = False) -> None:
        rows = query.selected_columns if of_each else query.subquery().c
        self._take(rows, tuple)
        gathered = _Gathered(*rows)
        found = query.with_only_columns(gathered) if of_each else select(gathered)
        self.column = found.scalar_subquery()

    def read(self, value: str | None) -> list[Any]:
        """The rows of the column's value."""
        return [self.made(values) for values in json.loads(value)] if value else []
