"""The dialog that corrects the fields of a ticket: what it offers, and what was typed into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.agents.rights import Actor, may
from helpdesk.core.i18n import gettext, offered, zone
from helpdesk.setup import in_force
from helpdesk.setup.names import categories
from helpdesk.tickets import fields
from helpdesk.tickets.fields import On, TicketField
from helpdesk.tickets.models import Ticket
from helpdesk.web.sent import Sent


@dataclass(frozen=True)
class Correction:
    """One control: its field, what it holds now, the same in words, and the choices of a select."""

    field: TicketField
    value: str
    words: str
    choices: list[tuple[str, str]]

    @property
    def full(self) -> bool:
        """Whether it takes the whole width."""
        return self.field.type in ("text", "category")


def corrections(ticket: Ticket, who: Actor) -> list[Correction]:
    """What this reader may correct, the subject first; what moves a promise is the desk's."""
    known = [e for e in fields.on(On.EDIT) if not e.promised or may(who, "ticket.reclassify")]
    return [_control(each, ticket) for each in sorted(known, key=lambda e: e.name != "subject")]


def _control(field: TicketField, ticket: Ticket) -> Correction:
    stored = getattr(ticket, field.column)
    value, words = held(field, stored), field.said(stored)
    choices = _choices(field)
    if choices and value not in dict(choices):
        choices.append((value, words))  # no longer offered, and still what it is
    return Correction(field, value, words, choices)


def held(field: TicketField, stored: Any) -> str:
    """What a control holds for a stored value: a code, a local time, a text."""
    if field.type == "category":
        node = in_force.current().categories.get(stored or 0)
        return node.code if node else ""
    if field.type == "moment":
        return local_input(stored)
    return str(stored)


def _choices(field: TicketField) -> list[tuple[str, str]]:
    if field.type == "category":
        return [("", gettext("No category")), *categories()]
    return offered(field.choices)


def local_input(at: datetime | None) -> str:
    """A time as a datetime-local field takes it, in the reader's zone."""
    return at.astimezone(zone()).strftime("%Y-%m-%dT%H:%M") if at else ""


def changes(ticket: Ticket, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, by column; what still stands as it was drawn is no change.

    Raises BadInput for a time that is none.
    """
    sent, found = Sent(typed, zone()), {}
    for each in fields.on(On.EDIT):
        if each.name in typed and sent.text(each.name) != held(each, getattr(ticket, each.column)):
            found[each.column] = _read(each, sent)
    return found


def _read(field: TicketField, sent: Sent) -> Any:
    if field.type == "moment":
        return sent.time(field.name)
    text = sent.text(field.name)
    if field.type != "category":
        return text
    node = in_force.current().category(text)
    return node.id if node else None
