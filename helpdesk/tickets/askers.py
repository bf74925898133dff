"""What the desk is shown about where a case came from: the address, its proof, whom it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ScalarSelect, case, func, or_, select

from helpdesk.agents.rights import Actor, may
from helpdesk.core.db import db
from helpdesk.core.i18n import gettext
from helpdesk.customers import people
from helpdesk.customers.addresses import shown
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.tickets import actions, queries
from helpdesk.tickets.models import Ticket
from helpdesk.words import CHANNELS, Kind


@dataclass(frozen=True)
class Offer:
    """A known person who has an address of this case: nobody is linked before a colleague says so."""

    id: int
    name: str
    organisation: str
    proven: bool  # the address is proven to be theirs
    earlier: int  # complaints of this category within the days that make a repeat


class Way(NamedTuple):
    """How a case's customer is reached."""

    address: str
    words: str  # 'by mail at wang@example.com', in the reader's language


Answered = Callable[[Ticket], Way | None]
_ways: list[Answered] = []


def answered_by(tell: Answered) -> Answered:
    """What carries our answers is asked by this function how it reaches a customer."""
    _ways.append(tell)
    return tell


@dataclass(frozen=True)
class About:
    """Where a case came from and where its answers go, for readers who may know it."""

    channel: str
    contact: str  # for the eye
    proof: str  # in words
    proven: bool
    name: str  # as it was given with the case
    reply_to: str  # where its mails go
    way: Way | None  # by which its answers go
    elsewhere: bool  # answers go to another mail address than the one it came from
    choices: Sequence[str] = ()  # where answers may go
    offers: Sequence[Offer] = ()
    settled: bool = True
    asks: bool = False  # whose case it is, is to be said now
    may_change: bool = False


def about(ticket: Ticket, who: Actor, *, anew: bool = False) -> About:
    """All of it in one statement more at most; `anew` offers people also once it is settled."""
    asks = not ticket.settled or anew
    by_mail = ticket.contact_kind == "email"
    return About(
        channel=gettext(CHANNELS[ticket.channel]),
        contact=shown(ticket.contact_kind, ticket.contact, ticket.contact_extension),
        proof=gettext(people.PROOFS[ticket.contact_proven_by]) if ticket.contact else "",
        proven=bool(ticket.contact_proven_by),
        name=ticket.contact_name,
        reply_to=ticket.reply_to,
        way=next(filter(None, (tell(ticket) for tell in _ways)), None),
        elsewhere=bool(ticket.reply_to) and by_mail and ticket.reply_to != ticket.contact,
        choices=actions.reply_choices(ticket),
        offers=_offers(ticket) if asks and may(who, "customer.edit") else (),
        settled=ticket.settled,
        asks=asks,
        may_change=may(who, "customer.edit"),
    )


def _offers(ticket: Ticket) -> list[Offer]:
    """The other people who have an address of this case, the likeliest first."""
    at = {(row.kind, row.normal) for row in ticket.person.addresses}
    at |= {("email", mail) for mail in ticket.contact_others}
    at |= {(ticket.contact_kind, ticket.contact)} if ticket.contact else set()
    if not at:
        return []
    has = or_(*(people.is_at(kind, normal) for kind, normal in sorted(at)))
    proven = func.max(case((ContactAddress.proven_by != "", 1), else_=0))
    query = (
        select(Person, proven, _earlier(ticket))
        .join(ContactAddress, ContactAddress.person_id == Person.id)
        .where(has, Person.id != ticket.person_id, Person.known_as_id.is_(None))
        .group_by(Person.id)
        .order_by(proven.desc(), Person.claimed, Person.id)
        .limit(people.MOST_FOUND)
    )
    return [
        Offer(person.id, person.name, person.organisation, bool(is_proven), earlier or 0)
        for person, is_proven, earlier in db.session.execute(query)
    ]


def _earlier(ticket: Ticket) -> ScalarSelect[int]:
    category = ticket.category_id if ticket.kind == Kind.COMPLAINT else None
    found = queries.repeats(Person.id, category or 0, ticket.received_at, before=ticket.id)
    return (
        select(func.count()).select_from(Ticket).where(*found).correlate(Person).scalar_subquery()
    )
