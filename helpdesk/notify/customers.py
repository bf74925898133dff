"""Letters to customers: receipt, answer, refusal, and the question how we did. In their language."""

from __future__ import annotations

from datetime import timedelta

from flask_babel.speaklater import LazyString
from sqlalchemy import select

from helpdesk import promises
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import lazy_gettext
from helpdesk.core.outbox import durable
from helpdesk.notify import optouts
from helpdesk.notify.letters import Customer, customer_of, to_customer
from helpdesk.notify.models import Envelope
from helpdesk.promises import dues
from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.tickets.models import Message, Ticket


@durable("mail.acknowledge", "ticket.opened")
def acknowledge(noted: Event) -> None:
    """Number, promise and link; never the submitter's own text, and no answer to a machine."""
    ticket = _ticket(noted)
    reader = customer_of(ticket)
    first = db.session.scalar(
        select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    )
    if reader is None or _was_told(ticket, reader, first):
        return
    to_customer(
        noted.seq,
        reader,
        "receipt",
        lazy_gettext("We have your case [%(number)s]", number=ticket.number),
        answers=first.message_id or "" if first is not None else "",
        promised=_promised(ticket),
        confirm=_confirm(ticket, reader),
    )


@durable("mail.answer", "message.staff", "ticket.reply", "ticket.answer_directly")
def answer(noted: Event) -> None:
    """What a colleague wrote to the customer."""
    ticket, message = _ticket(noted), db.session.get(Message, noted.data.get("message"))
    if message is not None:
        to_customer(
            noted.seq,
            customer_of(ticket),
            "answer",
            _subject(ticket),
            message=message,
            body=message.body,
            author=message.author,
        )


@durable("mail.refusal", "ticket.decline", "ticket.transfer_out")
def refusal(noted: Event) -> None:
    """Why we did not take the case on, or where it went."""
    ticket = _ticket(noted)
    reason = noted.data.get("comment", "")
    to_customer(noted.seq, customer_of(ticket), "refusal", _subject(ticket), reason=reason)


@durable("mail.survey", "ticket.close")
def survey(noted: Event) -> None:
    """How did we do? One question, with the link to answer it."""
    ticket = _ticket(noted)
    if ticket.kind in ("complaint", "request", "enquiry"):
        to_customer(
            noted.seq,
            customer_of(ticket),
            "survey",
            lazy_gettext("How did we do? [%(number)s]", number=ticket.number),
            stop=optouts.url(noted.seq),
        )


def _ticket(noted: Event) -> Ticket:
    query = select(Ticket).where(Ticket.id == noted.ticket_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _subject(ticket: Ticket) -> str:
    """The customer's own, for the thread; what goes out by itself first doesn't repeat it."""
    return f"Re: {ticket.subject} [{ticket.number}]"


def _promised(ticket: Ticket) -> object:
    """When somebody answers, worded when the letter is: in the customer's language."""
    row = promises.newest(ticket, "first_answer")
    return LazyString(dues.promised, row.due_at, row.limit) if row and row.due_at else None


def _confirm(ticket: Ticket, reader: Customer) -> str:
    """The link that proves the mail address; '' when that is done, or something else is reached."""
    if reader.address != ticket.reply_to:
        return ""
    if ticket.contact_proven_by and ticket.contact == ticket.reply_to:
        return ""
    known = settings()
    return tracking.confirmation_url(ticket, known.secret_key, known.base_url)


def _was_told(ticket: Ticket, reader: Customer, first: Message | None) -> bool:
    """Whether the sender had a receipt within the hour for these very words: the loop of two
    machines that hide what they are ends here (RFC 3834). Only what came the way that the receipt
    goes can be one."""
    if reader.medium != ticket.channel:
        return False
    told = select(Envelope.ticket_id).where(
        Envelope.recipient == reader.address,
        Envelope.purpose == "receipt",
        Envelope.ticket_id != ticket.id,
        Envelope.made_at > now() - timedelta(hours=1),
    )
    same = (
        select(Message.id).where(
            Message.ticket_id.in_(told), Message.kind == "customer", Message.body == first.body
        )
        if first is not None
        else told
    )
    return db.session.scalar(select(same.exists())) or False
