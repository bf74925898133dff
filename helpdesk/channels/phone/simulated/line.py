"""The process of the simulated exchange: it holds the lease, does what is asked, and hands in what happens.

When it ends, its calls end with it: who begins anew says of them that they are lost.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.skills import parted
from helpdesk.calls import advising, attending, commands, exchange, taking_in
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.fields import read_events
from helpdesk.calls.models import Call, PhoneLine
from helpdesk.calls.registry import Adapter, Can, register
from helpdesk.calls.words import LOST, Happening
from helpdesk.channels.phone.simulated.callers import CALLS, KINDS, Callers
from helpdesk.channels.phone.simulated.scheduling import IN_CALL, Exchange
from helpdesk.channels.phone.simulated.switchboard import Caller, Event, Seat
from helpdesk.clock import now
from helpdesk.core import heartbeats
from helpdesk.core.db import db, retrying
from helpdesk.core.errors import BadInput
from helpdesk.settings import SIMULATED

log = logging.getLogger(__name__)
NAME = SIMULATED
SLICE = 0.4  # seconds between two looks
RENEW = timedelta(seconds=3)
MOST = 200  # events handed in at once
BURST = 20.0  # seconds over which many callers come

register(
    Adapter(NAME, "Simulated", frozenset(Can) - {Can.SPY, Can.RECORD_PAUSE, Can.SNAPSHOT}),
)


def run_name(at: datetime) -> str:
    """What the names of a run's calls begin with."""
    return f"{int(at.timestamp() * 1000):x}"


def seats() -> list[Seat]:
    """The telephones that our tables have, each with its queues."""
    sits: dict[int, set[str]] = {}
    members = select(PhoneMember.agent_id, PhoneMember.queue).where(PhoneMember.there)
    for agent_id, queue in db.session.execute(members):
        sits.setdefault(agent_id, set()).add(queue)
    lines = (
        select(PhoneLine, attending.attended(), Agent.skills)
        .join(Agent)
        .order_by(PhoneLine.extension)
    )
    return [
        Seat(
            line.extension,
            frozenset(sits.get(line.agent_id, ())),
            line.paused == "",
            bool(attended),
            frozenset(parted(skills)),
        )
        for line, attended, skills in db.session.execute(lines)
    ]


def advised(caller: Caller) -> Caller:
    """The caller with what a dialplan would be told of them."""
    told = advising.ask(caller.queue, caller.number)
    return caller._replace(claim=told.claim, closed=told.closed is not None)


class Line:
    """run() until `stop`."""

    def __init__(self, app: Flask, stop: threading.Event, seed: int = 0, name: str = "") -> None:
        self.app, self.stop, self.name = app, stop, name or heartbeats.this_process()
        self.fence = 0
        self.exchange = Exchange(NAME, run_name(now()), seed)
        self.callers = Callers(seed)
        self._renewed: datetime | None = None
        self._pending: list[Event] = []

    def run(self) -> None:
        """Go round; what fails is tried again in the next round."""
        while not self.stop.wait(SLICE):
            try:
                with self.app.app_context():
                    self.round()
            except exchange.NotHolder:
                self.fence = 0
            except Exception:
                log.exception("A round of the simulated exchange failed; the next one tries again.")
        with self.app.app_context():
            exchange.let_go(NAME, self.fence)

    def round(self) -> None:
        """What was asked for, and what has happened since the last round."""
        at = now()
        if self._renewed is None or at - self._renewed >= RENEW:
            self._renew(at)
        if not self.fence:
            return
        while command := self._taken():
            self._carry(command.id, command.verb, dict(command.data))
        self._pending += self.exchange.step(now())
        self._hand_in()
        for result in self._results():
            commands.finish(result.asked, result.reason, failed=bool(result.reason))

    def _results(self) -> list[Any]:
        found, self.exchange.results = self.exchange.results, []
        return found

    def _renew(self, at: datetime) -> None:
        before, self._renewed = self.fence, at
        self.fence = exchange.hold(NAME, self.name)
        if self.fence and self.fence != before:
            self._pending = [*_lost(at), *self._pending]
            exchange.report(NAME, self.fence, "up")
        self.exchange.seated(seats(), at)

    def _hand_in(self) -> None:
        while self._pending:
            part = self._pending[:MOST]
            retrying(partial(self._take, part))
            del self._pending[: len(part)]

    def _take(self, part: list[Event]) -> None:
        """One transaction of the lease's holder; an odd event is left out, the others are taken."""
        try:
            with exchange.guarded(NAME, self.fence):
                taking_in.take(read_events(part))
        except BadInput as odd:
            if len(part) == 1:
                log.warning("An event was refused: %s %s", odd.errors, part[0])
                return
            for each in part:
                self._take([each])

    def _taken(self) -> Any:
        if not commands.wanted(NAME):
            return None
        with exchange.guarded(NAME, self.fence):
            return commands.take_next(NAME, self.fence)

    def _carry(self, id_: int, verb: str, data: dict[str, Any]) -> None:
        """Do it; a call that is made is told of when it has come to something."""
        act = VERBS.get(verb)
        if act is None:
            commands.finish(id_, "this line can't do that", failed=True)
            return
        problem = act(self, id_, data)
        if problem is not None:
            commands.finish(id_, problem, failed=bool(problem))

    def _place(self, _id: int, data: dict[str, Any]) -> str:
        kind, at = str(data.get("kind")), now()
        if kind not in KINDS:
            return "unknown kind"
        many = CALLS.get(kind, 1)
        for _each in range(many):
            after = self.callers.chance.uniform(0, BURST) if many > 1 else 0.0
            caller = advised(self.callers.one(kind, str(data["queue"])))
            self.exchange.place(at + timedelta(seconds=after), caller)
        return ""

    def _originate(self, id_: int, data: dict[str, Any]) -> None:
        self.exchange.originate(now(), data["line"], data["to"], data.get("ticket", ""), id_)

    def _transfer(self, id_: int, data: dict[str, Any], asked: bool = False) -> str | None:
        where = data["call"], data["line"], data["to"]
        return self.exchange.transfer(now(), *where, asked=id_ if asked else 0)

    def _seat(self, _id: int, _data: dict[str, Any]) -> str:
        """Members and pauses are as our tables have them."""
        self.exchange.seated(seats(), now())
        return ""


Carry = Callable[[Line, int, dict[str, Any]], str | None]


def _in_call(act: Callable[[Exchange, datetime, str, str], bool]) -> Carry:
    """What an agent does with a call of theirs."""

    def carry(line: Line, _id: int, data: dict[str, Any]) -> str:
        return "" if act(line.exchange, now(), data["call"], data["line"]) else IN_CALL

    return carry


VERBS: dict[str, Carry] = {
    "place": Line._place,
    "originate": Line._originate,
    "answer": _in_call(Exchange.answer),
    "decline": _in_call(Exchange.decline),
    "hangup": _in_call(Exchange.hangup),
    "hold": _in_call(Exchange.hold),
    "unhold": _in_call(Exchange.resume),
    "transfer_blind": Line._transfer,
    "transfer_attended": partial(Line._transfer, asked=True),
    "member_add": Line._seat,
    "member_remove": Line._seat,
    "member_pause": Line._seat,
}


def _lost(at: datetime) -> list[Event]:
    """The ends of calls that an earlier run has left."""
    left = select(Call.external_id).where(Call.provider == NAME, Call.ended_at.is_(None))
    known = {"provider": NAME, "seq": int(at.timestamp() * 1000), "at": at, "reason": LOST}
    ended = str(Happening.HUNGUP)
    return [known | {"call_id": each, "event": ended} for each in db.session.scalars(left)]
