"""An answer that did not reach its customer: the colleague who wrote it is told at once."""

from __future__ import annotations

from flask import render_template

from helpdesk.agents.models import Agent
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import gettext, in_language
from helpdesk.notify.outbox import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Message, Ticket
from helpdesk.web import settings


@durable("mail.told_lost", "mail.lost")
def tell_author(noted: Event) -> None:
    """Number, address, the server's words, and the link to the ticket; never the answer itself."""
    message = db.session.get(Message, noted.data.get("message"))
    author = db.session.get(Agent, message.agent_id) if message and message.agent_id else None
    if message is None or author is None or not author.active:
        return
    known = settings()
    ticket = db.session.get_one(Ticket, message.ticket_id)
    mailed = message.data.get("mailed", {})
    with in_language(author.language):
        subject = gettext("Your answer did not arrive: %(number)s", number=ticket.number)
        body = render_template(
            "mail/lost.txt",
            ticket=ticket,
            to=mailed.get("to", ""),
            error=mailed.get("error", ""),
            link=f"{known.base_url}/tickets/{ticket.number}",
        )
    part, host = f"l{noted.seq}", known.mail_from.rpartition("@")[2]
    letter = Letter(
        event_seq=noted.seq,
        purpose="lost",
        recipient=author.email,
        subject=subject,
        body=body.strip() + "\n",
        message_id=mail_ids.mail_id(ticket.number, part, known.secret_key, host),
        ticket_id=ticket.id,
    )
    send(letter)
