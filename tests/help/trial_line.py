"""The simulated exchange as tests run it, and callers who are placed at it by its page."""

from __future__ import annotations

import threading

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.channels.phone.simulated.line import Line


def line(app: Flask, name: str = "one", seed: int = 3) -> Line:
    return Line(app, threading.Event(), seed, name)


def place(client: FlaskClient, kind: str, queue: str = "service") -> int:
    return client.post("/phone/line", data={"kind": kind, "queue": queue}).status_code
