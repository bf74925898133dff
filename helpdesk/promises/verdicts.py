"""How promises were kept, as SQL: lists and statistics ask here, so they can't disagree.

A case may hold several rows of one promise: one per cycle and per re-dispatch. It is judged by the
worst of them, and a promise that is open and overdue counts as missed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, true

from helpdesk.clock import now
from helpdesk.promises.models import Promise

RANKS = {"on_time": 1, "late": 2, "missed": 3}


def rank() -> ColumnElement[int]:
    """How bad a row of the response table is: 1 on time, 2 late, 3 open and overdue, 0 not judged."""
    overdue = and_(Promise.state == "running", Promise.due_at < now())
    return case(
        (Promise.verdict == "late", RANKS["late"]),
        (Promise.verdict == "on_time", RANKS["on_time"]),
        (or_(Promise.verdict == "missed", overdue), RANKS["missed"]),
        else_=0,
    )


def fell_due(begin: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """The condition that a row's time was up in this stretch, and is up by now: what was kept early
    counts on the day that was promised, so a stretch that is over tells the same whenever it is asked.
    """
    until = min(end, now()) if end else now()
    since = Promise.due_at >= begin if begin else true()
    return and_(since, Promise.due_at < until)


def is_one_of(
    model: Any,
    wanted: Collection[str],
    promise: str = "",
    due: ColumnElement[bool] | None = None,
) -> ColumnElement[bool]:
    """The condition that this promise about a row of `model` (without one: all promises about it) was
    kept so; `due` says of which rows alone.
    """
    rows: list[Any] = [Promise.of(model)]
    rows += [Promise.promise == promise] if promise else []
    rows += [due] if due is not None else []
    ranks = [RANKS[verdict] for verdict in wanted if verdict in RANKS]
    worst = select(func.max(rank())).where(*rows).correlate(model).scalar_subquery()
    dropped = exists().where(*rows, Promise.verdict == "dropped").correlate(model)
    found = [worst.in_(ranks)] if ranks else []
    return or_(*found, *([dropped] if "dropped" in wanted else []))
