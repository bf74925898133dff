"""What becomes of the promises when severity, category or kind is corrected, or a merge undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpdesk.clock import now
from helpdesk.core.alarms import clear_alarms, set_alarms
from helpdesk.core.db import UtcTime, db
from helpdesk.setup.in_force import Promise, Setup
from helpdesk.tickets.lifecycle import Clock, clock_of
from helpdesk.tickets.models import Response, Ticket
from helpdesk.tickets.responses import external, timing
from helpdesk.tickets.responses.choosing import applicable
from helpdesk.tickets.responses.keeping import drop
from helpdesk.tickets.responses.names import ALARM, AT_OPENING, ONCE, OPEN
from helpdesk.tickets.responses.rows import COLUMNS, current, new_row, note_next_due, table

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
TICKING = ("running", "paused")
CLOCK = (
    "state",
    "started_at",
    "paused_at",
    "pauses",
    "owner_name",
    "extended_to",
    "extended_at",
)

TIMES = {column.key for column in Response.__table__.columns if isinstance(column.type, UtcTime)}


def refit(ticket: Ticket, setup: Setup) -> list[Response]:
    """Plan the open promises anew, from their original start; returns the rows that changed.

    Kept ones keep their result, and a miss stays a miss: its row ends and a further part begins.
    """
    rows = list(table(ticket))
    counting = {row.promise: row for row in current(rows, ticket)}
    policies = applicable(ticket, setup)
    drop(row for row in counting.values() if row.promise not in policies)
    open_rows = [r for r in counting.values() if r.state in OPEN and _differs(r, policies)]
    changed = [_refitted(row, ticket, policies[row.promise], setup) for row in open_rows]
    changed += _added([*rows, *changed], ticket, policies, setup)
    db.session.add_all(changed)
    db.session.flush()
    clear_alarms(ALARM, [row.id for row in changed])
    set_alarms(timing.alarms_of(changed, setup))
    note_next_due(ticket, [*rows, *(row for row in changed if row not in rows)])
    return changed


def _differs(row: Response, policies: Mapping[str, Promise]) -> bool:
    policy = policies[row.promise]
    return (row.limit, row.chain, row.owner) != (policy.limit, policy.chain, policy.owner)


def _refitted(row: Response, ticket: Ticket, policy: Promise, setup: Setup) -> Response:
    """The row with the new limit; a further part of it where the old limit was missed already."""
    fresh = new_row(ticket, policy, setup, part=row.part + 1)
    if row.started_at is None:
        _take_over(row, fresh, TAKEN_OVER)
        return row
    _take_over(fresh, row, CLOCK)
    external.bind(fresh, ticket, setup)
    timing.count(fresh, setup)
    still_time = fresh.due_at and fresh.due_at > (row.paused_at or now())
    if timing.is_missed(row) and still_time:
        drop([row])
        return fresh
    _take_over(
        row, fresh, (*TAKEN_OVER, "due_at", "provisional", "calendar_version", "bound", "latest_at")
    )
    row.level = 0  # the steps that lie behind are taken as one
    return row


def _take_over(row: Response, other: Response, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(row, name, getattr(other, name))


def _added(
    rows: list[Response], ticket: Ticket, policies: Mapping[str, Promise], setup: Setup
) -> list[Response]:
    """Promises of the opening that the case had not been given, as if it had been so from the start."""
    here = [row for row in rows if row.cycle == ticket.cycle]
    clock = next((r for r in here if r.promise == "resolve" and r.state in TICKING), None)
    if clock is None or clock_of(ticket.status) is Clock.STOPPED:
        return []
    counting = {row.promise for row in here if row.state != "dropped"}
    wanted = [p for p in AT_OPENING if p not in counting and p in policies]
    made = []
    for promise in wanted if ticket.cycle == 1 else [p for p in wanted if p not in ONCE]:
        part = 1 + max((row.part for row in here if row.promise == promise), default=0)
        row = new_row(ticket, policies[promise], setup, part)
        _take_over(row, clock, CLOCK)
        timing.count(row, setup)
        made.append(row)
    return made


def before_merge(ticket: Ticket) -> dict[str, list[str]]:
    """State and verdict of each open row, to be put back when a merge is undone."""
    return {str(r.id): [r.state, r.verdict] for r in table(ticket) if r.state in OPEN}


def put_back(ticket: Ticket, before: Before, setup: Setup) -> None:
    """The rows as before_merge() saw them, their clocks as if they had never stopped."""
    rows = table(ticket)
    back = [row for row in rows if str(row.id) in before]
    for row in back:
        row.state, row.verdict = before[str(row.id)]
    set_alarms(timing.alarms_of(back, setup))
    note_next_due(ticket, rows)


def remembered(ticket: Ticket) -> dict[str, dict[str, Any]]:
    """Every row as it is, as JSON takes it: see as_remembered()."""
    return {str(row.id): {name: _plain(row, name) for name in COLUMNS} for row in table(ticket)}


def _plain(row: Response, name: str) -> Any:
    value = getattr(row, name)
    return value.isoformat() if isinstance(value, datetime) else value


def as_remembered(ticket: Ticket, before: Mapping[str, dict[str, Any]], setup: Setup) -> None:
    """The rows as remembered() saw them, with their alarms; what began since never did."""
    rows = table(ticket)
    kept = [row for row in rows if str(row.id) in before]
    changed = [row for row in kept if _put_back(row, before[str(row.id)])]
    begun = [row for row in rows if row not in kept]
    for row in begun:
        db.session.delete(row)
    clear_alarms(ALARM, [row.id for row in (*changed, *begun)])
    set_alarms(timing.alarms_of(changed, setup))
    note_next_due(ticket, kept)


def _put_back(row: Response, before: Mapping[str, Any]) -> bool:
    """Whether the row is another now than it was; it is not after this."""
    odd = [name for name in COLUMNS if _plain(row, name) != before[name]]
    for name in odd:
        value = before[name]
        is_time = isinstance(value, str) and name in TIMES
        setattr(row, name, datetime.fromisoformat(value) if is_time else value)
    return bool(odd)
