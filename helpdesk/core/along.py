"""What the first statement of a request reads along with who asks, so that nothing asks for it again.

It holds for a page that is only looked at, until the request itself has changed something.
"""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request
from sqlalchemy import Label, ScalarSelect

from helpdesk.core.db import commits

KEPT = "helpdesk.core.along"  # in a request's environ
_reads: dict[str, ScalarSelect[Any]] = {}


def reads(name: str, query: ScalarSelect[Any]) -> None:
    """Register one value that is read along, under a name; it may depend on the row of who asks."""
    _reads[name] = query


def columns(*names: str) -> list[Label[Any]]:
    """These values, or all, as columns of the statement that reads who asks."""
    return [_reads[name].label(name) for name in names or _reads]


def told(row: Any, *names: str) -> None:
    """Keep what that statement has read in this request: these values, or all."""
    if row is not None and has_request_context() and request.method == "GET":
        read = {name: getattr(row, name) for name in names or _reads}
        request.environ[KEPT] = commits(), read


def get(name: str) -> Any:
    """What was read along under this name; None where nothing was, or it may have changed since."""
    before, read = request.environ.get(KEPT, (0, {})) if has_request_context() else (0, {})
    return read.get(name) if before == commits() else None
