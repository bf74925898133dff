"""The queries. Which cases count is asked of listing.py, as every list does; here they are grouped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from helpdesk.db import db
from helpdesk.statistics.groups import Scope, bucket, key_of
from helpdesk.tickets import listing, verdicts
from helpdesk.tickets.lists import Filter
from helpdesk.tickets.models import Callback, Rating, Response, Ticket

Counts = dict[str, dict[str, int]]
Span = tuple[datetime, datetime]
KEPT = (verdicts.RANKS["on_time"], verdicts.RANKS["late"])
COLUMNS = {"received": Ticket.received_at, "closed": Ticket.closed_at}


def _within(scope: Scope, moment: str, span: Span | None = None) -> list[ColumnElement[bool]]:
    """The cases of the scope whose moment lies in the period (or in another span)."""
    begin, end = span or (scope.period.begin, scope.period.end)
    column = COLUMNS[moment]
    return [*listing.conditions(scope.base, scope.who), column >= begin, column < end]


def _sums(parts: Mapping[str, Filter], scope: Scope) -> list[ColumnElement[Any]]:
    """For each part, how many of the cases fulfil its filter."""
    found: list[ColumnElement[Any]] = []
    for name, part in parts.items():
        wanted = and_(true(), *listing.narrowing(part, scope.who))
        found.append(func.sum(case((wanted, 1), else_=0)).label(name))
    return found


def tally(scope: Scope, moment: str, by: str, parts: Mapping[str, Filter]) -> Counts:
    """How many cases received (or closed) in the period fulfil each part, by group."""
    key = bucket(by, COLUMNS[moment], scope).label("bucket")
    query = select(key, *_sums(parts, scope)).select_from(Ticket)
    return _counts(by, _grouped(by, query.where(*_within(scope, moment))), parts)


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
    came = [Ticket.received_at >= span[0], Ticket.received_at < scope.period.end]
    counts = [
        select(func.count()).select_from(Ticket).where(*_within(scope, moment, span))
        for moment in ("received", "closed")
    ]
    # counting as well keeps PostgreSQL from walking all ids in search of the smallest
    ids = (func.min(Ticket.id), func.max(Ticket.id), func.count())
    query = select(counts[0].scalar_subquery(), counts[1].scalar_subquery(), *ids).where(*came)
    received, closed, first, last, _all = db.session.execute(query).one()
    return Edges(received, closed, first or 0, last or 0)


def standing(scope: Scope, by: str) -> Counts:
    """Cases open at the end of the period, and those overdue at this moment, by group.

    Those that are open now and those that were closed since are read apart: each has its index.
    """
    at_end = Filter(at="open", until=scope.period.until)
    overdue = Filter(late="yes")
    is_open, is_late = (and_(*listing.narrowing(f, scope.who)) for f in (at_end, overdue))
    key = bucket(by, Ticket.received_at, scope).label("bucket")
    sums = _sums({"open": at_end, "overdue": overdue}, scope)
    wanted = [*listing.conditions(scope.base, scope.who), or_(is_open, is_late)]
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


@dataclass(frozen=True)
class Judged:
    """How a promise was kept in some cases; times in seconds, None when nobody kept it yet."""

    on_time: int = 0
    late: int = 0
    missed: int = 0
    average: float | None = None
    median: int | None = None
    ninety: int | None = None  # nine of ten cases took no longer

    @property
    def kept(self) -> int:
        """Cases whose promise was kept, whenever."""
        return self.on_time + self.late

    @property
    def total(self) -> int:
        """Cases that can be judged: kept, or open and overdue."""
        return self.kept + self.missed


def judged(
    scope: Scope, by: str, promises: tuple[str, ...], edges: Edges, earlier: str = ""
) -> dict[tuple[str, str], Judged]:
    """(group, promise) -> how the promise was kept in the cases received in the period.

    By "span" the groups are "now" and "before": the promise `earlier` is looked up in the stretch
    before the period too. Percentiles are nearest ranks: a time that a case really took.
    """
    cases = _judged_cases(scope, by, promises, edges, earlier)
    own = [cases.c.bucket, cases.c.promise, cases.c.rank.in_(KEPT)]
    window: dict[str, Any] = {"partition_by": own, "order_by": cases.c.taken}
    ranked = select(
        cases,
        func.row_number().over(**window).label("place"),  # in one sorting with the number
        func.count().over(**window, rows=(None, None)).label("of"),
    ).subquery()
    return _judged_rows(by, ranked, [_within_tenths(ranked, tenths) for tenths in (5, 9)])


def averages(
    scope: Scope, by: str, promises: tuple[str, ...], edges: Edges
) -> dict[tuple[str, str], Judged]:
    """The same without percentiles, which spares the database its sorting."""
    return _judged_rows(by, _judged_cases(scope, by, promises, edges, ""), [null(), null()])


def _judged_rows(by: str, cases: Any, tenths: list[Any]) -> dict[tuple[str, str], Judged]:
    counts = [func.count(case((cases.c.rank == rank, 1))) for rank in verdicts.RANKS.values()]
    average = func.avg(case((cases.c.rank.in_(KEPT), cases.c.taken)))
    query = select(cases.c.bucket, cases.c.promise, *counts, average, *tenths)
    query = query.where(cases.c.rank > 0).group_by(cases.c.bucket, cases.c.promise)
    return {(key_of(by, row[0]), row[1]): _judged(row) for row in db.session.execute(query)}


def _within_tenths(ranked: Any, tenths: int) -> ColumnElement[Any]:
    """The time within which so many tenths of the kept ones were kept."""
    reached = ranked.c.rank.in_(KEPT) & (ranked.c.place * 10 >= ranked.c.of * tenths)
    return func.min(case((reached, ranked.c.taken)))


def _judged_cases(
    scope: Scope, by: str, promises: tuple[str, ...], edges: Edges, earlier: str
) -> Any:
    """One row per case and promise: its worst verdict (0: not judged), the time of its kept rounds."""
    period = scope.period
    span = (period.before[0], period.end) if earlier else None
    wanted: ColumnElement[bool] = Response.promise.in_(promises)
    if earlier:
        within = or_(Ticket.received_at >= period.begin, Response.promise == earlier)
        wanted = and_(wanted, within)
    key = bucket(by, Ticket.received_at, scope).label("bucket")
    return (
        select(
            key,
            Response.promise,
            func.max(verdicts.rank()).label("rank"),
            func.sum(Response.taken).label("taken"),
        )
        .select_from(Ticket)
        .join(Response, Response.ticket_id == Ticket.id)
        .where(*_within(scope, "received", span), wanted)
        .where(*edges.holds(Response.ticket_id))
        .where(or_(verdicts.rank() > 0, Response.taken.is_not(None)))  # what tells nothing: early
        .group_by(Response.ticket_id, "bucket", Response.promise)
        .subquery()
    )


def _judged(row: Any) -> Judged:
    on_time, late, missed, average, median, ninety = row[2:]
    return Judged(
        on_time,
        late,
        missed,
        None if average is None else float(average),
        None if median is None else int(median),
        None if ninety is None else int(ninety),
    )


@dataclass
class Said:
    """What came back from customers: cases by last rating, and by how their follow-up call went."""

    scores: dict[int, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Said) -> Said:
        return Said(_added(self.scores, other.scores), _added(self.calls, other.calls))


def _added(one: dict[Any, int], other: dict[Any, int]) -> dict[Any, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in (*one, *other)}


def said(scope: Scope, by: str, edges: Edges) -> dict[str, Said]:
    """Ratings and follow-up calls of the cases received in the period, by group."""
    key = bucket(by, Ticket.received_at, scope).label("bucket")
    cases = _within(scope, "received")
    rated = _of_cases(select(key, Rating.result, literal(""), func.count()), Rating, cases, edges)
    called = _of_cases(
        select(key, literal(0), Callback.state, func.count()), Callback, cases, edges
    )
    rated = rated.where(verdicts.last_rating()).group_by("bucket", Rating.result)
    called = called.where(Callback.cycle == Ticket.cycle).group_by("bucket", Callback.state)
    found: dict[str, Said] = {}
    for value, score, state, number in db.session.execute(union_all(rated, called)):
        row = Said(calls={state: number}) if state else Said(scores={score: number})
        place = key_of(by, value)
        found[place] = found.get(place, Said()) + row
    return found


def _of_cases(query: Any, model: Any, cases: list[Any], edges: Edges) -> Any:
    joined = query.select_from(Ticket).join(model, model.ticket_id == Ticket.id)
    return joined.where(*cases, *edges.holds(model.ticket_id))
