"""Where a mail belongs, and why (M3, M4): the one home of threading.

Rank: the reply address with its signature, In-Reply-To, References from the right, an earlier mail
of the customer's own, and last the number in the subject. Only a signature or being the ticket's
customer leads anywhere; Cc, Reply-To and a subject alone never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.parser import ParsedMail
from helpdesk.channels.email.verdicts import Hold
from helpdesk.customers.models import ContactAddress
from helpdesk.db import db
from helpdesk.tickets import mail_ids, queries
from helpdesk.tickets.models import Message, Ticket
from helpdesk.web import settings

FORWARDED = (
    "fwd:",
    "fw:",
    "wg:",
    "tr:",
    "rv:",
    "转发:",
    "转发：",
    "轉寄:",
    "轉寄：",
    "轉發:",
    "轉發：",
)


@dataclass(frozen=True)
class Landing:
    """The ticket that a mail joins (None: it opens one), by which rule, header and match."""

    ticket: Ticket | None
    rule: str  # see verdicts.RULES
    header: str = ""
    match: str = ""
    number: str = ""  # of the ticket that it named, joined or not

    def why(self) -> dict[str, Any]:
        """What is kept beside the mail and its message: enough to explain it years later."""
        return {
            "rule": self.rule,
            "header": self.header,
            "match": self.match[:200],
            "number": self.number,
        }


def land(row: InboundMail, mail: ParsedMail, sender: str) -> Landing:
    """Decide where the mail belongs. Raises Hold when somebody else than the customer wrote it."""
    named = _named(row, mail, sender)
    if named is None or named.ticket is None:
        return Landing(None, "new")
    if is_forward(mail.subject):
        return Landing(None, "forward", "Subject", mail.subject, named.number)
    if not takes_part(named.ticket, sender):
        raise _Stranger(named)
    if named.ticket.closed_at is not None and not queries.may_reopen(named.ticket):
        return Landing(None, "too_late", named.header, named.match, named.number)
    return named


class _Stranger(Hold):
    """A valid reference in a mail of somebody who is not known on the ticket (M4)."""

    def __init__(self, named: Landing) -> None:
        super().__init__("stranger", named.ticket)
        self.landing = named


def is_forward(subject: str) -> bool:
    """Whether the newest thing that was done to the mail was to forward it."""
    return subject.strip().lower().startswith(FORWARDED)


def takes_part(ticket: Ticket, sender: str) -> bool:
    """Whether this address is the customer's, or a colleague let it in on this ticket before."""
    known = select(ContactAddress.id).where(
        ContactAddress.person_id == ticket.person_id,
        ContactAddress.kind == "email",
        ContactAddress.normal == sender,
    )
    let_in = select(InboundMail.id).where(
        InboundMail.ticket_id == ticket.id,
        InboundMail.from_email == sender,
        InboundMail.outcome == "reply",
        InboundMail.decided_by != "",
    )
    return db.session.scalar(select(known.exists() | let_in.exists())) or False


def _named(row: InboundMail, mail: ParsedMail, sender: str) -> Landing | None:
    """The first reference in the mail that leads to a ticket, by rank."""
    for rule, header, match in _signed(row, mail):
        ticket = mail_ids.ticket_of([match], settings().secret_key)
        if ticket is not None:
            return _found(ticket, rule, header, match)
    return _own_thread(mail) or _by_subject(mail, sender)


def _signed(row: InboundMail, mail: ParsedMail) -> Iterator[tuple[str, str, str]]:
    """Rule, header and value of everything that may carry a signature of ours."""
    addresses = [(row.envelope_to, "Envelope"), *((a, "Delivered-To") for a in mail.delivered_to)]
    addresses += [(a.email, "To") for a in mail.to] + [(a.email, "Cc") for a in mail.cc]
    for address, header in addresses:
        if tag := mail_ids.tag_of_address(address):
            yield "token", header, tag
    if mail.in_reply_to:
        yield "in_reply_to", "In-Reply-To", mail.in_reply_to
    for given in reversed(mail.references):
        yield "references", "References", given


def _own_thread(mail: ParsedMail) -> Landing | None:
    """An answer to a mail that we have not written but received: a second thought, a colleague's."""
    given = [each for each in (mail.in_reply_to, *reversed(mail.references)) if each]
    if not given:
        return None
    found = db.session.execute(
        select(Message.message_id, Ticket)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(Message.message_id.in_(given), Message.kind == "customer")
        .order_by(Message.id)
        .limit(50)
    ).all()
    tickets = {each.message_id: each.Ticket for each in found}
    match = next((each for each in given if each in tickets), None)
    return _found(tickets[match], "own_thread", "In-Reply-To", match) if match else None


def _by_subject(mail: ParsedMail, sender: str) -> Landing | None:
    """A number in the subject counts only for the ticket's customer; for others it is no hint."""
    number = mail_ids.tag_in(mail.subject)
    ticket = mail_ids.by_number(number) if number else None
    if ticket is None or not takes_part(ticket, sender):
        return None
    return _found(ticket, "subject", "Subject", f"[{number}]")


def _found(ticket: Ticket, rule: str, header: str, match: str) -> Landing:
    while ticket.merged_into_id:
        ticket = db.session.get_one(Ticket, ticket.merged_into_id)
    return Landing(ticket, rule, header, match, ticket.number)
