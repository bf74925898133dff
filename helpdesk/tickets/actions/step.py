"""The frame of every move: lock the row, check rights, then the table, change, record.

Rights come first: who may not take a step is told so, and nothing of where the ticket stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from helpdesk.agents.rights import Actor, require_stands_for
from helpdesk.core.errors import Refused
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.moves import Move, Taking, Verb, taking, verb
from helpdesk.tickets import queries
from helpdesk.tickets.actions.newer import moved_on, require_seen, require_version
from helpdesk.tickets.changing import changing
from helpdesk.tickets.lifecycle import TABLE
from helpdesk.tickets.models import Ticket

LACKING = {
    "comment": N_("Please give a reason."),
    "department": N_("Please choose a department."),
    "reply": N_("Please write the reply to the customer."),
    "until": N_("Please say until when."),
    "target": N_("Please give the number of the ticket that stays."),
}
Step = Taking[Actor]


@contextmanager
def step(
    code: str,
    ticket: Ticket,
    by: Actor,
    version: int | None,
    seen_seq: int | None = None,
    **given: object,
) -> Iterator[tuple[Ticket, Step]]:
    """Everything that all moves share: the locked ticket, and the step on its way. `given` are the
    fields that the table may ask for, `seen_seq` the journal number up to which the person has read.

    Raises NotFound, NotAllowed, Refused, Conflict, or BadInput for a field that is not filled.
    """
    with changing(ticket, by) as ticket:
        TABLE.require_right(code, queries.stand_of(ticket), by)
        require_stands_for(by, ticket.department_id)
        require_version(ticket, version)
        require_seen(ticket, by, seen_seq)
        with taking(ticket, _legal(code, ticket, by, seen_seq), by, given, LACKING) as it:
            yield ticket, it
        record(f"ticket.{code}", by=by, ticket=ticket, deliver_at=it.deliver_at, **it.data)


def move(code: str) -> Callable[[Callable[[Ticket, Step], object]], Verb[Ticket, Actor]]:
    """The verb of this row of the table: what is written under `@move(code)` happens in the frame."""
    return partial(verb, step, code)


def _legal(code: str, ticket: Ticket, by: Actor, seen_seq: int | None) -> Move:
    """The row of the table; a step that somebody else has made impossible names who it was."""
    try:
        return TABLE.check(code, queries.stand_of(ticket), by)
    except Refused as error:
        if newer := moved_on(ticket, seen_seq):
            raise newer from error
        raise
