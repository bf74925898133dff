"""A page with a socket, and one round of a live process, without a server."""

from __future__ import annotations

from typing import Any

from flask import Flask

from helpdesk.agents.models import Agent
from helpdesk.realtime import changes, socketio, tail
from tests.help import factories as make


class Browser:
    """One signed-in person with a socket."""

    def __init__(self, app: Flask, agent: Agent) -> None:
        self.http = make.sign_in(app.test_client(), agent)
        self.socket = socketio.test_client(app, flask_test_client=self.http)

    def ask(self, event: str, **data: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.socket.emit(event, data, callback=True)
        return answer

    def heard(self, name: str = "change") -> list[dict[str, Any]]:
        return [m["args"][0] for m in self.socket.get_received() if m["name"] == name]


def push(app: Flask, seq: int) -> int:
    """What the loop of a live process does once."""
    found = changes.read(seq, 500)
    if found:
        with app.test_request_context():
            tail.push(found)
        return found[-1].seq
    return seq
