"""A client of the Asterisk Manager Interface: lines of text over TCP, one thread that reads.

The reader only hands on what it reads, so the exchange never waits for us. A second thread asks for
life signs: a peer that is silent for DEAD seconds after a ping counts as gone.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from helpdesk.calls.words import DIALLED

log = logging.getLogger(__name__)
Message = dict[str, str]
PING_EVERY = 10.0  # seconds
DEAD = 5.0  # seconds without an answer to a ping
ANSWER = 5.0  # seconds that an action may take
LONGEST_LINE = 65_536


class Denied(Exception):
    """The exchange said no to an action, or a value can't be sent; the message says why."""


class Gone(Exception):
    """The connection is not there any more, or an answer did not come in time."""


@dataclass
class _Waiting:
    """An action whose answer is on its way."""

    done: threading.Event = field(default_factory=threading.Event)
    messages: list[Message] = field(default_factory=list)
    listing: bool = False

    def add(self, message: Message) -> None:
        """Take a part of the answer; the last part ends the waiting."""
        self.messages.append(message)
        listed = message.get("EventList", "")
        self.listing = self.listing or listed == "start"
        short = "Response" in message and (not self.listing or message["Response"] == "Error")
        if short or listed in ("Complete", "cancelled", "Cancelled"):
            self.done.set()


class Client:
    """One connection. `heard` is told every event, in the reader's thread, and must not wait; `lost`
    is told once when the connection has ended."""

    def __init__(
        self,
        heard: Callable[[Message], None],
        lost: Callable[[], None] = lambda: None,
        ping_every: float = PING_EVERY,
        dead: float = DEAD,
    ) -> None:
        self.heard, self.lost = heard, lost
        self.ping_every, self.dead = ping_every, dead
        self.ended = threading.Event()
        self.last_word = time.monotonic()
        self.silent = False  # it ended because no life sign came
        self._ids = itertools.count(1)
        self._waiting: dict[str, _Waiting] = {}
        self._sending = threading.Lock()
        self._socket: socket.socket | None = None

    def connect(self, host: str, port: int, user: str, secret: str) -> None:
        """Connect and sign on. Raises Gone, or Denied when name or secret is wrong."""
        try:
            self._socket = socket.create_connection((host, port), ANSWER)
            stream = self._socket.makefile("rb")
            stream.readline(LONGEST_LINE)  # "Asterisk Call Manager/..."
            self._socket.settimeout(None)
        except OSError as error:
            self.close()
            raise Gone(f"no connection to {host}:{port}: {error}") from error
        for work in (lambda: self._read(stream), self._ask_for_life):
            threading.Thread(target=work, name="ami", daemon=True).start()
        try:
            self.act("Login", Username=user, Secret=secret, Events="on")
        except (Gone, Denied):
            self.close()
            raise

    def close(self) -> None:
        """End the connection; who waits for an answer is told."""
        first = not self.ended.is_set()
        self.ended.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        for waiting in list(self._waiting.values()):
            waiting.done.set()
        if first:
            self.lost()

    def act(self, name: str, within: float = ANSWER, /, **values: object) -> Message:
        """Send an action; gives its answer. Raises Denied or Gone."""
        return self.list(name, within, **values)[0]

    def list(self, name: str, within: float = ANSWER, /, **values: object) -> list[Message]:
        """Send an action that answers with a list; gives the answer and then its events."""
        id_ = str(values.pop("ActionID", None) or f"hd{id(self):x}-{next(self._ids)}")
        wire = written(name, id_, values)
        waiting = self._waiting[id_] = _Waiting()
        try:
            self._send(wire)
            if not waiting.done.wait(within):
                raise Gone(f"{name}: no answer within {within:g} s")
        finally:
            self._waiting.pop(id_, None)
        if not waiting.messages or (self.ended.is_set() and not _whole(waiting)):
            raise Gone(f"{name}: the connection ended")
        answer = waiting.messages[0]
        if answer.get("Response") == "Error":
            raise Denied(answer.get("Message", "refused"))
        return waiting.messages

    def _send(self, wire: bytes) -> None:
        if self.ended.is_set() or self._socket is None:
            raise Gone("not connected")
        with self._sending:
            try:
                self._socket.sendall(wire)
            except OSError as error:
                raise Gone(str(error)) from error

    def _read(self, stream: BinaryIO) -> None:
        try:
            for message in messages(stream):
                self._hand_on(message)
        except (OSError, ValueError) as error:
            log.debug("Reading ended: %s", error)
        finally:
            self.close()

    def _hand_on(self, message: Message) -> None:
        self.last_word = time.monotonic()
        waiting = self._waiting.get(message.get("ActionID", ""))
        if waiting is not None:
            waiting.add(message)
        if "Event" in message and (waiting is None or message["Event"] == "OriginateResponse"):
            self.heard(message)

    def _ask_for_life(self) -> None:
        while not self.ended.wait(self.ping_every):
            try:
                self.act("Ping", self.dead)
            except (Gone, Denied):
                self.silent = not self.ended.is_set()
                self.close()


def _whole(waiting: _Waiting) -> bool:
    last = waiting.messages[-1]
    return not waiting.listing or last.get("EventList", "").lower() in ("complete", "cancelled")


def written(name: str, id_: str, values: dict[str, object]) -> bytes:
    """An action as it goes over the wire; a value that is a list stands in several lines. Raises
    Denied for what would end a line: it could add a header, or an action."""
    lines = [("Action", name), ("ActionID", id_)]
    for key, value in values.items():
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        lines += [(key, str(one)) for one in several if one is not None]
    for key, text in lines:
        if any(mark in part for part in (key, text) for mark in "\r\n\0"):
            raise Denied(f"{key} holds a line break")
    return "".join(f"{key}: {text}\r\n" for key, text in lines).encode() + b"\r\n"


def messages(stream: BinaryIO) -> Iterator[Message]:
    """What comes in, message by message; of a key that is there twice the first counts."""
    found: Message = {}
    while raw := stream.readline(LONGEST_LINE):
        line = raw.decode("utf8", "replace").rstrip("\r\n")
        if line:
            key, _colon, value = line.partition(":")
            found.setdefault(key.strip(), value.strip())
        elif found:
            yield found
            found = {}


def dialled(number: str) -> str:
    """The number, if it can be dialled. Raises Denied for what is none."""
    if not DIALLED.fullmatch(number):
        raise Denied("This is no number to dial.")
    return number
