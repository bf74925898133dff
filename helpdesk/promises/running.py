"""Clocks that start, wait, run again, get more time, and begin a new cycle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from helpdesk.clock import after_pause, due_at, now
from helpdesk.core.alarms import clear_alarms, set_alarms
from helpdesk.core.db import db
from helpdesk.core.rows import entity
from helpdesk.promises import timing
from helpdesk.promises.keeping import drop, meet
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot, Terms, applicable, limit_for
from helpdesk.promises.rows import current, new_row, note_next_due, plan, table
from helpdesk.promises.subjects import PolicySubject, Subject
from helpdesk.promises.timing import every_pause
from helpdesk.promises.words import ALARM, DESK_CALENDAR, EXTENDABLE, ORDER, Clock


def start(
    subject: PolicySubject, promises: Iterable[str], snapshot: Snapshot, owner_name: str = ""
) -> list[Promise]:
    """Start the clocks of pending promises; a re-dispatch gets a further part, the old one ends.

    The customer's own clocks are never touched by that.
    """
    wanted = set(promises)
    rows = list(table(subject))
    started = []
    for promise, terms in applicable(subject, snapshot).items():
        if promise in wanted:
            row = _startable(rows, subject, terms, snapshot)
            row.owner_name = owner_name
            timing.begin(row, snapshot, now())
            started.append(row)
    db.session.add_all(started)
    db.session.flush()
    set_alarms(timing.alarms_of(started, snapshot))
    note_next_due(subject, [*rows, *(row for row in started if row not in rows)])
    return started


def _startable(
    rows: list[Promise], subject: PolicySubject, terms: Terms, snapshot: Snapshot
) -> Promise:
    """The pending row of this promise, or a further part of it."""
    parts = [r for r in rows if r.promise == terms.promise and r.cycle == subject.cycle]
    last = max(parts, key=lambda row: row.part, default=None)
    fresh = new_row(subject, terms, snapshot, part=last.part + 1 if last else 1)
    if last is not None and last.state == "pending":
        last.owner_department_id, last.calendar = fresh.owner_department_id, fresh.calendar
        return last
    drop(parts)
    return entity(fresh)


def next_update(
    subject: PolicySubject, clock: Clock, by_name: str, done: str, snapshot: Snapshot
) -> None:
    """Words went to the customer: this update is kept, and the next one is due from now on."""
    running = [
        r for r in current(table(subject), subject) if r.promise == "update" and r.started_at
    ]
    if running:
        meet(subject, ["update"], by_name, done)
    if clock is not Clock.STOPPED:
        start(subject, ["update"], snapshot)
    if clock is Clock.PAUSED:
        pause(subject, ["update"])


def pause(subject: Subject, promises: Iterable[str] = ORDER) -> None:
    """Stop the running clocks about this subject: it waits for somebody else."""
    rows, wanted = table(subject), set(promises)
    running = [r for r in current(rows, subject) if r.state == "running" and r.promise in wanted]
    for row in running:
        timing.hold_still(row)
    clear_alarms(ALARM, [row.id for row in running])
    note_next_due(subject, rows)


def resume(subject: Subject, snapshot: Snapshot) -> None:
    """Run again: each due time moves by exactly the time that was left, in the limit's own measure."""
    rows = table(subject)
    resumed = [row for row in current(rows, subject) if row.state == "paused"]
    for row in resumed:
        timing.go_on(row, snapshot)
    set_alarms(timing.alarms_of(resumed, snapshot))
    note_next_due(subject, rows)


def hold_ends_at(subject: PolicySubject, snapshot: Snapshot) -> datetime | None:
    """When the longest time on hold is used up if the case is put on hold now; None without a cap.

    All waiting of the cycle counts together. In the limit's own measure.
    """
    limit = limit_for(subject, "hold", snapshot)
    if limit is None:
        return None
    calendar = snapshot.calendars[DESK_CALENDAR]
    clock = next((r for r in current(table(subject), subject) if r.promise == "resolve"), None)
    waits = every_pause(clock) if clock else []
    end = due_at(waits[0][0] if waits else now(), limit, calendar)
    for (_from, resumed), (held, _until) in pairwise([*waits, (now(), now())]):
        end = after_pause(end, (resumed, held), limit, calendar)
    return end


def extend(subject: Subject, until: datetime, snapshot: Snapshot) -> list[Promise]:
    """Move the open resolve and department promises to `until`, as a supervisor granted it.

    The chain begins anew on the way there, without the steps that lie behind by the new count.
    """
    rows = table(subject)
    moved_rows = []
    for row in current(rows, subject):
        if row.promise in EXTENDABLE and row.state == "running" and _is_later(until, row):
            grant(row, until, snapshot)
            moved_rows.append(row)
    clear_alarms(ALARM, [row.id for row in moved_rows])
    set_alarms(timing.alarms_of(moved_rows, snapshot))
    note_next_due(subject, rows)
    return moved_rows


def grant(row: Promise, until: datetime, snapshot: Snapshot) -> None:
    """This promise is due at `until`; its chain begins anew, without the steps that lie behind."""
    row.due_at, row.verdict = until, ""
    row.extended_to, row.extended_at = until, now()
    row.level = timing.passed(row, snapshot)


def _is_later(until: datetime, row: Promise) -> bool:
    """More time never takes any: one that is due later anyway stays as it is."""
    return row.due_at is None or row.due_at < until


def replan(subject: PolicySubject, snapshot: Snapshot) -> None:
    """A new cycle (reopened, reworked): promises are made anew; the old rows stay as they were."""
    rows = [entity(row) for row in plan(subject, snapshot)]
    db.session.add_all(rows)
    db.session.flush()
    set_alarms(timing.alarms_of(rows, snapshot))
    note_next_due(subject, rows)
