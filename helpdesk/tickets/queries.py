"""Every list, count and search of tickets. visible_to() is applied here and only here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from unicodedata import normalize

from sqlalchemy import ColumnElement, Integer, Select, bindparam, exists, false, select, true
from sqlalchemy.orm import aliased, joinedload

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, scope, stands_for
from helpdesk.clock import now, read_moment
from helpdesk.core import options
from helpdesk.core.beside import Told
from helpdesk.core.db import UtcTime, db
from helpdesk.core.errors import BadInput, NotFound
from helpdesk.core.events import Event
from helpdesk.core.given import wholes
from helpdesk.core.i18n import N_
from helpdesk.core.moves import Move
from helpdesk.customers.models import Person
from helpdesk.promises.models import Promise
from helpdesk.tickets import fields, lifecycle, sight
from helpdesk.tickets.models import Assist, Attachment, Callback, Message, Rating, Ticket
from helpdesk.words import Kind

BIGGEST = 2**31 - 1
NO_PAGE = N_("This page of the list does not exist. Please begin at the first.")


def visible_to(who: Actor | None) -> ColumnElement[bool]:
    """The condition that a ticket may be known to `who`: one scope for all doors (promise 6)."""
    seen = scope(who)
    if seen.everything:
        return true()
    if not seen.department_ids:
        return false()
    assists = exists().where(
        Assist.ticket_id == Ticket.id, Assist.department_id.in_(seen.department_ids)
    )
    return (
        Ticket.department_id.in_(seen.department_ids) & (Ticket.status.not_in(lifecycle.AT_DESK))
        | assists
    )


def tied_to_person(who: Actor | None) -> ColumnElement[bool]:
    """The condition that `who` may tie a ticket that they know of to whose it is."""
    everybody = who is not None and sight.sees_everybody(who)
    return true() if everybody else Ticket.confidential.is_(False)


def known_with_person(who: Actor | None) -> ColumnElement[bool]:
    """The condition that a ticket may be known to `who` together with whose it is.

    Whatever goes by person asks this: the person's cases, page, judgements, repeats, merges.
    """
    return visible_to(who) & tied_to_person(who)


def is_visible(ticket: Ticket, who: Actor | None) -> bool:
    """Whether `who` may know of this ticket."""
    if who is not None and who.kind in ("system", "customer"):
        return True  # customers come in by number and secret, which their view has checked
    if scope(who).everything:
        return True
    found = db.session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, visible_to(who)))
    return found is not None


def require_visible(ticket: Ticket, who: Actor | None) -> None:
    """Raise NotFound when `who` may not know of this ticket."""
    if not is_visible(ticket, who):
        raise NotFound(N_("There is no such ticket, or it is not yours to see."))


def tickets(who: Actor | None) -> Select[Ticket]:
    """All tickets that `who` may see, with what a row shows loaded."""
    return (
        select(Ticket)
        .where(visible_to(who))
        .options(
            joinedload(Ticket.person),
            joinedload(Ticket.assignee).lazyload(Agent.department),
            joinedload(Ticket.category),
            joinedload(Ticket.department),
        )
    )


class Customer(NamedTuple):
    """Whose case a plain row is."""

    id: int
    name: str
    level: str
    language: str


class OfPerson(tuple[Any, ...]):
    """A plain row, which ends with its customer."""

    @property
    def person(self) -> Customer:
        """Whose case it is."""
        return Customer(*self[-len(Customer._fields) :])


def plain(names: Iterable[str], *more: Any) -> Told:
    """These columns of all tickets, and their customers, as texts and not as objects: a list that is
    only told costs a tenth. Whoever asks narrows it down to what a reader may see."""
    whose = (getattr(Person, name).label(f"of_{name}") for name in Customer._fields)
    columns = select(*(getattr(Ticket, name) for name in names), *more, *whose)
    return Told(columns.join(Person, Person.id == Ticket.person_id), OfPerson)


def plain_number(typed: str) -> str:
    """A ticket's number as it is stored, also when an input method wrote it in full width; "" for what
    can be none: PostgreSQL takes no NUL, and no number has one."""
    found = normalize("NFKC", typed[:80]).strip()[:40]
    return found if found.isprintable() else ""


def has_number(typed: str) -> ColumnElement[bool]:
    """The condition of having the number that was typed."""
    return Ticket.number == plain_number(typed)


def by_number(number: str, who: Actor | None) -> Ticket:
    """The ticket with this number. Raises NotFound when there is none that `who` may see."""
    ticket = db.session.scalar(tickets(who).where(has_number(number)))
    if ticket is None:
        raise NotFound(N_("There is no such ticket, or it is not yours to see."))
    return ticket


def repeats(
    person_id: Any, category_id: int, at: datetime, before: int = BIGGEST
) -> list[ColumnElement[bool]]:
    """The conditions of the person's complaints of this category in the calendar days before `at`
    within which another one is a repeat; `before` is the id of the ticket that asks."""
    since = at - timedelta(days=options.get("repeat_days"))
    return [
        Ticket.person_id == person_id,
        Ticket.category_id == category_id,
        Ticket.kind == Kind.COMPLAINT,
        Ticket.received_at >= since,
        Ticket.id < before,
    ]


def repeated(person_id: int, category_id: int, at: datetime, before: int = BIGGEST) -> Select[int]:
    """The id of the newest of them: what another complaint repeats."""
    found = repeats(person_id, category_id, at, before)
    return select(Ticket.id).where(*found).order_by(Ticket.id.desc()).limit(1)


def moves_of(ticket: Ticket, who: Actor) -> list[Move]:
    """The legal next moves of this ticket for `who`: the buttons."""
    if not stands_for(who, ticket.department_id):
        return []  # a department that assists takes no step for the lead
    return lifecycle.TABLE.moves(stand_of(ticket), who)


def stand_of(ticket: Ticket, late: bool = False) -> lifecycle.Stand:
    """What the table of moves must know of this ticket; `late` as its promises tell."""
    return lifecycle.Stand(ticket.status, ticket.kind, ticket.returns, late)


def conversation(ticket: Ticket, public_only: bool = False) -> Sequence[Message]:
    """The messages in their order, without drafts; a customer's view asks for public ones only.

    What can still be taken back is not public yet.
    """
    given = {"ticket": ticket.id} | ({"moment": now()} if public_only else {})
    return db.session.scalars(_TOLD if public_only else _SAID, given).all()


def first_message(ticket: Ticket) -> Message | None:
    """The message that the case began with."""
    return db.session.scalar(_SAID.limit(1), {"ticket": ticket.id})


_HELD = Message.held_until.is_not(None) & (Message.held_until > bindparam("moment", type_=UtcTime))
_OF = bindparam("ticket", type_=Integer)
_SAID = (
    select(Message).where(Message.ticket_id == _OF, Message.kind != "draft").order_by(Message.id)
)
_TOLD = _SAID.where(Message.public, ~_HELD)
_FILES = select(Attachment).where(Attachment.ticket_id == _OF).order_by(Attachment.id)
_TOLD_FILES = _FILES.where(
    Attachment.public, ~exists().where(Message.id == Attachment.message_id, _HELD)
)


def files(ticket: Ticket, public_only: bool = False) -> Sequence[Attachment]:
    """The files of the ticket's messages."""
    given = {"ticket": ticket.id} | ({"moment": now()} if public_only else {})
    return db.session.scalars(_TOLD_FILES if public_only else _FILES, given).all()


def person_of(ticket: Ticket) -> Person:
    """Who asks, also of a ticket that was locked alone."""
    return db.session.get_one(Person, ticket.person_id)


def found_by(ticket: Ticket) -> list[str]:
    """The texts by which the ticket is found today; drafts are their authors' alone."""
    words = [sight.searched(each, ticket) for each in conversation(ticket)]
    return fields.searched(ticket, person_of(ticket).name, words)


def history(ticket: Ticket) -> Sequence[Event]:
    """What happened to the ticket, oldest first."""
    return db.session.scalars(
        select(Event).where(Event.ticket_id == ticket.id).order_by(Event.seq)
    ).all()


def entries(found: Sequence[Event], ticket: Ticket, who: Actor) -> list[sight.Entry]:
    """These events of the ticket as `who` may see them."""
    if sight.sees_everybody(who):
        return [sight.entry(noted, ticket, who) for noted in found]
    told = [noted.data for noted in found if noted.name in sight.ABOUT_CASES]
    numbers = {str(data[key]) for data in told for key in sight.OTHER_CASES if data.get(key)}
    tied = select(Ticket.number).where(Ticket.number.in_(numbers), known_with_person(who))
    secret = numbers - set(db.session.scalars(tied)) if numbers else numbers
    return [sight.entry(noted, ticket, who, secret) for noted in found]


def corrections(ticket: Ticket) -> Sequence[Event]:
    """The corrections of the ticket's facts, oldest first: what may have moved its promises."""
    corrected = Event.ticket_id == ticket.id, Event.name == "ticket.edited"
    return db.session.scalars(select(Event).where(*corrected).order_by(Event.seq)).all()


def moving(row: Promise, found: Iterable[Event]) -> list[Event]:
    """Those corrections that had this promise planned anew."""
    return [noted for noted in found if row.id in noted.data.get("replanned", ())]


def has_answer(ticket: Ticket) -> bool:
    """Whether the customer was given an answer in this cycle's life."""
    ours = Message.ticket_id == ticket.id, Message.public, Message.kind == "staff"
    return db.session.scalar(select(Message.id).where(*ours).limit(1)) is not None


def closing_reason(ticket: Ticket) -> str:
    """What was said when the ticket was not accepted or went outside: the customer reads it."""
    if ticket.status not in ("rejected", "transferred"):
        return ""
    names = ("ticket.decline", "ticket.transfer_out")
    noted = db.session.scalar(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.name.in_(names))
        .order_by(Event.seq.desc())
        .limit(1)
    )
    return str(noted.data.get("comment", "")) if noted else ""


def handled_by(ticket: Ticket, who: Actor) -> bool:
    """Whether this person handled or answered the case."""
    names = ("ticket.handle", "ticket.reply", "ticket.answer_directly", "ticket.sign")
    theirs = Event.by_kind == who.kind, Event.by_id == who.id, Event.name.in_(names)
    query = select(Event.seq).where(Event.ticket_id == ticket.id, *theirs).limit(1)
    return db.session.scalar(query) is not None


def may_reopen(ticket: Ticket) -> bool:
    """Whether the closing is recent enough to go on under the same number."""
    limit = timedelta(days=options.get("reopen_days"))
    return ticket.closed_at is not None and now() - ticket.closed_at <= limit


def call_is_due() -> ColumnElement[bool]:
    """That a follow-up call is to be made for a ticket: what every count and list of them means."""
    due = select(Callback.ticket_id).where(Callback.state == "due")
    return (Ticket.status == lifecycle.Status.CALLBACK) & Ticket.id.in_(due)


def cursor(at: datetime | None, last_id: int) -> str:
    """Where a page of a list ends: the moment that it is sorted by, and the row's id."""
    return f"{at.isoformat() if at else ''}~{last_id}"


def read_cursor(given: str) -> tuple[datetime | None, int]:
    """What cursor() wrote. Raises BadInput for what it can't have written."""
    value, _tilde, last_id = given.partition("~")
    try:
        return read_moment(value) if value else None, int(last_id)
    except ValueError:
        raise BadInput(NO_PAGE) from None


def colleagues(ids: Iterable[str]) -> list[tuple[str, str]]:
    """(id, name) of the colleagues with these ids; what is no id is left out."""
    wanted = wholes(ids)
    if not wanted:
        return []
    rows = db.session.execute(select(Agent.id, Agent.name).where(Agent.id.in_(wanted)))
    return [(str(id_), name) for id_, name in rows]


def last_rating() -> ColumnElement[bool]:
    """The condition that a rating is the customer's last word on its ticket."""
    later = aliased(Rating)
    return ~exists().where(later.ticket_id == Rating.ticket_id, later.id > Rating.id)
