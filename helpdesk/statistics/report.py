"""The statistics page: what was asked, the sentence, tiles, the table, and what stands below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from helpdesk.agents.rights import Actor
from helpdesk.core.errors import PICK, BadInput
from helpdesk.promises.words import ORDER, PROMISE_NAMES
from helpdesk.setup import in_force
from helpdesk.statistics import groups, judging, words
from helpdesk.statistics.counting import Edges
from helpdesk.statistics.figures import Cell, FigureRow, Figures, wilson
from helpdesk.statistics.groups import Scope
from helpdesk.statistics.judging import Judged, Kept
from helpdesk.statistics.kept import sums
from helpdesk.statistics.measures import BY_CODE, JUDGED, KEPT, Measure, promises_of
from helpdesk.statistics.periods import Period, choose
from helpdesk.statistics.sources import NOBODY, Sums, cases
from helpdesk.tickets import choices
from helpdesk.tickets import filters as lists
from helpdesk.tickets.filters import Filter
from helpdesk.words import SCORES

NARROWED_BY = ("kind", "channel", "severity", "category", "department", "assignee", "place")


@dataclass(frozen=True)
class Asked:
    """What an address asks for: the scope, by what it is told apart, and whose promise is judged."""

    scope: Scope
    by: str
    promise: str

    @property
    def period(self) -> Period:
        """From when to when."""
        return self.scope.period

    def query(self, **changes: Any) -> str:
        """The address of the same with these changes (by, promise, period, category ...)."""
        base = replace(self.scope.base, merged="")
        found: dict[str, Any] = {}
        for name, value in base.pairs():
            found.setdefault(name, []).append(value)
        period = self.period
        days = {"from": period.since, "to": period.until}
        found |= ({"period": period.code} if period.code else days) | {"by": self.by}
        if self.promise != "resolve":
            found["promise"] = self.promise
        if "period" in changes:
            found = {k: v for k, v in found.items() if k not in ("from", "to")}
        found |= changes
        return urlencode({k: v for k, v in found.items() if v}, doseq=True)


def read(args: Mapping[str, Any], who: Actor, by: str | None = None) -> Asked:
    """What the address asks for; `by` where it says nothing. Raises BadInput naming what is odd."""
    asked, period = lists.parse(args), choose(args)
    narrowed = {f.name: getattr(asked, f.name) for f in fields(asked) if f.name in NARROWED_BY}
    by = args.get("by") or (_usual(period) if by is None else by)
    if by and by not in groups.NAMES:
        raise BadInput(PICK, errors={"by": PICK})
    base = Filter(merged="no", **narrowed)
    return Asked(Scope(base, period, who), by, asked.promise or "resolve")


def _usual(period: Period) -> str:
    if period.days == 1:
        return "channel"
    return "day" if period.days <= 31 else "week" if period.days <= 184 else "month"


@dataclass(frozen=True)
class Promised:
    """One promise: how it was kept, and the lists behind the counts."""

    code: str
    label: str
    judged: Judged
    filters: dict[str, Filter]


class Report:
    """Everything that the page shows. Each part asks its source when it is drawn."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.scope, self.period = asked.scope, asked.period
        self.levels = {f"level_{at}": Filter(level=(str(at),)) for at in _levels()}
        wanted = Sums(asked.scope, asked.by, asked.promise, percentiles=False, more=self.levels)
        self.sums = sums(wanted)
        self.figures = Figures(self.sums)

    @cached_property
    def whole(self) -> Figures:
        """The same without groups."""
        return Figures(self.sums.whole(self._kept[judging.RECEIVED], {"all": self._due("now")}))

    def _due(self, span: str) -> dict[str, Judged]:
        """How every promise was kept that fell due now, or in the stretch before."""
        return self._kept[judging.DUE].get(span, {})

    @cached_property
    def _kept(self) -> dict[str, Kept]:
        return self.sums.in_all(promises_of("kept"), ORDER)

    @cached_property
    def before(self) -> Edges:
        """What was received and closed in the stretch before."""
        return self.sums.before

    @property
    def columns(self) -> list[Measure]:
        """The measures of the table."""
        return [each for each in BY_CODE.values() if each.column and self.figures.tells(each)]

    @cached_property
    def rows(self) -> list[FigureRow]:
        """The table: one row per group."""
        return self.figures.rows(self.columns)

    def total(self, code: str) -> Cell:
        """The number of the whole period."""
        return self.whole.cell(BY_CODE[code])

    @property
    def sentence(self) -> str:
        """What happened, before any number is looked up."""
        received = self.total("received").count
        return words.sentence(
            words.cases(received, self.scope.base.kind),
            words.change(received, self.before.received, self.period),
            words.kept(self.total("on_time").rate),
            words.late(self.total("overdue").count),
        )

    @property
    def on_time_before(self) -> float | None:
        """The share kept on time in the stretch before."""
        earlier = self._due("before").get(self.asked.promise, NOBODY)
        return earlier.on_time / earlier.total if earlier.total else None

    @property
    def promises(self) -> list[Promised]:
        """Every promise that can be judged, in the order of a case's life."""
        found = []
        for code in ORDER:
            judged = self._due("now").get(code, NOBODY)
            if judged.total:
                found.append(Promised(code, PROMISE_NAMES[code], judged, self._of(code)))
        return found

    def _of(self, promise: str) -> dict[str, Filter]:
        verdicts: dict[str, tuple[str, ...]] = {code: (code,) for code in JUDGED.verdict}
        verdicts |= {"kept": KEPT.verdict, "total": JUDGED.verdict}
        due = cases(at="promised")
        return {
            name: due(self.sums, Filter(promise=promise, verdict=wanted), "")
            for name, wanted in verdicts.items()
        }

    def _list(self, part: Filter) -> Filter:
        return cases()(self.sums, part, "")

    @property
    def ratings(self) -> list[tuple[str, int, Filter]]:
        """(answer, cases, list) from very satisfied to very dissatisfied."""
        found = self.whole.sums.said["all"]
        return [
            (name, found.get(str(score), 0), self._list(Filter(score=(str(score),))))
            for score, name in SCORES.items()
        ]

    @property
    def satisfied_between(self) -> tuple[float, float]:
        """The 95 % interval of the share of satisfied customers."""
        cell = self.total("satisfaction")
        return wilson(cell.count, cell.of or 0)

    @property
    def escalations(self) -> list[tuple[int, int, Filter]]:
        """(level in per cent of the clock, cases, list)."""
        received = self.whole.sums.received["all"]
        return [
            (int(name.removeprefix("level_")), received[name], self._list(part))
            for name, part in self.levels.items()
            if received.get(name)
        ]

    @property
    def narrowed(self) -> list[str]:
        """What the cases are narrowed down to, in the reader's words."""
        offered = choices.for_filter()
        found: list[str] = []
        for name in NARROWED_BY:
            chosen = getattr(self.scope.base, name)
            if isinstance(chosen, tuple):
                known = dict(offered.get(name, ()))
                found += [str(known.get(value.removesuffix("."), value)) for value in chosen]
            elif chosen:
                found.append(chosen)
        return found


def _levels() -> list[int]:
    return sorted({step.at for chain in in_force.current().chains.values() for step in chain})
