"""The figures out of the kept sums, where they hold what is asked for: all cases, not narrowed down.

What they don't hold (a filter, percentiles by group) is counted as sources.Sums does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, bindparam, not_, or_, select, text

from helpdesk.agents.rights import scope as scope_of
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone
from helpdesk.promises.verdicts import RANKS
from helpdesk.statistics import counting, facts, folding, groups, judging
from helpdesk.statistics.counting import Counts, Edges
from helpdesk.statistics.facts import DAY, MONTH, YEAR
from helpdesk.statistics.groups import OF_TIME, Scope
from helpdesk.statistics.judging import DUE, RECEIVED, Judged, Kept
from helpdesk.statistics.measures import promises_of
from helpdesk.statistics.models import DaySum
from helpdesk.statistics.periods import ONE_DAY
from helpdesk.statistics.sources import Sums
from helpdesk.tickets.filters import Filter

FRESH = timedelta(seconds=5)  # older sums are brought up to this moment first
OPEN_END = "9999-12-31"
TENTHS = (5, 9)
WIDEST = {"day": DAY, "week": DAY, "month": MONTH}  # span that lies in one group
Steps = Mapping[str, Mapping[str, int]]  # of a code: cases by step of time


def sums(
    scope: Scope,
    by: str = "",
    promise: str = "",
    percentiles: bool = True,
    more: Mapping[str, Filter] | None = None,
) -> Sums:
    """The sums of a scope: the kept ones if they hold it, else counted now."""
    asked = (scope, by, promise, percentiles, more or {})
    everything = scope.base == Filter(merged="no") and scope_of(scope.who).everything
    at = as_of() if everything else None
    return Sums(*asked) if at is None else KeptSums(*asked, at)


def as_of() -> datetime | None:
    """The moment that the kept sums tell of, a few seconds ago at most; None while they are filled."""
    found = folding.look()
    if found.usable and not _fresh(found):
        folding.fold()
        found = folding.look()
    return found.at if found.usable and _fresh(found) else None


def _fresh(found: folding.Standing) -> bool:
    return found.at is not None and abs(now() - found.at) <= FRESH


def _of_level(level: str) -> ColumnElement[bool]:
    return DaySum.level == level


def _between(begin: str, end: str) -> ColumnElement[bool]:
    return and_(DaySum.first >= bindparam(begin), DaySum.last < bindparam(end))


_MONTHS, _YEARS = _between("month", "after_months"), _between("year", "after_years")
_WITHIN = or_(  # each day once, by the largest span that lies within
    and_(_of_level(YEAR), _YEARS),
    and_(_of_level(MONTH), _MONTHS, not_(_YEARS)),
    and_(_of_level(DAY), _between("since", "after"), not_(_MONTHS)),
)
_ROWS = select(DaySum.key, DaySum.first, DaySum.last, DaySum.counts).where(
    DaySum.by == bindparam("by"), or_(_WITHIN, and_(_of_level(DAY), DaySum.first == ""))
)
_TIMES = select(DaySum.times).where(DaySum.by == "", DaySum.key == "", _WITHIN)


@dataclass(frozen=True)
class Stretch:
    """From the first day to the one before `after`; spans in it are read whole, up to `widest`."""

    since: str
    after: str
    widest: str = YEAR

    @classmethod
    def of(cls, since: date, until: date, widest: str = YEAR) -> Stretch:
        """These days, both included; what has not ended has no end: nothing is kept of the future."""
        today = now().astimezone(company_zone()).date()
        after = OPEN_END if until >= today else (until + ONE_DAY).isoformat()
        return cls(since.isoformat(), after, widest)

    @cached_property
    def given(self) -> dict[str, str]:
        """What the statements want to know."""
        found = {"since": self.since, "after": self.after}
        for level, name in ((MONTH, "month"), (YEAR, "year")):
            there = self.widest in (level, YEAR)
            found[name] = _first_in(level, self.since) if there else OPEN_END
            found[f"after_{name}s"] = facts.cut(self.after, level)
        return found

    def rows(self, by: str) -> Sequence[Any]:
        """The kept rows of these days, and of this moment."""
        return db.session.execute(_ROWS, self.given | {"by": by}).all()

    def times(self) -> Steps:
        """How many cases each step of time has, by what took it."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (times,) in db.session.execute(_TIMES, self.given):
            for code, steps in times.items():
                sums_ = found[code]
                for step, number in steps.items():  # tens of thousands
                    sums_[step] += number
        return found


def _first_in(level: str, since: str) -> str:
    """The first month (or year) that begins on that day or later."""
    begin = facts.cut(since, level)
    days = 31 if level == MONTH else 366
    after = date.fromisoformat(begin) + days * ONE_DAY
    return since if begin == since else facts.cut(after.isoformat(), level)


class KeptSums(Sums):
    """Sums that were kept, as of a moment."""

    @cached_property
    def _stretch(self) -> Stretch:
        period = self.scope.period
        return Stretch.of(period.since, period.until, WIDEST.get(self.by, YEAR))

    @cached_property
    def _groups(self) -> dict[str, Counter[str]]:
        """The numbers of each group; '' holds those of this moment where days are the groups."""
        rows = self._stretch.rows("" if self.by in OF_TIME else self.by)
        return _grouped(rows, self.by, self.scope)

    def _named(self, source: str) -> Counts:
        """What the groups tell of this source, those that tell nothing left out."""
        begin = f"{source}."
        found = {
            key: {
                name.removeprefix(begin): number
                for name, number in row.items()
                if name.startswith(begin) and ":" not in name
            }
            for key, row in self._groups.items()
        }
        return {key: row for key, row in found.items() if row}

    @cached_property
    def received(self) -> Counts:
        return {key: row for key, row in self._named("received").items() if "received" in row}

    @cached_property
    def closed(self) -> Counts:
        return self._named("closed")

    @cached_property
    def said(self) -> Counts:
        return self._named("said")

    @cached_property
    def standing(self) -> Counts:
        """What is open and late now; counted back to the end of a period that is over."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for key, row in self._named("now").items():
            found[key or "all"].update(row)
        if self._stretch.after != OPEN_END:
            after = Stretch(self._stretch.after, OPEN_END)
            by = "" if self.by in OF_TIME else self.by
            for key, row in _grouped(after.rows(by), by, self.scope).items():
                facts.add(found[key], {"open": row["closed.closed"] - row["received.received"]})
        return {key: dict(row) for key, row in found.items() if any(row.values())}

    @cached_property
    def kept(self) -> Kept:
        return self._judged(RECEIVED) if self._told_whole else super().kept

    @cached_property
    def due(self) -> Kept:
        return self._judged(DUE) if self._told_whole else super().due

    @property
    def _told_whole(self) -> bool:
        """Percentiles by group are not kept."""
        return not (self.by and self.percentiles)

    def _judged(self, basis: str) -> Kept:
        wanted = self._shared if basis == DUE else promises_of("kept")
        found = {key: _promises(row, basis, wanted) for key, row in self._groups.items()}
        if self.percentiles and basis == RECEIVED:
            found = {key: _with_tenths(row, basis, self._stretch) for key, row in found.items()}
        return {key: row for key, row in found.items() if row}

    def in_all(self, promises: tuple[str, ...], due: tuple[str, ...]) -> dict[str, Kept]:
        """As Sums.in_all(); of the stretch before, the promise that shares judge."""
        stretch = Stretch.of(self.scope.period.since, self.scope.period.until)
        row = _grouped(stretch.rows(""), "", self.scope).get("all", Counter())
        whole = {RECEIVED: _promises(row, RECEIVED, promises), DUE: _promises(row, DUE, due)}
        steps = stretch.times()
        told = {basis: _with_tenths(row, basis, stretch, steps) for basis, row in whole.items()}
        return {
            RECEIVED: {"all": told[RECEIVED]},
            DUE: {"now": told[DUE], "before": self._before_due},
        }

    @cached_property
    def _earlier(self) -> Counter[str]:
        """The full days of the stretch before."""
        begin, end = self.scope.period.before
        stretch = Stretch(begin.date().isoformat(), end.date().isoformat())
        return _grouped(stretch.rows(""), "", self.scope).get("all", Counter())

    @property
    def _begun(self) -> tuple[datetime, datetime]:
        """What the stretch before has of its last day, where it ends within one."""
        end = self.scope.period.before[1].astimezone(self.scope.period.zone)
        return self.scope.period.midnight(end.date()), end

    @property
    def before(self) -> Edges:
        """What was received and closed in the stretch before."""
        received, closed = self._earlier["received.received"], self._earlier["closed.closed"]
        if self._begun[0] < self._begun[1]:
            more = counting.came(self.scope, self._begun)
            received, closed = received + more[0], closed + more[1]
        return Edges(received, closed, 0, 0)

    @property
    def _before_due(self) -> dict[str, Judged]:
        ranks = {rank: self._earlier[f"due.{self.promise}:{rank}"] for rank in RANKS.values()}
        begin, (midnight, end) = self.scope.period.before[0], self._begun
        if midnight < end:
            more = judging.later(self.scope, self.promise, begin, midnight, end)
            ranks = {rank: number + more[rank] for rank, number in ranks.items()}
        return {self.promise: Judged(*ranks.values())}


def _grouped(rows: Sequence[Any], by: str, scope: Scope) -> dict[str, Counter[str]]:
    """The rows added up by their groups; in groups of time '' is what holds now."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    key_of = _keys(by, scope)
    for row in rows:
        key = key_of(row)
        if key is not None:
            facts.add(found[key], row.counts)
    return found


def _keys(by: str, scope: Scope) -> Callable[[Any], str | None]:
    """What gives the group of a row; None where two groups have it together."""
    if by in OF_TIME:
        return lambda row: _day_group(by, row.first, row.last)
    if by == "category":
        codes = {str(id_): code for code, ids in groups.branches(scope.base).items() for id_ in ids}
        return lambda row: codes.get(row.key, groups.NONE)
    if by == "department":
        return lambda row: groups.key_of(by, int(row.key) if row.key else None)
    return lambda row: row.key or (groups.NONE if by else "all")


def _day_group(by: str, first: str, last: str) -> str | None:
    begin = _begin_of(by, first)
    return begin if begin == _begin_of(by, last) else None


@cache
def _begin_of(by: str, day: str) -> str:
    """The first day of the group that a day is in."""
    if by == "day" or not day:
        return day
    at = date.fromisoformat(day)
    return facts.cut(day, MONTH) if by == "month" else (at - at.weekday() * ONE_DAY).isoformat()


def _promises(row: Counter[str], basis: str, promises: Iterable[str]) -> dict[str, Judged]:
    """How these promises were kept, without percentiles; those with nothing to judge left out."""
    found = {}
    for code, promise in ((f"{basis}.{promise}", promise) for promise in promises):
        on_time, late, missed = (row[f"{code}:{rank}"] for rank in RANKS.values())
        timed = row[f"{code}:timed"]
        average = row[f"{code}:taken"] / timed if timed else None
        if on_time or late or missed:
            found[promise] = Judged(on_time, late, missed, average)
    return found


def _with_tenths(
    row: Mapping[str, Judged], basis: str, stretch: Stretch, steps: Steps | None = None
) -> dict[str, Judged]:
    """The same with the times within which five and nine tenths were kept."""
    codes = {promise: f"{basis}.{promise}" for promise in row}
    told = _taken(codes.values(), stretch, stretch.times() if steps is None else steps)
    return {
        promise: replace(row[promise], median=told.get((code, 5)), ninety=told.get((code, 9)))
        for promise, code in codes.items()
    }


def _taken(codes: Iterable[str], stretch: Stretch, steps: Steps) -> dict[tuple[str, int], int]:
    """The exact time of each code and number of tenths: the steps tell where it lies, and only the
    cases of that step are looked at.
    """
    found: dict[tuple[str, int], int] = {}
    wide: list[tuple[str, int]] = []
    given: dict[str, Any] = {"since": stretch.since, "after": stretch.after}
    for code in codes:
        for tenths, (step, place) in _places(steps.get(code, {})).items():
            low, high = facts.bounds(step)
            found[code, tenths] = low
            if high > low + 1:  # else it is this second
                i = len(wide)
                wide.append((code, tenths))
                given |= {f"code{i}": code, f"low{i}": low, f"high{i}": high, f"place{i}": place}
    if wide:
        rows = db.session.execute(_looking(len(wide)), given)
        found |= {wide[i]: taken for i, taken in rows}
    return found


def _places(steps: Mapping[str, int]) -> dict[int, tuple[int, int]]:
    """The steps in which five and nine tenths are reached, and how many cases of it they need."""
    whole, passed = sum(steps.values()), 0
    found: dict[int, tuple[int, int]] = {}
    for step, number in sorted((int(step), number) for step, number in steps.items()):
        for tenths in TENTHS:
            place = -(-whole * tenths // 10)
            if passed < place <= passed + number:
                found[tenths] = step, place - passed
        passed += number
    return found


@cache
def _looking(number: int) -> TextClause:
    """So many times in one statement: text, since to put twenty selects together takes longer."""
    one = (
        "SELECT {i}, (SELECT taken FROM (SELECT taken, sum(number) OVER (ORDER BY taken) AS reached "
        "FROM case_time WHERE code = :code{i} AND taken >= :low{i} AND taken < :high{i} "
        "AND first >= :since AND last < :after) AS ranked WHERE reached >= :place{i} "
        "ORDER BY taken LIMIT 1)"
    )
    return text(" UNION ALL ".join(one.format(i=i) for i in range(number)))
