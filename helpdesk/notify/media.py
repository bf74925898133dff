"""The seam between what we say and what carries it: a medium is one entry of a registry.

A medium shapes a letter into an envelope, knows the server that it goes through, and hands it over. States,
tries, pace and opting out are the same for all of them (`envelopes`, `paces`, `optouts`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask_babel.speaklater import LazyString

from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_, gettext
from helpdesk.notify.models import MAIL, Envelope
from helpdesk.tickets.askers import Way, answered_by
from helpdesk.tickets.models import Message, Ticket


class Audience(StrEnum):
    """Who reads it."""

    COLLEAGUE = "colleague"  # nobody from outside can set off a flood of these
    CUSTOMER = "customer"


@dataclass(frozen=True)
class Purpose:
    """Why one letter is written.

    `by_hand`: its words are a person's. `needed`: a case needs it, so nobody can opt out of it and it
    may ring at night. `unless`: what, said of the customer's own first words, keeps it back.
    """

    code: str  # its words are templates/mail/CODE.txt
    audience: Audience
    by_hand: bool = False
    needed: bool = True
    unless: tuple[str, ...] = ()

    @property
    def automatic(self) -> bool:
        """Whether it says of itself that a program wrote it (RFC 3834)."""
        return not self.by_hand

    @property
    def internal(self) -> bool:
        """Whether it stays among us."""
        return self.audience == Audience.COLLEAGUE


@dataclass(frozen=True)
class Letter:
    """What is to be said to whom because of what; no medium has shaped it yet."""

    purpose: Purpose
    medium: str
    to: str  # the address
    language: str
    subject: str | LazyString
    values: Mapping[str, object]  # what its words are made of; `link` leads the reader on
    cause: int  # the event's number; below 0 for a mail that became no case
    thread: str  # what it is about: a case's number, notice-7
    part: str  # which letter of that thread it is; the same on every try
    ticket_id: int | None = None
    notice_id: int | None = None
    message: Message | None = None  # whose words it carries
    answers: str = ""  # the reader's own id of what it answers
    said: Mapping[str, Any] = field(default_factory=dict)  # kept beside the reader's first words


@dataclass(frozen=True)
class Ended:
    """How handing over ended. state: sent, retry (not now), failed (never), uncertain (perhaps
    delivered), or unreachable (the server, not this letter)."""

    state: str
    words: str = ""


@dataclass(frozen=True)
class Medium:
    """One way out of the house. What goes wrong outside is told by `Ended`, never raised."""

    code: str  # of the channel whose cases are answered by it
    says: str  # where an answer goes, as its author reads it; with %(address)s
    address_of: Callable[[Ticket], str]  # where it reaches a case's customer; '' is nowhere
    compose: Callable[[Letter], dict[str, Any]]  # the envelope's columns: body and its own
    server: Callable[[Envelope], Hashable | None]  # what it goes through; None keeps it here
    deliver: Callable[[Envelope, Any], Ended]  # hand it over there
    rings: bool = False  # it wakes people: what no case needs waits for the morning


MEDIA: dict[str, Medium] = {}


def carries(medium: Medium) -> None:
    """Letters may go by this medium from now on."""
    MEDIA[medium.code] = medium


def named(code: str) -> Medium:
    """The medium with this code. Raises Refused when it is no longer there."""
    if code not in MEDIA:
        raise Refused(N_("What would carry it is not set up any more."))
    return MEDIA[code]


def reaching(ticket: Ticket) -> tuple[Medium, str] | None:
    """By which medium, and where, this case's customer is reached: the one it came by, else mail."""
    for medium in filter(None, (MEDIA.get(ticket.channel), MEDIA.get(MAIL))):
        address = medium.address_of(ticket)
        if address:
            return medium, address
    return None


@answered_by
def way_to(ticket: Ticket) -> Way | None:
    """The same for whoever writes to them: the address, and how it is reached in words."""
    found = reaching(ticket)
    if found is None:
        return None
    medium, address = found
    return Way(address, gettext(medium.says, address=address))
