"""The process of the simulated exchange: it holds the lease, does what is asked, and hands in what happens.

When it ends, its calls end with it: who begins anew says of them that they are lost.
"""

from __future__ import annotations

import logging
import random
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from helpdesk.calls import commands, exchange, taking_in
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.fields import read_events
from helpdesk.calls.models import Call, PhoneLine
from helpdesk.calls.registry import Adapter, Can, register
from helpdesk.calls.words import LOST, Happening
from helpdesk.channels.phone.simulated.scheduling import Caller, Event, Exchange, Seat
from helpdesk.clock import now
from helpdesk.core import heartbeats
from helpdesk.core.db import db, retrying
from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import N_
from helpdesk.customers.models import ContactAddress
from helpdesk.settings import SIMULATED

log = logging.getLogger(__name__)
NAME = SIMULATED
SLICE = 0.4  # seconds between two looks
RENEW = timedelta(seconds=3)
MOST = 200  # events handed in at once
BURST = 20.0  # seconds over which many callers come
LONG, SHORT = 90.0, 12.0  # seconds of patience, on average, and of who gives up
KINDS = {  # who calls
    "known": N_("A known customer"),
    "unknown": N_("An unknown number"),
    "anonymous": N_("A withheld number"),
    "gives_up": N_("Somebody who gives up"),
    "burst": N_("Fifty at once"),
}
CALLS = {"burst": 50}  # of a kind that is more than one call
IN_CALL = "not in this call"
PHONE = re.compile(r"\+?[0-9]{7,15}")

register(Adapter(NAME, "Simulated", frozenset({Can.ORIGINATE, Can.HANGUP, Can.HOLD, Can.MEMBERS})))


def run_name(at: datetime) -> str:
    """What the names of a run's calls begin with."""
    return f"{int(at.timestamp() * 1000):x}"


def seats() -> list[Seat]:
    """The telephones that our tables have, each with its queues."""
    sits: dict[int, set[str]] = {}
    members = select(PhoneMember.agent_id, PhoneMember.queue).where(PhoneMember.there)
    for agent_id, queue in db.session.execute(members):
        sits.setdefault(agent_id, set()).add(queue)
    lines = db.session.scalars(select(PhoneLine).order_by(PhoneLine.extension))
    return [
        Seat(each.extension, frozenset(sits.get(each.agent_id, ())), each.paused == "")
        for each in lines
    ]


class Callers:
    """Invents who calls; customers are taken from our own book."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def one(self, kind: str, queue: str) -> Caller:
        """A caller of a kind of KINDS; a burst is a mixture of the others."""
        if kind == "burst":
            kind = self.chance.choice(("known", "known", "unknown", "anonymous", "gives_up"))
        gives_up = kind == "gives_up"
        patience = self.chance.expovariate(1 / LONG) + 5
        if gives_up:
            patience = self.chance.uniform(SHORT - 4, SHORT + 4)
        return Caller(self._number(kind), queue, patience, hopeless=gives_up)

    def _number(self, kind: str) -> str:
        known = self._known() if kind == "known" else ""
        if known or kind == "anonymous":
            return known
        return f"+86139{self.chance.randrange(10**8):08}"

    def _known(self) -> str:
        """A customer's number, '' where there is none."""
        phones = ContactAddress.kind == "phone"
        number = select(func.count()).select_from(ContactAddress).where(phones)
        many = db.session.scalar(number) or 0
        if not many:
            return ""
        query = select(ContactAddress.normal).where(phones).order_by(ContactAddress.id)
        found = db.session.scalar(query.offset(self.chance.randrange(many)).limit(1)) or ""
        return found if PHONE.fullmatch(found) else ""


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
            caller = self.callers.one(kind, str(data["queue"]))
            self.exchange.place(at + timedelta(seconds=after), caller)
        return ""

    def _originate(self, id_: int, data: dict[str, Any]) -> None:
        self.exchange.originate(now(), data["line"], data["to"], data.get("ticket", ""), id_)

    def _hangup(self, _id: int, data: dict[str, Any]) -> str:
        return "" if self.exchange.hangup(now(), data["call"], data["line"]) else IN_CALL

    def _hold(self, _id: int, data: dict[str, Any]) -> str:
        return "" if self.exchange.hold(now(), data["call"], data["line"], True) else IN_CALL

    def _unhold(self, _id: int, data: dict[str, Any]) -> str:
        return "" if self.exchange.hold(now(), data["call"], data["line"], False) else IN_CALL

    def _seat(self, _id: int, _data: dict[str, Any]) -> str:
        """Members and pauses are as our tables have them."""
        self.exchange.seated(seats(), now())
        return ""


VERBS: dict[str, Callable[[Line, int, dict[str, Any]], str | None]] = {
    "place": Line._place,
    "originate": Line._originate,
    "hangup": Line._hangup,
    "hold": Line._hold,
    "unhold": Line._unhold,
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
