"""What became of the mail with our words: shown on the message itself."""

from __future__ import annotations

from helpdesk.agents.rights import Actor
from helpdesk.db import db, locked, transaction
from helpdesk.events import record
from helpdesk.tickets.models import Message, Ticket


def mark_mailed(message_id: int, *, by: Actor, mailed: dict[str, object], lost: bool) -> None:
    """Keep the state of its mail on a message; a lost one is recorded, so that people see it now."""
    with transaction():
        message = db.session.get(Message, message_id)
        if message is None:
            return
        message = locked(message)
        message.data = message.data | {"mailed": mailed}
        if lost:
            ticket = db.session.get_one(Ticket, message.ticket_id)
            record("mail.lost", by=by, ticket=ticket, message=message.id, to=mailed.get("to"))
