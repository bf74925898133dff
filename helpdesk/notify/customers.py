"""Mails to customers: receipt, answer, refusal, and the question how we did. In their language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import render_template
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from helpdesk.clock import now
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import company_zone, gettext, in_language
from helpdesk.notify import optouts
from helpdesk.notify.envelopes import Letter, send
from helpdesk.notify.mail.mailboxes import Mailbox, by_name
from helpdesk.notify.models import Envelope
from helpdesk.tickets import dues, mail_ids, responses, tracking
from helpdesk.tickets.models import Message, Ticket
from helpdesk.web import company_in, settings

MOST_QUOTED = 60  # lines of the customer's last mail below our answer


@durable("mail.acknowledge", "ticket.opened")
def acknowledge(noted: Event) -> None:
    """Number, promise and link; never the submitter's own text, and no answer to a machine."""
    ticket = _ticket(noted)
    mail = ticket.reply_to
    first = db.session.scalar(
        select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    )
    said = first.data if first is not None else {}
    if not mail or said.get("automatic") or said.get("silent"):
        return
    if ticket.channel == "email" and _was_told(ticket, mail, first):
        return
    _send(
        ticket,
        noted,
        mail,
        "receipt",
        promised=_promised(ticket),
        confirm=_confirm(ticket),
        in_reply_to=_in_angles(first.message_id) if first and first.message_id else "",
    )


@durable("mail.answer", "message.staff", "ticket.reply", "ticket.answer_directly")
def answer(noted: Event) -> None:
    """What a colleague wrote to the customer. With copies it lacks the link to the case, which is
    the customer's alone."""
    ticket = _ticket(noted)
    mail = ticket.reply_to
    message = db.session.get(Message, noted.data.get("message"))
    if mail and message is not None:
        copies = copies_of(message, mail)
        said = {"body": message.body, "author": message.author, "shared": bool(copies)}
        letter = _letter(ticket, noted, mail, "answer", **said)
        words = letter.body + _quote(ticket, message)
        thread = _thread(ticket, message) | {"copies": copies}
        send(replace(letter, body=words, automatic=False, message_ref=message.id, **thread))


@durable("mail.refusal", "ticket.decline", "ticket.transfer_out")
def refusal(noted: Event) -> None:
    """Why we did not take the case on, or where it went."""
    ticket = _ticket(noted)
    mail = ticket.reply_to
    if mail:
        _send(ticket, noted, mail, "refusal", reason=noted.data.get("comment", ""))


@durable("mail.survey", "ticket.close")
def survey(noted: Event) -> None:
    """How did we do? One question, with the link to answer it (M35); not to a machine, and not to
    whoever asks for no automatic mail."""
    ticket = _ticket(noted)
    said = _first_said(ticket)
    if said.get("automatic") or said.get("quiet"):
        return
    mail = ticket.reply_to
    if mail and ticket.kind in ("complaint", "request", "enquiry"):
        _send(ticket, noted, mail, "survey", stop=optouts.url(noted.seq))


def _promised(ticket: Ticket) -> object:
    """When somebody answers, worded when the mail is: in the customer's language."""
    row = responses.newest(ticket, "first_answer")
    return LazyString(dues.promised, row.due_at, row.limit) if row and row.due_at else None


def _confirm(ticket: Ticket) -> str:
    """The link that proves the address; '' when that is done."""
    if ticket.contact_proven_by and ticket.contact == ticket.reply_to:
        return ""
    known = settings()
    return tracking.confirmation_url(ticket, known.secret_key, known.base_url)


def copies_of(message: Message, recipient: str) -> tuple[str, ...]:
    """Who gets a copy of an answer: whom its author ticked, but never a mailbox of ours, whom the
    answer goes to anyhow, or who asked for no more than their own cases need."""
    ours = {
        settings().mail_from.lower(),
        *map(str.lower, db.session.scalars(select(Mailbox.address))),
    }
    return tuple(
        each
        for each in message.data.get("cc", ())
        if each not in ours and each != recipient and not optouts.is_out(each)
    )


def _ticket(noted: Event) -> Ticket:
    query = select(Ticket).where(Ticket.id == noted.ticket_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _send(
    ticket: Ticket, noted: Event, mail: str, purpose: str, in_reply_to: str = "", **values: Any
) -> None:
    send(replace(_letter(ticket, noted, mail, purpose, **values), in_reply_to=in_reply_to))


def _letter(ticket: Ticket, noted: Event, mail: str, purpose: str, **values: Any) -> Letter:
    known = settings()
    host = known.mail_from.rpartition("@")[2]
    with in_language(ticket.language):
        company = company_in(ticket.language)
        body = render_template(
            f"mail/{purpose}.txt",
            ticket=ticket,
            company=company,
            **values,
            link=tracking.url(ticket, known.secret_key, known.base_url),
        )
        subject = _subject(ticket, purpose)
    box = _mailbox(ticket)
    return Letter(
        internal=False,
        event_seq=noted.seq,
        purpose=purpose,
        recipient=mail,
        subject=subject,
        body=body.strip() + "\n" + _signature(box, ticket, purpose),
        mailbox=box.name if box else "",
        reply_to=_reply_to(box, ticket),
        message_id=mail_ids.mail_id(ticket.number, f"e{noted.seq}", known.secret_key, host),
        ticket_id=ticket.id,
    )


def _mailbox(ticket: Ticket) -> Mailbox | None:
    """The mailbox by which the customer wrote: the answer comes from the same address."""
    if ticket.channel != "email":
        return None
    box = by_name(str(_first_said(ticket).get("mailbox", "")))
    return box if box is not None and box.active else None


def _first_said(ticket: Ticket) -> dict[str, Any]:
    """What is kept beside the words that opened the case."""
    first = select(Message.data).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)
    return db.session.scalar(first) or {}


def _signature(box: Mailbox | None, ticket: Ticket, purpose: str) -> str:
    words = box.signature(ticket.language).strip() if box and purpose == "answer" else ""
    return f"\n-- \n{words}\n" if words else ""


def _reply_to(box: Mailbox | None, ticket: Ticket) -> str:
    """The ticket's own address, where the mailbox takes name+anything@: it threads by itself."""
    if box is None or not box.plus:
        return ""
    name, _at, host = box.address.rpartition("@")
    return f"{name}+{mail_ids.reply_tag(ticket.number, settings().secret_key)}@{host}"


def _subject(ticket: Ticket, purpose: str) -> str:
    """The receipt doesn't repeat what was submitted; all others carry the subject for the thread."""
    if purpose == "receipt":
        return gettext("We have your case [%(number)s]", number=ticket.number)
    if purpose == "survey":
        return gettext("How did we do? [%(number)s]", number=ticket.number)
    return f"Re: {ticket.subject} [{ticket.number}]"


def _quote(ticket: Ticket, before: Message) -> str:
    """What the customer wrote last by mail, as mail programs quote it: a form may be filled in by
    anybody, so its words go to no address."""
    last = select(Message).where(
        Message.ticket_id == ticket.id, Message.id < before.id, Message.kind == "customer"
    )
    said = db.session.scalars(last.order_by(Message.id.desc()).limit(1)).first()
    if said is None or said.channel != "email":
        return ""
    at = said.at.astimezone(company_zone()).strftime("%Y-%m-%d %H:%M")
    with in_language(ticket.language):
        heading = gettext("On %(at)s, %(name)s wrote:", at=at, name=said.author)
    lines = said.body.split("\n")
    shown = lines if len(lines) <= MOST_QUOTED else [*lines[:MOST_QUOTED], "…"]
    return "\n".join(["", heading, *(f"> {line}".rstrip() for line in shown), ""])


def _thread(ticket: Ticket, before: Message) -> dict[str, Any]:
    """In-Reply-To and References, so that mail programs keep the thread: the customer's newest mail,
    and of a long chain the first and the last ones."""
    ids = db.session.scalars(
        select(Message.message_id)
        .where(
            Message.ticket_id == ticket.id,
            Message.id < before.id,
            Message.kind == "customer",
            Message.message_id.is_not(None),
        )
        .order_by(Message.id)
    ).all()
    chain = [_in_angles(str(each)) for each in ids]
    shown = chain if len(chain) <= 20 else chain[:10] + chain[-10:]
    return {"in_reply_to": chain[-1] if chain else "", "thread": tuple(shown)}


def _in_angles(message_id: str) -> str:
    """A Message-ID as a header has it; it is stored bare."""
    return f"<{message_id.strip('<>')}>"


def _was_told(ticket: Ticket, mail: str, first: Message | None) -> bool:
    """Whether the sender had a receipt within the hour for these very words: the loop of two
    machines that hide what they are ends here (RFC 3834)."""
    told = select(Envelope.ticket_id).where(
        Envelope.recipient == mail,
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
