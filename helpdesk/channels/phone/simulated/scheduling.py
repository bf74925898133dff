"""Invented callers and agents with telephones: what they do, as events in the order of time. Pure.

The same seed, seats and calls give the same events, however finely time goes on.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

HOTLINE = "+862166668888"
TOPICS = ("fridge", "invoice", "delivery", "repair")
TIME_IS_UP = 180.0  # seconds in a queue, then the caller is asked whether to be called back
RINGS = 15.0
ANSWERS = 0.85  # of what rings at an agent
HOLDS = 0.2
JUDGES = 0.3
BUSY = 0.1  # of those who are called
LONGEST_TALK = 600.0
RESTS = 8.0  # seconds after a missed call
Event = dict[str, Any]
Act = Callable[[datetime], object]


class Seat(NamedTuple):
    """An agent's telephone, the queues that it sits in, and whether it takes calls."""

    line: str
    queues: frozenset[str]
    ready: bool = True


class Caller(NamedTuple):
    """Who calls: an empty number is not shown. `patience` in seconds; one who is `hopeless` gives up
    before anybody answers."""

    number: str
    queue: str
    patience: float
    hopeless: bool = False


class Result(NamedTuple):
    """What came of a call that was asked for; an empty reason says that it was answered."""

    asked: int
    reason: str


@dataclass(eq=False)
class Line:
    """A call while it lasts."""

    name: str
    caller: Caller
    queue: str = ""  # in which it waits now
    seat: str = ""  # at which it rings, or which talks
    talks: bool = False
    held: bool = False
    over: bool = False
    said: count[int] = field(default_factory=lambda: count(1))


class Exchange:
    """place() and the verbs say what is wanted; step() gives all that has happened until a moment."""

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

    # What is wanted

    def seated(self, seats: Iterable[Seat], at: datetime) -> None:
        """Who has which telephone from now on."""
        self._seats = {seat.line: seat for seat in seats}
        for line in self._seats:
            if line not in self._busy:
                self._free.setdefault(line, at)
        self._later(at, 0, self._offer)

    def place(self, at: datetime, caller: Caller) -> str:
        """Somebody calls at this moment; gives the name of the call."""
        line = self._new(caller)
        self._later(at, 0, lambda now: self._come(now, line))
        return line.name

    def originate(self, at: datetime, seat: str, to: str, ticket: str, asked: int) -> None:
        """Ring an agent, then this number. An agent who has a call already is busy."""
        if seat in self._busy:
            self.results.append(Result(asked, "busy"))
            return
        line = self._new(Caller(to, "", 0))
        line.seat = seat
        self._take(seat)
        more = {"direction": "out", "from": seat, "to": to, "ticket": ticket}
        self._say(line, "ringing", at, **more)
        busy, wait = self._chance.random() < BUSY, self._chance.uniform(3, 7)
        self._later(at, wait, lambda now: self._reached(now, line, busy, asked))

    def hangup(self, at: datetime, name: str, seat: str) -> bool:
        """End an agent's talk; False where they are not in that call."""
        line = self._talk(name, seat)
        if line:
            self._end(at, line)
        return line is not None

    def hold(self, at: datetime, name: str, seat: str, on: bool) -> bool:
        """Let the other party wait, or talk again; False where they are not in that call."""
        line = self._talk(name, seat)
        if line and line.held != on:
            line.held = on
            self._say(line, "held" if on else "resumed", at, agent=seat)
        return line is not None

    def step(self, until: datetime) -> list[Event]:
        """All that has happened until then and was not told yet."""
        while self._due and self._due[0][0] <= until:
            at, _serial, act = heapq.heappop(self._due)
            act(at)
        told, self._events = self._events, []
        return told

    # What happens

    def _come(self, at: datetime, line: Line) -> None:
        self._say(line, "ringing", at, **{"from": line.caller.number, "to": HOTLINE})
        self._later(at, self._chance.uniform(1, 3), lambda now: self._choose(now, line))

    def _choose(self, at: datetime, line: Line) -> None:
        self._say(line, "menu", at, choice=self._chance.choice(TOPICS))
        self._later(at, self._chance.uniform(0.5, 2), lambda now: self._wait(now, line))

    def _wait(self, at: datetime, line: Line) -> None:
        line.queue = line.caller.queue
        self._say(line, "queued", at, queue=line.queue)
        self._waiting.append(line)
        self._later(at, line.caller.patience, lambda now: self._give_up(now, line))
        self._later(at, TIME_IS_UP, lambda now: self._time_is_up(now, line))
        self._offer(at)

    def _offer(self, at: datetime) -> None:
        """Each who waits rings at the agent of the queue who has been free for longest."""
        for line in self._waiting:
            if line.seat or line.caller.hopeless:
                continue
            fit = [name for name in self._free if self._takes(name, line.queue)]
            if fit:
                self._ring(at, line, min(fit, key=lambda name: (self._free[name], name)))

    def _takes(self, name: str, queue: str) -> bool:
        seat = self._seats.get(name)
        return seat is not None and seat.ready and queue in seat.queues

    def _ring(self, at: datetime, line: Line, seat: str) -> None:
        self._take(seat)
        line.seat = seat
        self._say(line, "offered", at, agent=seat, queue=line.queue)
        if self._chance.random() < ANSWERS:
            wait = self._chance.uniform(2, 7)
            self._later(at, wait, lambda now: self._answer(now, line, seat))
        else:
            self._later(at, RINGS, lambda now: self._miss(now, line, seat))

    def _answer(self, at: datetime, line: Line, seat: str) -> None:
        if not self._rings(line, seat):
            return
        self._waiting.remove(line)
        self._begin(at, line)

    def _begin(self, at: datetime, line: Line) -> None:
        """The agent talks with the other party."""
        line.talks, seat = True, line.seat
        self._say(line, "answered", at, agent=seat)
        length = min(self._chance.lognormvariate(3.8, 0.6), LONGEST_TALK)
        if self._chance.random() < HOLDS:
            self._later(at, length * 0.3, lambda now: self.hold(now, line.name, seat, True))
            self._later(at, length * 0.5, lambda now: self.hold(now, line.name, seat, False))
        self._later(at, length, lambda now: self._end(now, line))

    def _miss(self, at: datetime, line: Line, seat: str) -> None:
        if not self._rings(line, seat):
            return
        line.seat = ""
        self._say(line, "missed", at, agent=seat, reason="no answer")
        self._later(at, RESTS, lambda now: self._let_go(now, seat))
        self._offer(at)

    def _rings(self, line: Line, seat: str) -> bool:
        return line.seat == seat and not line.talks and not line.over

    def _give_up(self, at: datetime, line: Line) -> None:
        if line in self._waiting:
            self._leave(at, line, "abandoned")

    def _time_is_up(self, at: datetime, line: Line) -> None:
        if line in self._waiting:
            self._leave(at, line, "left", reason="timeout")

    def _leave(self, at: datetime, line: Line, event: str, **more: Any) -> None:
        """The queue, unanswered."""
        self._waiting.remove(line)
        self._say(line, event, at, **more)
        self._over(at, line)
        if line.seat:
            self._let_go(at, line.seat)

    def _reached(self, at: datetime, line: Line, busy: bool, asked: int) -> None:
        self.results.append(Result(asked, "busy" if busy else ""))
        if not busy:
            self._begin(at, line)
            return
        self._over(at, line, reason="busy")
        self._let_go(at, line.seat)

    def _end(self, at: datetime, line: Line) -> None:
        if line.over:
            return
        seat = line.seat
        self._over(at, line)
        if self._chance.random() < JUDGES:
            score = self._chance.choice((1, 2, 3, 4, 4, 5, 5, 5))
            judged = self._chance.uniform(1, 4)
            self._later(
                at, judged, lambda now: self._say(line, "surveyed", now, agent=seat, score=score)
            )
        self._later(at, self._chance.uniform(5, 25), lambda now: self._wrap(now, line, seat))

    def _wrap(self, at: datetime, line: Line, seat: str) -> None:
        self._say(line, "wrapped", at, agent=seat)
        self._let_go(at, seat)

    def _over(self, at: datetime, line: Line, reason: str = "") -> None:
        line.over, line.talks = True, False
        self._lines.pop(line.name, None)
        self._say(line, "hungup", at, reason=reason)

    # What it is made of

    def _new(self, caller: Caller) -> Line:
        line = Line(f"{self.run}-{next(self._named)}", caller)
        self._lines[line.name] = line
        return line

    def _talk(self, name: str, seat: str) -> Line | None:
        line = self._lines.get(name)
        return line if line and line.talks and line.seat == seat else None

    def _take(self, seat: str) -> None:
        self._busy.add(seat)
        self._free.pop(seat, None)

    def _let_go(self, at: datetime, seat: str) -> None:
        """This agent is free again."""
        self._busy.discard(seat)
        if seat in self._seats:
            self._free[seat] = at
        self._offer(at)

    def _later(self, at: datetime, seconds: float, act: Act) -> None:
        when = at + timedelta(seconds=seconds)
        heapq.heappush(self._due, (when, next(self._serial), act))

    def _say(self, line: Line, event: str, at: datetime, **more: Any) -> None:
        known = {"provider": self.provider, "call_id": line.name, "seq": next(line.said)}
        said = {name: value for name, value in more.items() if value != "" or name == "from"}
        self._events.append(known | {"event": event, "at": at} | said)
