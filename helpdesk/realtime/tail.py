"""The loop of a live process: read the journal by number, gather, push, re-check everybody's rights."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy import select

from helpdesk import events, jobs
from helpdesk.agents.models import Agent
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.i18n import in_language
from helpdesk.realtime import changes, people
from helpdesk.realtime.sockets import Watcher, room_of, socketio, watchers

log = logging.getLogger(__name__)
CHANNEL = "helpdesk:live"
GATHER = 0.1  # seconds in which changes travel together
IDLE = 0.5  # seconds between two looks without a wake-up
CHECK_EVERY = 3.0  # seconds between two looks at everybody's rights
_news = threading.Event()


def init(app: Flask, async_mode: str = "threading") -> None:
    """Attach the socket server to the app and listen to this process's own commits."""
    socketio.init_app(
        app,
        async_mode=async_mode,
        transports=["websocket"],
        ping_interval=20,
        ping_timeout=20,
        manage_session=False,
        logger=False,
        engineio_logger=False,
    )
    events.on_commit(tell)
    people.on_change(_push_people)


def tell(_events: Sequence[Event] = ()) -> None:
    """Something was committed: wake the reader of every live process."""
    _news.set()
    client = jobs.redis_client()
    if client is not None:
        try:
            client.publish(CHANNEL, "1")
        except RedisError as error:
            log.warning("Redis can't be reached; live pages look twice a second: %s", error)


def start_tail(app: Flask, stop: threading.Event) -> None:
    """Start the loop (and the Redis listener, when there is one) beside the socket server."""
    socketio.start_background_task(_run, app, stop)
    if jobs.redis_client() is not None:
        socketio.start_background_task(_listen, stop)


def _run(app: Flask, stop: threading.Event) -> None:
    with app.app_context():
        seq = events.last_seq()
        db.session.remove()
    checked = time.monotonic()
    while not stop.is_set():
        _news.wait(IDLE)
        if _news.is_set():
            _news.clear()
            time.sleep(GATHER)
        try:
            with app.app_context():
                seq = _push_after(app, seq)
                if time.monotonic() - checked > CHECK_EVERY:
                    checked = time.monotonic()
                    recheck()
                    people.sweep()
        except Exception:
            log.exception(
                "A round of the live loop failed; the next one reads the same journal rows."
            )
            time.sleep(1)


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


def push(found: Sequence[Event]) -> None:
    """One message per ticket, topic and room; a room's row is rendered once."""
    newest = changes.touched(found)
    tickets = changes.load(list(newest))
    rooms = {(room, topic): w for w in list(watchers.values()) for topic, room in w.topics.items()}
    for ticket_id, ticket in tickets.items():
        for (room, topic), watcher in rooms.items():
            with in_language(watcher.actor.language):
                told = changes.change(topic, newest[ticket_id], ticket, watcher.actor)
            if told:
                socketio.emit("change", told, to=room)


def recheck() -> None:
    """Close the sockets of people who signed out, were disabled or have other rights now."""
    known = {w.actor.id for w in watchers.values()}
    rows = db.session.scalars(
        select(Agent).where(Agent.id.in_(known)).execution_options(populate_existing=True)
    )
    agents = {agent.id: agent for agent in rows}
    for watcher in list(watchers.values()):
        if not _same(watcher, agents.get(watcher.actor.id or 0)):
            watchers.pop(watcher.sid, None)
            socketio.server.disconnect(watcher.sid)


def _same(watcher: Watcher, agent: Agent | None) -> bool:
    if agent is None or not agent.active or agent.get_id() != watcher.user_id:
        return False
    return all(room == room_of(topic, agent.actor) for topic, room in watcher.topics.items()) and (
        agent.actor.role,
        agent.department_id,
    ) == (watcher.actor.role, watcher.actor.department_id)


def _push_people(number: str, present: list[dict[str, Any]]) -> None:
    told = {"ticket": number, "people": present}
    topic = f"ticket:{number}"
    for room in {w.topics[topic] for w in list(watchers.values()) if topic in w.topics}:
        socketio.emit("presence", told, to=room)


def _listen(stop: threading.Event) -> None:
    """Hear the other processes through Redis; when it is gone, the half-second look goes on."""
    while not stop.is_set():
        try:
            client = jobs.redis_client()
            assert client is not None
            heard = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            heard.subscribe(CHANNEL, people.CHANNEL)
            _hear(heard, stop)
        except RedisError as error:
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
