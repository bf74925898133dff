"""How promises were kept: by group and promise, each case once, by its worst round.

A period chooses promises by the cases received in it, or by the promises whose time was up in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from helpdesk.core.db import db
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.statistics.counting import Edges, Span, within
from helpdesk.statistics.groups import Scope, bucket, key_of
from helpdesk.tickets import ticket_lists
from helpdesk.tickets.models import Ticket

KEPT = (verdicts.RANKS["on_time"], verdicts.RANKS["late"])


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
Kept = dict[str, dict[str, Judged]]  # by group, then by promise


def judged(scope: Scope, by: str, promises: tuple[str, ...], edges: Edges) -> Kept:
    """How promises were kept in the cases received in the period.

    Percentiles are nearest ranks: a time that a case really took.
    """
    return _with_tenths(by, _received(scope, by, promises, edges))[RECEIVED]


def fell_due(scope: Scope, by: str, promises: tuple[str, ...]) -> Kept:
    """How the promises were kept whose time was up in the period, whenever their cases came."""
    return _told(by, _due(scope, by, promises).subquery())[DUE]


def by_groups(
    scope: Scope, by: str, promises: tuple[str, ...], due: tuple[str, ...], edges: Edges
) -> dict[str, Kept]:
    """Both in one statement, without percentiles, which spares the database its sorting."""
    both = union_all(_received(scope, by, promises, edges), _due(scope, by, due))
    return _told(by, both.subquery())


def in_all(
    scope: Scope, promises: tuple[str, ...], due: tuple[str, ...], edges: Edges
) -> dict[str, Kept]:
    """Both for the whole period, with percentiles; what fell due also in the stretch "before"."""
    received = _received(scope, "", promises, edges)
    return _with_tenths("span", union_all(received, _due(scope, "span", due)))


def worst(scope: Scope, promise: str, span: Span, touched: Span) -> dict[int, int]:
    """How many cases have which worst rank in a span, of those with a round in the one `touched`."""
    mine = [Promise.subject_kind == Ticket.subject_kind, Promise.promise == promise]
    rounds = select(Promise.subject_id).where(*mine, verdicts.fell_due(*touched))
    found = [*ticket_lists.conditions(scope.base, scope.who), verdicts.fell_due(*span), *mine]
    found += [Promise.subject_id.in_(rounds)]
    cases = _judged_cases(DUE, bucket("", Promise.due_at, scope), found).subquery()
    query = select(cases.c.rank, func.count()).group_by(cases.c.rank)
    return dict(db.session.execute(query).all())


def _with_tenths(by: str, cases: Any) -> dict[str, Kept]:
    cases = cases.subquery()
    own = [cases.c.basis, cases.c.bucket, cases.c.promise, cases.c.rank.in_(KEPT)]
    window: dict[str, Any] = {"partition_by": own, "order_by": cases.c.taken}
    ranked = select(
        cases,
        func.row_number().over(**window).label("place"),  # in one sorting with the number
        func.count().over(**window, rows=(None, None)).label("of"),
    ).subquery()
    return _told(by, ranked, *(_within_tenths(ranked, tenths) for tenths in (5, 9)))


def _told(by: str, cases: Any, *tenths: Any) -> dict[str, Kept]:
    counts = [func.count(case((cases.c.rank == rank, 1))) for rank in verdicts.RANKS.values()]
    average = func.avg(case((cases.c.rank.in_(KEPT), cases.c.taken)))
    own = (cases.c.bucket, cases.c.promise, cases.c.basis)
    query = select(*own, *counts, average, *tenths).where(cases.c.rank > 0).group_by(*own)
    found: dict[str, Kept] = {RECEIVED: {}, DUE: {}}
    for row in db.session.execute(query):
        key, promise, basis, *told = row
        found[basis].setdefault(key_of(by, key), {})[promise] = _judged(*told)
    return found


def _within_tenths(ranked: Any, tenths: int) -> ColumnElement[Any]:
    """The time within which so many tenths of the kept ones were kept."""
    reached = ranked.c.rank.in_(KEPT) & (ranked.c.place * 10 >= ranked.c.of * tenths)
    return func.min(case((reached, ranked.c.taken)))


def _received(scope: Scope, by: str, promises: tuple[str, ...], edges: Edges) -> Select[Any]:
    """The promises of the cases received in the period."""
    found = [*within(scope, "received"), *edges.holds(Promise.subject_id)]
    key = bucket(by, Ticket.received_at, scope)
    return _judged_cases(RECEIVED, key, [*found, Promise.promise.in_(promises)])


def _due(scope: Scope, by: str, promises: tuple[str, ...]) -> Select[Any]:
    """The promises whose time was up in the period; by "span" in the stretch before as well."""
    period = scope.period
    begin = period.before[0] if by == "span" else period.begin
    found = [*ticket_lists.conditions(scope.base, scope.who), verdicts.fell_due(begin, period.end)]
    key = bucket(by, Promise.due_at, scope)
    return _judged_cases(DUE, key, [*found, Promise.promise.in_(promises)])


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


def _judged(on_time: int, late: int, missed: int, average: Any, *tenths: Any) -> Judged:
    mean = None if average is None else float(average)
    times = (None if each is None else int(each) for each in tenths)
    return Judged(on_time, late, missed, mean, *times)
