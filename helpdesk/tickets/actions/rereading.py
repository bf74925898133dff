"""A mail that is read better today: its message is renewed, nothing that people did is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpdesk import search
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.events import record
from helpdesk.files import StoredFile
from helpdesk.tickets import sight
from helpdesk.tickets.actions.answers import attachment_rows
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.veil import veiled


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail says by today's reading; `names` are new names of its files by their id."""

    body: str
    quoted: str
    html: str
    facts: dict[str, object]
    files: tuple[StoredFile, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)


def renew_message(message: Message, reading: Reading, *, by: Actor, changed: list[str]) -> None:
    """Give a customer's message the words of a new reading; the old ones stay in its data.

    Files are added and renamed, never removed; the ticket's own fields stay as people left them.
    """
    with transaction() as session:
        message = locked(message)
        ticket = db.session.get_one(Ticket, message.ticket_id)
        before = {"body": message.body, "quoted": message.quoted}
        message.data = message.data | reading.facts | {"read_before": before}
        message.body, message.quoted = veiled(reading.body), veiled(reading.quoted)
        message.html = veiled(reading.html)
        session.add_all(attachment_rows(reading.files, ticket.id, message.id, message.public))
        for file_id, name in reading.names.items():
            session.get_one(Attachment, file_id).name = name
        search.add(session, "ticket", ticket.id, sight.searched(message, ticket))
        record("message.reread", by=by, ticket=ticket, message=message.id, parts=changed)
