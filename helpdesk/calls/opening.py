"""The case that a call opens."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls.models import Call
from helpdesk.core.errors import BadInput
from helpdesk.core.events import record
from helpdesk.core.i18n import gettext, in_language
from helpdesk.customers.addresses import read
from helpdesk.customers.people import Asker
from helpdesk.customers.phones import spoken
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets.intake import Intake, open_ticket
from helpdesk.tickets.models import Ticket
from helpdesk.words import LANGUAGES, Kind


def opened(
    call: Call, part: str = "", owner: Agent | None = None, said: Mapping[str, str] | None = None
) -> Ticket:
    """A new case of this call, its `owner` who took it. `said`: subject and body, where nobody has
    talked."""
    with in_language(settings().language):
        topic = about(call.topic, settings().language)
        chosen = gettext("Call about “%(topic)s”", topic=topic) if topic else ""
        called = gettext("Call from %(number)s", number=shown(call.number))
    intake = Intake(
        channel="phone",
        kind=Kind.ENQUIRY,
        subject=said["subject"] if said else chosen or called,
        body=said["body"] if said else called,
        person=_asker(call.number),
        caller_id=call.person_id,
        spoken_to=not said,
        taken_by=owner.id if owner else None,
        external_id=f"call:{call.provider}:{call.external_id}{part}",
        received_at=call.started_at,
        category=call.topic if _is_category(call.topic) else "",
        language=call.language if call.language in LANGUAGES else settings().language,
    )
    ticket = open_ticket(intake, SYSTEM).ticket
    if owner:
        record("ticket.claim", by=owner.actor, ticket=ticket, assignee=owner.name)
    return ticket


def about(topic: str, language: str) -> str:
    """What was chosen in the menu: a category's name where the exchange says its code, else as it says."""
    known = in_force.current().category(topic) if topic else None
    return known.names[language] if known else topic


def _is_category(topic: str) -> bool:
    """Whether what was chosen in the menu is one that new cases may have."""
    known = in_force.current().category(topic) if topic else None
    return known is not None and known.active


def _asker(number: str) -> Asker:
    """The caller as far as a number tells; one that is nobody's address stands in the words alone."""
    try:
        return Asker(phone=read("phone", number).value) if number else Asker()
    except BadInput:
        return Asker()


def shown(number: str) -> str:
    """A caller's number for the eye, in the language in force."""
    return spoken(number) if number else gettext("a hidden number")
