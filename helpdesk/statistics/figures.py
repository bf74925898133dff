"""Queries and measures put together: cells that know the list behind them, rows, totals.

A source is asked once, when the first measure needs it: the API pays for one measure, the page for
one statement per source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any

from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_
from helpdesk.statistics import counting, groups
from helpdesk.statistics.counting import Edges, Judged, Said
from helpdesk.statistics.groups import OF_TIME, Scope
from helpdesk.statistics.measures import ALL, Measure
from helpdesk.tickets.filters import Filter

FLAGS = {
    each.code: each.part
    for each in ALL
    if each.moment == "received" and not (each.promise or each.part.score or each.part.call)
}
PROMISES = tuple({each.promise: None for each in ALL if each.promise and each.unit == "time"})
NOBODY = Judged()


@dataclass(frozen=True)
class Cell:
    """One number: how many cases, of how many, what they took, and the lists behind both counts."""

    measure: Measure
    count: int
    filter: Filter
    of: int | None = None
    of_filter: Filter | None = None
    times: Judged | None = None

    @property
    def rate(self) -> float | None:
        """The share, 0 to 1; None without anything to judge."""
        return self.count / self.of if self.of else None

    @property
    def value(self) -> float | int | None:
        """What the measure is: the count, the share, or the average time in seconds."""
        if self.measure.unit == "share":
            return self.rate
        return self.times.average if self.times else self.count


@dataclass(frozen=True)
class FigureRow:
    """One group with its cells, by the code of the measure."""

    key: str
    name: str
    cells: dict[str, Cell]


class Figures:
    """The numbers of a scope, told apart by `by` ('' for one total)."""

    def __init__(self, scope: Scope, by: str = "", promise: str = "", **more: Filter) -> None:
        self.scope, self.by, self.promise, self.more = scope, by, promise, more
        self.percentiles = True  # False where only averages are shown

    @cached_property
    def received(self) -> counting.Counts:
        """Cases received, with everything that the ticket's own row tells."""
        return counting.tally(self.scope, "received", self.by, FLAGS | self.more)

    @cached_property
    def closed(self) -> counting.Counts:
        """Cases closed."""
        return counting.tally(self.scope, "closed", self.by, {"closed": Filter()})

    @cached_property
    def standing(self) -> counting.Counts:
        """Cases open at the end and overdue now; one total where days are the groups."""
        return counting.standing(self.scope, "" if self.by in OF_TIME else self.by)

    @cached_property
    def judged(self) -> dict[tuple[str, str], Judged]:
        """How promises were kept in the cases received."""
        if self.percentiles:
            return counting.judged(self.scope, self.by, PROMISES, self.edges)
        return self._both[counting.RECEIVED]

    @cached_property
    def due(self) -> dict[tuple[str, str], Judged]:
        """How the promise that shares judge was kept where its time was up."""
        if self.percentiles:
            return counting.fell_due(self.scope, self.by, self._shared)
        return self._both[counting.DUE]

    @cached_property
    def _both(self) -> dict[str, counting.Kept]:
        asked = (self.scope, self.by, PROMISES, self._shared, self.edges)
        return counting.by_groups(*asked)

    @property
    def _shared(self) -> tuple[str, ...]:
        """The promises that shares judge."""
        return tuple({self._judged_by(each) for each in ALL if each.moment == "promised"})

    @cached_property
    def said(self) -> dict[str, Said]:
        """What came back from customers."""
        return counting.said(self.scope, self.by, self.edges)

    @cached_property
    def edges(self) -> Edges:
        """What came before, and where the rows of the period lie."""
        return counting.edges(self.scope)

    @cached_property
    def balance(self) -> dict[str, int]:
        """How many were open at the end of each day: counted back from the last one."""
        left = sum(row["open"] for row in self.standing.values())
        found = {}
        for key in reversed(groups.every(self.by, self.scope.period)):
            found[key] = left
            left += self.closed.get(key, {}).get("closed", 0)
            left -= self.received.get(key, {}).get("received", 0)
        return found

    def summed(self, judged: counting.Kept, due: counting.Kept) -> Figures:
        """The whole scope in one group: the sums of these groups, with what was asked apart."""
        whole = Figures(self.scope, "", self.promise, **self.more)
        whole.received, whole.closed = _summed(self.received), _summed(self.closed)
        whole.standing, whole.judged, whole.due = _summed(self.standing), judged, due
        whole.said = {"all": sum(self.said.values(), Said())}
        return whole

    def keys(self, measures: Iterable[Measure]) -> list[str]:
        """The groups that have anything to show, in the order of time or the largest first.

        The first measure decides, then the next ones.
        """
        if self.by in OF_TIME:
            return groups.every(self.by, self.scope.period)
        wanted = list(measures)
        known = {key for measure in wanted for key in self._known(measure)}
        return sorted(known, key=lambda key: ([-self._count(m, key) for m in wanted[:3]], key))

    def _known(self, measure: Measure) -> set[str]:
        if measure.promise:
            return {key for key, _promise in self._kept(measure)}
        if measure.part.score or measure.part.call:
            return set(self.said)
        if measure.moment in ("open", "now"):
            return set(self.standing)
        return set(self.closed if measure.moment == "closed" else self.received)

    def rows(self, measures: Iterable[Measure]) -> list[FigureRow]:
        """One row per group with a cell per measure."""
        wanted = [measure for measure in measures if self.tells(measure)]
        keys = self.keys(wanted)
        names = groups.names(self.by, keys)
        return [
            FigureRow(key, names.get(key, key), {m.code: self.cell(m, key) for m in wanted})
            for key in keys
        ]

    def tells(self, measure: Measure) -> bool:
        """Whether the measure can be told apart by this group."""
        return not (measure.moment == "now" and self.by in OF_TIME)

    def require(self, measure: Measure) -> None:
        """Raise BadInput when the measure can't be told apart by this group."""
        if not self.tells(measure):
            sentence = N_("What is overdue now can't be told apart by days.")
            raise BadInput(N_("This can't be shown."), errors={"by": sentence})

    def cell(self, measure: Measure, key: str = "") -> Cell:
        """The number of a group; without a key that of the whole scope (`by` must be '')."""
        place = key or "all"
        if measure.promise:
            return self._promise_cell(measure, key)
        count = self._count(measure, place)
        filter = self.filter(measure, measure.part, key)
        if measure.unit != "share":
            return Cell(measure, count, filter)
        return Cell(measure, count, filter, self._of(measure, place), self._of_filter(measure, key))

    def _promise_cell(self, measure: Measure, key: str) -> Cell:
        promise = self._judged_by(measure)
        found = self._kept(measure).get((key or "all", promise), NOBODY)
        part = self.filter(measure, measure.part.but(promise=promise), key)
        if measure.unit == "time":
            return Cell(measure, found.kept, part, times=found)
        of = self.filter(measure, measure.of.but(promise=promise), key)
        return Cell(measure, found.on_time, part, found.total, of)

    def _kept(self, measure: Measure) -> dict[tuple[str, str], Judged]:
        return self.due if measure.moment == "promised" else self.judged

    def _judged_by(self, measure: Measure) -> str:
        """The promise that a measure judges: a reader chooses it for shares; times name their own."""
        return self.promise if measure.unit == "share" and self.promise else measure.promise

    def _count(self, measure: Measure, key: str) -> int:
        if measure.promise:
            return self._kept(measure).get((key, self._judged_by(measure)), NOBODY).total
        if measure.part.score or measure.part.call:
            return self._answers(measure.part, key)
        if measure.moment == "open" and self.by in OF_TIME:
            return self.balance.get(key, 0)
        source = self.standing if measure.moment in ("open", "now") else self._source(measure)
        return source.get(key, {}).get(measure.code, 0)

    def _source(self, measure: Measure) -> counting.Counts:
        return self.closed if measure.moment == "closed" else self.received

    def _of(self, measure: Measure, key: str) -> int:
        if measure.of.score or measure.of.call:
            return self._answers(measure.of, key)
        return self.received.get(key, {}).get("received", 0)

    def _answers(self, part: Filter, key: str) -> int:
        said = self.said.get(key, Said())
        calls = sum(said.calls.get(state, 0) for state in part.call)
        return calls + sum(said.scores.get(int(score), 0) for score in part.score)

    def _of_filter(self, measure: Measure, key: str) -> Filter:
        return self.filter(measure, measure.of, key)

    def filter(self, measure: Measure, part: Filter, key: str = "") -> Filter:
        """The list of exactly these cases."""
        period = self.scope.period
        when: dict[str, Any] = {"since": period.since, "until": period.until}
        if key:
            when |= groups.filter_of(self.by, key, self.scope)
        if measure.moment == "now":
            when |= {"since": None, "until": None}
        elif measure.moment == "open":
            when |= {"at": "open", "since": None}
        elif measure.moment in ("closed", "promised"):
            when["at"] = measure.moment
        return self.scope.base.but(**part.given() | when)


def _summed(rows: dict[str, dict[Any, int]]) -> dict[str, dict[Any, int]]:
    total: dict[Any, int] = {}
    for row in rows.values():
        for name, number in row.items():
            total[name] = total.get(name, 0) + number
    return {"all": total}


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's formula, 0 to 1; the whole range for nothing."""
    if not of:
        return 0.0, 1.0
    z, p = 1.959964, count / of
    middle, spread = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * spread) / (1 + z * z / of) for sign in (-1, 1))
    return max(0.0, round(low, 9)), min(1.0, round(high, 9))
