"""Around the moves: urging, assisting departments, extensions."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.agents.rights import Actor, may
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import NotAllowed, Refused, bad_field, bad_fields
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.promises.words import EXTENDABLE
from helpdesk.setup import in_force
from helpdesk.tickets.actions.step import Step, move
from helpdesk.tickets.changing import changing
from helpdesk.tickets.lifecycle import ENDED, Status
from helpdesk.tickets.models import Assist, Extension, Ticket

MOST_EXTENSIONS = 2


def urge(ticket: Ticket, *, by: Actor, comment: str = "") -> Ticket:
    """The customer or a supervisor presses: once per interval, no clock moves."""
    with transaction():
        ticket = locked(ticket)
        pause = timedelta(hours=options.get("urge_hours"))
        if Status(ticket.status) in ENDED:
            raise Refused(N_("This ticket has ended, so there is nothing to urge."))
        if ticket.urged_at and now() - ticket.urged_at < pause:
            raise Refused(
                N_("It was urged already; the department knows. You can urge again later.")
            )
        ticket.urges += 1
        ticket.urged_at = ticket.updated_at = now()
        record("ticket.urged", by=by, ticket=ticket, urges=ticket.urges, comment=comment)
    return ticket


def add_assist(ticket: Ticket, *, by: Actor, department_id: int, task: str) -> Assist:
    """Ask a further department for help; the lead keeps the case and its clocks."""
    with changing(ticket, by, "ticket.assign") as ticket:
        unit = in_force.current().departments.get(department_id)
        if unit is None or department_id == ticket.department_id:
            raise bad_fields(department=N_("Please choose a department that is not the lead."))
        if db.session.get(Assist, (ticket.id, department_id)):
            raise Refused(N_("This department assists already."))
        assist = Assist(ticket_id=ticket.id, department_id=department_id, task=task, at=now())
        db.session.add(assist)
        record("ticket.assist", by=by, ticket=ticket, department=unit.code, comment=task)
    return assist


def answer_assist(ticket: Ticket, *, by: Actor, department_id: int, answer: str) -> Assist:
    """The assisting department reports back to the lead; the desk may note what it said.

    Raises NotAllowed for another department's people, the lead's among them.
    """
    with changing(ticket, by, "ticket.note") as ticket:
        if by.department_id != department_id and not may(by, "assist.answer_any"):
            raise NotAllowed(N_("Only the department that was asked can answer this."))
        assist = db.session.get(Assist, (ticket.id, department_id))
        if assist is None:
            raise Refused(N_("This department was not asked to assist."))
        if not answer.strip():
            raise bad_field("answer", N_("Please write something first."))
        assist.answer, assist.answered_at = answer.strip(), now()
        assist.answered_by = by.name
        code = in_force.current().departments[department_id].code
        words = assist.answer
        record("ticket.assist_answered", by=by, ticket=ticket, department=code, comment=words)
    return assist


@move("ask_extension")
def ask_extension(ticket: Ticket, it: Step) -> None:
    """The department asks for more time, at most twice; a supervisor decides."""
    until = it.until
    assert until is not None
    if pending_extension(ticket):
        raise Refused(N_("A request for more time is waiting for its decision."))
    if _asked(ticket) >= MOST_EXTENSIONS:
        raise Refused(N_("More time was asked for twice already."))
    if until <= now():
        raise bad_fields(until=N_("Please choose a time in the future."))
    if until <= _due(ticket):
        raise bad_fields(until=N_("Please choose a time after the present time limit."))
    if ticket.external_due_at and until > ticket.external_due_at:
        wrong = N_("This is later than the authority’s deadline. Please choose an earlier time.")
        raise bad_fields(until=wrong)
    db.session.add(
        Extension(ticket_id=ticket.id, reason=it.comment, wanted_at=until, asked_by=it.by.name)
    )
    it.data["until"] = until.isoformat()


def _due(ticket: Ticket) -> datetime:
    """When what more time would move is due now: the first of these promises."""
    rows = promises.current(promises.table(ticket), ticket)
    moved = (r.due_at for r in rows if r.promise in EXTENDABLE and r.state == "running")
    return min((at for at in moved if at), default=now())


def pending_extension(ticket: Ticket) -> Extension | None:
    """The request for more time that waits for a decision."""
    return db.session.scalar(
        select(Extension).where(Extension.ticket_id == ticket.id, Extension.decision == "")
    )


def _asked(ticket: Ticket) -> int:
    query = select(func.count()).where(Extension.ticket_id == ticket.id)
    return db.session.scalar(query) or 0


@move("grant_extension")
def grant_extension(ticket: Ticket, it: Step) -> None:
    """The resolve promise moves to the time that was asked for."""
    request = _decide(ticket, it.by, "granted")
    promises.extend(ticket, request.wanted_at, in_force.current())
    it.data["until"] = request.wanted_at.isoformat()


@move("refuse_extension")
def refuse_extension(ticket: Ticket, it: Step) -> None:
    """The promise stays as it is, with the reason."""
    _decide(ticket, it.by, "refused")


def _decide(ticket: Ticket, by: Actor, decision: str) -> Extension:
    request = pending_extension(ticket)
    if request is None:
        raise Refused(N_("Nobody has asked for more time."))
    request.decision, request.decided_by, request.decided_at = decision, by.name, now()
    return request
