"""What is promised to whom: the policy as planning sees it, and which of its rows holds.

The snapshot is given: helpdesk.setup.in_force builds it from what admins have set, and hands it to
every function here; what rings by itself asks `current()` for the one in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from helpdesk.clock import Limit, WorkCalendar, due_at, now
from helpdesk.core.calendars import edition
from helpdesk.promises.models import Promise
from helpdesk.promises.words import DESK_CALENDAR

Key = tuple[str, str, str, int, str, str]


@dataclass(frozen=True)
class Terms:
    """One row of the policy: what is promised for which cases. '' and None fit everything, limit ''
    makes no promise.
    """

    promise: str
    limit: str
    owner: str
    chain: str = "standard"
    severity: str = ""
    kind: str = ""
    category_id: int | None = None
    channel: str = ""
    profile: str = ""  # the rule of law that it came from

    @property
    def key(self) -> Key:
        """What the row is about; two rows of one edition never share it."""
        return (
            self.promise,
            self.severity,
            self.kind,
            self.category_id or 0,
            self.channel,
            self.profile,
        )

    @property
    def plain(self) -> bool:
        """Whether the row stands in the grid of severities."""
        return bool(self.severity) and not (
            self.kind or self.category_id or self.channel or self.profile
        )


def terms_of(row: object) -> Terms:
    """A stored row of the policy as planning sees it."""
    return Terms(**{name: getattr(row, name) for name in Terms.__dataclass_fields__})


@dataclass(frozen=True)
class Unit:
    """A department as planning sees it."""

    id: int
    code: str
    names: dict[str, str]
    calendar: str
    active: bool


@dataclass(frozen=True)
class ChainStep:
    """One step of an escalation chain: at this share (in per cent) tell these roles."""

    at: int
    tell: tuple[str, ...]


class Placed(Protocol):
    """A category: `ids` runs from the root of the tree to it."""

    @property
    def ids(self) -> tuple[int, ...]: ...


Found = tuple[dict[str, Terms], list[Terms]]


@dataclass(frozen=True)
class Snapshot:
    """Everything that decides what is promised, until when, and who is told on the way there."""

    categories: Mapping[int, Placed]
    departments: dict[int, Unit]
    policy_version: int
    policy: tuple[Terms, ...]
    chains: dict[str, tuple[ChainStep, ...]]
    calendars: dict[str, WorkCalendar]

    @cached_property
    def known(self) -> dict[tuple[Any, ...], Found]:
        """The terms of matters that were asked for before: this snapshot never changes."""
        return {}

    def calendar_of(self, row: Promise) -> WorkCalendar:
        """The version by which the row's times were counted: of what has ended, that of then."""
        newest = self.calendars[row.calendar]
        if row.calendar_version in (0, newest.version):
            return newest
        return edition(row.calendar, row.calendar_version)


_source: list[Callable[[], Snapshot]] = []


def given_by(source: Callable[[], Snapshot]) -> None:
    """Name the function that knows the snapshot in force."""
    _source[:] = [source]


def current() -> Snapshot:
    """The snapshot in force."""
    return _source[0]()


class Matter(Protocol):
    """What the policy asks about a case."""

    severity: str
    kind: str
    channel: str
    category_id: int | None


def applicable(matter: Matter, snapshot: Snapshot) -> dict[str, Terms]:
    """The terms of each promise of this case: the closest match wins, '' makes none.

    A rule of law that is switched on for such cases adds its promise, or wins where it is earlier.
    """
    about = (matter.severity, matter.kind, matter.channel, matter.category_id)
    if about not in snapshot.known:
        snapshot.known[about] = _closest(matter, snapshot)
    closest, legal = snapshot.known[about]
    found = dict(closest)
    for row in legal:
        if row.promise not in found or _is_earlier(row, found[row.promise], snapshot):
            found[row.promise] = row
    return found


def _closest(matter: Matter, snapshot: Snapshot) -> Found:
    """What applicable() chooses among whatever the time is: the closest match for each promise, and
    the rules of law that fit."""
    category = snapshot.categories.get(matter.category_id or 0)
    ids = category.ids if category else ()
    best: dict[str, tuple[tuple[int, int, int, int], Terms]] = {}
    legal = []
    for row in snapshot.policy:
        weight = _weight(row, matter, ids)
        if weight is not None and row.profile:
            legal.append(row)
        elif weight is not None and (row.promise not in best or weight > best[row.promise][0]):
            best[row.promise] = (weight, row)
    return {promise: row for promise, (_weight_, row) in best.items() if row.limit}, legal


def _is_earlier(row: Terms, other: Terms, snapshot: Snapshot) -> bool:
    """Whether a promise of now would be due earlier by `row`, on the office's calendar."""
    start, calendar = now(), snapshot.calendars[DESK_CALENDAR]
    dues = [due_at(start, Limit.parse(r.limit), calendar) for r in (row, other)]
    return dues[0] < dues[1]


def limit_for(matter: Matter, name: str, snapshot: Snapshot) -> Limit | None:
    """The limit that the policy names for this case, where it has one."""
    row = applicable(matter, snapshot).get(name)
    return Limit.parse(row.limit) if row else None


def _weight(row: Terms, matter: Matter, ids: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """How close a row is: category (deeper is closer), channel, kind, severity."""
    if row.severity not in ("", matter.severity) or row.kind not in ("", matter.kind):
        return None
    if row.channel not in ("", matter.channel):
        return None
    if row.category_id is not None and row.category_id not in ids:
        return None
    depth = ids.index(row.category_id) + 1 if row.category_id is not None else 0
    return depth, bool(row.channel), bool(row.kind), bool(row.severity)
