"""The course of invented calls: waiting, ringing, talking, ending, as time goes on. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.calls.advice import FIRST, STEPS, step
from helpdesk.channels.phone.simulated.switchboard import Line, Result, Switchboard

HOTLINE = "+862166668888"
TOPICS = ("quality.appliance.fridge", "billing.invoice", "delivery", "service.repair")
TIME_IS_UP = 180.0  # seconds in a queue, then the caller is asked whether to be called back
RINGS = 15.0
RINGS_FOR_A_PERSON = 30.0  # who may have to find the window first
ANSWERS = 0.85  # of what rings at an agent
HOLDS = 0.2
JUDGES = 0.3
BUSY = 0.1  # of those who are called
LONGEST_TALK = 600.0
TALKS_WITH_A_PERSON = (120.0, 240.0)  # then the caller hangs up
RESTS = 8.0  # seconds after a missed call
WRITES_UP = (5.0, 25.0)  # where nobody attends the telephone
SETTLES = 2.0  # seconds until a person's telephone is free: by then it is paused to write up


class Course(Switchboard):
    """What happens by itself, and what follows from what people do."""

    def hold(self, at: datetime, name: str, seat: str) -> bool:
        """Let the other party wait; False where they are not in that call."""
        line = self._talk(name, seat)
        if line and not line.held:
            line.held = True
            self._say(line, "held", at, agent=seat)
        return line is not None

    def resume(self, at: datetime, name: str, seat: str) -> bool:
        """Talk with them again; a colleague who is asked has nothing more to do with it."""
        line = self._talk(name, seat)
        if line and line.aside:
            self._call_off(at, line)
        if line and line.held:
            line.held = False
            self._say(line, "resumed", at, agent=seat)
        return line is not None

    def _come(self, at: datetime, line: Line) -> None:
        self._say(line, "ringing", at, **{"from": line.caller.number, "to": HOTLINE})
        self._later(at, self._chance.uniform(1, 3), lambda now: self._choose(now, line))

    def _choose(self, at: datetime, line: Line) -> None:
        self._say(line, "menu", at, choice=self._chance.choice(TOPICS))
        self._later(at, self._chance.uniform(0.5, 2), lambda now: self._wait(now, line))

    def _wait(self, at: datetime, line: Line) -> None:
        line.queue, line.waits_since = line.caller.queue, at
        self._say(line, "queued", at, queue=line.queue)
        self._waiting.append(line)
        if line.caller.closed:
            self._leave(at, line, at, "left", "closed")
            return
        for each in STEPS[1:]:  # further colleagues are asked
            self._later(at, each, self._offer)
        self._later(at, line.caller.patience, lambda now: self._leave(now, line, at, "abandoned"))
        self._later(at, TIME_IS_UP, lambda now: self._leave(now, line, at, "left", "timeout"))
        self._offer(at)

    def _offer(self, at: datetime) -> None:
        """Whose waiting counts most is next, and rings at an agent who may take it by now: first at the
        one of their open case, else at who has been free for longest."""
        waiting = [each for each in self._waiting if not each.seat and not each.caller.hopeless]
        for line in sorted(waiting, key=lambda each: -each.counts(at)):
            seat = self._first(line) or self._longest_free(at, line)
            if seat:
                line.seat = seat
                self._ring(at, line, seat)

    def _first(self, line: Line) -> str:
        name = line.caller.claim.first
        seat = self._seats.get(name)
        return name if seat and seat.ready and name in self._free and not line.turn else ""

    def _longest_free(self, at: datetime, line: Line) -> str:
        there = {
            name: line.caller.claim.penalty(seat.skills)
            for name, seat in self._seats.items()
            if line.queue in seat.queues and (seat.ready or name in self._busy)
        }
        most = step(line.waited(at), there.values())
        fit = [n for n in self._free if self._takes(n, line.queue) and there[n] <= most]
        return min(fit, key=lambda name: (self._free[name], name), default="")

    def _takes(self, name: str, queue: str) -> bool:
        seat = self._seats.get(name)
        return seat is not None and seat.ready and queue in seat.queues

    def _ring(self, at: datetime, line: Line, seat: str) -> None:
        self._take(seat)
        line.turn += 1
        turn, attended = line.turn, self._attended(seat)
        self._say(line, "offered", at, agent=seat, queue=line.queue)
        rings = RINGS_FOR_A_PERSON if attended else RINGS
        if turn == 1 and seat == line.caller.claim.first:
            rings = FIRST
        self._later(at, rings, lambda now: self._rung_out(now, line, seat, turn))
        if not attended and self._chance.random() < ANSWERS:
            wait = self._chance.uniform(2, 7)
            self._later(at, wait, lambda now: self._by_itself(now, line, seat, turn))

    def _by_itself(self, at: datetime, line: Line, seat: str, turn: int) -> None:
        """Nobody attends this telephone, unless somebody has come meanwhile."""
        if line.turn == turn and line.rings_at(seat) and not self._attended(seat):
            self._answered(at, line, seat)

    def _rung_out(self, at: datetime, line: Line, seat: str, turn: int) -> None:
        if line.turn == turn and line.rings_at(seat):
            self._missed(at, line, seat, "no answer")

    def _answered(self, at: datetime, line: Line, seat: str) -> None:
        if line.aside == seat:
            line.advises = True
            self._say(line, "answered", at, agent=seat)
            self.results.append(Result(line.asked, ""))
            return
        if line in self._waiting:
            self._waiting.remove(line)
        self._say(line, "answered", at, agent=seat)
        self._begin(at, line)

    def _begin(self, at: datetime, line: Line) -> None:
        """The agent talks with the other party."""
        line.talks, seat = True, line.seat
        attended = self._attended(seat)
        length = min(self._chance.lognormvariate(3.8, 0.6), LONGEST_TALK)
        if attended:
            length = self._chance.uniform(*TALKS_WITH_A_PERSON)
        elif self._chance.random() < HOLDS:
            self._later(at, length * 0.3, lambda now: self.hold(now, line.name, seat))
            self._later(at, length * 0.5, lambda now: self.resume(now, line.name, seat))
        line.ends = at + timedelta(seconds=length)
        self._later(at, length, lambda now: self._has_said_all(now, line))

    def _has_said_all(self, at: datetime, line: Line) -> None:
        if line.ends == at:
            self._end(at, line)

    def _missed(self, at: datetime, line: Line, seat: str, reason: str) -> None:
        self._say(line, "missed", at, agent=seat, reason=reason)
        self._later(at, RESTS, lambda now: self._let_go(now, seat))
        if line.aside == seat:
            line.aside = ""
            self.results.append(Result(line.asked, reason))
            return
        line.seat = ""
        if line in self._waiting:
            self._offer(at)
        elif line.caller.queue:
            self._wait(at, line)  # to whom it was handed on does not take it
        else:
            self._over(at, line, reason)

    def _leave(
        self, at: datetime, line: Line, since: datetime, event: str, reason: str = ""
    ) -> None:
        """The queue, unanswered, by who waits there since then."""
        if line not in self._waiting or line.waits_since != since:
            return
        self._waiting.remove(line)
        self._say(line, event, at, reason=reason)
        self._over(at, line)
        if line.seat:
            self._let_go(at, line.seat)

    def _hand_on(self, at: datetime, line: Line, to: str, **more: str) -> None:
        giver, line.seat = line.seat, to
        line.talks, line.held, line.ends = False, False, None
        self._say(line, "transferred", at, agent=giver, **more)
        self._part(at, line, giver)

    def _call_off(self, at: datetime, line: Line) -> None:
        """Who was asked has nothing more to do with the call; the other party still waits."""
        seat, answered = line.aside, line.advises
        line.aside, line.advises = "", False
        if answered:
            self._say(line, "wrapped", at, agent=seat)
            self._part(at, line, seat)
        else:
            self.results.append(Result(line.asked, ""))
            self._let_go(at, seat)

    def _reached(self, at: datetime, line: Line, busy: bool, asked: int) -> None:
        self.results.append(Result(asked, "busy" if busy else ""))
        if not busy:
            self._say(line, "answered", at, agent=line.seat)
            self._begin(at, line)
            return
        self._over(at, line, reason="busy")
        self._let_go(at, line.seat)

    def _end(self, at: datetime, line: Line) -> None:
        if line.over:
            return
        seat = line.seat
        if line.aside:
            self._call_off(at, line)
        self._over(at, line)
        if self._chance.random() < JUDGES:
            score = self._chance.choice((1, 2, 3, 4, 4, 5, 5, 5))
            judged = self._chance.uniform(1, 4)
            self._later(
                at, judged, lambda now: self._say(line, "surveyed", now, agent=seat, score=score)
            )
        self._part(at, line, seat)

    def _part(self, at: datetime, line: Line, seat: str) -> None:
        """This agent talks no more. A person writes the call up by the form."""
        if self._attended(seat):
            self._later(at, SETTLES, lambda now: self._let_go(now, seat))
        else:
            wait = self._chance.uniform(*WRITES_UP)
            self._later(at, wait, lambda now: self._wrap(now, line, seat))

    def _wrap(self, at: datetime, line: Line, seat: str) -> None:
        self._say(line, "wrapped", at, agent=seat)
        self._let_go(at, seat)

    def _let_go(self, at: datetime, seat: str) -> None:
        """This agent is free again."""
        self._busy.discard(seat)
        if seat in self._seats:
            self._free[seat] = at
        self._offer(at)

    def _over(self, at: datetime, line: Line, reason: str = "") -> None:
        line.over, line.talks = True, False
        self._lines.pop(line.name, None)
        self._say(line, "hungup", at, reason=reason)
