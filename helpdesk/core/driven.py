"""A statement that the driver is asked directly: for the one before every page and those of lists, where a
session and a transaction would cost more than itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select

from helpdesk.core.db import db, is_untouched


def run(driver: Any, sql: str, values: Any) -> Any:
    """What the driver finds."""
    return driver.execute(sql, values)


class Driven:
    """The first column of a statement that is given, and gives, numbers and texts; it is put together once
    for each kind of database."""

    def __init__(self, query: Select[Any]) -> None:
        self.query = query
        self._made: dict[str, tuple[str, dict[str, Any], Sequence[str] | None]] = {}

    def value(self, **given: Any) -> Any:
        """That of the first row, or None."""
        found = self.values(given)
        return found[0] if found else None

    def values(self, given: Mapping[str, Any]) -> Sequence[Any]:
        """That of each row. What goes wrong is asked again as all else is, and told as it is there; where a
        transaction() has begun, it is asked there."""
        sql, values = self._for_driver(given)
        if _has_begun():
            return db.session.connection().exec_driver_sql(sql, values).scalars().all()
        connection = db.engine.raw_connection()
        try:
            return _asked(connection.driver_connection, sql, values)
        except db.engine.dialect.dbapi.Error:  # type: ignore[union-attr]
            connection.invalidate()
        finally:
            connection.close()
        return db.session.scalars(self.query, given).all()

    def _for_driver(self, given: Mapping[str, Any]) -> tuple[str, Any]:
        dialect = db.engine.dialect
        if dialect.name not in self._made:
            made = self.query.compile(dialect=dialect).construct_expanded_state(given)
            self._made[dialect.name] = made.statement, dict(made.parameters), made.positiontup
        sql, constants, order = self._made[dialect.name]
        values = {**constants, **given}
        return sql, values if order is None else tuple(values[name] for name in order)


def _has_begun() -> bool:
    session = db.session
    writes = session.registry.has() and bool(session.info.get("writing"))
    return writes and not is_untouched(session())


def _asked(driver: Any, sql: str, values: Any) -> list[Any]:
    on_postgresql = db.engine.name == "postgresql"
    if on_postgresql:
        driver.autocommit = True  # else it is told of a transaction's begin and end, too
    found = [row[0] for row in run(driver, sql, values)]
    if on_postgresql:
        driver.autocommit = False
    return found
