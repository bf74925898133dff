"""Further people whom the customer's mails named in To and Cc: shown to colleagues, and answered
only when a colleague ticks them, each time anew."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.errors import bad_field
from helpdesk.core.i18n import N_
from helpdesk.tickets import sight
from helpdesk.tickets.models import Message, Ticket

MOST = 10  # copies of one answer


def named_in(messages: Iterable[Message]) -> dict[str, str]:
    """Address and name of everybody whom these mails of the customer's named, the newest first."""
    found: dict[str, str] = {}
    for message in reversed([each for each in messages if each.kind == "customer"]):
        found = dict(message.data.get("others", ())) | found
    return found


def named(ticket: Ticket) -> dict[str, str]:
    """The same of all mails of the case."""
    said = select(Message).where(Message.ticket_id == ticket.id, Message.kind == "customer")
    return named_in(db.session.scalars(said.order_by(Message.id)))


def chosen(ticket: Ticket, by: Actor, wanted: tuple[str, ...]) -> list[str]:
    """The addresses that get a copy of an answer. Raises BadInput for one that no mail of this
    case named, for too many, and for a reader who may not know who the customer is."""
    if not wanted:
        return []
    known, found = named(ticket), list(dict.fromkeys(wanted))
    is_allowed = sight.sees(by, ticket, sight.Field.ADDRESS) and known.keys() >= set(found)
    if not is_allowed or len(found) > MOST:
        wrong = N_("A copy goes only to people whom the customer's mails name, ten at most.")
        raise bad_field("cc", wrong)
    return found
