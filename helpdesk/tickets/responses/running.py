"""Clocks that start, wait, run again, get more time, and begin a new cycle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from helpdesk.clock import after_pause, due_at, now
from helpdesk.core.alarms import clear_alarms, set_alarms
from helpdesk.core.db import db
from helpdesk.setup.in_force import Promise, Setup
from helpdesk.tickets.lifecycle import Clock, clock_of
from helpdesk.tickets.models import Response, Ticket
from helpdesk.tickets.responses import timing
from helpdesk.tickets.responses.choosing import applicable, limit_for
from helpdesk.tickets.responses.keeping import drop, meet
from helpdesk.tickets.responses.names import ALARM, DESK_CALENDAR, EXTENDABLE, ORDER
from helpdesk.tickets.responses.rows import current, new_row, note_next_due, plan, table
from helpdesk.tickets.responses.timing import every_pause


def start(
    ticket: Ticket, promises: Iterable[str], setup: Setup, owner_name: str = ""
) -> list[Response]:
    """Start the clocks of pending promises; a re-dispatch gets a further part, the old one ends.

    The customer's own clocks are never touched by that (M13).
    """
    wanted = set(promises)
    rows = list(table(ticket))
    started = []
    for promise, policy in applicable(ticket, setup).items():
        if promise in wanted:
            row = _startable(rows, ticket, policy, setup)
            row.owner_name = owner_name
            timing.begin(row, setup, now())
            started.append(row)
    db.session.add_all(started)
    db.session.flush()
    set_alarms(timing.alarms_of(started, setup))
    note_next_due(ticket, [*rows, *(row for row in started if row not in rows)])
    return started


def _startable(rows: list[Response], ticket: Ticket, policy: Promise, setup: Setup) -> Response:
    """The pending row of this promise, or a further part of it."""
    parts = [r for r in rows if r.promise == policy.promise and r.cycle == ticket.cycle]
    last = max(parts, key=lambda row: row.part, default=None)
    fresh = new_row(ticket, policy, setup, part=last.part + 1 if last else 1)
    if last is not None and last.state == "pending":
        last.owner_department_id, last.calendar = fresh.owner_department_id, fresh.calendar
        return last
    drop(parts)
    return fresh


def next_update(ticket: Ticket, by_name: str, done: str, setup: Setup) -> None:
    """Words went to the customer: this update is kept, and the next one is due from now on."""
    running = [r for r in current(table(ticket), ticket) if r.promise == "update" and r.started_at]
    if running:
        meet(ticket, ["update"], by_name, done)
    clock = clock_of(ticket.status)
    if clock is not Clock.STOPPED:
        start(ticket, ["update"], setup)
    if clock is Clock.PAUSED:
        pause(ticket, ["update"])


def pause(ticket: Ticket, promises: Iterable[str] = ORDER) -> None:
    """Stop the running clocks of this ticket: it waits for somebody else."""
    rows, wanted = table(ticket), set(promises)
    running = [r for r in current(rows, ticket) if r.state == "running" and r.promise in wanted]
    for row in running:
        timing.hold_still(row)
    clear_alarms(ALARM, [row.id for row in running])
    note_next_due(ticket, rows)


def resume(ticket: Ticket, setup: Setup) -> None:
    """Run again: each due time moves by exactly the time that was left, in the limit's own measure."""
    rows = table(ticket)
    resumed = [row for row in current(rows, ticket) if row.state == "paused"]
    for row in resumed:
        timing.go_on(row, setup)
    set_alarms(timing.alarms_of(resumed, setup))
    note_next_due(ticket, rows)


def hold_ends_at(ticket: Ticket, setup: Setup) -> datetime | None:
    """When the longest time on hold is used up if the case is put on hold now; None without a cap.

    All waiting of the cycle counts together. In the limit's own measure.
    """
    limit = limit_for(ticket, "hold", setup)
    if limit is None:
        return None
    calendar = setup.calendars[DESK_CALENDAR]
    clock = next((r for r in current(table(ticket), ticket) if r.promise == "resolve"), None)
    waits = every_pause(clock) if clock else []
    end = due_at(waits[0][0] if waits else now(), limit, calendar, beyond="weekly")
    for (_from, resumed), (held, _until) in pairwise([*waits, (now(), now())]):
        end = after_pause(end, (resumed, held), limit, calendar)
    return end


def extend(ticket: Ticket, until: datetime, setup: Setup) -> list[Response]:
    """Move the open resolve and department promises to `until`, as a supervisor granted it.

    The chain begins anew on the way there, without the steps that lie behind by the new count.
    """
    rows = table(ticket)
    moved_rows = []
    for row in current(rows, ticket):
        if row.promise in EXTENDABLE and row.state == "running" and _is_later(until, row):
            row.due_at, row.verdict = until, ""
            row.extended_to, row.extended_at = until, now()
            row.level = timing.passed(row, setup)
            moved_rows.append(row)
    clear_alarms(ALARM, [row.id for row in moved_rows])
    set_alarms(timing.alarms_of(moved_rows, setup))
    note_next_due(ticket, rows)
    return moved_rows


def _is_later(until: datetime, row: Response) -> bool:
    """More time never takes any: one that is due later anyway stays as it is."""
    return row.due_at is None or row.due_at < until


def replan(ticket: Ticket, setup: Setup) -> None:
    """A new cycle (reopened, reworked): promises are made anew; the old rows stay as they were."""
    rows = plan(ticket, setup)
    db.session.add_all(rows)
    db.session.flush()
    set_alarms(timing.alarms_of(rows, setup))
    note_next_due(ticket, rows)
