"""The form of a call fills the case that the call has already: nobody opens a second one.

What was offered because the same customer calls stays as it is; filled is a new case then.
"""

from __future__ import annotations

from typing import Any

from helpdesk.agents.rights import Actor, Role, require_own
from helpdesk.calls import cases
from helpdesk.calls.models import Interaction
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_, gettext
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.intake import Intake
from helpdesk.tickets.models import Ticket

TOLD = N_("As the caller tells")
CHANGED = ("subject", "kind", "severity", "place", "external_due_at")


def fill(talk: Interaction, given: Intake, *, by: Actor) -> Ticket:
    """The case of this talk with what was typed; what was left empty stays as it is.

    Raises Refused where there is no case yet, BadInput by field, and what the verbs of a case raise.
    """
    with transaction():
        talk = locked(talk)
        require_own(by, talk.agent_id or 0, "call.lead")
        ticket = cases.another(talk, by=by) if talk.offered else _case(talk)
        ticket = _whose(ticket, given, by)
        actions.edit(ticket, by=by, facts=given.fields, reason=gettext(TOLD), **_changes(given))
        if given.confidential and not ticket.confidential:
            actions.seal(ticket, by=by, reason=gettext(TOLD))
        if given.body.strip():
            caller = Actor("customer", None, given.person.name, Role.CUSTOMER)
            said: dict[str, object] = {"taken_by": by.name}
            actions.add_customer_message(
                ticket, by=caller, body=given.body, channel="phone", mail=said
            )
    return ticket


def _case(talk: Interaction) -> Ticket:
    ticket = db.session.get(Ticket, talk.ticket_id) if talk.ticket_id else None
    if ticket is None:
        raise Refused(cases.NO_CASE)
    return ticket


def _changes(given: Intake) -> dict[str, Any]:
    """Columns and their new values, of what was filled."""
    found = {name: getattr(given, name) for name in CHANGED}
    node = in_force.current().category(given.category) if given.category else None
    found["category_id"] = node.id if node else None
    return {name: value for name, value in found.items() if value not in (None, "")}


def _whose(ticket: Ticket, given: Intake, by: Actor) -> Ticket:
    """Whom the agent picked; a name that was typed is put where there was none."""
    if given.person_id is not None or given.settled:
        ticket = actions.link_person(ticket, by=by, person_id=given.person_id)
    person = db.session.get_one(Person, ticket.person_id)
    asked = {"name": given.person.name.strip(), "organisation": given.person.organisation.strip()}
    new: dict[str, object] = {
        name: value for name, value in asked.items() if value and not getattr(person, name)
    }
    if given.person.level and given.person.level != person.level:
        new["level"] = given.person.level
    if new:
        people.edit(person, by, person.version, **new)
    return ticket
