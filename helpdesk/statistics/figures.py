"""Measures and their sources put together: cells that know the list behind them, rows, totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_
from helpdesk.statistics import groups
from helpdesk.statistics.groups import OF_TIME
from helpdesk.statistics.judging import Judged
from helpdesk.statistics.measures import Measure
from helpdesk.statistics.sources import SOURCES, Listing, Number, Sums


@dataclass(frozen=True)
class Cell:
    """One number: how many cases, of how many, what they took, and the lists behind both counts."""

    measure: Measure
    count: int
    filter: Listing
    of: int | None = None
    of_filter: Listing | None = None
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
    """The numbers of these sums, told apart as they are ('' for one total)."""

    def __init__(self, sums: Sums) -> None:
        self.sums, self.by = sums, sums.by
        self._found: dict[str, Mapping[str, Any]] = {}

    def keys(self, measures: Iterable[Measure]) -> list[str]:
        """The groups that have anything to show, in the order of time or the largest first.

        The first measure decides, then the next ones.
        """
        if self.by in OF_TIME:
            return groups.every(self.by, self.sums.scope.period)
        wanted = list(measures)
        known = {key for measure in wanted for key in self._by_group(measure.source)}
        return sorted(
            known, key=lambda key: ([-self._number(m, key).size for m in wanted[:3]], key)
        )

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
        return not self.by or self.by in SOURCES[measure.source].by

    def require(self, measure: Measure) -> None:
        """Raise BadInput when the measure can't be told apart by this group."""
        if not self.tells(measure):
            days = N_("What is overdue now can't be told apart by days.")
            sentence = days if self.by in OF_TIME else N_("This can't be told apart so.")
            raise BadInput(N_("This can't be shown."), errors={"by": sentence})

    def cell(self, measure: Measure, key: str = "") -> Cell:
        """The number of a group; without a key that of the whole scope (`by` must be '')."""
        number = self._number(measure, key or "all")
        return Cell(
            measure,
            number.count,
            self._list(measure, measure.part, key),
            number.of,
            None if number.of is None else self._list(measure, measure.of, key),
            number.judged if measure.unit == "time" else None,
        )

    def _number(self, measure: Measure, key: str) -> Number:
        found = self._by_group(measure.source).get(key, {})
        return SOURCES[measure.source].read(found, measure, measure.judges(self.sums.promise))

    def _by_group(self, source: str) -> Mapping[str, Any]:
        if source not in self._found:
            self._found[source] = SOURCES[source].ask(self.sums)
        return self._found[source]

    def _list(self, measure: Measure, part: Any, key: str) -> Listing:
        promise = measure.judges(self.sums.promise)
        asked = part.but(promise=promise) if promise else part
        return SOURCES[measure.source].lists(self.sums, asked, key)


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's formula, 0 to 1; the whole range for nothing."""
    if not of:
        return 0.0, 1.0
    z, p = 1.959964, count / of
    middle, spread = p + z * z / (2 * of), z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * spread) / (1 + z * z / of) for sign in (-1, 1))
    return max(0.0, round(low, 9)), min(1.0, round(high, 9))
