"""Fast writing: COPY on PostgreSQL, executemany elsewhere; rows are tuples in a fixed order.

The words by which cases are found take as long as all the rest, so on PostgreSQL a process beside this one
cuts them, one batch ahead of what is written.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import JSON, Table, func, insert, select
from sqlalchemy.orm import Session

from helpdesk import search
from helpdesk.core.db import Model

Found = list[tuple[int, list[str]]]
AHEAD = 2  # batches of words that may wait
EMPTY: dict[Any, str] = {dict: "{}", list: "[]"}


class Bulk:
    """Writes rows of one transaction; close with `settle()` so that later inserts get free ids."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.is_postgresql = session.connection().dialect.name == "postgresql"
        self._touched: set[str] = set()
        self._beside: ProcessPoolExecutor | None = None
        self._cut: deque[Future[list[tuple[Any, ...]]]] = deque()

    def write(
        self, model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Insert these rows; `columns` names what each tuple holds."""
        table = model.__table__
        assert isinstance(table, Table)
        self._touched.add(table.name)
        if self.is_postgresql:
            self._copy(table, columns, rows)
            return
        values = [dict(zip(columns, row, strict=True)) for row in rows]
        if values:
            self.session.execute(insert(table), values)

    def _copy(self, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        as_json = [n for n, name in enumerate(columns) if isinstance(table.c[name].type, JSON)]
        names = ", ".join(f'"{name}"' for name in columns)
        raw = self.session.connection().connection.driver_connection
        assert raw is not None
        with raw.cursor().copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(_with_json(row, as_json) if as_json else row)

    @contextmanager
    def indexing(self, kind: str) -> Iterator[None]:
        """Inside, `index()` may be given very many subjects of this kind; all are written at the end."""
        with search.loading(self.session, kind), ProcessPoolExecutor(1) as self._beside:
            yield
            self._write_words(kind, 0)
            self._beside = None

    def index(self, kind: str, found: Found) -> None:
        """Let these new subjects be found by these texts."""
        if not self.is_postgresql or self._beside is None:
            search.put_many(self.session, kind, found)
            return
        self._cut.append(self._beside.submit(cut, kind, found))
        self._write_words(kind, AHEAD)

    def _write_words(self, kind: str, waiting: int) -> None:
        while len(self._cut) > waiting:
            rows = self._cut.popleft().result()
            table, (row,) = search.new_rows(self.session, kind, [(0, [])])
            self._copy(table, list(row), rows)

    def first_id(self, model: type[Model]) -> int:
        """The first id that is free in this table."""
        table = model.__table__
        return (self.session.scalar(select(func.max(table.c.id))) or 0) + 1

    def settle(self) -> None:
        """PostgreSQL: set the sequences behind what was written with ids of our own."""
        if not self.is_postgresql:
            return
        for name in sorted(self._touched):
            table = Model.metadata.tables[name]
            if "id" in table.c:
                sequence = func.pg_get_serial_sequence(name, "id")
                self.session.execute(select(func.setval(sequence, func.max(table.c.id))))


def _with_json(row: tuple[Any, ...], places: Sequence[int]) -> list[Any]:
    values = list(row)
    for place in places:
        value = values[place]
        values[place] = json.dumps(value, ensure_ascii=False) if value else EMPTY[type(value)]
    return values


def cut(kind: str, found: Found) -> list[tuple[Any, ...]]:
    """The rows of PostgreSQL's index for these subjects; needs no database."""
    named = SimpleNamespace(dialect=SimpleNamespace(name="postgresql"))
    writer = cast(Session, SimpleNamespace(get_bind=lambda: named))
    return [tuple(row.values()) for row in search.new_rows(writer, kind, found)[1]]
