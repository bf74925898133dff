"""The two ways to write a letter: to a colleague and to a customer.

Who calls one says who reads it, what for, and which words; all else follows from TABLE and from the
medium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4
from zlib import crc32

from flask_babel.speaklater import LazyString

from helpdesk.agents.models import Department
from helpdesk.core import outbox
from helpdesk.core.events import Event
from helpdesk.core.i18n import language
from helpdesk.notify import envelopes, media
from helpdesk.notify.media import Audience, Ended, Letter, Purpose
from helpdesk.notify.models import MAIL, Envelope
from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.tickets.models import Message, Ticket

Letters = Iterable[Letter]
AMONG_US = (
    *("article", "calendar", "concerned", "consent", "digest", "escalation", "hold_over", "lost"),
    *("notice", "test", "wrong_tries"),
)
# What we write for, to whom: all limits follow from these two.
TABLE = (
    Purpose("receipt", Audience.CUSTOMER, unless=("automatic", "silent")),
    Purpose("answer", Audience.CUSTOMER, by_hand=True),
    Purpose("refusal", Audience.CUSTOMER),
    Purpose("survey", Audience.CUSTOMER, needed=False, unless=("automatic", "quiet")),
    Purpose("too_large", Audience.CUSTOMER, unless=("automatic", "quiet", "listed")),
    *(Purpose(code, Audience.COLLEAGUE) for code in AMONG_US),
)


def letters(
    name: str, *wants: str, reading: Callable[[Sequence[Event]], Any] | None = None
) -> Callable[[Callable[..., Letters]], Callable[..., Letters]]:
    """Register what gives the letters to be written because of an event: a durable subscriber.

    `reading` is given all events of a set; what it gives, e.g. their cases, comes along with each.
    """

    def register(write: Callable[..., Letters]) -> Callable[..., Letters]:
        def read(events: Sequence[Event]) -> Callable[[Event], list[Envelope]]:
            known = (reading(events),) if reading else ()
            return lambda noted: [envelopes.envelope(each) for each in write(noted, *known)]

        outbox.subscribe(outbox.Subscriber(name, frozenset(wants), read, envelopes.write))
        return write

    return register


class Reader(Protocol):
    """Whoever works here and can be written to."""

    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class TeamMailbox:
    """The mailbox of a department, which reads like a colleague."""

    email: str
    language: str

    @classmethod
    def of(cls, unit: Department | None) -> list[TeamMailbox]:
        """The one of this department, where it has one."""
        return [cls(unit.mail, settings().language)] if unit is not None and unit.mail else []


@dataclass(frozen=True)
class Customer:
    """Somebody who wrote to us, and how we reach them."""

    medium: str
    address: str
    language: str
    thread: str  # the case's number, or what stands for one
    link: str  # where they see how far we are
    said: Mapping[str, Any]  # what is kept beside their first words
    ticket_id: int | None = None


def to_colleague(
    noted: Event,
    reader: Reader,
    purpose: str,
    subject: str | LazyString,
    *,
    thread: str,
    path: str,
    **values: object,
) -> Letter:
    """mail/PURPOSE.txt for one colleague, in the reader's language, with a link to `path`.

    Its identity comes from the event and the reader, so a second try is the same letter.
    """
    return Letter(
        purpose=purpose_of(purpose, Audience.COLLEAGUE),
        medium=MAIL,
        to=reader.email,
        language=reader.language,
        subject=subject,
        values={"reader": reader, "link": f"{settings().base_url}/{path}", **values},
        cause=noted.seq,
        thread=thread,
        part=f"s{noted.seq}r{crc32(reader.email.encode()):x}",
        ticket_id=noted.ticket_id,
        notice_id=noted.notice_id,
    )


def about(ticket: Ticket) -> dict[str, Any]:
    """What a letter to a colleague needs of the case that it is about: thread, page, and its words'."""
    return {"thread": ticket.number, "path": f"tickets/{ticket.number}", "ticket": ticket}


def to_customer(
    cause: int,
    reader: Customer | None,
    purpose: str,
    subject: str | LazyString,
    *,
    message: Message | None = None,
    answers: str = "",
    **values: object,
) -> Iterator[Letter]:
    """A letter to a customer, in their language and by their medium, because of the event `cause`;
    none when nobody can be reached or their own words keep such a letter back.

    `message` is a colleague's whose words it carries, `answers` their own id of what it answers.
    """
    meant = purpose_of(purpose, Audience.CUSTOMER)
    if reader is None or any(reader.said.get(mark) for mark in meant.unless):
        return
    yield Letter(
        purpose=meant,
        medium=reader.medium,
        to=reader.address,
        language=reader.language,
        subject=subject,
        values={"link": reader.link, **values},
        cause=cause,
        thread=reader.thread,
        part=f"e{cause}",
        ticket_id=reader.ticket_id,
        message=message,
        answers=answers,
        said=reader.said,
    )


def customer_of(ticket: Ticket, first: Message | None) -> Customer | None:
    """Who asked, with the case's first words, as they are reached; None when no medium reaches them."""
    way = media.reaching(ticket)
    if way is None:
        return None
    known, (medium, address) = settings(), way
    return Customer(
        medium=medium.code,
        address=address,
        language=ticket.language,
        thread=ticket.number,
        link=tracking.own_url(ticket, known.secret_key, known.base_url),
        said=first.data if first is not None else {},
        ticket_id=ticket.id,
    )


def to_oneself(to: str, mailbox: str, subject: str, **values: object) -> Ended:
    """Try a mailbox out: hand a letter over now, without keeping it, and tell how that ended."""
    return envelopes.hand_over_now(
        Letter(
            purpose=purpose_of("test", Audience.COLLEAGUE),
            medium=MAIL,
            to=to,
            language=language(),
            subject=subject,
            values=values,
            cause=0,
            thread="test",
            part=uuid4().hex,
            said={"mailbox": mailbox},
        )
    )


def purpose_of(code: str, audience: Audience) -> Purpose:
    """The purpose with this code. Raises LookupError when there is none for these readers."""
    for each in TABLE:
        if (each.code, each.audience) == (code, audience):
            return each
    raise LookupError(f"nothing is written to a {audience} for {code!r}")
