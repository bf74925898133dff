"""Who looks at or types on a ticket: a heartbeat every 10 s that expires after 30 s."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from helpdesk.agents.rights import Actor
from helpdesk.core import jobs

LASTS = 30.0
CHANNEL = "helpdesk:presence"
_seen: dict[str, dict[int, tuple[str, str, float]]] = {}  # number -> agent -> name, state, until
_listeners: list[Callable[[str, list[dict[str, str | int]]], None]] = []


def on_change(listener: Callable[[str, list[dict[str, str | int]]], None]) -> None:
    """Tell `listener(number, people)` whenever somebody comes, types or leaves."""
    _listeners.append(listener)


def seen(number: str, who: Actor, state: str) -> None:
    """Note a heartbeat here, and tell the other live processes."""
    note(number, who.id or 0, who.name, state)
    client = jobs.redis_client()
    if client is not None:
        try:
            client.publish(CHANNEL, json.dumps([number, who.id, who.name, state]))
        except jobs.redis_error():
            return  # the others see this person at the next heartbeat


def note(number: str, agent_id: int, name: str, state: str) -> None:
    """Keep a heartbeat that came here or by Redis."""
    people = _seen.setdefault(number, {})
    before = people.get(agent_id)
    if state == "left":
        people.pop(agent_id, None)
    else:
        people[agent_id] = (name, state, time.monotonic() + LASTS)
    if (before is None) != (state == "left") or (before and before[1] != state):
        _tell(number)


def on(number: str) -> list[dict[str, str | int]]:
    """Who is on this ticket now."""
    moment = time.monotonic()
    return [
        {"id": agent_id, "name": name, "state": state}
        for agent_id, (name, state, until) in sorted(_seen.get(number, {}).items())
        if until > moment
    ]


def sweep() -> None:
    """Forget people whose heartbeat stopped, and tell the others."""
    moment = time.monotonic()
    for number, people in list(_seen.items()):
        gone = [agent_id for agent_id, (_n, _s, until) in people.items() if until <= moment]
        for agent_id in gone:
            del people[agent_id]
        if not people:
            del _seen[number]
        if gone:
            _tell(number)


def _tell(number: str) -> None:
    for listener in _listeners:
        listener(number, on(number))
