"""How a promise ends: kept on time, kept late, or no longer counting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from helpdesk.clock import now
from helpdesk.core.alarms import clear_alarms
from helpdesk.promises import policy, timing
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.rows import current, note_next_due, table
from helpdesk.promises.subjects import Subject
from helpdesk.promises.words import ALARM, OPEN, ORDER


def meet(
    subject: Subject,
    promises: Iterable[str],
    by_name: str,
    done: str = "",
    at: datetime | None = None,
) -> list[Promise]:
    """Mark these promises as kept now, if their clocks have begun; returns the kept rows.

    What has not begun no longer needs to: it ends without a verdict.
    """
    wanted, rows = set(promises), table(subject)
    named = [r for r in current(rows, subject) if r.promise in wanted and r.state in OPEN]
    kept = [row for row in named if row.started_at]
    if kept:
        keep(kept, at or now(), by_name, done, policy.current())
    drop(row for row in named if not row.started_at)
    clear_alarms(ALARM, [row.id for row in kept])
    note_next_due(subject, rows)
    return kept


def meet_at_opening(
    rows: Iterable[Promise], promise: str, by_name: str, snapshot: Snapshot
) -> None:
    """A promise that the way in has kept already: somebody took the call."""
    running = [row for row in rows if row.promise == promise and row.state == "running"]
    keep(running, now(), by_name, "", snapshot)


def keep(
    rows: Iterable[Promise], moment: datetime, by_name: str, done: str, snapshot: Snapshot
) -> None:
    """These rows were kept at `moment`: on time, or late."""
    for row in rows:
        row.taken = timing.taken(row, moment, snapshot)
        row.verdict = "late" if row.due_at and moment > row.due_at else "on_time"
        row.state, row.met_at, row.met_by, row.done = "met", moment, by_name, done[:500]


def drop(rows: Iterable[Promise]) -> None:
    """These promises end unkept: merged, withdrawn, dispatched anew. What was missed stays missed."""
    open_rows = [row for row in rows if row.state in OPEN]
    for row in open_rows:
        row.verdict = "missed" if timing.is_missed(row) else "dropped"
        row.state = "dropped"
    clear_alarms(ALARM, [row.id for row in open_rows if row.id])


def drop_open(subject: Subject, promises: Iterable[str] | None = None) -> None:
    """Drop every open promise about the subject, or only the named ones."""
    rows = table(subject)
    wanted = set(promises) if promises is not None else set(ORDER)
    drop(row for row in rows if row.promise in wanted)
    note_next_due(subject, rows)
