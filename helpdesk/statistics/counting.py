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
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from helpdesk.core.db import db
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.statistics.groups import Scope, bucket, key_of
from helpdesk.tickets import queries, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Callback, Rating, Ticket

Counts = dict[str, dict[str, int]]
Span = tuple[datetime, datetime]
KEPT = (verdicts.RANKS["on_time"], verdicts.RANKS["late"])
COLUMNS = {"received": Ticket.received_at, "closed": Ticket.closed_at}


def _within(scope: Scope, moment: str, span: Span | None = None) -> list[ColumnElement[bool]]:
    """The cases of the scope whose moment lies in the period (or in another span)."""
    begin, end = span or (scope.period.begin, scope.period.end)
    column = COLUMNS[moment]
    return [*ticket_lists.conditions(scope.base, scope.who), column >= begin, column < end]


def _sums(parts: Mapping[str, Filter], scope: Scope) -> list[ColumnElement[Any]]:
    """For each part, how many of the cases fulfil its filter."""
    found: list[ColumnElement[Any]] = []
    for name, part in parts.items():
        wanted = and_(true(), *ticket_lists.narrowing(part, scope.who))
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


RECEIVED, DUE = "received", "due"  # by what a period chooses the promises that it judges
Kept = dict[tuple[str, str], Judged]  # by group and promise


def judged(scope: Scope, by: str, promises: tuple[str, ...], edges: Edges) -> Kept:
    """How promises were kept in the cases received in the period.

    Percentiles are nearest ranks: a time that a case really took.
    """
    return _with_tenths(by, _received(scope, by, promises, edges))[RECEIVED]


def fell_due(scope: Scope, by: str, promises: tuple[str, ...]) -> Kept:
    """How the promises were kept whose time was up in the period, whenever their cases came."""
    return _told(by, _due(scope, by, promises).subquery(), [null(), null()])[DUE]


def by_groups(
    scope: Scope, by: str, promises: tuple[str, ...], due: tuple[str, ...], edges: Edges
) -> dict[str, Kept]:
    """Both in one statement, without percentiles, which spares the database its sorting."""
    both = union_all(_received(scope, by, promises, edges), _due(scope, by, due))
    return _told(by, both.subquery(), [null(), null()])


def in_all(
    scope: Scope, promises: tuple[str, ...], due: tuple[str, ...], edges: Edges
) -> dict[str, Kept]:
    """Both for the whole period, with percentiles; what fell due also in the stretch "before"."""
    received = _received(scope, "", promises, edges)
    return _with_tenths("span", union_all(received, _due(scope, "span", due)))


def _with_tenths(by: str, cases: Any) -> dict[str, Kept]:
    cases = cases.subquery()
    own = [cases.c.basis, cases.c.bucket, cases.c.promise, cases.c.rank.in_(KEPT)]
    window: dict[str, Any] = {"partition_by": own, "order_by": cases.c.taken}
    ranked = select(
        cases,
        func.row_number().over(**window).label("place"),  # in one sorting with the number
        func.count().over(**window, rows=(None, None)).label("of"),
    ).subquery()
    return _told(by, ranked, [_within_tenths(ranked, tenths) for tenths in (5, 9)])


def _told(by: str, cases: Any, tenths: list[Any]) -> dict[str, Kept]:
    counts = [func.count(case((cases.c.rank == rank, 1))) for rank in verdicts.RANKS.values()]
    average = func.avg(case((cases.c.rank.in_(KEPT), cases.c.taken)))
    own = (cases.c.bucket, cases.c.promise, cases.c.basis)
    query = select(*own, *counts, average, *tenths).where(cases.c.rank > 0).group_by(*own)
    found: dict[str, Kept] = {RECEIVED: {}, DUE: {}}
    for row in db.session.execute(query):
        found[row[2]][(key_of(by, row[0]), row[1])] = _judged(row)
    return found


def _within_tenths(ranked: Any, tenths: int) -> ColumnElement[Any]:
    """The time within which so many tenths of the kept ones were kept."""
    reached = ranked.c.rank.in_(KEPT) & (ranked.c.place * 10 >= ranked.c.of * tenths)
    return func.min(case((reached, ranked.c.taken)))


def _received(scope: Scope, by: str, promises: tuple[str, ...], edges: Edges) -> Select[Any]:
    """The promises of the cases received in the period."""
    within = [*_within(scope, "received"), *edges.holds(Promise.subject_id)]
    key = bucket(by, Ticket.received_at, scope)
    return _judged_cases(RECEIVED, key, [*within, Promise.promise.in_(promises)])


def _due(scope: Scope, by: str, promises: tuple[str, ...]) -> Select[Any]:
    """The promises whose time was up in the period; by "span" in the stretch before as well."""
    period = scope.period
    begin = period.before[0] if by == "span" else period.begin
    within = [*ticket_lists.conditions(scope.base, scope.who), verdicts.fell_due(begin, period.end)]
    key = bucket(by, Promise.due_at, scope)
    return _judged_cases(DUE, key, [*within, Promise.promise.in_(promises)])


def _judged_cases(
    basis: str, key: ColumnElement[Any], wanted: list[ColumnElement[bool]]
) -> Select[Any]:
    """One row per case and promise: its worst verdict (0: not judged), the time of its kept rounds."""
    return (
        select(
            cast(literal(basis), Ticket.channel.type).label("basis"),
            key.label("bucket"),
            Promise.promise,
            func.max(verdicts.rank()).label("rank"),
            func.sum(Promise.taken).label("taken"),
        )
        .select_from(Ticket)
        .join(Promise, Promise.of(Ticket))
        .where(*wanted)
        .where(or_(verdicts.rank() > 0, Promise.taken.is_not(None)))  # what tells nothing: early
        .group_by(Promise.subject_id, "bucket", Promise.promise)
    )


def _judged(row: Any) -> Judged:
    on_time, late, missed, average, median, ninety = row[3:]
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
    rated = rated.where(queries.last_rating()).group_by("bucket", Rating.result)
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
