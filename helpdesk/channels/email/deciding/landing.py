"""Where a mail belongs, and why: the one home of threading.

Rank: the reply address with its signature, In-Reply-To, References from the right, an earlier mail
of the customer's own, and last the number in the subject. A From can be written by anybody, so it
counts only with a signature of ours that was mailed to that address, or when our own mail server
has proven it. A claimed one joins nothing: its new case tells colleagues which case it names. Cc,
Reply-To and X-Original-From are shown and never lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, exists, select

from helpdesk.channels.email.deciding.proof import PROVEN, proof_of, trusted_by
from helpdesk.channels.email.deciding.verdicts import Hold
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.channels.email.reading.quote_lines import is_forward
from helpdesk.core.db import db
from helpdesk.customers import people
from helpdesk.customers.models import ContactAddress
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids, queries
from helpdesk.tickets.models import Message, Ticket

SIGNED = ("token", "in_reply_to", "references")  # rules whose match carries a signature of ours


@dataclass(frozen=True)
class Landing:
    """The ticket that a mail joins (None: it opens one), by which rule, header and match."""

    ticket: Ticket | None
    rule: str  # see verdicts.RULES
    header: str = ""
    match: str = ""
    number: str = ""  # of the ticket that it named, joined or not
    proof: str = ""  # of the sender's address: see people.PROOFS

    def why(self) -> dict[str, Any]:
        """What is kept beside the mail and its message: enough to explain it years later."""
        told = {"rule": self.rule, "header": self.header, "match": self.match[:200]}
        return told | {"number": self.number}


def land(row: InboundMail, mail: ParsedMail, sender: str) -> Landing:
    """Decide where the mail belongs. Raises Hold when somebody else than the customer wrote it."""
    proof = dmarc(row, mail)
    named = _named(row, mail)
    if named is None or named.ticket is None:
        return Landing(None, "new", proof=proof)
    if is_forward(mail.subject):
        return Landing(None, "forward", "Subject", mail.subject, named.number, proof)
    signed = named.rule in SIGNED
    if not takes_part(named.ticket, sender, signed=signed, proven=bool(proof)):
        if named.rule == "subject" or (not proof and _claims(named.ticket, sender)):
            return Landing(None, "claimed", named.header, named.match, named.number, proof)
        stranger = Hold("stranger", named.ticket)
        stranger.why = named.why()
        raise stranger
    if not proof and signed and not mail.auto_submitted and _was_written_to(named.ticket, sender):
        proof = "token"
    if named.ticket.closed_at is not None and not queries.may_reopen(named.ticket):
        return Landing(None, "too_late", named.header, named.match, named.number, proof)
    return replace(named, proof=proof)


def dmarc(row: InboundMail, mail: ParsedMail) -> str:
    """'dmarc' when the mailbox's own server has proven the sender's address; not what a list says
    about the writer whose From it replaced."""
    proven = not mail.passed_by and proof_of(mail, trusted_by(row.mailbox)) == PROVEN
    return "dmarc" if proven else ""


def takes_part(ticket: Ticket, sender: str, *, signed: bool, proven: bool) -> bool:
    """Whether a mail from this address is the customer's: it carries a signature of ours (`signed`)
    or its sender is `proven`, and the address is the case's, one that its customer has proven, or
    one that a colleague let in on this case or gave a copy of an answer before."""
    if not (signed or proven):
        return False
    return (
        _is_own(ticket, sender, proven=proven)
        or _was_let_in(ticket, sender)
        or _was_copied(ticket, sender)
    )


def _is_own(ticket: Ticket, sender: str, *, proven: bool) -> bool:
    at_door = ticket.contact if ticket.contact_kind == "email" else ""
    if sender == ticket.reply_to or (sender == at_door and (proven or ticket.contact_proven_by)):
        return True
    mine = _are_theirs(ticket, sender) & (ContactAddress.proven_by != "")
    return _is_there(mine) or _was_written_to(ticket, sender)


def _are_theirs(ticket: Ticket, sender: str) -> ColumnElement[bool]:
    """The condition on addresses of the case's customer that are this one."""
    return people.is_at("email", sender) & (ContactAddress.person_id == ticket.person_id)


def _is_there(*conditions: ColumnElement[bool]) -> bool:
    return bool(db.session.scalar(select(exists().where(*conditions))))


def _was_written_to(ticket: Ticket, sender: str) -> bool:
    """Whether mails of this case go to the address, or went there."""
    if sender == ticket.reply_to:
        return True
    return _is_there(
        Envelope.ticket_id == ticket.id,
        Envelope.recipient == sender,
        Envelope.internal.is_(False),
    )


def _was_let_in(ticket: Ticket, sender: str) -> bool:
    return _is_there(
        InboundMail.ticket_id == ticket.id,
        InboundMail.from_email == sender,
        InboundMail.outcome == "reply",
        InboundMail.decided_by != "",
    )


def _was_copied(ticket: Ticket, sender: str) -> bool:
    """Whether a colleague wrote to the address on purpose, beside the customer."""
    sent = select(Envelope.copies).where(Envelope.ticket_id == ticket.id)
    return any(sender in copies for copies in db.session.scalars(sent))


def _claims(ticket: Ticket, sender: str) -> bool:
    """Whether somebody says to be the case's customer: by an address of theirs."""
    return sender in (ticket.reply_to, ticket.contact) or _is_there(_are_theirs(ticket, sender))


def _named(row: InboundMail, mail: ParsedMail) -> Landing | None:
    """The first reference in the mail that leads to a ticket, by rank."""
    for rule, header, match in _signed(row, mail):
        ticket = mail_ids.ticket_of([match], settings().secret_key)
        if ticket is not None:
            return _found(ticket, rule, header, match)
    return _own_thread(mail) or _by_subject(mail)


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


def _by_subject(mail: ParsedMail) -> Landing | None:
    """The number in the subject, which anybody can write there."""
    number = mail_ids.tag_in(mail.subject)
    ticket = mail_ids.by_number(number) if number else None
    return _found(ticket, "subject", "Subject", f"[{number}]") if ticket is not None else None


def _found(ticket: Ticket, rule: str, header: str, match: str) -> Landing:
    while ticket.merged_into_id:
        ticket = db.session.get_one(Ticket, ticket.merged_into_id)
    return Landing(ticket, rule, header, match, ticket.number)
