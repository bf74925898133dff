"""The process that connects to the exchange: what it hears is handed in, what is asked is carried out.

One thread reads (the client's), one hands in and keeps the lease (this one), one carries commands out.
While another process has the lease this one only listens; what it heard lately it hands in when the lease
becomes its own, because every event is taken once, whoever tells it.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from flask import Flask

from helpdesk.calls import commands, exchange, taking_in
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.fields import read_events
from helpdesk.channels.phone.asterisk import holdings, members, queue_log, snapshot
from helpdesk.channels.phone.asterisk.ami import Client, Denied, Gone, Message
from helpdesk.channels.phone.asterisk.carrying import DOWN, Carrier
from helpdesk.channels.phone.asterisk.reading import line_of
from helpdesk.channels.phone.asterisk.tracking import Told, Tracker
from helpdesk.channels.phone.asterisk.translating import hear
from helpdesk.clock import now
from helpdesk.core import heartbeats, jobs
from helpdesk.core.db import db, retrying
from helpdesk.core.errors import BadInput
from helpdesk.settings import Phone

log = logging.getLogger(__name__)
SLICE = 0.25  # seconds between two looks at everything
RENEW = 3.0
LOOK_AGAIN = 30.0  # seconds between two snapshots
LOST_AFTER = 10.0  # seconds without a word after which calls count as ended
KEPT = 30.0  # seconds of what a listener heard, longer than a lease
BOOTS = 60.0
MOST = 200  # events handed in at once
LONGEST_PAUSE = 15.0
PATIENCE = 5.0  # seconds that commands wait for a connection that is lost


def pause_after(tries: int) -> float:
    """Seconds until the next attempt: 1, 2, 4 ... 15, each up to a fifth more, so that many
    connectors don't come at the same moment."""
    return min(2.0 ** max(tries - 1, 0), LONGEST_PAUSE) * random.uniform(1.0, 1.2)


class Connector:
    """run() until `stop`; begins anew whenever the connection is lost."""

    def __init__(self, app: Flask, phone: Phone, stop: threading.Event, name: str = "") -> None:
        self.app, self.phone, self.stop = app, phone, stop
        self.name = name or heartbeats.this_process()
        self.tracker = Tracker(phone.name, phone.context, recordings=phone.recordings)
        self.fence = 0
        self.client: Client | None = None  # when it can be spoken to
        self._heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._pending: list[Told] = []
        self._kept: deque[tuple[float, Told]] = deque()
        self._away = time.monotonic()  # since when it can't be spoken to
        self._renewed = self._looked = -LOOK_AGAIN
        self._missing: set[str] = set()  # calls that the last snapshot lacked
        self._calls_over = False

    def run(self) -> None:
        """Connect, serve, and begin anew; returns after `stop`."""
        working = threading.Thread(target=self._carry_on, name="commands", daemon=True)
        working.start()
        tries = 0
        while not self.stop.is_set():
            tries += 1
            try:
                client = self._connected()
                tries = 1
                self._serve(client)
                problem = "the connection ended"
            except (Gone, Denied) as error:
                problem = str(error)
            self._lost(problem)
            self._rest(pause_after(tries))
        working.join(5)
        self._safely(lambda: exchange.let_go(self.phone.name, self.fence))

    # The connection

    def _connected(self) -> Client:
        client, phone = Client(self._heard.put), self.phone
        client.connect(phone.host, phone.port, phone.user, phone.secret)
        end = time.monotonic() + BOOTS
        while not client.ended.is_set() and time.monotonic() < end:
            message = self._next()
            if message is not None and message.get("Event") == "FullyBooted":
                log.info("Connected to the exchange at %s:%d.", phone.host, phone.port)
                return client
            self._hear(message)
            if self.stop.is_set():
                break
            self._tick()
        client.close()
        raise Gone("the exchange did not come up")

    def _serve(self, client: Client) -> None:
        self._carrier = Carrier(client, self.phone, self.tracker)
        self._keep_lease()
        self._begin(client)
        self.client, self._calls_over = client, True
        while not client.ended.is_set() and not self.stop.is_set():
            self._hear(self._next())
            if self._carrier.waits:
                self._safely(self._carrier.settle)
            if self._tick():
                self._begin(client)  # the lease has just become ours
            elif time.monotonic() - self._looked > LOOK_AGAIN:
                self._look(client)
        client.close()
        self.client, self._calls_over = None, False
        self._away = client.last_word if client.silent else time.monotonic()
        while not self._heard.empty():
            self._hear(self._next())
        self._safely(partial(self._carrier.settle, ends=True))

    def _lost(self, problem: str) -> None:
        log.warning("The exchange can't be reached: %s.", problem)
        self._report("down", problem)

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.stop.wait(SLICE):
            self._tick()

    def _next(self) -> Message | None:
        try:
            return self._heard.get(timeout=SLICE)
        except queue.Empty:
            return None

    # What is heard

    def _hear(self, message: Message | None) -> None:
        """This message, and what has come meanwhile."""
        said = self.tracker.quiet(now()) if message is None else []
        while message is not None:
            said += hear(self.tracker, message, now())
            if message.get("Event") in ("DialEnd", "OriginateResponse") and self.fence:
                self._told_of_command(message)
            if len(said) >= MOST or self._heard.empty():
                break
            message = self._next()
        self._hand_in(said)

    def _told_of_command(self, message: Message) -> None:
        self._safely(lambda: self._carrier.hear(message))

    def _hand_in(self, said: list[Told]) -> None:
        """Take these in, or keep them while we only listen. What the database can't take now stays."""
        if not self.fence:
            at = time.monotonic()
            self._kept.extend((at, each) for each in said)
            while self._kept and at - self._kept[0][0] > KEPT:
                self._kept.popleft()
            return
        self._pending += said
        while self._pending:
            part = self._pending[:MOST]
            if not self._safely(partial(self._take, part)):
                return
            del self._pending[: len(part)]

    def _take(self, part: list[Told]) -> None:
        """One transaction of the lease's holder; an odd event is left out, the others are taken."""
        try:
            retrying(lambda: self._guarded(part))
        except BadInput as odd:
            if len(part) == 1:
                log.warning("An event was refused: %s %s", odd.errors, part[0])
                return
            for each in part:
                self._take([each])

    def _guarded(self, part: list[Told]) -> None:
        with exchange.guarded(self.phone.name, self.fence):
            taking_in.take(read_events(part))

    # The lease, and what follows from time

    def _tick(self) -> bool:
        """What is due by the clock; says whether the lease has become ours just now."""
        at = time.monotonic()
        if not self._calls_over and not self.client and at - self._away > LOST_AFTER:
            self._end_all()
        if at - self._renewed < RENEW:
            return False
        return self._keep_lease()

    def _keep_lease(self) -> bool:
        before, self._renewed = self.fence, time.monotonic()
        self._safely(self._renew)
        return bool(self.fence and self.fence != before)

    def _renew(self) -> None:
        self.tracker.lines = holdings.lines()
        before, self.fence = self.fence, exchange.hold(self.phone.name, self.name)
        if self.fence and not before:
            log.info("This process speaks for the exchange now.")
            if self.client is None:
                exchange.report(self.phone.name, self.fence, "down")
        if before and not self.fence:
            log.warning("Another process speaks for the exchange: this one only listens.")
        # Who has just taken over looks first for what was missed.
        if before and self.fence and self.client and not self._pending and self._heard.empty():
            exchange.heard(self.phone.name, self.fence, now() - timedelta(seconds=SLICE))

    def _report(self, state: str, problem: str = "") -> None:
        if self.fence:
            self._safely(lambda: exchange.report(self.phone.name, self.fence, state, problem))

    def _end_all(self) -> None:
        """The exchange has been away for so long that its calls are over."""
        if not self.fence:
            return
        with self.app.app_context():
            held = holdings.of(self.phone.name)
            gone = [call_id for call_id, each in held.items() if each.lasts]
        self._hand_in(snapshot.ended(self.phone.name, gone, now()))
        self.tracker.forget([])
        self._calls_over = not self._pending

    # What the exchange has

    def _begin(self, client: Client) -> None:
        """All that has to be put right after a time in which we heard nothing."""
        kept, self._kept = [each for _at, each in self._kept], deque()
        self._hand_in(kept)
        self._look(client, first=True)
        if self.fence:
            self._put_right(client)
            self._report("up")

    def _look(self, client: Client, first: bool = False) -> None:
        """Bring our tables and what the exchange has together."""
        self._looked = time.monotonic()
        channels, queues = client.list("CoreShowChannels"), client.list("QueueStatus")
        while not self._heard.empty():
            self._hear(self._next())
        at, name = now(), self.phone.name
        there = set(snapshot.calls_of(channels))
        if first:
            self._read_gap(queues, there, at)
        with self.app.app_context():
            self.tracker.expected |= holdings.dialled(name)
            held = holdings.of(name, there)
        look = snapshot.Snapshot(self.tracker, channels, queues, at)
        but = () if first else held.keys() - self._missing
        over = look.over(held, but) if self.fence else []  # the holder knows more of their ends
        self._missing = {key for key, each in held.items() if each.lasts} - there
        self._hand_in(look.told(held) + over)

    def _read_gap(self, queues: list[Message], there: set[str], at: datetime) -> None:
        """What the exchange wrote down while we heard nothing."""
        with self.app.app_context():
            since = exchange.heard_until(self.phone.name)
        if not self.phone.queue_log or since is None or not self.fence:
            return
        try:
            lines = queue_log.read(self.phone.queue_log, since, at)
        except OSError as error:
            log.warning("The queue log can't be read: %s", error)
            return
        agents = {each.get("Name", ""): line_of(each.get("Location", "")) for each in queues}
        ours = {name: line for name, line in agents.items() if line in self.tracker.lines}
        said = queue_log.told(lines, self.phone.name, since, ours, there)
        with self.app.app_context():
            news = holdings.not_heard(self.phone.name, said)
        self._hand_in(news)

    def _put_right(self, client: Client) -> None:
        """Members and pauses as our tables have them."""
        with self.app.app_context():
            places, pauses = holdings.places(), holdings.pauses()
        for name, values in members.amends(
            places, pauses, client.list("QueueStatus"), self.phone.lines
        ):
            try:
                client.act(name, **values)
            except Denied as no:
                log.warning("The exchange refused %s %s: %s", name, values, no)

    # What is asked

    def _carry_on(self) -> None:
        """The thread of commands."""
        while not self.stop.is_set():
            if not self.fence or not self._safely(self._carry_next):
                self.stop.wait(SLICE)

    def _carry_next(self) -> None:
        command = self._taken()
        if command is None:
            self._wait_for_commands()
        elif self.client is None:
            commands.finish(command.id, DOWN, failed=True)
        else:
            self._carrier.carry(command.id, command.verb, dict(command.data))

    def _taken(self) -> PhoneCommand | None:
        patient = self.client is None and time.monotonic() - self._away < PATIENCE
        if patient or not commands.wanted(self.phone.name):
            return None
        with exchange.guarded(self.phone.name, self.fence):
            return commands.take_next(self.phone.name, self.fence)

    def _wait_for_commands(self) -> None:
        """Until Redis wakes us, or a moment without it."""
        client = jobs.redis_client()
        db.session.remove()
        if client is None:
            self.stop.wait(SLICE)
            return
        try:
            client.blpop([commands.WAKING.format(self.phone.name)], timeout=1)
        except Exception as error:
            log.debug("Redis can't wake us: %s", error)
            self.stop.wait(SLICE)

    def _safely(self, work: Callable[[], object]) -> bool:
        """Do it in a fresh context; False when it has to be done again later."""
        try:
            with self.app.app_context():
                work()
        except exchange.NotHolder:
            self.fence = 0
            return False
        except Gone:
            return False
        except Exception:
            log.exception("Something could not be done now; it is tried again.")
            time.sleep(SLICE)
            return False
        return True
