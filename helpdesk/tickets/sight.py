"""What one reader sees of one case, field by field: every door asks here, and none decides by itself. Pure.

A confidential case hides who it is from departments: in the list, beside the case, in its history, on
paper, in the API, over a socket and in a mail alike. What the customer wrote stays as it stands.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.core.events import Event
from helpdesk.core.i18n import gettext
from helpdesk.tickets.models import Message, Ticket


class Field(StrEnum):
    """What there is to see of a case beside its course."""

    WORDS = "words"  # subject, what was said, its files, the case file, a judgement: as they stand
    NAME = "name"  # the customer's, wherever it stands: author, doer, who registered oneself
    ADDRESS = "address"  # telephone and mail; where the case came from and where answers go
    PERSON = "person"  # the person behind it: page, id, level, company, remark
    OTHERS = "others"  # what ties it to the person's further cases: list, repeat, merge, counts
    SOURCE = "source"  # the mail as it came: HTML, quoted words, headers, raw


IDENTIFYING = frozenset(Field) - {Field.WORDS}
HIDDEN_FROM = frozenset({Role.HANDLER, Role.CUSTOMER})

# Of an event's data: what tells nothing of the customer. All else is left out for who may not know.
# fmt: off
OPEN_DATA = frozenset({
    "agent", "agents", "again", "assignee", "attempts", "automatic", "because", "before", "calendar",
    "capacity", "changed", "channel", "comment", "contact", "containment", "cycle",
    "department", "due", "due_at", "file", "files", "from_department", "kind", "level", "load",
    "message", "new", "old", "parts", "plan", "planned_at", "promise", "queue", "reason",
    "reminder", "replanned", "resolved", "response", "result", "returns", "role", "round",
    "rule", "score", "severity", "state", "step", "step_due_at", "title", "told", "until",
    "urges", "version", "was", "what", "who", "words",
})
# fmt: on
OTHER_CASES = ("number", "into", "target", "repeat_of")  # in an event's data: another case's number
ABOUT_CASES = frozenset(
    {"ticket.merge", "ticket.unmerge", "ticket.merged_in", "ticket.merge_undone", "ticket.linked"}
)
ABOUT_WHO = frozenset(
    {"ticket.linked", "ticket.proven", "ticket.reply_to"}
)  # old and new are addresses


def sees(who: Actor, ticket: Ticket, field: Field) -> bool:
    """Whether this reader sees this of the case; that they may know of the case is asked before."""
    return field not in IDENTIFYING or not ticket.confidential or sees_everybody(who)


def sees_everybody(who: Actor) -> bool:
    """Whether no customer's identity is hidden from this reader: what queries and rooms ask."""
    return who.role not in HIDDEN_FROM


def is_sealed(ticket: Ticket) -> bool:
    """Whether departments don't learn who it is: what is written for them to read asks this."""
    return ticket.confidential


def searched(message: Message, ticket: Ticket) -> str:
    """The text by which a case is found: of a mail the whole, also what is folded. That names
    people, so of a sealed case it is not searched."""
    return message.body if is_sealed(ticket) else message.quoted or message.body


def name(ticket: Ticket, who: Actor) -> str:
    """The customer's name as this reader may see it."""
    if not sees(who, ticket, Field.NAME):
        return gettext("Confidential")
    return ticket.person.name or gettext("Anonymous")


def author(message: Message, ticket: Ticket, who: Actor) -> str:
    """Who wrote a message, as this reader may know it; a colleague is always named."""
    if message.kind != "customer":
        return message.author
    return (
        name(ticket, who)
        if not sees(who, ticket, Field.NAME) or not message.author
        else message.author
    )


def body(message: Message, ticket: Ticket, who: Actor) -> str:
    """What a message says, as this reader may know it: the program's own notes tell of mails, with
    addresses, servers' words and numbers of other cases."""
    by_program = message.kind == "note" and message.author == SYSTEM.name
    if by_program and not sees(who, ticket, Field.SOURCE):
        return gettext("A note about the customer’s mail stands here; the service desk reads it.")
    return message.body


@dataclass(frozen=True)
class Entry:
    """A row of the journal as one reader may see it."""

    seq: int
    at: datetime
    name: str
    ticket_id: int | None
    by_kind: str
    by_name: str
    data: dict[str, Any]


Noted = Event | Entry  # a row of the journal, whole or as a reader may see it


def entry(event: Noted, ticket: Ticket, who: Actor, secret: Container[str] = ()) -> Entry:
    """The event for this reader; `secret` are numbers of cases that they may tie to nobody."""
    by, data = event.by_name, event.data
    if not sees(who, ticket, Field.NAME):
        by = name(ticket, who) if event.by_kind == "customer" else by
        data = _open(event)
    elif event.name in ABOUT_CASES:
        data = {key: value for key, value in data.items() if not _names(value, secret)}
    return Entry(event.seq, event.at, event.name, event.ticket_id, event.by_kind, by, data)


def _names(value: object, secret: Container[str]) -> bool:
    return isinstance(value, str) and value in secret


def _open(event: Noted) -> dict[str, Any]:
    if event.name in ABOUT_WHO:
        return {}
    kept = {key: value for key, value in event.data.items() if key in OPEN_DATA}
    issued = event.name == "ticket.notice_issued" and "number" in event.data
    return kept | ({"number": event.data["number"]} if issued else {})
