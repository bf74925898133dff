"""What becomes of the promises when severity, category or kind is corrected, or a merge undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpdesk.clock import now
from helpdesk.core.alarms import clear_alarms, set_alarms
from helpdesk.core.db import UtcTime, db
from helpdesk.core.rows import entity
from helpdesk.promises import external, timing
from helpdesk.promises.keeping import drop
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot, Terms, applicable
from helpdesk.promises.rows import COLUMNS, current, new_row, note_next_due, table
from helpdesk.promises.subjects import PolicySubject, Subject
from helpdesk.promises.words import ALARM, AT_OPENING, COUNTED, ONCE, OPEN, Clock

Before = Mapping[str, list[str]]
TAKEN_OVER = (
    "limit",
    "chain",
    "owner",
    "owner_department_id",
    "calendar",
    "policy_version",
    "profile",
)
CLOCK = ("state", "started_at", "paused_at", "pauses", "owner_name")
GRANTED = ("extended_to", "extended_at")  # for the one promise that more time was asked for

TIMES = {column.key for column in Promise.__table__.columns if isinstance(column.type, UtcTime)}


def refit(subject: PolicySubject, clock: Clock, snapshot: Snapshot) -> list[Promise]:
    """Plan the open promises anew, from their original start; returns the rows that changed.

    Kept ones keep their result, and a miss stays a miss: its row ends and a further part begins.
    """
    rows = list(table(subject))
    counting = {row.promise: row for row in current(rows, subject)}
    policies = applicable(subject, snapshot)
    drop(row for row in counting.values() if row.promise not in policies)
    odd = [row for row in counting.values() if row.state in OPEN]
    odd = [row for row in odd if _differs(row, policies, external.latest(row, subject, snapshot))]
    changed = [_refitted(row, subject, policies[row.promise], snapshot) for row in odd]
    if clock is not Clock.STOPPED:
        changed += _added([*rows, *changed], subject, policies, snapshot)
    db.session.add_all(changed)
    db.session.flush()
    clear_alarms(ALARM, [row.id for row in changed])
    set_alarms(timing.alarms_of(changed, snapshot))
    note_next_due(subject, [*rows, *(row for row in changed if row not in rows)])
    return changed


def _differs(row: Promise, policies: Mapping[str, Terms], latest: datetime | None) -> bool:
    terms = policies[row.promise]
    planned = (terms.limit, terms.chain, terms.owner, latest)
    return (row.limit, row.chain, row.owner, row.latest_at) != planned


def _refitted(row: Promise, subject: PolicySubject, terms: Terms, snapshot: Snapshot) -> Promise:
    """The row with the new limit; a further part of it where the old limit was missed already."""
    fresh = new_row(subject, terms, snapshot, part=row.part + 1)
    if row.started_at is None:
        _take_over(row, fresh, TAKEN_OVER)
        return row
    _take_over(fresh, row, (*CLOCK, *GRANTED))
    external.bind(fresh, subject, snapshot)
    timing.count(fresh, snapshot)
    still_time = fresh.due_at and fresh.due_at > (row.paused_at or now())
    if timing.is_missed(row) and still_time:
        drop([row])
        return entity(fresh)
    _take_over(
        row, fresh, (*TAKEN_OVER, "due_at", "provisional", "calendar_version", "bound", "latest_at")
    )
    row.level = 0  # the steps that lie behind are taken as one
    return row


def _take_over(row: Promise, other: Promise, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(row, name, getattr(other, name))


def _added(
    rows: list[Promise], subject: PolicySubject, policies: Mapping[str, Terms], snapshot: Snapshot
) -> list[Promise]:
    """Promises of the opening that the case had not been given, as if it had been so from the start."""
    here = [row for row in rows if row.cycle == subject.cycle]
    clock = next((r for r in here if r.promise == "resolve" and r.state in COUNTED), None)
    if clock is None:
        return []
    counting = {row.promise for row in here if row.state != "dropped"}
    wanted = [p for p in AT_OPENING if p not in counting and p in policies]
    made = []
    for promise in wanted if subject.cycle == 1 else [p for p in wanted if p not in ONCE]:
        part = 1 + max((row.part for row in here if row.promise == promise), default=0)
        row = new_row(subject, policies[promise], snapshot, part)
        _take_over(row, clock, CLOCK)
        timing.count(row, snapshot)
        made.append(entity(row))
    return made


def before_merge(subject: Subject) -> dict[str, list[str]]:
    """State and verdict of each open row, to be put back when a merge is undone."""
    return {str(r.id): [r.state, r.verdict] for r in table(subject) if r.state in OPEN}


def put_back(subject: Subject, before: Before, snapshot: Snapshot) -> None:
    """The rows as before_merge() saw them, their clocks as if they had never stopped."""
    rows = table(subject)
    back = [row for row in rows if str(row.id) in before]
    for row in back:
        row.state, row.verdict = before[str(row.id)]
    set_alarms(timing.alarms_of(back, snapshot))
    note_next_due(subject, rows)


def remembered(subject: Subject) -> dict[str, dict[str, Any]]:
    """Every row as it is, as JSON takes it: see as_remembered()."""
    return {str(row.id): {name: _plain(row, name) for name in COLUMNS} for row in table(subject)}


def _plain(row: Promise, name: str) -> Any:
    value = getattr(row, name)
    return value.isoformat() if isinstance(value, datetime) else value


def as_remembered(
    subject: Subject, before: Mapping[str, dict[str, Any]], snapshot: Snapshot
) -> None:
    """The rows as remembered() saw them, with their alarms; what began since never did."""
    rows = table(subject)
    kept = [row for row in rows if str(row.id) in before]
    changed = [row for row in kept if _put_back(row, before[str(row.id)])]
    begun = [row for row in rows if row not in kept]
    for row in begun:
        db.session.delete(row)
    clear_alarms(ALARM, [row.id for row in (*changed, *begun)])
    set_alarms(timing.alarms_of(changed, snapshot))
    note_next_due(subject, kept)


def _put_back(row: Promise, before: Mapping[str, Any]) -> bool:
    """Whether the row is another now than it was; it is not after this."""
    known = [name for name in COLUMNS if name in before]  # not what an upgrade has added since
    odd = [name for name in known if _plain(row, name) != before[name]]
    for name in odd:
        value = before[name]
        is_time = isinstance(value, str) and name in TIMES
        setattr(row, name, datetime.fromisoformat(value) if is_time else value)
    return bool(odd)
