"""The facts of a case are corrected; what moves a promise belongs to the desk and needs a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from helpdesk import promises, search
from helpdesk.agents.rights import Actor, require, require_stands_for
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import FILL, Refused, bad_fields, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.moves import MOST_TEXT
from helpdesk.setup import in_force
from helpdesk.tickets import fields
from helpdesk.tickets.actions.newer import require_version
from helpdesk.tickets.actions.step import LACKING
from helpdesk.tickets.changing import changing
from helpdesk.tickets.fields import On, TicketField
from helpdesk.tickets.lifecycle import Status, clock_of
from helpdesk.tickets.models import Ticket
from helpdesk.words import casefile

EDITABLE = {each.column: each for each in fields.on(On.EDIT)}
PROMISED_BY = [column for column, each in EDITABLE.items() if each.promised]
Changed = dict[str, tuple[Any, Any]]


def edit(
    ticket: Ticket,
    *,
    by: Actor,
    version: int | None = None,
    facts: dict[str, Any] | None = None,
    reason: str = "",
    **changes: Any,
) -> Ticket:
    """Fill the case file or correct fields of the ticket, by column; old and new are kept.

    What moves a promise is the desk's to change and takes a reason; the promises are planned anew.
    Noting the immediate measure keeps the containment promise.
    """
    with changing(ticket, by, "ticket.edit") as ticket:
        require_stands_for(by, ticket.department_id)
        if _moved(ticket, changes):
            require(by, "ticket.reclassify")
        require_version(ticket, version)
        _require_living(ticket)
        changed = _change(ticket, by, changes, reason) | _change_facts(ticket, facts or {})
        if changed:
            _follow(ticket, by, changed, reason)
    return ticket


def _require_living(ticket: Ticket) -> None:
    if ticket.status == Status.ARCHIVED:
        raise Refused(N_("An archived ticket can't be changed."))


def _change(ticket: Ticket, by: Actor, changes: dict[str, Any], reason: str) -> Changed:
    _valid(ticket, changes)
    changed = {
        name: (getattr(ticket, name), new)
        for name, new in changes.items()
        if new != getattr(ticket, name)
    }
    if any(
        changed[name][0] is not None for name in _moved(ticket, changes)
    ):  # to fill what was empty needs none
        _require_reason(reason)
    for name, (_old, new) in changed.items():
        setattr(ticket, name, new)
    return changed


def _moved(ticket: Ticket, changes: dict[str, Any]) -> list[str]:
    """Which of the changes move a promise."""
    return [n for n in PROMISED_BY if n in changes and changes[n] != getattr(ticket, n)]


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise bad_fields(reason=LACKING["comment"])
    if len(reason) > MOST_TEXT:
        raise bad_fields(reason=N_("This is too long: 5,000 characters at most."))


def _follow(ticket: Ticket, by: Actor, changed: Changed, reason: str) -> None:
    """What a correction brings about: promises, search, journal."""
    kept = {name: [_plain(old), _plain(new)] for name, (old, new) in changed.items()}
    data: dict[str, Any] = {"changed": kept}
    ticket.updated_at = now()
    if contained := str(changed.get("containment", ("", ""))[1]):
        promises.meet(ticket, ["containment"], by.name, contained[:200])
    if set(PROMISED_BY) & set(changed):
        planned = promises.refit(ticket, clock_of(ticket.status), in_force.current())
        data |= {"replanned": [row.id for row in planned], "comment": reason.strip()}
    words = " ".join(str(new) for _old, new in changed.values())
    search.add(db.session(), "ticket", ticket.id, words)
    record("ticket.edited", by=by, ticket=ticket, **data)


def _plain(value: Any) -> Any:
    """A value as the journal keeps it."""
    return value.isoformat() if isinstance(value, datetime) else value


def _valid(ticket: Ticket, changes: dict[str, Any]) -> None:
    errors = {name: N_("This field is not known.") for name in changes if name not in EDITABLE}
    for column in changes.keys() & EDITABLE.keys():
        if problem := _problem(EDITABLE[column], changes[column]):
            errors[EDITABLE[column].name] = problem
    if early := fields.too_early(changes.get("external_due_at"), ticket.received_at):
        errors["external_due_at"] = early
    refuse(errors)


def _problem(known: TicketField, value: Any) -> str:
    if known.needed and not str(value).strip():
        return FILL
    if known.type == "category" and value not in (None, *in_force.current().categories):
        return N_("This category does not exist. Please pick one of the offered choices.")
    return known.problem(value)


def _change_facts(ticket: Ticket, facts: dict[str, Any]) -> Changed:
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


def seal(ticket: Ticket, *, by: Actor, reason: str, version: int | None = None) -> Ticket:
    """Make a case confidential: departments don't learn who it is from now on."""
    require(by, "ticket.seal")
    return _set_confidential(ticket, by, True, reason, version)


def lift(ticket: Ticket, *, by: Actor, reason: str, version: int | None = None) -> Ticket:
    """Lift the confidentiality of a case: a right of its own, and the reason stays in the journal."""
    require(by, "ticket.lift_confidentiality")
    return _set_confidential(ticket, by, False, reason, version)


def _set_confidential(
    ticket: Ticket, by: Actor, wanted: bool, reason: str, version: int | None
) -> Ticket:
    with changing(ticket, by) as ticket:
        require_version(ticket, version)
        _require_living(ticket)
        _require_reason(reason)
        if ticket.confidential is wanted:
            raise Refused(N_("It is so already."))
        ticket.confidential, ticket.updated_at = wanted, now()
        name = "ticket.sealed" if wanted else "ticket.confidentiality_lifted"
        record(name, by=by, ticket=ticket, comment=reason.strip())
    return ticket
