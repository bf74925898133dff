"""A statement that the driver is asked directly: for the one before every page, where a session and a
transaction would cost more than itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from helpdesk.core.db import db


class Driven:
    """One value, given numbers and texts; the statement is put together once for each kind of database."""

    def __init__(self, query: Select[Any]) -> None:
        self.query = query
        self._made: dict[str, tuple[str, dict[str, Any], Sequence[str] | None]] = {}

    def value(self, **given: Any) -> Any:
        """The first column of the first row, or None. What goes wrong is asked again as all else is, and
        told as it is there."""
        connection = db.engine.raw_connection()
        try:
            return self._asked(connection.driver_connection, given)
        except db.engine.dialect.dbapi.Error:  # type: ignore[union-attr]
            connection.invalidate()
        finally:
            connection.close()
        return db.session.scalar(self.query, given)

    def _asked(self, driver: Any, given: dict[str, Any]) -> Any:
        sql, constants, order = self._for_driver(given)
        values: Any = constants | given
        values = values if order is None else [values[name] for name in order]
        on_postgresql = db.engine.name == "postgresql"
        if on_postgresql:
            driver.autocommit = True  # else it is told of a transaction's begin and end, too
        row = driver.execute(sql, values).fetchone()
        if on_postgresql:
            driver.autocommit = False
        return row[0] if row else None

    def _for_driver(
        self, given: dict[str, Any]
    ) -> tuple[str, dict[str, Any], Sequence[str] | None]:
        dialect = db.engine.dialect
        if dialect.name not in self._made:
            made = self.query.compile(dialect=dialect).construct_expanded_state(given)
            self._made[dialect.name] = made.statement, dict(made.parameters), made.positiontup
        return self._made[dialect.name]
