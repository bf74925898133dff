"""The moves of a ticket, in the order of its life."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.errors import BadInput, Refused, bad_fields
from helpdesk.core.i18n import N_
from helpdesk.core.moves import nothing
from helpdesk.promises.words import AT_DISPATCH
from helpdesk.setup import in_force, routing
from helpdesk.tickets import callbacks, holds, queries
from helpdesk.tickets.actions.step import Step, move, step
from helpdesk.tickets.lifecycle import TABLE, Status
from helpdesk.tickets.models import Ticket
from helpdesk.words import Kind, casefile

MOST_HOLD = timedelta(days=90)


review = move("review")(nothing)  # a supervisor reads the answer before the follow-up call
archive = move("archive")(nothing)  # into the archive: nothing changes any more


@move("accept")
def accept(ticket: Ticket, it: Step) -> None:
    """A person takes the case on: the customer's acknowledge promise is kept."""
    promises.meet(ticket, ["acknowledge"], it.by.name, it.comment)
    ticket.assignee_id = ticket.assignee_id or (it.by.id if it.by.kind == "agent" else None)


@move("decline")
def decline(ticket: Ticket, it: Step) -> None:
    """Not accepted, with the reason that the customer is told."""
    promises.meet(ticket, ["acknowledge", "first_answer"], it.by.name, it.comment)
    _end(ticket)


def _send(
    code: str,
    ticket: Ticket,
    *,
    by: Actor,
    department_id: int,
    version: int | None = None,
    comment: str = "",
) -> Ticket:
    """To this department: its sign and reply clocks start now, the customer's run on untouched."""
    given: dict[str, Any] = {"department": department_id, "comment": comment}
    with step(code, ticket, by, version, **given) as (ticket, it):
        if code == "transfer" and department_id == ticket.department_id:
            raise Refused(N_("It is with this department already."))
        it.data |= _to_department(ticket, department_id)
    return ticket


dispatch = partial(_send, "dispatch")  # to the lead department
transfer = partial(_send, "transfer")  # to another one, with a reason


def _to_department(ticket: Ticket, department_id: int) -> dict[str, object]:
    """Move queue and clocks to the department; returns what the journal notes."""
    snapshot = in_force.current()
    unit = snapshot.departments.get(department_id)
    if unit is None or not unit.active:
        wrong = N_("This department does not exist. Please pick one of the offered choices.")
        raise bad_fields(department=wrong)
    before = snapshot.departments.get(ticket.department_id or 0)
    ticket.department_id, ticket.queue, ticket.assignee_id = unit.id, unit.code, None
    promises.start(ticket, AT_DISPATCH, snapshot)
    return {"department": unit.code, "from_department": before.code if before else ""}


@move("sign")
def sign(ticket: Ticket, it: Step) -> None:
    """The department confirms receipt."""
    promises.meet(ticket, ["sign"], it.by.name, it.comment)
    ticket.assignee_id = it.by.id if it.by.kind == "agent" else ticket.assignee_id


@move("send_back")
def send_back(ticket: Ticket, it: Step) -> None:
    """The department gives it back, with a reason; not after two returns, nor when the window is over.

    That answers the dispatch, so the promise to sign ends; at the desk no department's clock runs.
    """
    late = promises.is_window_over(promises.table(ticket), ticket)
    TABLE.check("send_back", queries.stand_of(ticket, late), it.by)
    promises.meet(ticket, ["sign", "send_back"], it.by.name, it.comment)
    promises.pause(ticket, ["department_reply"])
    ticket.returns += 1
    ticket.queue, ticket.assignee_id = routing.DISPATCH_DESK, None
    it.data["returns"] = ticket.returns


@move("refuse_return")
def refuse_return(ticket: Ticket, it: Step) -> None:
    """The desk says no to the return: the department handles it."""
    promises.resume(ticket, in_force.current())
    unit = in_force.current().departments.get(ticket.department_id or 0)
    ticket.queue = unit.code if unit else routing.DISPATCH_DESK


@move("handle")
def handle(ticket: Ticket, it: Step) -> None:
    """Work begins in the department."""
    promises.drop_open(ticket, ["send_back"])
    ticket.assignee_id = ticket.assignee_id or (it.by.id if it.by.kind == "agent" else None)


@move("hold")
def hold(ticket: Ticket, it: Step) -> None:
    """Wait for the customer, a third party or a part: the clocks stand still until resumed.

    They run again at `until`, or when the policy's longest time on hold is used up.
    """
    until = it.until
    assert until is not None
    if not now() < until <= now() + MOST_HOLD:
        raise bad_fields(until=N_("Please choose a time in the next 90 days."))
    most = promises.hold_ends_at(ticket, in_force.current())
    if most is not None and most <= now():
        raise Refused(N_("It has been on hold as long as it may be. Please go on with it."))
    promises.pause(ticket)
    ticket.hold_reason, ticket.hold_until = it.comment, until
    holds.wake_at(ticket, min(until, most or until))
    it.data["until"] = until.isoformat()


def resume(
    ticket: Ticket,
    *,
    by: Actor,
    version: int | None = None,
    comment: str = "",
    because: str = "",
) -> Ticket:
    """Go on: every due time has moved by exactly the time that was spent waiting.

    `because` "until" or "cap" when the time ran out: the people responsible are told.
    """
    with step("resume", ticket, by, version, comment=comment) as (ticket, it):
        promises.resume(ticket, in_force.current())
        ticket.hold_reason, ticket.hold_until = "", None
        holds.forget(ticket)
        if because:
            it.data["because"] = because
    return ticket


@move("approve")
def approve(ticket: Ticket, it: Step) -> None:
    """The answer stands: the follow-up call goes onto the call list."""
    callbacks.plan(ticket)


@move("rework")
def rework(ticket: Ticket, it: Step) -> None:
    """A further round where the case lies, at the department or the desk; the promises are made anew."""
    if it.move.at_desk and not _with_department(ticket):
        it.to = it.move.at_desk
    _new_cycle(ticket)
    if it.to == Status.HANDLING:
        promises.start(ticket, ["department_reply"], in_force.current())
    it.data["cycle"] = ticket.cycle


def _with_department(ticket: Ticket) -> bool:
    """Whether the case lies in a department's queue and was dispatched to it, not only routed."""
    began = {r.promise for r in promises.table(ticket) if r.started_at}
    return ticket.queue != routing.DISPATCH_DESK and bool(began & set(AT_DISPATCH))


@move("close")
def close(ticket: Ticket, it: Step) -> None:
    """The matter is done. A complaint needs its cause, its remedy and an answer first."""
    if ticket.kind == Kind.COMPLAINT:
        _complete(ticket)
    promises.meet(ticket, ["close"], it.by.name, it.comment)
    _end(ticket)


def _complete(ticket: Ticket) -> None:
    """Raise BadInput naming what is missing before a complaint may be closed."""
    required = options.get("required_to_close")
    errors = {
        f.code: N_("Please fill this before closing.")
        for f in casefile.lacking(ticket.facts, required)
    }
    if ticket.category_id is None:
        errors["category"] = N_("Please choose a category before closing.")
    if not queries.has_answer(ticket):
        errors["reply"] = N_("Please answer the customer before closing.")
    if errors:
        raise BadInput(
            N_("The complaint can't be closed yet: some fields are missing."), errors=errors
        )


@move("reopen")
def reopen(ticket: Ticket, it: Step) -> None:
    """The same number, a new round. Later than the set number of days it is a new complaint."""
    days = options.get("reopen_days")
    if ticket.closed_at and now() - ticket.closed_at > timedelta(days=days):
        raise Refused(
            N_(
                "It was closed more than %(days)s days ago: please open a new ticket and name this one."
            ),
            days=days,
        )
    ticket.closed_at = None
    _new_cycle(ticket)
    ticket.queue, ticket.assignee_id = routing.DISPATCH_DESK, None
    it.data["cycle"] = ticket.cycle


@move("withdraw")
def withdraw(ticket: Ticket, it: Step) -> None:
    """The customer takes it back: open promises no longer count."""
    _end(ticket)


@move("transfer_out")
def transfer_out(ticket: Ticket, it: Step) -> None:
    """To somebody outside; the reason names them."""
    _end(ticket)


def _end(ticket: Ticket) -> None:
    promises.drop_open(ticket)
    callbacks.drop(ticket)
    holds.forget(ticket)
    ticket.closed_at, ticket.waiting_since, ticket.due_at = now(), None, None


def _new_cycle(ticket: Ticket) -> None:
    promises.drop_open(ticket)
    callbacks.drop(ticket)
    ticket.cycle += 1
    ticket.replied_at, ticket.waiting_since, ticket.escalation = None, now(), 0
    promises.replan(ticket, in_force.current())
