"""The door of live pages: who is not signed in, or one too many, is told so before the upgrade.

An open websocket holds a thread of the embedded server, so a caller gets one only after everything
was checked that an ordinary request can be asked for. What the door refuses it says as problem JSON;
a page whose websocket failed asks the same address once more without an upgrade, to read why.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.wrappers import Response

from helpdesk.agents.sign_in import me
from helpdesk.core.errors import Busy, HelpdeskError, NotAllowed, NotFound, NotSignedIn, TooMany
from helpdesk.core.i18n import N_
from helpdesk.settings import settings, settings_of
from helpdesk.web import http
from helpdesk.web.serving.post import Post

PATH = "/socket.io/"
LINE = "helpdesk.line"  # its place in the environment of a request
SPEAKS_WITHIN = 8.0  # seconds from the upgrade to the Socket.IO connect
TOO_MANY = N_("You have %(count)s pages open: this one reloads by itself. Close another one.")
FULL = N_("%(count)s pages are open, all that this server bears: this one reloads by itself.")
# To an upgrade without any session, or when all is full: crowds of them cost next to nothing.
NOBODY = Response(status=401)
NO_ROOM = Response(status=503)
EXTENSIONS = "HTTP_SEC_WEBSOCKET_EXTENSIONS"
# Each message is deflated by itself: what is deflated once can be sent to everybody.
DEFLATES = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(eq=False)
class OpenSocket:
    """One open websocket, from its upgrade to its end."""

    person: int
    wire: Post | None = None
    deflates: bool = False  # its client inflates messages
    opened: float = field(default_factory=time.monotonic)
    spoken: bool = False  # its Socket.IO connect has come

    @property
    def over(self) -> bool:
        """Whether it was hung up on because its client is far behind."""
        return self.wire is not None and self.wire.over

    def hang_up(self) -> None:
        """Cut it, whatever the other side does: its thread is free at once."""
        with suppress(OSError):
            if self.wire is not None:
                self.wire.shutdown(socket.SHUT_RDWR)


class Door:
    """The lines that are open in this process, and how many may be."""

    def __init__(self) -> None:
        self.most = 1000  # pages that this server bears; told by the server when it begins
        self.each = 20  # pages of one person
        self._lines: set[OpenSocket] = set()
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether as many lines are open as this server bears."""
        return len(self._lines) >= self.most

    def enter(self, line: OpenSocket) -> None:
        """Open a line. Raises TooMany or Busy beyond the limits."""
        with self._lock:
            own = sum(each.person == line.person for each in self._lines)
            if own >= self.each:
                raise TooMany(TOO_MANY, count=own, retry_after=15)
            if self.is_full:
                raise Busy(FULL, count=len(self._lines))
            self._lines.add(line)

    def leave(self, line: OpenSocket) -> None:
        """The line has ended."""
        with self._lock:
            self._lines.discard(line)

    def hang_up_on_the_silent(self) -> None:
        """Cut the lines that were opened and then said nothing."""
        late = time.monotonic() - SPEAKS_WITHIN
        with self._lock:
            silent = [line for line in self._lines if not line.spoken and line.opened < late]
        for line in silent:
            line.hang_up()


door = Door()


def guarded(app: Flask, inside: Wsgi, live: Wsgi) -> Wsgi:
    """A WSGI application that lets in to `live` who may have a live page; all else is for `inside`."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PATH):
            return inside(environ, start_response)
        return believed(environ, start_response)

    def ask(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        cookies = environ.get("HTTP_COOKIE", "")
        if "HTTP_UPGRADE" in environ and app.config["SESSION_COOKIE_NAME"] not in cookies:
            return NOBODY(environ, start_response)
        if "HTTP_UPGRADE" in environ and door.is_full:
            return NO_ROOM(environ, start_response)
        line = _let_in(app, environ)
        if not isinstance(line, OpenSocket):
            return line(environ, start_response)
        getattr(environ.get("gunicorn.socket"), "let_in", int)()
        try:
            more = {LINE: line, EXTENSIONS: DEFLATES if line.deflates else ""}
            more |= {"gunicorn.socket": line.wire} if line.wire else {}
            return live(environ | more, start_response)
        finally:
            door.leave(line)

    believed: Wsgi = http.believing_proxies(ask, settings_of(app))
    return answer


def _let_in(app: Flask, environ: dict[str, Any]) -> OpenSocket | Response:
    """The line of a caller who may come in, or the answer that tells why not."""
    with app.request_context(environ):
        try:
            if app.preprocess_request() is not None:
                raise NotSignedIn(N_("Please sign in again."))
            _require_own_page()
            line = OpenSocket(me().id, _wire(environ), _inflates(environ.get(EXTENSIONS, "")))
            door.enter(line)
        except HelpdeskError as error:
            return http.problem(error)
        return line


def _require_own_page() -> None:
    """Raise unless this is a GET by a page of ours, or by a program (which names no origin)."""
    if request.method != "GET":
        raise NotFound(N_("There is no such live page."))
    origin = request.headers.get("Origin")
    base = urlsplit(settings().base_url)
    if origin and origin not in (request.host_url[:-1], f"{base.scheme}://{base.netloc}"):
        raise NotAllowed(N_("This page is not one of ours."))


def _wire(environ: dict[str, Any]) -> Post | None:
    """The socket itself, also where the server has wrapped it."""
    wrapped = environ.get("gunicorn.socket")
    return Post(getattr(wrapped, "bare", wrapped)) if wrapped else None


def _inflates(offered: str) -> bool:
    """Whether a client inflates messages, without a wish for a small window of ours."""
    return "permessage-deflate" in offered and "server_max_window_bits" not in offered
