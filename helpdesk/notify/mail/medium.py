"""A letter as a mail: from which of our mailboxes, in which thread, with which copies and quote."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from flask import render_template
from sqlalchemy import select

from helpdesk.core.db import db
from helpdesk.core.i18n import N_, company_zone, gettext
from helpdesk.notify import optouts
from helpdesk.notify.mail.mailboxes import Mailbox, by_name, own_addresses
from helpdesk.notify.mail.mime import message_of, sender_of
from helpdesk.notify.mail.smtp import Server, hand_over, server_of
from helpdesk.notify.mail.tokens import secret_of
from helpdesk.notify.media import Ended, Letter, Medium, carries
from helpdesk.notify.models import MAIL, Envelope
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Message, Ticket
from helpdesk.web.http import company_in

MOST_QUOTED = 60  # lines of the customer's last mail below our answer


def server_for(row: Envelope) -> Server | None:
    """The server of its mailbox, else the one of the settings, else None. Raises Refused."""
    box = by_name(row.mailbox)
    if box is not None and box.smtp_host:
        return smtp_of(box)
    url = settings().smtp_url
    return server_of(url) if url else None


def smtp_of(box: Mailbox) -> Server:
    """How to send through a mailbox. Raises Refused when its password can't be read."""
    return Server(box.smtp_host, box.smtp_port, box.smtp_tls, box.user, secret_of(box))


def deliver(row: Envelope, server: Server) -> Ended:
    """Hand it to the server."""
    return hand_over(server, sender_of(row), row.recipient, message_of(row), tuple(row.copies))


def compose(letter: Letter) -> dict[str, Any]:
    """The words of mail/PURPOSE.txt, and what a mail has beyond them."""
    known, ticket = settings(), _ticket(letter)
    box = _mailbox(letter)
    copies = copies_of(letter.message, letter.to) if letter.message else ()
    about = {"ticket": ticket, "company": company_in(letter.language), "shared": bool(copies)}
    body = render_template(f"mail/{letter.purpose.code}.txt", **about | {**letter.values})
    return {
        "body": body.strip() + "\n" + _below(letter, box),
        "copies": list(copies),
        "domain": letter.to.rpartition("@")[2].lower(),
        "mailbox": box.name if box is not None else "",
        "message_id": mail_ids.mail_id(
            letter.thread, letter.part, known.secret_key, known.mail_host
        ),
        "reply_to": _reply_to(box, ticket) if box is not None and ticket is not None else "",
        **_thread(letter),
    }


def _ticket(letter: Letter) -> Ticket | None:
    """The case of the customer who reads it."""
    if letter.purpose.internal or letter.ticket_id is None:
        return None
    return db.session.get_one(Ticket, letter.ticket_id)


def _mailbox(letter: Letter) -> Mailbox | None:
    """The mailbox by which its reader wrote: the answer comes from the same address."""
    box = by_name(str(letter.said.get("mailbox", "")))
    return box if box is not None and (box.active or letter.ticket_id is None) else None


def _below(letter: Letter, box: Mailbox | None) -> str:
    """Below an answer: the mailbox's signature, and what the customer wrote last."""
    if letter.message is None:
        return ""
    words = box.signature(letter.language).strip() if box is not None else ""
    return (f"\n-- \n{words}\n" if words else "") + _quote(letter.message)


def copies_of(message: Message, recipient: str) -> tuple[str, ...]:
    """Who gets a copy of an answer: whom its author ticked, but never a mailbox of ours, whom the
    answer goes to anyhow, or who asked for no more than their own cases need."""
    ours = own_addresses()
    return tuple(
        each
        for each in message.data.get("cc", ())
        if each not in ours and each != recipient and not optouts.is_out(each)
    )


def _reply_to(box: Mailbox, ticket: Ticket) -> str:
    """The ticket's own address, where the mailbox takes name+anything@: it threads by itself."""
    if not box.plus:
        return ""
    name, _at, host = box.address.rpartition("@")
    return f"{name}+{mail_ids.reply_tag(ticket.number, settings().secret_key)}@{host}"


def _quote(before: Message) -> str:
    """What the customer wrote last by mail, as mail programs quote it: a form may be filled in by
    anybody, so its words go to no address."""
    last = select(Message).where(
        Message.ticket_id == before.ticket_id, Message.id < before.id, Message.kind == "customer"
    )
    said = db.session.scalars(last.order_by(Message.id.desc()).limit(1)).first()
    if said is None or said.channel != MAIL:
        return ""
    at = said.at.astimezone(company_zone()).strftime("%Y-%m-%d %H:%M")
    heading = gettext("On %(at)s, %(name)s wrote:", at=at, name=said.author)
    lines = said.body.split("\n")
    shown = lines if len(lines) <= MOST_QUOTED else [*lines[:MOST_QUOTED], "…"]
    return "\n".join(["", heading, *(f"> {line}".rstrip() for line in shown), ""])


def _thread(letter: Letter) -> dict[str, Any]:
    """In-Reply-To and References, so that mail programs keep the thread: the customer's newest mail,
    and of a long thread its first ten and last ten."""
    if letter.message is None:
        return {"in_reply_to": _in_angles(letter.answers) if letter.answers else ""}
    ids = db.session.scalars(
        select(Message.message_id)
        .where(
            Message.ticket_id == letter.message.ticket_id,
            Message.id < letter.message.id,
            Message.kind == "customer",
            Message.message_id.is_not(None),
        )
        .order_by(Message.id)
    ).all()
    chain = [_in_angles(str(each)) for each in ids]
    shown = chain if len(chain) <= 20 else chain[:10] + chain[-10:]
    return {"in_reply_to": chain[-1] if chain else "", "thread": shown}


def _in_angles(message_id: str) -> str:
    """A Message-ID as a header has it; it is stored bare."""
    return f"<{message_id.strip('<>')}>"


carries(
    Medium(MAIL, N_("by mail at %(address)s"), attrgetter("reply_to"), compose, server_for, deliver)
)
