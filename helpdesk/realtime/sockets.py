"""What a socket may ask: watch a topic, catch up after a number, say that its person is looking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from flask import request, session

from helpdesk.agents.models import Agent, Reader
from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import ends_at, holder, holds
from helpdesk.core import events
from helpdesk.core.errors import PICK, BadInput, HelpdeskError, NotAllowed, NotFound, NotSignedIn
from helpdesk.core.i18n import N_, gettext
from helpdesk.realtime import changes, people
from helpdesk.realtime.door import LINE, OpenSocket
from helpdesk.realtime.frames import Ready
from helpdesk.realtime.library import SocketIO
from helpdesk.realtime.rooms import require_topic, room_of

MOST_MISSED = 200
BIGGEST_SEQ = 2**31 - 1  # as its column has it
REST = 2.8  # times what work took of the processor: then it takes a quarter of a core at most
LONGEST_REST = 0.5  # seconds
socketio = SocketIO()
F = TypeVar("F", bound=Callable[..., Any])
on: Callable[[str], Callable[[F], F]] = socketio.on


def rest_after(began: float) -> float:
    """The seconds that work rests before it goes on; `began` is its thread's time of the processor."""
    return min(REST * (time.thread_time() - began), LONGEST_REST)


@dataclass
class Watcher:
    """One open socket: its session, who it belongs to and which topics it may hear."""

    sid: str
    kept: dict[str, Any]  # what the cookie of its session holds
    actor: Actor
    line: OpenSocket
    until: float  # when its session ends by itself, as a timestamp
    topics: dict[str, str] = field(default_factory=dict)  # topic -> room
    looked_at: bytes | None = None  # how all stood when it was alive; see sign_in.standing
    rests_until: float = 0.0  # of time.monotonic()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until it may ask again: one that asks in a loop leaves the others their turn."""
        time.sleep(max(0.0, self.rests_until - time.monotonic()))
        began = time.thread_time()
        try:
            yield
        finally:
            self.rests_until = time.monotonic() + rest_after(began)

    def heard(self) -> list[tuple[str, str]]:
        """Its topics and their rooms at this moment."""
        return list(self.topics.items())

    def is_alive(self, agent: Agent | Reader | None) -> bool:
        """Whether session and rights are still those with which it was opened."""
        return agent is not None and holds(self.kept, agent) and agent.actor == self.actor

    def tell(self, parts: list[Ready]) -> None:
        """Write what is ready, in one piece, without waiting for who reads it."""
        if self.line.wire is None:  # no socket of our server's: the slow way is the only one
            for name, content in (each for part in parts for each in part.told):
                socketio.emit(name, content, to=self.sid)
            return
        ready = [part.deflated if self.line.deflates else part.plain for part in parts]
        with suppress(OSError):  # who reads from it ends it
            self.line.wire.sendall(b"".join(ready))


watchers: dict[str, Watcher] = {}


@on("connect")
def connected(_auth: Any = None) -> bool | None:
    """Only people who are signed in may listen."""
    agent = holder(session)
    if agent is None:
        return False
    line = request.environ.get(LINE) or OpenSocket(agent.id)
    line.spoken = True
    kept = dict(session)
    watchers[_sid()] = Watcher(_sid(), kept, agent.actor, line, ends_at(kept))
    return None


@on("disconnect")
def disconnected(_reason: Any = None) -> None:
    """Forget the socket and what its person was looking at; nothing stays open without it."""
    watcher = watchers.pop(_sid(), None)
    if watcher is None:
        return
    for topic in list(watcher.topics):
        if topic.startswith("ticket:"):
            people.seen(topic[7:], watcher.actor, "left")
    watcher.line.hang_up()


def close(watcher: Watcher) -> None:
    """End a socket at once, whatever the other side does."""
    socketio.server.disconnect(watcher.sid)
    watchers.pop(watcher.sid, None)
    watcher.line.hang_up()


def tell(ready: Mapping[str, Ready]) -> None:
    """Tell all sockets what is ready for their rooms."""
    for watcher in list(watchers.values()):
        parts = [ready[room] for _topic, room in watcher.heard() if room in ready]
        if parts:
            watcher.tell(parts)


def forget(topic: str, room: str) -> None:
    """Nobody of this room may hear its topic any longer."""
    for watcher in list(watchers.values()):
        if watcher.topics.get(topic) == room:
            del watcher.topics[topic]


def answered(ask: Callable[[Watcher, Any], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A handler that knows who asks: the session is looked at anew with each message."""

    @wraps(ask)
    def handler(data: Any = None) -> dict[str, Any]:
        watcher = watchers.get(_sid())
        try:
            if watcher is None or watcher.line.over:
                raise NotSignedIn(N_("Please sign in again."))
            with watcher.turn():
                if not watcher.is_alive(holder(watcher.kept)):
                    raise NotSignedIn(N_("Please sign in again."))
                return {"ok": True} | ask(watcher, data)
        except HelpdeskError as error:
            if watcher is not None and isinstance(error, NotSignedIn):
                close(watcher)
            return {"ok": False, "code": error.code, "message": error.sentence(gettext)}

    return handler


@on("watch")
@answered
def watch(watcher: Watcher, data: Any) -> dict[str, Any]:
    """Join a topic's room when the person may know of it; the answer has the newest number."""
    topic = _text(data, "topic")
    require_topic(topic, watcher.actor)
    watcher.topics[topic] = room_of(topic, watcher.actor)
    return {"seq": events.last_seq()}


@on("unwatch")
@answered
def unwatch(watcher: Watcher, data: Any) -> dict[str, Any]:
    """Leave a topic's room."""
    watcher.topics.pop(_text(data, "topic"), None)
    return {}


@on("after")
@answered
def after(watcher: Watcher, data: Any) -> dict[str, Any]:
    """What changed on a topic since a number: the same as was pushed, or 'reset' when it is too much."""
    topic, seq = _text(data, "topic"), _number(data, "seq")
    _require_watched(watcher, topic)
    if seq is None:
        raise BadInput(N_("Please send a whole number that is not too large."))
    found = changes.read(seq, MOST_MISSED + 1)
    newest = found[-1].seq if found else max(seq, events.last_seq())
    if len(found) > MOST_MISSED:
        return {"seq": events.last_seq(), "changes": [], "reset": True}
    missed = changes.Batch(found).of_topic(topic, watcher.actor)
    return {"seq": newest, "changes": missed, "reset": False}


@on("presence")
@answered
def presence(watcher: Watcher, data: Any) -> dict[str, Any]:
    """A heartbeat: this person views or types on a ticket, or has left it."""
    number, state = _text(data, "ticket"), _text(data, "state")
    _require_watched(watcher, f"ticket:{number}")
    if state not in ("viewing", "typing", "left"):
        raise NotFound(PICK)
    people.seen(number, watcher.actor, state)
    return {}


def _require_watched(watcher: Watcher, topic: str) -> None:
    """Raise unless the socket watches this topic."""
    if topic not in watcher.topics:
        raise NotAllowed(N_("There is no such live page."))


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]


def _text(data: Any, name: str) -> str:
    """A text of the message, whatever was sent: who asks gets an answer, not silence."""
    return str(data.get(name, ""))[:80] if isinstance(data, dict) else ""


def _number(data: Any, name: str) -> int | None:
    """A number of the journal, 0 when none is given; None for what is none."""
    value = (data.get(name) if isinstance(data, dict) else None) or 0
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) <= BIGGEST_SEQ else None
