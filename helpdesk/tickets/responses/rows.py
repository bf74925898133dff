"""The rows of a ticket's table: made, stored, read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from helpdesk.clock import now
from helpdesk.core.db import db, insert_many
from helpdesk.setup.in_force import Promise, Setup
from helpdesk.tickets.models import Response, Ticket
from helpdesk.tickets.responses import external, timing
from helpdesk.tickets.responses.choosing import applicable
from helpdesk.tickets.responses.names import AT_OPENING, DESK_CALENDAR, LATER, ONCE, ORDER, WINDOWS

COLUMNS = tuple(column.key for column in Response.__table__.columns if column.key != "id")


def plan(ticket: Ticket, setup: Setup) -> list[Response]:
    """The rows of a new ticket (or a new cycle): what runs from now on, and what starts later."""
    first = ticket.cycle == 1
    starting = AT_OPENING if first else (*AT_OPENING, "update")
    rows = []
    for promise, policy in applicable(ticket, setup).items():
        if promise not in ORDER or (promise in ONCE and not first):
            continue
        row = new_row(ticket, policy, setup)
        external.bind(row, ticket, setup)
        if promise in starting:
            timing.begin(row, setup, ticket.received_at if first else now())
        rows.append(row)
    return sorted(rows, key=lambda row: row.position)


def planned(ticket: Ticket, promise: str, setup: Setup) -> Response | None:
    """The row of one promise that runs from the beginning, as a new ticket gets it."""
    policy = applicable(ticket, setup).get(promise)
    if policy is None:
        return None
    row = new_row(ticket, policy, setup)
    timing.begin(row, setup, ticket.received_at)
    return row


def new_row(ticket: Ticket, policy: Promise, setup: Setup, part: int = 1) -> Response:
    """A row whose clock has not begun yet."""
    department = setup.departments.get(ticket.department_id or 0)
    calendar = department.calendar if department and policy.owner == "department" else DESK_CALENDAR
    row = Response()
    row.__dict__.update(  # a new row has no changes to keep track of
        ticket_id=ticket.id,
        promise=policy.promise,
        cycle=ticket.cycle,
        part=part,
        position=ORDER.index(policy.promise),
        state="pending",
        owner=policy.owner,
        owner_department_id=ticket.department_id if policy.owner == "department" else None,
        limit=policy.limit,
        chain=policy.chain,
        calendar=calendar,
        bound="",
        verdict="",
        level=0,
        pauses=[],
        started_at=None,
        due_at=None,
        paused_at=None,
        warned_at=None,
        met_at=None,
        taken=None,
        calendar_version=0,
        latest_at=None,
        extended_to=None,
        extended_at=None,
        policy_version=setup.policy_version,
        profile=policy.profile,
        provisional=False,
        met_by="",
        done="",
        owner_name="",
    )
    return row


def store(rows: list[Response]) -> None:
    """Write the rows of a new ticket in one statement, and give them their ids."""
    values = [{name: row.__dict__[name] for name in COLUMNS} for row in rows]
    written = insert_many(Response.__table__, values, Response.promise, Response.id)
    ids = {row.promise: row.id for row in written}
    for row in rows:
        row.id = ids[row.promise]


def table(ticket: Ticket) -> Sequence[Response]:
    """The ticket's response table, oldest cycle first."""
    return db.session.scalars(
        select(Response)
        .where(Response.ticket_id == ticket.id)
        .order_by(Response.cycle, Response.position, Response.part)
    ).all()


def newest(ticket: Ticket, promise: str) -> Response | None:
    """The newest row of this promise."""
    return db.session.scalar(
        select(Response)
        .where(Response.ticket_id == ticket.id, Response.promise == promise)
        .order_by(Response.cycle.desc(), Response.part.desc())
        .limit(1)
    )


def current(rows: Iterable[Response], ticket: Ticket) -> list[Response]:
    """The rows that count now: this cycle's, and of re-dispatched ones the newest part."""
    newest: dict[str, Response] = {}
    for row in rows:
        if row.cycle == ticket.cycle and row.state != "dropped":
            kept = newest.get(row.promise)
            if kept is None or row.part > kept.part:
                newest[row.promise] = row
    return sorted(newest.values(), key=lambda row: row.position)


def rail(rows: Iterable[Response], ticket: Ticket) -> list[Response]:
    """The promises that count now, without rights for a time and what is promised much later."""
    return [
        row
        for row in current(rows, ticket)
        if row.promise not in WINDOWS and not (row.state == "pending" and row.promise in LATER)
    ]


def is_window_over(rows: Iterable[Response], ticket: Ticket) -> bool:
    """Whether the time in which the department may return the dispatch has run out."""
    windows = [row for row in current(rows, ticket) if row.state == "window"]
    return any(row.due_at is not None and row.due_at < now() for row in windows)


def note_next_due(ticket: Ticket, rows: Iterable[Response]) -> None:
    """Keep the next running promise's due time on the ticket, for lists."""
    dues = [row.due_at for row in rows if row.state == "running" and row.due_at]
    ticket.due_at = min(dues) if dues else None
