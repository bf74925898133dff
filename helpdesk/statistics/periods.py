"""The stretch of time that a statistic speaks of, in days of the company's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.clock import now
from helpdesk.core.errors import PICK, BadInput
from helpdesk.core.i18n import N_, company_zone
from helpdesk.tickets import filters

ONE_DAY = timedelta(days=1)
LONGEST = 3660  # days
DEFAULT = "7days"


def _month(day: date) -> date:
    return day.replace(day=1)


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _last_month(today: date) -> tuple[date, date]:
    last = _month(today) - ONE_DAY
    return _month(last), last


FIXED: dict[str, tuple[str, Callable[[date], tuple[date, date]]]] = {
    "today": (N_("Today"), lambda today: (today, today)),
    "yesterday": (N_("Yesterday"), lambda today: (today - ONE_DAY, today - ONE_DAY)),
    "7days": (N_("7 days"), lambda today: (today - 6 * ONE_DAY, today)),
    "month": (N_("This month"), lambda today: (_month(today), today)),
    "last_month": (N_("Last month"), _last_month),
    "quarter": (N_("This quarter"), lambda today: (_quarter(today), today)),
    "year": (N_("This year"), lambda today: (today.replace(month=1, day=1), today)),
}
NAMES = {code: name for code, (name, _days) in FIXED.items()}


@dataclass(frozen=True)
class Period:
    """From the first day to the last one, both included; `code` is '' for chosen days."""

    code: str
    since: date
    until: date
    zone: ZoneInfo

    @property
    def begin(self) -> datetime:
        """The first moment."""
        return self.midnight(self.since)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.midnight(self.until + ONE_DAY)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> tuple[datetime, datetime]:
        """As many days just before, up to the same hour when this period still runs."""
        begin = self.midnight(self.since - self.days * ONE_DAY)
        return begin, min(begin + (now() - self.begin), self.begin) if self.runs else self.begin

    @property
    def runs(self) -> bool:
        """Whether it has begun and not ended."""
        return self.begin <= now() < self.end

    def midnight(self, day: date) -> datetime:
        """The moment at which a day begins."""
        return datetime.combine(day, time.min, self.zone)


def choose(args: Mapping[str, Any]) -> Period:
    """The period of an address: from= and to=, or period=; without them the last seven days.

    Raises BadInput for a period that is not known, ends before it begins or is too long.
    """
    zone = company_zone()
    today = now().astimezone(zone).date()
    asked = filters.parse({name: args.get(name) for name in ("from", "to")})
    if asked.since or asked.until:
        return _checked(Period("", *_between(asked.since, asked.until, today), zone))
    code = str(args.get("period") or DEFAULT)
    if code not in FIXED:
        raise _wrong("period", PICK)
    return Period(code, *FIXED[code][1](today), zone)


def _between(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    if since is None:
        assert until is not None
        return until - 6 * ONE_DAY, until
    return since, until or max(since, today)


def _checked(period: Period) -> Period:
    if period.until < period.since:
        raise _wrong("to", N_("The last day lies before the first. Please change one of them."))
    if period.days > LONGEST:
        raise _wrong("from", N_("Please choose ten years at most."))
    return period


def _wrong(field: str, sentence: str) -> BadInput:
    return BadInput(N_("This period can't be shown."), errors={field: sentence})


def offsets(begin: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, timedelta]]:
    """(until, distance from UTC) for each stretch between begin and end with one distance.

    Summer time makes two or three stretches of a year; China's has one.
    """
    stretches: list[tuple[datetime, timedelta]] = []
    at = begin
    while at < end:
        step = min(at + ONE_DAY, end)
        if _offset(step, zone) != _offset(at, zone):
            step = _change(at, step, zone)
            stretches.append((step, _offset(at, zone)))
        at = step
    return [*stretches, (end, _offset(end - timedelta(seconds=1), zone))]


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the distance from UTC changes between two moments."""
    before = _offset(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high
