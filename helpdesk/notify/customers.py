"""Letters to customers: receipt, answer, refusal, and the question how we did. In their language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from flask_babel.speaklater import LazyString
from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import lazy_gettext
from helpdesk.notify import optouts
from helpdesk.notify.letters import Customer, Letters, customer_of, letters, to_customer
from helpdesk.notify.models import Envelope
from helpdesk.promises import dues
from helpdesk.promises.models import Promise
from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.tickets.models import Message, Ticket


@dataclass(frozen=True)
class Case:
    """A case as the letters to its customer need it; those of a whole set are read together."""

    ticket: Ticket
    first: Message | None  # the words that opened it
    answered_by: Promise | None  # when somebody answers

    @cached_property
    def reader(self) -> Customer | None:
        """Who asked; None when nobody can be reached."""
        return customer_of(self.ticket, self.first)

    @property
    def promised(self) -> object:
        """When somebody answers, worded when the letter is: in the customer's language."""
        row = self.answered_by
        return LazyString(dues.promised, row.due_at, row.limit) if row and row.due_at else None


Cases = Mapping[int | None, Case]  # by the ticket's id


def cases(events: Sequence[Event]) -> Cases:
    """The cases of these events as they stand now."""
    ids = {noted.ticket_id for noted in events}
    query = select(Ticket).where(Ticket.id.in_(ids)).execution_options(populate_existing=True)
    first = select(func.min(Message.id)).where(Message.ticket_id.in_(ids))
    words = select(Message).where(Message.id.in_(first.group_by(Message.ticket_id)))
    firsts = {message.ticket_id: message for message in db.session.scalars(words)}
    tickets = db.session.scalars(query).all()
    promised = promises.newest(tickets, "first_answer")
    return {row.id: Case(row, firsts.get(row.id), promised.get(row.id)) for row in tickets}


class Opened:
    """New cases, and which senders had a receipt within the hour, from before or among these."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.cases = cases(events)
        readers = {case.reader.address for case in self.cases.values() if case.reader}
        told = select(Envelope.recipient, Envelope.ticket_id).where(
            Envelope.recipient.in_(readers),
            Envelope.purpose == "receipt",
            Envelope.made_at > now() - timedelta(hours=1),
        )
        self.told: dict[str, set[int | None]] = defaultdict(set)
        for address, ticket_id in db.session.execute(told):
            self.told[address].add(ticket_id)

    def is_echo(self, case: Case, reader: Customer) -> bool:
        """Whether the sender had a receipt within the hour for these very words: the loop of two
        machines that hide what they are ends here (RFC 3834). Only what came the way that the
        receipt goes can be one."""
        others = self.told[reader.address] - {case.ticket.id}
        if reader.medium != case.ticket.channel or not others:
            return False
        if case.first is None:
            return True
        same = select(Message.id).where(
            Message.ticket_id.in_(others),
            Message.kind == "customer",
            Message.body == case.first.body,
        )
        return db.session.scalar(select(same.exists())) or False


@letters("mail.acknowledge", "ticket.opened", reading=Opened)
def acknowledge(noted: Event, opened: Opened) -> Letters:
    """Number, promise and link; never the submitter's own text, and no answer to a machine."""
    case = opened.cases[noted.ticket_id]
    ticket, reader = case.ticket, case.reader
    if reader is None or opened.is_echo(case, reader):
        return
    for letter in to_customer(
        noted.seq,
        reader,
        "receipt",
        lazy_gettext("We have your case [%(number)s]", number=ticket.number),
        answers=case.first.message_id or "" if case.first is not None else "",
        promised=case.promised,
        confirm=_confirm(ticket, reader),
    ):
        opened.told[reader.address].add(ticket.id)
        yield letter


@letters("mail.answer", "message.staff", "ticket.reply", "ticket.answer_directly", reading=cases)
def answer(noted: Event, known: Cases) -> Letters:
    """What a colleague wrote to the customer."""
    case, message = known[noted.ticket_id], db.session.get(Message, noted.data.get("message"))
    if message is not None:
        yield from to_customer(
            noted.seq,
            case.reader,
            "answer",
            _subject(case.ticket),
            message=message,
            body=message.body,
            author=message.author,
        )


@letters("mail.refusal", "ticket.decline", "ticket.transfer_out", reading=cases)
def refusal(noted: Event, known: Cases) -> Letters:
    """Why we did not take the case on, or where it went."""
    case, reason = known[noted.ticket_id], noted.data.get("comment", "")
    yield from to_customer(noted.seq, case.reader, "refusal", _subject(case.ticket), reason=reason)


@letters("mail.survey", "ticket.close", reading=cases)
def survey(noted: Event, known: Cases) -> Letters:
    """How did we do? One question, with the link to answer it."""
    case = known[noted.ticket_id]
    if case.ticket.kind in ("complaint", "request", "enquiry"):
        yield from to_customer(
            noted.seq,
            case.reader,
            "survey",
            lazy_gettext("How did we do? [%(number)s]", number=case.ticket.number),
            stop=optouts.url(noted.seq),
        )


def _subject(ticket: Ticket) -> str:
    """The customer's own, for the thread; what goes out by itself first doesn't repeat it."""
    return f"Re: {ticket.subject} [{ticket.number}]"


def _confirm(ticket: Ticket, reader: Customer) -> str:
    """The link that proves the mail address; '' when that is done, or something else is reached."""
    if reader.address != ticket.reply_to:
        return ""
    if ticket.contact_proven_by and ticket.contact == ticket.reply_to:
        return ""
    known = settings()
    return tracking.confirmation_url(ticket, known.secret_key, known.base_url)
