"""The tickets that a Filter means: as conditions, as a number, as pages, as a whole for export.

Rights come from queries.visible_to alone. Pages are keyset pages: the cursor is the last row's
place, so a page costs the same however far down it is and never repeats a row.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from helpdesk import search
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.beside import Told
from helpdesk.core.db import db
from helpdesk.core.driven import Driven
from helpdesk.core.given import wholes
from helpdesk.core.kept import Keeping, Made
from helpdesk.customers.models import Person
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.tickets import queries, sight
from helpdesk.tickets.filters import CHOSEN, COLUMN_OF, TEXTS, Filter
from helpdesk.tickets.models import Callback, Rating, Ticket

PAGE = 50
BATCH = 500
SOON = timedelta(hours=1)
NUMBER = re.compile(r"(20\d\d)[- ]?(\d{6})")
Condition = ColumnElement[bool]
YES_OR_NO: dict[str, Condition] = {  # what a filter may ask for or ask not to be
    "open": Ticket.closed_at.is_(None),
    "repeat": Ticket.repeat_of_id.is_not(None),
    "urged": Ticket.urges > 0,
    "reopened": Ticket.cycle > 1,
    "returned": Ticket.returns > 0,
    "merged": Ticket.merged_into_id.is_not(None),
}


def conditions(filter: Filter, who: Actor) -> list[Condition]:
    """What a ticket must fulfil to be in this list, for this reader: rights included."""
    return [queries.visible_to(who), *narrowing(filter, who)]


def narrowing(filter: Filter, who: Actor) -> list[Condition]:
    """The conditions of the filter alone, for queries that ask for the rights themselves."""
    found: list[Condition] = []
    for name in (*(each.column for each in CHOSEN), "queue"):
        if values := getattr(filter, name):
            found.append(getattr(Ticket, name).in_(values))
    for each in TEXTS:
        if words := getattr(filter, each.name):
            found.append(getattr(Ticket, each.column).icontains(words, autoescape=True))
    found += _places(filter, who)
    found += _flags(filter)
    found += _time(filter)
    found += _outcome(filter)
    if filter.q:
        found.append(_words(filter.q, who))
    return found


def _places(filter: Filter, who: Actor) -> Iterator[Condition]:
    if filter.category:
        yield _category(filter.category)
    if filter.department:
        units = in_force.current().departments.values()
        ids = [unit.id for unit in units if unit.code in filter.department]
        yield _ids(Ticket.department_id, ids, "none" in filter.department)
    if filter.assignee:
        ids = wholes(filter.assignee)
        ids += [who.id] if "me" in filter.assignee and who.id and who.kind == "agent" else []
        yield _ids(Ticket.assignee_id, ids, "none" in filter.assignee)
    if filter.person:
        yield and_(Ticket.person_id == int(filter.person), queries.known_with_person(who))


def _category(codes: tuple[str, ...]) -> Condition:
    """These categories with everything below them; with a dot at the end, alone."""
    nodes = in_force.current().categories.values()
    tops = {node.id for node in nodes if node.code in codes}
    alone = {node.id for node in nodes if f"{node.code}." in codes}
    ids = [node.id for node in nodes if tops & set(node.ids) or node.id in alone]
    return _ids(Ticket.category_id, ids, "none" in codes)


def _ids(column: InstrumentedAttribute[Any], ids: list[int], or_none: bool) -> Condition:
    wanted = column.in_(ids) if ids else false()
    return or_(wanted, column.is_(None)) if or_none else wanted


def _flags(filter: Filter) -> Iterator[Condition]:
    for name, condition in YES_OR_NO.items():
        if answer := getattr(filter, name):
            yield condition if answer == "yes" else ~condition
    if filter.waiting:
        waits = Ticket.closed_at.is_(None) & Ticket.assignee_id.is_(None)
        yield waits & Ticket.waiting_since.is_not(None)
    if filter.late:
        yield Ticket.closed_at.is_(None)
        soon = Ticket.due_at.between(now(), now() + SOON)
        yield soon if filter.late == "soon" else Ticket.due_at < now()
    if filter.level:
        levels = [int(level) for level in filter.level if level != "any"]
        yield Ticket.escalation > 0 if "any" in filter.level else Ticket.escalation.in_(levels)


def _time(filter: Filter) -> Iterator[Condition]:
    if filter.at == "open":
        yield _open_at(filter.end)
        return
    if filter.at == "promised":
        return  # see _promises
    column = getattr(Ticket, COLUMN_OF[filter.at])
    if filter.begin:
        yield column >= filter.begin
    if filter.end:
        yield column < filter.end


def _open_at(end: datetime | None) -> Condition:
    """Open at that moment, as far as is known now; without one: open now."""
    if end is None:
        return Ticket.closed_at.is_(None)
    return and_(Ticket.received_at < end, or_(Ticket.closed_at.is_(None), Ticket.closed_at >= end))


def _outcome(filter: Filter) -> Iterator[Condition]:
    yield from _promises(filter)
    if filter.call:
        yield exists().where(
            Callback.ticket_id == Ticket.id,
            Callback.cycle == Ticket.cycle,
            Callback.state.in_(filter.call),
        )
    if filter.score:
        scores = [int(score) for score in filter.score]
        yield exists().where(
            Rating.ticket_id == Ticket.id, Rating.result.in_(scores), queries.last_rating()
        )


def _promises(filter: Filter) -> Iterator[Condition]:
    """How a promise was kept; at "promised" since and until speak of the day on which it fell due."""
    of_time = filter.at == "promised" and (filter.since or filter.until)
    due = verdicts.fell_due(filter.begin, filter.end) if of_time else None
    if filter.verdict:
        yield verdicts.is_one_of(Ticket, filter.verdict, filter.promise, due)
    elif filter.promise or due is not None:
        rows: list[Any] = [Promise.promise == filter.promise] if filter.promise else []
        rows += [due] if due is not None else []
        yield exists().where(Promise.of(Ticket), *rows)


def _words(words: str, who: Actor) -> Condition:
    """Words anywhere in a ticket, or its number. A hidden name must not be found out by asking."""
    number = NUMBER.fullmatch(words.strip())
    if number:
        return Ticket.number == "-".join(number.groups())
    index = search.matching(words, "ticket", db.engine.dialect.name, prefix=True)
    found = Ticket.id.in_(index)
    return found if sight.sees_everybody(who) else and_(found, queries.known_with_person(who))


def count(filter: Filter, who: Actor, most: int | None = None) -> int:
    """How many tickets the list has: exactly those that its pages show, counted to `most` and no further."""

    def made(found: list[Condition]) -> Select[Any]:
        query = select(Ticket.id).where(*found).limit(most)
        return select(func.count()).select_from(query.subquery())

    return int(read(filter, who, ("count", most), made, {})[0])


@dataclass(frozen=True)
class TicketPage:
    """Some tickets of a list, or their texts, and where the next ones begin ('' at the end)."""

    tickets: Sequence[Any]
    next: str


@dataclass(frozen=True)
class Order:
    """A column to sort by, upwards or downwards; rows without a value come last."""

    column: InstrumentedAttribute[Any]
    down: bool = False

    @property
    def nullable(self) -> bool:
        """Whether rows may have no value."""
        return bool(self.column.property.columns[0].nullable)

    def sorted(self, query: Select[Any]) -> Select[Any]:
        """The query's rows in this order, those of one value by their number."""
        column = self.column.desc() if self.down else self.column.asc()
        if self.nullable:
            column = column.nulls_last()  # elsewhere it would keep PostgreSQL from its index
        return query.order_by(column, Ticket.id.desc() if self.down else Ticket.id)


ORDERS = {
    "due": Order(Ticket.due_at),
    "waiting": Order(Ticket.waiting_since),
    "newest": Order(Ticket.received_at, down=True),
    "changed": Order(Ticket.updated_at, down=True),
}


# A list that is narrowed by these alone is the same statement at any time, so it is put together once;
# the words that are searched are a parameter of it.
STILL = {"open", "queue", "assignee", "person", "q", *(each.column for each in CHOSEN)}
STILL |= {"category", "department"}
ANY_WORDS = "words"
_statements: Keeping[Driven] = Keeping(most=300)


def read(
    filter: Filter,
    who: Actor,
    shape: Hashable,
    make: Callable[[list[Condition]], Select[Any]],
    given: Mapping[str, Any],
    *,
    objects: bool = False,
) -> Sequence[Any]:
    """The first column of what `make` makes of the list's conditions, given these parameters; `shape` is
    all else that the statement is made of, `objects` whether it is no text or number."""
    words = "" if NUMBER.fullmatch(filter.q.strip()) else filter.q
    wanted = search.wanted(words, db.engine.dialect.name, prefix=True) if words else ""

    def made() -> Made[Driven]:
        return Made(Driven(make(conditions(filter, who))))

    key = filter.but(q=ANY_WORDS) if wanted else filter, who, shape
    still = STILL.issuperset(filter.given()) and bool(words) == bool(wanted)
    found = _statements.get(in_force.current(), key, made) if still else made().value
    asked = {**given, "words": wanted} if wanted else dict(given)
    if still and not objects and not any(isinstance(each, datetime) for each in given.values()):
        return found.values(asked)
    return db.session.scalars(found.query, asked).all()


def page(
    filter: Filter,
    who: Actor,
    sort: str = "newest",
    after: str = "",
    size: int = PAGE,
    told: Told | None = None,
) -> TicketPage:
    """One page of the list: tickets, or the texts that `told` tells them as. One statement, and another
    one where those with a value to sort by end.

    Raises BadInput for a cursor that is none.
    """
    order, place, last_id = ORDERS[sort], None, 0
    if after:
        place, last_id = queries.read_cursor(after)
    empty = bool(after) and place is None
    opened = filter.open == "yes"
    whole = not after and (opened or not order.nullable)
    of = "empty" if empty else "whole" if whole else "valued"
    part = _Part(of, opened, bool(after), size + 1)

    def rows(part: _Part) -> Sequence[Any]:
        def made(found: list[Condition]) -> Select[Any]:
            ids = part.ids(found, order).subquery()
            objects = queries.tickets(who).options(
                joinedload(Ticket.person).lazyload(Person.addresses)
            )
            query = objects if told is None else told.query
            return order.sorted(query.join(ids, ids.c.id == Ticket.id))

        given = {"place": place, "last_id": last_id} if part.beyond else {}
        return read(filter, who, (sort, part, told), made, given, objects=told is None)

    found = rows(part)
    if part.of == "valued" and order.nullable and len(found) <= size:
        found = [*found, *rows(_Part("empty", opened, False, size + 1 - len(found)))]
    if len(found) <= size:
        return TicketPage(found, "")
    last = found[size - 1] if told is None else told.row(found[size - 1])
    return TicketPage(found[:size], queries.cursor(getattr(last, order.column.key), last.id))


@dataclass(frozen=True)
class _Part:
    """So many tickets of a list, which are one stretch of an index: those with a value to sort by, those
    without one, which come last, or both; `beyond` the place and last_id that the statement is given."""

    of: str
    open: bool
    beyond: bool
    most: int

    def ids(self, found: list[Condition], order: Order) -> Select[Any]:
        """The ids of the tickets of this part for which the conditions hold."""
        column, id_ = order.column, Ticket.id
        query = select(id_).where(*found).limit(self.most)
        by_number = self.of == "empty" and not self.open  # else by the column's index of open ones
        query = query.order_by(id_) if by_number else order.sorted(query)
        if self.of != "whole" and order.nullable:
            query = query.where(column.is_(None) if self.of == "empty" else column.is_not(None))
        if not self.beyond:
            return query
        last_id = bindparam("last_id", type_=Integer)
        further = id_ < last_id if order.down else id_ > last_id
        if self.of == "empty":
            return query.where(further)
        place: Any = bindparam("place", type_=column.type)
        reached, past = (operator.le, operator.lt) if order.down else (operator.ge, operator.gt)
        return query.where(reached(column, place), or_(past(column, place), further))


def every(filter: Filter, who: Actor) -> Iterator[Ticket]:
    """All tickets of the list, newest first, read in batches: for export without a cap."""
    after = ""
    while True:
        found = page(filter, who, "newest", after, BATCH)
        yield from found.tickets
        db.session.expunge_all()
        if not found.next:
            return
        after = found.next
