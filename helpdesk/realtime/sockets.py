"""What a socket may ask: watch a topic, catch up after a number, say that its person is looking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import request
from flask_login import current_user
from flask_socketio import SocketIO, join_room, leave_room

from helpdesk import events
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, may, scope
from helpdesk.errors import BadInput, HelpdeskError, NotAllowed, NotFound
from helpdesk.i18n import N_, gettext
from helpdesk.realtime import changes, people
from helpdesk.tickets import queries, setup

MOST_MISSED = 200
BIGGEST_SEQ = 2**31 - 1  # as its column has it
socketio = SocketIO()
F = TypeVar("F", bound=Callable[..., Any])
on: Callable[[str], Callable[[F], F]] = socketio.on


@dataclass
class Watcher:
    """One open socket: who it belongs to and which topics it may hear."""

    sid: str
    user_id: str
    actor: Actor
    topics: dict[str, str] = field(default_factory=dict)  # topic -> room


watchers: dict[str, Watcher] = {}


@on("connect")
def connected(_auth: Any = None) -> bool | None:
    """Only people who are signed in may listen."""
    if not current_user.is_authenticated:
        return False
    agent: Agent = current_user._get_current_object()
    watchers[request.sid] = Watcher(request.sid, agent.get_id(), agent.actor)  # type: ignore[attr-defined]
    return None


@on("disconnect")
def disconnected(_reason: Any = None) -> None:
    """Forget the socket and what its person was looking at."""
    watcher = watchers.pop(request.sid, None)  # type: ignore[attr-defined]
    if watcher is not None:
        for topic in list(watcher.topics):
            if topic.startswith("ticket:"):
                people.seen(topic[7:], watcher.actor, "left")


@on("watch")
def watch(data: Any = None) -> dict[str, Any]:
    """Join a topic's room when the person may know of it; the answer has the newest number."""
    watcher = watchers.get(request.sid)  # type: ignore[attr-defined]
    topic = _text(data, "topic")
    if watcher is None:
        return _sorry(NotAllowed(N_("Please sign in again.")))
    try:
        require_topic(topic, watcher.actor)
    except HelpdeskError as error:
        return _sorry(error)
    room = room_of(topic, watcher.actor)
    watcher.topics[topic] = room
    join_room(room)
    return {"ok": True, "seq": events.last_seq()}


@on("unwatch")
def unwatch(data: Any = None) -> dict[str, Any]:
    """Leave a topic's room."""
    watcher = watchers.get(request.sid)  # type: ignore[attr-defined]
    room = watcher.topics.pop(_text(data, "topic"), None) if watcher else None
    if room:
        leave_room(room)
    return {"ok": True}


@on("after")
def after(data: Any = None) -> dict[str, Any]:
    """What changed on a topic since a number: the same as was pushed, or 'reset' when it is too much."""
    watcher = watchers.get(request.sid)  # type: ignore[attr-defined]
    topic, seq = _text(data, "topic"), _number(data, "seq")
    if watcher is None or topic not in watcher.topics:
        return _sorry(NotAllowed(N_("Please sign in again.")))
    if seq is None:
        return _sorry(BadInput(N_("Please send a whole number that is not too large.")))
    found = changes.read(seq, MOST_MISSED + 1)
    newest = found[-1].seq if found else max(seq, events.last_seq())
    if len(found) > MOST_MISSED:
        return {"ok": True, "seq": events.last_seq(), "changes": [], "reset": True}
    missed = changes.of_topic(topic, found, watcher.actor)
    return {"ok": True, "seq": newest, "changes": missed, "reset": False}


@on("presence")
def presence(data: Any = None) -> dict[str, Any]:
    """A heartbeat: this person views or types on a ticket, or has left it."""
    watcher = watchers.get(request.sid)  # type: ignore[attr-defined]
    number, state = _text(data, "ticket"), _text(data, "state")
    if watcher is None or f"ticket:{number}" not in watcher.topics:
        return _sorry(NotAllowed(N_("Please sign in again.")))
    if state not in ("viewing", "typing", "left"):
        return _sorry(NotFound(N_("Please pick one of the offered choices.")))
    people.seen(number, watcher.actor, state)
    return {"ok": True}


def _text(data: Any, name: str) -> str:
    """A text of the message, whatever was sent: who asks gets an answer, not silence."""
    return str(data.get(name, ""))[:80] if isinstance(data, dict) else ""


def _number(data: Any, name: str) -> int | None:
    """A number of the journal, 0 when none is given; None for what is none."""
    value = (data.get(name) if isinstance(data, dict) else None) or 0
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) <= BIGGEST_SEQ else None


def require_topic(topic: str, who: Actor) -> None:
    """Raise unless `who` may hear this topic: the same rights as the page behind it."""
    kind, _, name = topic.partition(":")
    if kind == "queue":
        _require_queue(name, who)
    elif kind == "ticket":
        queries.by_number(name, who)
    elif kind == "wallboard":
        if not may(who, "wallboard.read"):
            raise NotAllowed(
                N_("Your role does not include this. Ask a supervisor if you need it.")
            )
    elif topic != "me":
        raise NotFound(N_("There is no such live page."))


def _require_queue(code: str, who: Actor) -> None:
    seen = scope(who)
    unit = setup.current().unit(code)
    if not (seen.everything or (unit is not None and unit.id in seen.department_ids)):
        raise NotAllowed(N_("This queue belongs to another department."))


def _sorry(error: HelpdeskError) -> dict[str, Any]:
    return {"ok": False, "code": error.code, "message": error.sentence(gettext)}


def room_of(topic: str, who: Actor) -> str:
    """Rows are rendered once per language, and apart for readers who don't see confidential names."""
    whose = f"me:{who.id}" if topic == "me" else topic
    return f"{whose}|{who.language}|{'all' if scope(who).everything else 'own'}"
