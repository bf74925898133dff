"""Servers that recordings are fetched from, and the sound that they give."""

from __future__ import annotations

import io
import struct
import threading
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from helpdesk.calls.models import PhoneQueue, Recording
from helpdesk.calls.recordings import keeping
from helpdesk.core.db import change_rows, db, transaction
from tests.help.telephone import answered, event, take

Answer = Callable[[BaseHTTPRequestHandler], None]


def sound(seconds: float = 2.0) -> bytes:
    """A WAV file as an exchange writes it: 8,000 samples a second."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<h", 700) * int(8000 * seconds))
    return written.getvalue()


def gives(body: bytes, mime: str = "audio/wav", status: int = 200, **headers: str) -> Answer:
    """An answer with these bytes; a header `Content_Length` says another length than they have."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        known = {"Content-Type": mime, "Content-Length": str(len(body))}
        for name, value in (known | {k.replace("_", "-"): v for k, v in headers.items()}).items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(body)

    return answer


class Files(ThreadingHTTPServer):
    """The server of an exchange: what it gives by path, and what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def url(self, path: str = "/1.wav") -> str:
        return f"http://{self.host}{path}"

    def put(self, answer: Answer, path: str = "/1.wav") -> str:
        """From now on it gives this; the address."""
        self.answers[path] = answer
        return self.url(path)


class _Handler(BaseHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.answers.get(self.path, gives(b"none", "text/plain", 404))(self)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def exchange(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """A server whose recordings are fetched."""
    server = Files()
    known = app.extensions["helpdesk_settings"]
    monkeypatch.setitem(
        app.extensions, "helpdesk_settings", replace(known, recording_hosts=(server.host,))
    )
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def queue(code: str = "complaints", **terms: Any) -> None:
    """A queue with these terms; one that announces recording, if nothing is said."""
    with transaction() as session:
        session.add(PhoneQueue(code=code, name=code, **{"announces": True} | terms))


def recorded(url: str, after: float = 76, **more: Any) -> dict[str, Any]:
    return event("recorded", after, recording_url=url, **more)


def look(times: int = 2) -> None:
    """The job looks so many times, and all that it waits for has come to pass before each."""
    for _ in range(times):
        with transaction():
            change_rows(update(Recording).values(next_at=None))
        keeping.fetch_due()


def rows() -> list[Recording]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Recording).order_by(Recording.id)))


def keep(files: Files, agent: str, *more: dict[str, Any], body: bytes = b"") -> Recording:
    """An answered call whose recording is kept."""
    url = files.put(gives(body or sound()))
    take(*answered(agent), recorded(url), *more)
    look()
    return rows()[0]
