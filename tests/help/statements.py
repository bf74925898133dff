"""Count and explain the statements that reach the database: pages have budgets, whatever the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from helpdesk.core.db import db
from helpdesk.core.driven import Driven

FRAME = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA", "COMMIT")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent inside the block, without those that only frame transactions."""
    sent: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(FRAME):
            sent.append(statement)

    def driven(self: Driven, **given: Any) -> Any:
        sent.append(str(self.query))
        return ask(self, **given)

    ask, Driven.value = Driven.value, driven  # type: ignore[method-assign]
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
        Driven.value = ask  # type: ignore[method-assign]


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
