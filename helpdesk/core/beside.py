"""Further rows beside a row, read in its statement: each list travels as one JSON value."""

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


class _Gathered(FunctionElement[str]):
    """A JSON list of lists: the values of these columns for each row, in the rows' order."""

    type = Text()
    inherit_cache = True


@compiles(_Gathered)
def _as_postgresql(element: _Gathered, compiler: SQLCompiler, **given: Any) -> str:
    columns = compiler.process(element.clauses, **given)
    return f"CAST(json_agg(json_build_array({columns})) AS text)"


@compiles(_Gathered, "sqlite")
def _as_sqlite(element: _Gathered, compiler: SQLCompiler, **given: Any) -> str:
    columns = []
    for column in element.clauses:
        name = compiler.process(column, **given)
        columns.append(f"json({name})" if isinstance(column.type, JSON) else name)
    return f"json_group_array(json_array({', '.join(columns)}))"


def _moment(stored: str | None) -> datetime | None:
    """A time as JSON tells it: with its zone by PostgreSQL, without by SQLite, both in UTC."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if stored else None


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, UtcTime | DateTime):
        return _moment
    return bool if isinstance(kind, Boolean) else None


class Beside:
    """The rows of a query (at most 50 columns) as a column of another one, and back again.

    `of_each`: the query names the other one's table, so each of its rows has its own, in no order.
    """

    def __init__(self, query: Select[*tuple[Any, ...]], *, of_each: bool = False) -> None:
        rows = query.selected_columns if of_each else query.subquery().c
        self._row: Any = namedtuple("Row", rows.keys())  # type: ignore[misc]
        self._readers = [
            (place, read) for place, each in enumerate(rows) if (read := _reader(each.type))
        ]
        gathered = _Gathered(*rows)
        found = query.with_only_columns(gathered) if of_each else select(gathered)
        self.column = found.scalar_subquery()

    def read(self, value: str | None) -> list[Any]:
        """The rows of the column's value, with attributes named as the query's columns."""
        found = json.loads(value) if value else []
        for row in found:
            for place, read in self._readers:
                row[place] = read(row[place])
        return [self._row._make(row) for row in found]
