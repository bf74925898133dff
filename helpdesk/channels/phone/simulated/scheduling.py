"""Invented callers and agents with telephones: what they do, as events in the order of time. Pure.

The same seed, seats and calls give the same events, however finely time goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from helpdesk.channels.phone.simulated.course import BUSY, Course
from helpdesk.channels.phone.simulated.switchboard import Caller, Line, Result, Seat

IN_CALL = "not in this call"


class Exchange(Course):
    """place() and the verbs say what is wanted; step() gives all that has happened until a moment."""

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

    def answer(self, at: datetime, name: str, seat: str) -> bool:
        """The person at this telephone takes the call; False where it does not ring there."""
        line = self._ringing(name, seat)
        if line:
            self._answered(at, line, seat)
        return line is not None

    def decline(self, at: datetime, name: str, seat: str) -> bool:
        """They let it go on to others; False where it does not ring there."""
        line = self._ringing(name, seat)
        if line:
            self._missed(at, line, seat, "declined")
        return line is not None

    def hangup(self, at: datetime, name: str, seat: str) -> bool:
        """End an agent's talk; False where they are not in that call. Who asks a colleague hands the
        call over by it, and who was asked only leaves."""
        line = self._lines.get(name)
        if line and line.advises and line.aside == seat:
            self._call_off(at, line)
        elif line := self._talk(name, seat):
            if line.aside:
                self._hand_over(at, line)
            else:
                self._end(at, line)
        return line is not None

    def transfer(self, at: datetime, name: str, seat: str, to: str, asked: int = 0) -> str | None:
        """Hand a talk on to a colleague's telephone: at once, or (`asked`: the command) after talking
        with them. Gives why not, "" where it is done, None where a Result will say."""
        line = self._talk(name, seat)
        if line is None or line.aside:
            return IN_CALL
        if to not in self._seats or to == seat:
            return "unavailable"
        if to in self._busy:
            return "busy"
        if asked:
            self.hold(at, name, seat)
            line.aside, line.asked = to, asked
        else:
            self._hand_on(at, line, to)
        self._ring(at, line, to)
        return None if asked else ""

    def _hand_over(self, at: datetime, line: Line) -> None:
        """Who was asked has the call now, or it goes on ringing there."""
        to, answered = line.aside, line.advises
        line.aside, line.advises = "", False
        if answered:
            self._hand_on(at, line, to, target=to)
            self._begin(at, line)
        else:
            self.results.append(Result(line.asked, ""))
            self._hand_on(at, line, to)
