"""The queries. Which cases count is asked of listing.py, as every list does; here they are grouped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, cast, func, or_, select, true, union_all

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.statistics.groups import Scope, bucket, key_of
from helpdesk.tickets import queries, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Callback, Rating, Ticket

Counts = dict[str, dict[str, int]]
Span = tuple[datetime, datetime]
COLUMNS = {"received": Ticket.received_at, "closed": Ticket.closed_at}


def within(scope: Scope, moment: str, span: Span | None = None) -> list[ColumnElement[bool]]:
    """The cases of the scope whose moment lies in the period (or in another span)."""
    begin, end = span or (scope.period.begin, scope.period.end)
    column = COLUMNS[moment]
    return [*ticket_lists.conditions(scope.base, scope.who), column >= begin, column < end]


def flags(parts: Mapping[str, Filter], who: Actor) -> list[ColumnElement[int]]:
    """For each part, 1 where a case fulfils its filter, else 0."""
    found = [and_(true(), *ticket_lists.narrowing(part, who)) for part in parts.values()]
    return [case((wanted, 1), else_=0) for wanted in found]


def _sums(parts: Mapping[str, Filter], scope: Scope) -> list[ColumnElement[Any]]:
    return [func.sum(flag) for flag in flags(parts, scope.who)]


def tally(scope: Scope, moment: str, by: str, parts: Mapping[str, Filter]) -> Counts:
    """How many cases received (or closed) in the period fulfil each part, by group."""
    key = bucket(by, COLUMNS[moment], scope).label("bucket")
    query = select(key, *_sums(parts, scope)).select_from(Ticket)
    return _counts(by, _grouped(by, query.where(*within(scope, moment))), parts)


@dataclass(frozen=True)
class Edges:
    """What came just before the period, and between which ids the tickets of both lie.

    Rows of other tables follow the ids of their tickets, so the ids tell the database where to
    look; ids that came in with an older time only make the stretch wider.
    """

    received: int
    closed: int
    first_id: int
    last_id: int

    def holds(self, ticket_id: Any) -> list[ColumnElement[bool]]:
        """The condition that a row may belong to these tickets; PostgreSQL wants it of both sides
        of a join, since it concludes only what is equal.
        """
        return [each.between(self.first_id, self.last_id) for each in (ticket_id, Ticket.id)]


def edges(scope: Scope) -> Edges:
    """Counts of the stretch before, and the ids, in one statement."""
    span = scope.period.before
    both = [Ticket.received_at >= span[0], Ticket.received_at < scope.period.end]
    # counting as well keeps PostgreSQL from walking all ids in search of the smallest
    ids = (func.min(Ticket.id), func.max(Ticket.id), func.count())
    query: Any = select(*_came(scope, span), *ids).where(*both)
    received, closed, first, last, _all = db.session.execute(query).one()
    return Edges(received, closed, first or 0, last or 0)


def came(scope: Scope, span: Span) -> tuple[int, int]:
    """How many cases were received and closed in a span."""
    received, closed = db.session.execute(select(*_came(scope, span))).one()
    return received, closed


def _came(scope: Scope, span: Span) -> list[Any]:
    counts = [
        select(func.count()).select_from(Ticket).where(*within(scope, moment, span))
        for moment in ("received", "closed")
    ]
    return [count.scalar_subquery() for count in counts]


def standing(scope: Scope, by: str) -> Counts:
    """Cases open at the end of the period, and those overdue at this moment, by group.

    Those that are open now and those that were closed since are read apart: each has its index.
    """
    at_end = Filter(at="open", until=scope.period.until)
    overdue = Filter(late="yes")
    is_open, is_late = (and_(*ticket_lists.narrowing(f, scope.who)) for f in (at_end, overdue))
    key = bucket(by, Ticket.received_at, scope).label("bucket")
    sums = _sums({"open": at_end, "overdue": overdue}, scope)
    wanted = [*ticket_lists.conditions(scope.base, scope.who), or_(is_open, is_late)]
    parts = [
        _grouped(by, select(key, *sums).select_from(Ticket).where(*wanted, ended))
        for ended in (Ticket.closed_at.is_(None), Ticket.closed_at >= scope.period.end)
    ]
    return _counts(by, union_all(*parts), ("open", "overdue"))


def _grouped(by: str, query: Select[Any]) -> Select[Any]:
    """The query by its groups; one total is not sorted into groups first."""
    return query.group_by("bucket") if by else query


def _counts(by: str, query: Any, names: Any) -> Counts:
    found: Counts = {}
    for row in db.session.execute(query):
        if row[1] is None:  # the total of no cases at all
            continue
        kept = found.setdefault(key_of(by, row[0]), dict.fromkeys(names, 0))
        for place, name in enumerate(names, 1):
            kept[name] += int(row[place] or 0)
    return found


def said(scope: Scope, by: str, edges: Edges) -> Counts:
    """What came back from customers, by group: cases by their last rating ("5" to "1"), and by how
    their follow-up call went.
    """
    key = bucket(by, Ticket.received_at, scope)
    found: Counts = {}
    query = answers(key, within(scope, "received"), edges)
    for value, answer, number in db.session.execute(query):
        row = found.setdefault(key_of(by, value), {})
        row[answer] = row.get(answer, 0) + number
    return found


def answers(key: Any, wanted: list[ColumnElement[bool]], edges: Edges) -> Any:
    """Their query: group, answer and number of the cases `wanted`, all of which `edges` hold."""
    key = key.label("bucket")
    score = cast(Rating.result, Callback.state.type).label("answer")
    rated = _of_cases(select(key, score, func.count()), Rating, wanted, edges)
    called = _of_cases(select(key, Callback.state, func.count()), Callback, wanted, edges)
    rated = rated.where(queries.last_rating()).group_by("bucket", Rating.result)
    called = called.where(Callback.cycle == Ticket.cycle).group_by("bucket", Callback.state)
    return union_all(rated, called)


def _of_cases(query: Any, model: Any, cases: list[Any], edges: Edges) -> Any:
    joined = query.select_from(Ticket).join(model, model.ticket_id == Ticket.id)
    return joined.where(*cases, *edges.holds(model.ticket_id))
