"""Who may be calling: the people of a number with their tickets, or others of a name. Nobody is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.given import whole
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.tickets import choices, filters, ticket_lists, ticket_rows
from helpdesk.tickets.models import Ticket
from helpdesk.words import LEVELS


@dataclass(frozen=True)
class Caller:
    """Somebody who has the caller's number, with their tickets."""

    person: Person
    level: str
    open_tickets: Sequence[ticket_rows.TicketRow]
    ended: Sequence[Ticket]


def known(who: Actor, number: str, name: str = "", picked: str = "") -> dict[str, Any]:
    """The people of this number with their tickets, or others with this name; the one picked first."""
    found = list(people.find(number)) if number else []
    id_ = whole(picked)
    chosen = db.session.get(Person, id_) if id_ else None
    if chosen is not None and chosen not in found:
        found.insert(0, chosen)
    return {
        "callers": [_caller(person, who) for person in found],
        "namesakes": [] if found else _namesakes(name),
        "status_names": dict(choices.of("status")),
        "picked": picked,
    }


def _caller(person: Person, who: Actor) -> Caller:
    theirs = filters.Filter(person=str(person.id))
    found = ticket_lists.page(theirs, who, "newest", size=8).tickets
    return Caller(
        person,
        LEVELS.get(person.level, person.level),
        ticket_rows.rows([ticket for ticket in found if ticket.closed_at is None], who),
        [ticket for ticket in found if ticket.closed_at is not None],
    )


def _namesakes(name: str) -> Sequence[Person]:
    """People with exactly this name: a duplicate may be avoided."""
    if len(name) < 2:
        return []
    query = select(Person).where(Person.name == name).options(selectinload(Person.addresses))
    return db.session.scalars(query.order_by(Person.id.desc()).limit(4)).all()
