"""The figures out of the kept sums, where they hold what is asked for: all cases, not narrowed down.

What they don't hold (a filter, percentiles by group) is counted as sources.Sums does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, or_, select

from helpdesk.agents.rights import scope as scope_of
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.promises.verdicts import RANKS
from helpdesk.statistics import counting, facts, folding, groups, judging
from helpdesk.statistics.counting import Counts, Edges
from helpdesk.statistics.facts import DAY, MONTH, SECONDS, STEPS
from helpdesk.statistics.groups import OF_TIME, Scope
from helpdesk.statistics.judging import DUE, RECEIVED, Judged, Kept
from helpdesk.statistics.measures import promises_of
from helpdesk.statistics.models import DaySum
from helpdesk.statistics.periods import ONE_DAY
from helpdesk.statistics.sources import Sums
from helpdesk.tickets.filters import Filter

FRESH = timedelta(seconds=5)  # older sums are brought up to this moment first
OPEN_END = date.max
TENTHS = {"median": 5, "ninety": 9}
Numbers = dict[str, Counter[str]]  # by group
Tenths = dict[str, dict[str, int]]  # by what took the time, then by TENTHS


def sums(asked: Sums) -> Sums:
    """What is asked for from the kept sums if they hold it; else the same, counted now."""
    everything = asked.scope.base == Filter(merged="no") and scope_of(asked.scope.who).everything
    at = as_of() if everything else None
    return asked if at is None else KeptSums(**(vars(asked) | {"at": at}))


def as_of() -> datetime | None:
    """The moment that the kept sums tell of, a few seconds ago at most; None while they are filled."""
    at = folding.look().at
    if at and not _fresh(at):
        folding.fold()
        at = folding.look().at
    return at if at and _fresh(at) else None


def _fresh(at: datetime) -> bool:
    return abs(now() - at) <= FRESH


_MONTH: BindParameter[str] = bindparam("month")
_AFTER_MONTHS: BindParameter[str] = bindparam("after_months")
_BEFORE_THE_END = and_(DaySum.level == DAY, DaySum.last < bindparam("after"))
_ROWS = select(DaySum.key, DaySum.first, DaySum.last, DaySum.counts).where(
    DaySum.by == bindparam("by"),
    or_(  # whole months; the days that begin before or end after them; this moment
        and_(DaySum.level == MONTH, DaySum.first >= _MONTH, DaySum.last < _AFTER_MONTHS),
        and_(_BEFORE_THE_END, DaySum.first >= bindparam("since"), DaySum.first < _MONTH),
        and_(_BEFORE_THE_END, DaySum.first >= _MONTH, DaySum.last >= _AFTER_MONTHS),
        and_(DaySum.level == DAY, DaySum.first == ""),
    ),
)


@dataclass(frozen=True)
class Stretch:
    """From the first day to the one before `after`; the months in it are read whole if `months`."""

    since: date
    after: date
    months: bool = True

    def rows(self, by: str, keys: Iterable[str] | None = None) -> Sequence[Any]:
        """The kept rows of these days, and of this moment; those of these keys alone, if any."""
        begin = ((self.since - ONE_DAY).replace(day=1) + 32 * ONE_DAY).replace(day=1)
        days = {
            "since": self.since,
            "after": self.after,
            "month": begin if self.months else OPEN_END,
            "after_months": self.after.replace(day=1),
        }
        given = {name: day.isoformat() for name, day in days.items()}
        query = _ROWS if keys is None else _ROWS.where(DaySum.key.in_(keys))
        return db.session.execute(query, given | {"by": by}).all()

    def tenths(self) -> Tenths:
        """The times within which five and nine tenths were kept, exact: the steps tell where they lie,
        and only the seconds of those steps are read.
        """
        places = {}
        for code, steps in _added_up(self.rows(STEPS), lambda row: row.key).items():
            for name, tenths in TENTHS.items() if any(steps.values()) else ():
                step, place = _reached(steps, -(-steps.total() * tenths // 10))
                places[code, name] = f"{code} {step}", place
        keys = {key for key, _place in places.values()}
        seconds = _added_up(self.rows(SECONDS, keys), lambda row: row.key)
        found: Tenths = defaultdict(dict)
        for (code, name), (key, place) in places.items():
            found[code][name], _among = _reached(seconds[key], place)
        return found

    def total(self) -> Counter[str]:
        """The numbers of all cases."""
        return _added_up(self.rows(""), lambda _row: "")[""]


def _added_up(rows: Iterable[Any], group_of: Callable[[Any], str | None]) -> Numbers:
    found: Numbers = defaultdict(Counter)
    for row in rows:
        group = group_of(row)
        if group is not None:
            found[group].update(row.counts)
    return found


class KeptSums(Sums):
    """Sums that were kept, as of a moment."""

    @cached_property
    def _stretch(self) -> Stretch:
        """The period; one that has not ended has no end: nothing is kept of the future."""
        period = self.scope.period
        after = period.until + ONE_DAY if period.end <= now() else OPEN_END
        return Stretch(period.since, after, months=self.by not in ("day", "week"))

    @cached_property
    def _groups(self) -> Numbers:
        """The numbers of each group; '' holds those of this moment where days are the groups."""
        return self._read(self._stretch, self.by)

    def _read(self, stretch: Stretch, by: str) -> Numbers:
        rows = stretch.rows("" if by in OF_TIME else by)
        return _added_up(rows, _group_of(by, self.scope))

    def _named(self, source: str) -> Counts:
        """What the groups tell of this source, those that tell nothing left out."""
        found: Counts = defaultdict(dict)
        for key, row in self._groups.items():
            for name, number in row.items():
                if number and name.startswith(f"{source}."):
                    found[key][name.removeprefix(f"{source}.")] = number
        return found

    @cached_property
    def received(self) -> Counts:
        return self._named("received")

    @cached_property
    def closed(self) -> Counts:
        return self._named("closed")

    @cached_property
    def said(self) -> Counts:
        return self._named("said")

    @cached_property
    def standing(self) -> Counts:
        """What is open and late now; counted back to the end of a period that is over."""
        found: Numbers = defaultdict(Counter)
        for key, row in self._named("now").items():
            found[key or "all"].update(row)
        if self._stretch.after != OPEN_END:
            after = Stretch(self._stretch.after, OPEN_END)
            for key, row in self._read(after, "" if self.by in OF_TIME else self.by).items():
                facts.add(found[key], {"open": row["closed.closed"] - row["received.received"]})
        return {key: dict(row) for key, row in found.items() if any(row.values())}

    @cached_property
    def kept(self) -> Kept:
        return self._judged(RECEIVED, promises_of("kept")) if self._told_whole else super().kept

    @cached_property
    def due(self) -> Kept:
        return self._judged(DUE, self._shared) if self._told_whole else super().due

    @property
    def _told_whole(self) -> bool:
        """Percentiles by group are not kept."""
        return not (self.by and self.percentiles)

    def _judged(self, basis: str, promises: tuple[str, ...]) -> Kept:
        tenths = self._stretch.tenths() if self.percentiles and basis == RECEIVED else {}
        found = {key: _promises(row, basis, promises, tenths) for key, row in self._groups.items()}
        return {key: row for key, row in found.items() if row}

    def in_all(self, promises: tuple[str, ...], due: tuple[str, ...]) -> dict[str, Kept]:
        """As Sums.in_all(); of the stretch before, the promise that shares judge."""
        stretch = replace(self._stretch, months=True)
        row, tenths = stretch.total(), stretch.tenths()
        before = _promises(self._earlier, DUE, (self.promise,), {})
        return {
            RECEIVED: {"all": _promises(row, RECEIVED, promises, tenths)},
            DUE: {"now": _promises(row, DUE, due, tenths), "before": before},
        }

    @property
    def before(self) -> Edges:
        """What was received and closed in the stretch before."""
        return Edges(self._earlier["received.received"], self._earlier["closed.closed"], 0, 0)

    @cached_property
    def _earlier(self) -> Counter[str]:
        """The stretch before: its full days as they are kept, the hours of its last day counted."""
        begin, end = self.scope.period.before
        last_day = end.astimezone(self.scope.period.zone).date()
        midnight = self.scope.period.midnight(last_day)
        found, hours = Stretch(begin.date(), last_day).total(), (midnight, end)
        if midnight < end:
            received, closed = counting.came(self.scope, hours)
            facts.add(found, {"received.received": received, "closed.closed": closed})
            for sign, until in ((1, end), (-1, midnight)):
                ranks = judging.worst(self.scope, self.promise, (begin, until), hours)
                facts.add(
                    found, {f"due:{self.promise}:{rank}": n for rank, n in ranks.items()}, sign
                )
        return found


def _group_of(by: str, scope: Scope) -> Callable[[Any], str | None]:
    """What gives the group of a row; None where two groups have it together."""
    if by in OF_TIME:
        return lambda row: _group_of_time(by, row.first, row.last)
    if by == "category":
        codes = {str(id_): code for code, ids in groups.branches(scope.base).items() for id_ in ids}
        return lambda row: codes.get(row.key, groups.NONE)
    if by == "department":
        return lambda row: groups.key_of(by, int(row.key) if row.key else None)
    return lambda row: row.key or (groups.NONE if by else "all")


@cache
def _group_of_time(by: str, first: str, last: str) -> str | None:
    """The group that both days lie in, '' for this moment."""
    if not first:
        return ""
    begin, other = (groups.begin_of(by, date.fromisoformat(day)) for day in (first, last))
    return begin.isoformat() if begin == other else None


def _promises(
    row: Counter[str], basis: str, promises: Iterable[str], tenths: Tenths
) -> dict[str, Judged]:
    """How these promises were kept; those with nothing to judge left out."""
    found = {}
    for promise in promises:
        code = f"{basis}:{promise}"
        on_time, late, missed = (row[f"{code}:{rank}"] for rank in RANKS.values())
        timed = row[f"{code}:timed"]
        average = row[f"{code}:taken"] / timed if timed else None
        if on_time or late or missed:
            found[promise] = Judged(on_time, late, missed, average, **tenths.get(code, {}))
    return found


def _reached(numbers: Counter[str], place: int) -> tuple[int, int]:
    """The time of the case at this place from the least on; its place among those that took as long."""
    for time in sorted(map(int, numbers)):
        if place <= numbers[str(time)]:
            return time, place
        place -= numbers[str(time)]
    raise LookupError(f"Nobody is at place {place}.")
