"""Fast writing: COPY on PostgreSQL, executemany elsewhere; rows are tuples in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, Table, func, insert, select
from sqlalchemy.orm import Session

from helpdesk.core.db import Model

EMPTY: dict[Any, str] = {dict: "{}", list: "[]"}


class Bulk:
    """Writes rows of one transaction; close with `settle()` so that later inserts get free ids."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.is_postgresql = session.connection().dialect.name == "postgresql"
        self._touched: set[str] = set()

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
