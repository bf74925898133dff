"""Around the moves: the case file, urging, assisting departments, extensions, merging."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from helpdesk import options, search
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.db import db, locked, transaction
from helpdesk.errors import BadInput, Refused
from helpdesk.events import record
from helpdesk.i18n import N_
from helpdesk.tickets import casefile, queries, responses, setup
from helpdesk.tickets.actions.step import step
from helpdesk.tickets.lifecycle import ENDED, MOST_EXTENSIONS, Status
from helpdesk.tickets.models import Assist, Extension, Ticket
from helpdesk.tickets.routing import SEVERITIES

EDITABLE = ("severity", "category_id", "place", "subject", "confidential", "kind")
PROMISED_BY = {"severity", "category_id", "kind"}  # what decides which promises a case carries


def edit(
    ticket: Ticket,
    *,
    by: Actor,
    version: int | None = None,
    facts: dict[str, Any] | None = None,
    **changes: Any,
) -> Ticket:
    """Fill the case file or correct severity, category, place, subject. Old and new are recorded.

    Noting the immediate measure keeps the containment promise.
    """
    require(by, "ticket.edit")
    with transaction():
        ticket = locked(ticket, version)
        queries.require_visible(ticket, by)
        if ticket.status == Status.ARCHIVED:
            raise Refused(N_("An archived ticket can't be changed."))
        changed = _change(ticket, changes) | _change_facts(ticket, facts or {})
        if changed:
            ticket.updated_at = now()
            if contained := str(changed.get("containment", ("", ""))[1]):
                responses.meet(ticket, ["containment"], by.name, contained[:200])
            if PROMISED_BY & set(changed):
                responses.refit(ticket, setup.current())
            search.add(
                db.session(),
                "ticket",
                ticket.id,
                " ".join(str(new) for _old, new in changed.values()),
            )
            record(
                "ticket.edited",
                by=by,
                ticket=ticket,
                changed={k: list(v) for k, v in changed.items()},
            )
    return ticket


def _change(ticket: Ticket, changes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    _valid(changes)
    changed = {}
    for name, new in changes.items():
        old = getattr(ticket, name)
        if new != old:
            setattr(ticket, name, new)
            changed[name] = (old, new)
    return changed


def _valid(changes: dict[str, Any]) -> None:
    errors = {name: N_("This field is not known.") for name in changes if name not in EDITABLE}
    if changes.get("severity", "S3") not in SEVERITIES:
        errors["severity"] = N_("Please pick one of the offered choices.")
    category = changes.get("category_id")
    if category is not None and category not in setup.current().categories:
        errors["category"] = N_(
            "This category does not exist. Please pick one of the offered choices."
        )
    if not str(changes.get("subject", "-")).strip():
        errors["subject"] = N_("Please give a subject.")
    if errors:
        raise BadInput(N_("Some fields need another look."), errors=errors)


def _change_facts(ticket: Ticket, facts: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    new = casefile.cleaned(facts)
    changed = {
        code: (ticket.facts.get(code, ""), new.get(code, ""))
        for code in facts
        if ticket.facts.get(code, "") != new.get(code, "")
    }
    if changed:
        kept = {k: v for k, v in ticket.facts.items() if k not in facts}
        ticket.facts = kept | new
    return changed


def urge(ticket: Ticket, *, by: Actor, comment: str = "") -> Ticket:
    """The customer or a supervisor presses: once per interval, no clock moves (S10)."""
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
    require(by, "ticket.assign")
    with transaction() as session:
        ticket = locked(ticket)
        queries.require_visible(ticket, by)
        unit = setup.current().departments.get(department_id)
        if unit is None or department_id == ticket.department_id:
            wrong = N_("Please choose a department that is not the lead.")
            raise BadInput(N_("Some fields need another look."), errors={"department": wrong})
        if session.get(Assist, (ticket.id, department_id)):
            raise Refused(N_("This department assists already."))
        assist = Assist(ticket_id=ticket.id, department_id=department_id, task=task, at=now())
        session.add(assist)
        record("ticket.assist", by=by, ticket=ticket, department=unit.code, comment=task)
    return assist


def answer_assist(ticket: Ticket, *, by: Actor, department_id: int, answer: str) -> Assist:
    """The assisting department reports back to the lead."""
    require(by, "ticket.note")
    with transaction() as session:
        ticket = locked(ticket)
        queries.require_visible(ticket, by)
        assist = session.get(Assist, (ticket.id, department_id))
        if assist is None:
            raise Refused(N_("This department was not asked to assist."))
        if not answer.strip():
            raise BadInput(
                N_("Please write something first."),
                errors={"answer": N_("Please write something first.")},
            )
        assist.answer, assist.answered_at = answer.strip(), now()
        record("ticket.assist_answered", by=by, ticket=ticket, comment=answer.strip())
    return assist


def ask_extension(
    ticket: Ticket,
    *,
    by: Actor,
    until: datetime | None = None,
    version: int | None = None,
    comment: str = "",
) -> Ticket:
    """The department asks for more time, at most twice; a supervisor decides."""
    with step("ask_extension", ticket, by, version, until=until, comment=comment) as it:
        assert until is not None
        if pending_extension(it.ticket):
            raise Refused(N_("A request for more time is waiting for its decision."))
        if _asked(it.ticket) >= MOST_EXTENSIONS:
            raise Refused(N_("More time was asked for twice already."))
        if until <= now():
            wrong = N_("Please choose a time in the future.")
            raise BadInput(N_("Some fields need another look."), errors={"until": wrong})
        if until <= _due(it.ticket):
            wrong = N_("Please choose a time after the present time limit.")
            raise BadInput(N_("Some fields need another look."), errors={"until": wrong})
        if it.ticket.external_due_at and until > it.ticket.external_due_at:
            wrong = N_(
                "This is later than the authority’s deadline. Please choose an earlier time."
            )
            raise BadInput(N_("Some fields need another look."), errors={"until": wrong})
        db.session.add(
            Extension(ticket_id=it.ticket.id, reason=comment, wanted_at=until, asked_by=by.name)
        )
        it.data["until"] = until.isoformat()
    return it.ticket


def _due(ticket: Ticket) -> datetime:
    """When what more time would move is due now: the first of these promises."""
    rows = responses.current(responses.table(ticket), ticket)
    moved = (r.due_at for r in rows if r.promise in responses.EXTENDABLE and r.state == "running")
    return min((at for at in moved if at), default=now())


def pending_extension(ticket: Ticket) -> Extension | None:
    """The request for more time that waits for a decision."""
    return db.session.scalar(
        select(Extension).where(Extension.ticket_id == ticket.id, Extension.decision == "")
    )


def _asked(ticket: Ticket) -> int:
    return (
        db.session.scalar(
            select(func.count()).select_from(Extension).where(Extension.ticket_id == ticket.id)
        )
        or 0
    )


def grant_extension(
    ticket: Ticket, *, by: Actor, version: int | None = None, comment: str = ""
) -> Ticket:
    """The resolve promise moves to the time that was asked for."""
    with step("grant_extension", ticket, by, version, comment=comment) as it:
        request = _decide(it.ticket, by, "granted")
        responses.extend(it.ticket, request.wanted_at, setup.current())
        it.data["until"] = request.wanted_at.isoformat()
    return it.ticket


def refuse_extension(
    ticket: Ticket, *, by: Actor, version: int | None = None, comment: str = ""
) -> Ticket:
    """The promise stays as it is, with the reason."""
    with step("refuse_extension", ticket, by, version, comment=comment) as it:
        _decide(it.ticket, by, "refused")
    return it.ticket


def _decide(ticket: Ticket, by: Actor, decision: str) -> Extension:
    request = pending_extension(ticket)
    if request is None:
        raise Refused(N_("Nobody has asked for more time."))
    request.decision, request.decided_by, request.decided_at = decision, by.name, now()
    return request
