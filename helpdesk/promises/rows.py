"""The rows of a subject's table: made, stored, read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.rows import fresh
from helpdesk.promises import external, timing
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Snapshot, Terms, applicable
from helpdesk.promises.subjects import PolicySubject, Subject
from helpdesk.promises.words import AT_OPENING, DESK_CALENDAR, LATER, ONCE, ORDER, WINDOWS

POSITIONS = {promise: place for place, promise in enumerate(ORDER)}
COLUMNS = tuple(column.key for column in Promise.__table__.columns if column.key != "id")


def plan(subject: PolicySubject, snapshot: Snapshot) -> list[Promise]:
    """The rows of a new case (or a new cycle): what runs from now on, and what starts later."""
    first = subject.cycle == 1
    starting = AT_OPENING if first else (*AT_OPENING, "update")
    rows = []
    for promise, terms in applicable(subject, snapshot).items():
        if promise not in ORDER or (promise in ONCE and not first):
            continue
        row = new_row(subject, terms, snapshot)
        external.bind(row, subject, snapshot)
        if promise in starting:
            timing.begin(row, snapshot, subject.received_at if first else now())
        rows.append(row)
    return sorted(rows, key=lambda row: row.position)


def planned(subject: PolicySubject, promise: str, snapshot: Snapshot) -> Promise | None:
    """The row of one promise that runs from the beginning, as a new case gets it."""
    terms = applicable(subject, snapshot).get(promise)
    if terms is None:
        return None
    row = new_row(subject, terms, snapshot)
    timing.begin(row, snapshot, subject.received_at)
    return row


def new_row(subject: Subject, terms: Terms, snapshot: Snapshot, part: int = 1) -> Promise:
    """A row whose clock has not begun yet."""
    department = snapshot.departments.get(subject.department_id or 0)
    calendar = department.calendar if department and terms.owner == "department" else DESK_CALENDAR
    return fresh(
        Promise,
        subject_kind=subject.subject_kind,
        subject_id=subject.id,
        promise=terms.promise,
        cycle=subject.cycle,
        part=part,
        position=POSITIONS.get(terms.promise, 0),
        state="pending",
        owner=terms.owner,
        owner_department_id=subject.department_id if terms.owner == "department" else None,
        limit=terms.limit,
        chain=terms.chain,
        calendar=calendar,
        policy_version=snapshot.policy_version,
        profile=terms.profile,
    )


_TABLE = (
    select(Promise)
    .where(Promise.subject_kind == bindparam("kind"), Promise.subject_id == bindparam("id"))
    .order_by(Promise.cycle, Promise.position, Promise.part)
)


def table(subject: Subject) -> Sequence[Promise]:
    """Every promise about the subject, oldest cycle first."""
    return db.session.scalars(_TABLE, {"kind": subject.subject_kind, "id": subject.id}).all()


def newest(subjects: Sequence[Subject], promise: str) -> dict[int, Promise]:
    """The newest row of this promise for each of these subjects, all of one kind, by their ids."""
    rows = select(Promise).where(
        Promise.subject_kind.in_({subject.subject_kind for subject in subjects}),
        Promise.subject_id.in_([subject.id for subject in subjects]),
        Promise.promise == promise,
    )
    ordered = db.session.scalars(rows.order_by(Promise.cycle, Promise.part))
    return {row.subject_id: row for row in ordered}


def current(rows: Iterable[Promise], subject: Subject) -> list[Promise]:
    """The rows that count now: this cycle's, and of re-dispatched ones the newest part."""
    newest: dict[str, Promise] = {}
    for row in rows:
        if row.cycle == subject.cycle and row.state != "dropped":
            kept = newest.get(row.promise)
            if kept is None or row.part > kept.part:
                newest[row.promise] = row
    return sorted(newest.values(), key=lambda row: row.position)


def shown(rows: Iterable[Promise], subject: Subject) -> list[Promise]:
    """What the rail shows: the promises that count now, without rights for a time and what is promised much later."""
    return [
        row
        for row in current(rows, subject)
        if row.promise not in WINDOWS and not (row.state == "pending" and row.promise in LATER)
    ]


def is_window_over(rows: Iterable[Promise], subject: Subject) -> bool:
    """Whether the time in which the department may return the dispatch has run out."""
    windows = [row for row in current(rows, subject) if row.state == "window"]
    return any(row.due_at is not None and row.due_at < now() for row in windows)


def note_next_due(subject: Subject, rows: Iterable[Promise]) -> None:
    """Keep the next running promise's due time on the subject, for lists."""
    dues = [row.due_at for row in rows if row.state == "running" and row.due_at]
    subject.due_at = min(dues) if dues else None
