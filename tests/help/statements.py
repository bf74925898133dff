"""Count and explain the statements that reach the database: pages have budgets, whatever the rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from helpdesk.core import driven
from helpdesk.core.db import db

FRAME = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA", "COMMIT")


@contextmanager
def heard(hear: Callable[[str, Any], None]) -> Iterator[None]:
    """Inside, each statement that is sent is told, with its values: also what the driver is asked directly."""

    def listen(_c: Any, _cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        hear(statement, given)

    def run(driver: Any, sql: str, values: Any) -> Any:
        hear(sql, values)
        return ask(driver, sql, values)

    ask, driven.run = driven.run, run
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
        driven.run = ask


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent inside the block, without those that only frame transactions."""
    sent: list[str] = []
    with heard(lambda sql, _given: None if sql.startswith(FRAME) else sent.append(sql)):
        yield sent


def explained(statement: str) -> str:
    """The database's plan for this statement, with whatever values."""
    connection = db.session.connection()
    kind = connection.dialect.name
    if kind == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
    given = re.sub(r"%\(\w+\)s|\?", "NULL", statement)
    word = "EXPLAIN" if kind == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{word} {given}"))
