"""The loop of a live process: read the journal by number, gather, push, re-check everybody's rights."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select

from helpdesk.agents import sign_in
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, scope
from helpdesk.calls import queries, taking_in
from helpdesk.clock import now
from helpdesk.core import events, jobs
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.realtime import changes, people
from helpdesk.realtime.door import door, guarded
from helpdesk.realtime.frames import Ready
from helpdesk.realtime.sockets import close, forget, rest_after, socketio, watchers
from helpdesk.realtime.sockets import tell as tell_sockets
from helpdesk.settings import settings_of
from helpdesk.web.serving.post import send_on

log = logging.getLogger(__name__)
CHANNEL = "helpdesk:live"
WALL = "wallboard"
GATHER = 0.03  # seconds between two rounds, at least; what happens in them travels together
IDLE = 0.5  # seconds between two looks without a wake-up
CHECK_EVERY = 2.0  # seconds between two looks at everybody's session and rights
_news = threading.Event()


def init(app: Flask, async_mode: str = "threading") -> None:
    """Attach the socket server to the app and listen to this process's own commits."""
    inside = app.wsgi_app
    socketio.init_app(
        app,
        async_mode=async_mode,
        transports=["websocket"],
        ping_interval=20,
        ping_timeout=20,
        manage_session=False,
        logger=False,
        engineio_logger=False,
        async_handlers=False,  # who sends many messages waits for the answers, and holds one thread
        cors_allowed_origins=[],  # the door has looked at it
    )
    door.each = settings_of(app).pages_each
    app.wsgi_app = guarded(app, inside, app.wsgi_app)  # type: ignore[assignment,method-assign]
    events.on_commit(tell)
    people.on_change(_push_people)


def tell(_what: Sequence[object] = ()) -> None:
    """Something was committed: wake the reader of every live process."""
    _news.set()
    client = jobs.redis_client()
    if client is not None:
        try:
            client.publish(CHANNEL, "1")
        except jobs.redis_error() as error:
            log.warning("Redis can't be reached; live pages look twice a second: %s", error)


taking_in.on_taken(tell)


def start_tail(app: Flask, stop: threading.Event) -> None:
    """Start the loop (and the Redis listener, when there is one) beside the socket server."""
    socketio.start_background_task(_run, app, stop)
    socketio.start_background_task(send_on, stop)
    if jobs.redis_client() is not None:
        socketio.start_background_task(_listen, stop)


def _run(app: Flask, stop: threading.Event) -> None:
    with app.app_context():
        seq = events.last_seq()
        db.session.remove()
    checked, calls = time.monotonic(), Calls()
    while not stop.is_set():
        _news.wait(IDLE)
        _news.clear()
        began = time.thread_time()
        try:
            with app.app_context():
                seq = _push_after(app, seq)
                calls.push(seq)
                if time.monotonic() - checked > CHECK_EVERY:
                    checked = time.monotonic()
                    _check()
            time.sleep(max(GATHER, rest_after(began)))  # however many listen
        except Exception:
            log.exception(
                "A round of the live loop failed; the next one reads the same journal rows."
            )
            time.sleep(1)


def _check() -> None:
    """What is looked at even when nothing happens."""
    recheck()
    door.hang_up_on_the_silent()
    people.sweep()
    db.session.remove()


def _push_after(app: Flask, seq: int) -> int:
    """Push what the journal has after `seq`; returns the newest number that was read."""
    found = changes.read(seq, 500) if watchers else ()
    if not watchers:
        seq = events.last_seq()
    if found:
        with app.test_request_context():
            push(found)
        seq = found[-1].seq
    db.session.remove()
    return seq


class Calls:
    """News of calls, which the journal does not tell: the wallboards of those who may know of every call
    are told that there is some."""

    def __init__(self) -> None:
        self.told: tuple[int, datetime | None] | None = None  # as it was when they were told last

    def push(self, seq: int) -> None:
        """Tell them if calls have changed since the last time; `seq` is how far the journal was told."""
        rooms = {
            room
            for watcher in list(watchers.values())
            for topic, room in watcher.heard()
            if topic == WALL and scope(watcher.actor).everything
        }
        if not rooms:
            return
        before, self.told = self.told, queries.touched_lately()
        if before is not None and before != self.told:
            message = {"topic": WALL, "seq": seq, "name": "call.changed", "ticket": ""}
            tell_sockets(dict.fromkeys(rooms, Ready([("change", message)])))


def push(found: Sequence[Event]) -> None:
    """One message per ticket, topic and room, to rooms whose sockets may still hear it."""
    recheck()
    batch, ready = changes.Batch(found), dict[str, Ready]()
    for room, (topic, who) in _rooms(batch).items():
        if told := batch.of_topic(topic, who):
            ready[room] = Ready([("change", each) for each in told])
        elif batch.hides(topic, who):
            forget(topic, room)
    tell_sockets(ready)


def _rooms(batch: changes.Batch) -> dict[str, tuple[str, Actor]]:
    """The rooms that something may be told to: their topic and one of their readers."""
    rooms = {}
    for watcher in list(watchers.values()):
        for topic, room in watcher.heard():
            if batch.concerns(topic, watcher.actor.id):
                rooms[room] = topic, watcher.actor
    return rooms


def recheck() -> None:
    """Close the sockets of sessions that are over, and of people who have other rights now."""
    present, moment = list(watchers.values()), now().timestamp()
    standing = sign_in.standing() if present else b""
    other = [w for w in present if w.looked_at != standing or moment > w.until]
    agents = _agents({watcher.actor.id or 0 for watcher in other})
    for watcher in other:
        watcher.looked_at = standing
        if not watcher.is_alive(agents.get(watcher.actor.id or 0)):
            close(watcher)


def _agents(ids: set[int]) -> dict[int, Agent]:
    """These people as their rows are now."""
    if not ids:
        return {}
    query = select(Agent).where(Agent.id.in_(ids)).execution_options(populate_existing=True)
    return {agent.id: agent for agent in db.session.scalars(query)}


def _push_people(number: str, present: list[dict[str, Any]]) -> None:
    told, topic = Ready([("presence", {"ticket": number, "people": present})]), f"ticket:{number}"
    rooms = {w.topics.get(topic, "") for w in list(watchers.values())} - {""}
    tell_sockets(dict.fromkeys(rooms, told))


def _listen(stop: threading.Event) -> None:
    """Hear the other processes through Redis; when it is gone, the half-second look goes on."""
    while not stop.is_set():
        try:
            client = jobs.redis_client()
            assert client is not None
            heard = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            heard.subscribe(CHANNEL, people.CHANNEL)
            _hear(heard, stop)
        except jobs.redis_error() as error:
            log.warning("Redis can't be reached: %s", error)
            time.sleep(1)


def _hear(heard: Any, stop: threading.Event) -> None:
    while not stop.is_set():
        message = heard.get_message(timeout=1.0)
        if message is None:
            continue
        if message["channel"] == people.CHANNEL.encode():
            number, agent_id, name, state = json.loads(message["data"])
            people.note(number, agent_id, name, state)
        else:
            _news.set()
