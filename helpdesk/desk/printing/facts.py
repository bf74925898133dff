"""What the complaint handling form needs to know of a ticket, read in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from helpdesk import promises, search
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.promises.models import Escalation, Promise
from helpdesk.tickets import queries, sight
from helpdesk.tickets.models import (
    Assist,
    Attachment,
    Callback,
    CallbackAttempt,
    Message,
    Rating,
    Ticket,
)
from helpdesk.tickets.sight import Entry, Field
from helpdesk.words import Kind


@dataclass(frozen=True)
class Repeats:
    """How often it is now: of the same order, the same product, the same kind of matter."""

    order: int
    product: int
    category: int


@dataclass(frozen=True)
class PrintedCase:
    """A ticket with everything that its form shows. `open_identity`: the reader may know who."""

    ticket: Ticket
    open_identity: bool
    promises: Sequence[Promise]
    steps: Sequence[Escalation]
    messages: Sequence[Message]
    events: Sequence[Entry]
    assists: Sequence[Assist]
    notices: Sequence[Notice]
    files: Sequence[Attachment]
    calls: Sequence[CallbackAttempt]
    ratings: Sequence[Rating]
    repeats: Repeats

    def last(self, *names: str) -> Entry | None:
        """The newest event of these names."""
        return next((e for e in reversed(self.events) if e.name in names), None)

    def first(self, *names: str) -> Entry | None:
        """The oldest event of these names."""
        return next((e for e in self.events if e.name in names), None)

    def words_of_the_customer(self) -> str:
        """The first message, unchanged."""
        return self.messages[0].body if self.messages else ""

    def answer(self) -> Message | None:
        """The newest public words of ours."""
        said = [m for m in self.messages if m.public and m.kind == "staff"]
        return said[-1] if said else None


def case_facts(ticket: Ticket, who: Actor) -> PrintedCase:
    """The case as `who` may see it; the caller has checked that they may see the ticket."""
    session = db.session
    rows = promises.table(ticket)
    calls = (
        select(CallbackAttempt)
        .join(Callback, Callback.id == CallbackAttempt.callback_id)
        .where(Callback.ticket_id == ticket.id)
        .order_by(CallbackAttempt.id)
    )
    return PrintedCase(
        ticket=ticket,
        open_identity=sight.sees(who, ticket, Field.PERSON),
        promises=rows,
        steps=_steps(rows),
        messages=queries.conversation(ticket),
        events=queries.entries(queries.history(ticket), ticket, who),
        assists=session.scalars(select(Assist).where(Assist.ticket_id == ticket.id)).all(),
        notices=notice_queries.of_ticket(ticket, who),
        files=queries.files(ticket),
        calls=session.scalars(calls).all(),
        ratings=session.scalars(select(Rating).where(Rating.ticket_id == ticket.id)).all(),
        repeats=repeats(ticket, who),
    )


def _steps(promises: Sequence[Promise]) -> Sequence[Escalation]:
    ids = [row.id for row in promises]
    query = select(Escalation).where(Escalation.promise_id.in_(ids))
    return db.session.scalars(query.order_by(Escalation.id)).all()


def repeats(ticket: Ticket, who: Actor) -> Repeats:
    """The three counters of the form; 1 is the first time, 0 means that nothing is known or shown.

    Order and serial number count over all customers, product and matter within this one's cases.
    """
    if not sight.sees(who, ticket, Field.OTHERS):
        return Repeats(0, 0, 0)
    facts = ticket.facts
    own = (Ticket.person_id == ticket.person_id) & queries.tied_to_person(who)
    order = _same("order_no", facts.get("order_no"))
    if facts.get("lot"):
        product = _same("lot", facts["lot"])
    else:
        name = _same("product", facts.get("product"))
        product = name & own if name is not None else None
    category = own & (Ticket.category_id == ticket.category_id) if ticket.category_id else None
    return Repeats(*(_nth(ticket, what) for what in (order, product, category)))


def _same(name: str, value: object) -> ColumnElement[bool] | None:
    """The same fact on other tickets; the search index finds the few that can have it."""
    text = str(value or "")
    if not text:
        return None
    likely = search.matching(text, "ticket", db.engine.dialect.name)
    same: ColumnElement[bool] = Ticket.facts[name].as_string() == text
    return Ticket.id.in_(likely) & same


def _nth(ticket: Ticket, same: ColumnElement[bool] | None) -> int:
    if same is None:
        return 0
    query = select(func.count(Ticket.id)).where(
        same, Ticket.id < ticket.id, Ticket.kind == Kind.COMPLAINT
    )
    return (db.session.scalar(query) or 0) + 1
