"""Where measures get their numbers. A source is one statement, sent when the first measure needs it:
the API pays for one measure, the page for one statement per source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from helpdesk.statistics import counting, groups, judging
from helpdesk.statistics.counting import Counts, Edges
from helpdesk.statistics.groups import NAMES, OF_TIME, Scope
from helpdesk.statistics.judging import Judged, Kept
from helpdesk.statistics.measures import Measure, parts, promises_of
from helpdesk.tickets.filters import Filter

NOBODY = Judged()


@dataclass
class Sums:
    """What was counted in a scope by its groups ('all' where `by` is ''), each sum when it is asked for.

    `promise` is the one that shares judge, '' for their own; `more` are further parts of what was received.
    """

    scope: Scope
    by: str = ""
    promise: str = ""
    percentiles: bool = True  # False where only averages are shown
    more: Mapping[str, Filter] = field(default_factory=dict)
    at: datetime | None = None  # the moment that they tell of; None for now

    @cached_property
    def received(self) -> Counts:
        """Cases received, with everything that the ticket's own row tells."""
        return counting.tally(self.scope, "received", self.by, parts() | dict(self.more))

    @cached_property
    def closed(self) -> Counts:
        """Cases closed."""
        return counting.tally(self.scope, "closed", self.by, {"closed": Filter()})

    @cached_property
    def standing(self) -> Counts:
        """Cases open at the end and overdue now; one total where days are the groups."""
        return counting.standing(self.scope, "" if self.by in OF_TIME else self.by)

    @property
    def open(self) -> Counts:
        """Cases open at the end; by days, at the end of each: counted back from the last one."""
        if self.by not in OF_TIME:
            return self.standing
        left = sum(row["open"] for row in self.standing.values())
        found = {}
        for key in reversed(groups.every(self.by, self.scope.period)):
            found[key] = {"open": left}
            left += self.closed.get(key, {}).get("closed", 0)
            left -= self.received.get(key, {}).get("received", 0)
        return found

    @cached_property
    def kept(self) -> Kept:
        """How promises were kept in the cases received."""
        if self.percentiles:
            return judging.judged(self.scope, self.by, promises_of("kept"), self.edges)
        return self._both[judging.RECEIVED]

    @cached_property
    def due(self) -> Kept:
        """How the promise that shares judge was kept where its time was up."""
        if self.percentiles:
            return judging.fell_due(self.scope, self.by, self._shared)
        return self._both[judging.DUE]

    @cached_property
    def _both(self) -> dict[str, Kept]:
        asked = (self.scope, self.by, promises_of("kept"), self._shared, self.edges)
        return judging.by_groups(*asked)

    @property
    def _shared(self) -> tuple[str, ...]:
        return (self.promise,) if self.promise else promises_of("due")

    @cached_property
    def said(self) -> Counts:
        """What came back from customers."""
        return counting.said(self.scope, self.by, self.edges)

    @cached_property
    def edges(self) -> Edges:
        """What came before, and where the rows of the period lie."""
        return counting.edges(self.scope)

    @property
    def before(self) -> Edges:
        """What was received and closed in the stretch before."""
        return self.edges

    def in_all(self, promises: tuple[str, ...], due: tuple[str, ...]) -> dict[str, Kept]:
        """How promises were kept in the whole period, see judging.in_all()."""
        return judging.in_all(self.scope, promises, due, self.edges)

    def whole(self, kept: Kept, due: Kept) -> Sums:
        """The whole scope in one group: the sums of these groups, with what was asked apart."""
        found = Sums(self.scope, "", self.promise, more=self.more)
        found.received, found.closed = _summed(self.received), _summed(self.closed)
        found.standing, found.said = _summed(self.standing), _summed(self.said)
        found.kept, found.due = kept, due
        return found


def _summed(rows: Counts) -> Counts:
    total: Counter[str] = Counter()
    for row in rows.values():
        total.update(row)
    return {"all": total}


@dataclass(frozen=True)
class Number:
    """What a source tells of one measure in one group."""

    count: int
    of: int | None = None
    judged: Judged | None = None

    @property
    def size(self) -> int:
        """How large the group is beside the others."""
        return self.judged.total if self.judged else self.count


class Listing(Protocol):
    """The list behind a number: the page that shows it, and the query of its address."""

    @property
    def page(self) -> str: ...
    def query(self) -> str: ...
    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class Source:
    """One way to come by numbers. `ask` gives what is found by group; `read` takes a measure, with the
    promise that it judges, out of one group; `lists` is the list of one part of a group (key '': all).

    `by` are the groups that it can be told apart by.
    """

    ask: Callable[[Sums], Mapping[str, Any]]
    read: Callable[[Any, Measure, str], Number]
    lists: Callable[[Sums, Any, str], Listing]
    by: tuple[str, ...] = tuple(NAMES)


def _counted(row: Mapping[str, int], measure: Measure, _promise: str) -> Number:
    """A share is told of everything received."""
    of = row.get("received", 0) if measure.unit == "share" else None
    return Number(row.get(measure.code, 0), of)


def _judged(row: Mapping[str, Judged], measure: Measure, promise: str) -> Number:
    found = row.get(promise, NOBODY)
    if measure.unit == "share":
        return Number(found.on_time, found.total, found)
    return Number(found.kept, judged=found)


def _said(row: Mapping[str, int], measure: Measure, _promise: str) -> Number:
    of = _answers(row, measure.of) if measure.unit == "share" else None
    return Number(_answers(row, measure.part), of)


def _answers(row: Mapping[str, int], part: Filter) -> int:
    return sum(row.get(name, 0) for name in (*part.call, *part.score))


def cases(**moment: Any) -> Callable[[Sums, Filter, str], Filter]:
    """The list of exactly these cases; `moment` is what its days speak of, else the time received."""

    def listed(sums: Sums, part: Filter, key: str) -> Filter:
        scope = sums.scope
        when: dict[str, Any] = {"since": scope.period.since, "until": scope.period.until}
        if key:
            when |= groups.filter_of(sums.by, key, scope)
        return scope.base.but(**part.given() | when | moment)

    return listed


SOURCES = {
    "received": Source(lambda sums: sums.received, _counted, cases()),
    "closed": Source(lambda sums: sums.closed, _counted, cases(at="closed")),
    "open": Source(lambda sums: sums.open, _counted, cases(at="open", since=None)),
    "now": Source(
        lambda sums: sums.standing,
        _counted,
        cases(since=None, until=None),
        tuple(name for name in NAMES if name not in OF_TIME),
    ),
    "kept": Source(lambda sums: sums.kept, _judged, cases()),
    "due": Source(lambda sums: sums.due, _judged, cases(at="promised")),
    "said": Source(lambda sums: sums.said, _said, cases()),
}
