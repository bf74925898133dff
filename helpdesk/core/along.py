"""Who asks, and what the first statement of a request reads along, so that nothing asks for it again.

It holds for a page that is only looked at, until the request itself has changed something.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Generic, TypeVar

from flask import has_request_context, request
from sqlalchemy import Label, ScalarSelect, Select

from helpdesk.core.beside import Row, Told
from helpdesk.core.db import commits
from helpdesk.core.driven import Driven

KEPT = "helpdesk_along"  # kept with a request
R = TypeVar("R")
_reads: dict[str, ScalarSelect[Any]] = {}


def reads(name: str, query: ScalarSelect[Any]) -> None:
    """Register one value that is read along, under a name; it may depend on the row of who asks."""
    _reads[name] = query


def columns(*names: str) -> list[Label[Any]]:
    """These values, or all, as columns."""
    return [_reads[name].label(name) for name in names or _reads]


class Asker(Generic[R]):
    """The statement before every page: the row of who asks as a `kind`, and beside it what is read along:
    these values, or all."""

    def __init__(self, query: Select[*tuple[Any, ...]], kind: type[R], *names: str) -> None:
        self.query, self.told, self.names = query, Told(query, kind), names

    @cached_property
    def _statement(self) -> Driven:
        row = Row(*self.query.selected_columns, *columns(*self.names))
        return Driven(self.query.with_only_columns(row, maintain_column_froms=True))

    def read(self, **given: Any) -> R | None:
        """The row for these parameters, as it is now."""
        text = self._statement.value(**given)
        if text is None:
            return None
        values = json.loads(text)
        size = len(self.query.selected_columns)
        if has_request_context() and request.method == "GET":
            along = dict(zip(self.names or _reads, values[size:], strict=True))
            vars(request)[KEPT] = commits(), along
        found: R = self.told.made(values[:size])
        return found


def get(name: str) -> Any:
    """What was read along under this name; None where nothing was, or it may have changed since."""
    before, read = vars(request).get(KEPT, (0, {})) if has_request_context() else (0, {})
    return read.get(name) if before == commits() else None
