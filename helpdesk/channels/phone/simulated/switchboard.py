"""What an invented exchange is made of: telephones, calls, what is due, and what was said. Pure."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from helpdesk.calls.advice import Claim

Event = dict[str, Any]
Act = Callable[[datetime], object]


class Seat(NamedTuple):
    """An agent's telephone, the queues that it sits in, and whether it takes calls. At one that is
    `attended` a person answers and ends calls; another one does so by itself."""

    line: str
    queues: frozenset[str]
    ready: bool = True
    attended: bool = False
    skills: frozenset[str] = frozenset()


class Caller(NamedTuple):
    """Who calls: an empty number is not shown. `patience` in seconds; one who is `hopeless` gives up
    before anybody answers. `claim` and `closed` are what the program advises of them."""

    number: str
    queue: str
    patience: float
    hopeless: bool = False
    claim: Claim = Claim()
    closed: bool = False


class Result(NamedTuple):
    """What came of something that was asked for; an empty reason says that it was done."""

    asked: int
    reason: str


@dataclass(eq=False)
class Line:
    """A call while it lasts."""

    name: str
    caller: Caller
    queue: str = ""  # in which it waits, or did last
    waits_since: datetime | None = None
    seat: str = ""  # at which it rings, or which talks
    talks: bool = False
    held: bool = False
    ends: datetime | None = None  # when the caller has said all
    aside: str = ""  # whom the one who talks asks before handing on: it rings there,
    advises: bool = False  # or they talk
    asked: int = 0  # the command by which they do
    turn: int = 0  # how often it rang: what an earlier ring has set off is no longer meant
    over: bool = False
    said: count[int] = field(default_factory=lambda: count(1))

    def waited(self, at: datetime) -> float:
        """Seconds in the queue until then."""
        return (at - self.waits_since).total_seconds() if self.waits_since else 0.0

    def counts(self, at: datetime) -> float:
        """What the waiting counts: whose counts most is next."""
        return self.caller.claim.counts(self.waited(at))

    def rings_at(self, seat: str) -> bool:
        """Whether it rings at this telephone now."""
        if self.over or not self.turn or not seat:
            return False
        return (self.seat == seat and not self.talks) or (self.aside == seat and not self.advises)


class Switchboard:
    """Keeps what is there and what is due; step() gives all that has happened until a moment."""

    def __init__(self, provider: str, run: str, seed: int) -> None:
        self.provider, self.run = provider, run
        self.results: list[Result] = []  # of what was asked for; whoever reads them empties it
        self._chance = random.Random(seed)
        self._due: list[tuple[datetime, int, Act]] = []
        self._serial, self._named = count(), count(1)
        self._seats: dict[str, Seat] = {}
        self._free: dict[str, datetime] = {}  # since when, of those who do nothing
        self._busy: set[str] = set()
        self._lines: dict[str, Line] = {}
        self._waiting: list[Line] = []  # the first came first
        self._events: list[Event] = []

    def step(self, until: datetime) -> list[Event]:
        """All that has happened until then and was not told yet."""
        while self._due and self._due[0][0] <= until:
            at, _serial, act = heapq.heappop(self._due)
            act(at)
        told, self._events = self._events, []
        return told

    def _new(self, caller: Caller) -> Line:
        line = Line(f"{self.run}-{next(self._named)}", caller)
        self._lines[line.name] = line
        return line

    def _ringing(self, name: str, seat: str) -> Line | None:
        line = self._lines.get(name)
        return line if line and line.rings_at(seat) else None

    def _talk(self, name: str, seat: str) -> Line | None:
        line = self._lines.get(name)
        return line if line and line.talks and line.seat == seat else None

    def _attended(self, seat: str) -> bool:
        known = self._seats.get(seat)
        return known is not None and known.attended

    def _take(self, seat: str) -> None:
        self._busy.add(seat)
        self._free.pop(seat, None)

    def _later(self, at: datetime, seconds: float, act: Act) -> None:
        when = at + timedelta(seconds=seconds)
        heapq.heappush(self._due, (when, next(self._serial), act))

    def _say(self, line: Line, event: str, at: datetime, **more: Any) -> None:
        known = {"provider": self.provider, "call_id": line.name, "seq": next(line.said)}
        said = {name: value for name, value in more.items() if value != "" or name == "from"}
        self._events.append(known | {"event": event, "at": at} | said)
