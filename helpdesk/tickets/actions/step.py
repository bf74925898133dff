"""The frame of every move: lock the row, check rights, then the table, change, record.

Rights come first: who may not take a step is told so, and nothing of where the ticket stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk.agents.rights import Actor, require_stands_for
from helpdesk.clock import now
from helpdesk.core.db import locked, transaction
from helpdesk.core.errors import BadInput, Refused
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.tickets import lifecycle, queries
from helpdesk.tickets.actions.newer import moved_on, require_seen, require_version
from helpdesk.tickets.models import Ticket

MOST_COMMENT = 5000
LACKING = {
    "comment": N_("Please give a reason."),
    "department": N_("Please choose a department."),
    "reply": N_("Please write the reply to the customer."),
    "until": N_("Please say until when."),
    "target": N_("Please give the number of the ticket that stays."),
}


@dataclass
class Step:
    """One move in progress; `data` goes into the journal beside old and new status."""

    ticket: Ticket
    move: lifecycle.Move
    to: str  # the status that it leads to
    data: dict[str, Any] = field(default_factory=dict)
    deliver_at: datetime | None = None  # nobody outside is told before


@contextmanager
def step(
    code: str,
    ticket: Ticket,
    by: Actor,
    version: int | None,
    seen_seq: int | None = None,
    **given: object,
) -> Iterator[Step]:
    """Everything that all moves share. `given` are the fields that the table may ask for, `seen_seq`
    the journal number up to which the person has read.

    Raises NotFound, NotAllowed, Refused, Conflict, or BadInput for a field that is not filled.
    """
    with transaction():
        ticket = locked(ticket)
        queries.require_visible(ticket, by)
        lifecycle.require_right(code, by)
        require_stands_for(by, ticket.department_id)
        require_version(ticket, version)
        require_seen(ticket, by, seen_seq)
        move = _legal(code, ticket, by, seen_seq)
        _filled(move, given)
        old = ticket.status
        making = Step(ticket, move, move.to or old)
        yield making
        ticket.status = making.to
        ticket.updated_at = now()
        words = {name: str(value) for name, value in given.items() if name == "comment" and value}
        record(
            f"ticket.{code}",
            by=by,
            ticket=ticket,
            old=old,
            new=ticket.status,
            deliver_at=making.deliver_at,
            **words,
            **making.data,
        )


def _legal(code: str, ticket: Ticket, by: Actor, seen_seq: int | None) -> lifecycle.Move:
    """The row of the table; a step that somebody else has made impossible names who it was."""
    try:
        return lifecycle.check(
            code, status=ticket.status, kind=ticket.kind, returns=ticket.returns, by=by
        )
    except Refused as error:
        if newer := moved_on(ticket, seen_seq):
            raise newer from error
        raise


def _filled(move: lifecycle.Move, given: dict[str, object]) -> None:
    errors = {name: LACKING[name] for name in move.needs if not given.get(name)}
    comment = given.get("comment")
    if isinstance(comment, str) and len(comment) > MOST_COMMENT:
        errors["comment"] = N_("This is too long: 5,000 characters at most.")
    if errors:
        raise BadInput(N_("Some fields need another look."), errors=errors)
