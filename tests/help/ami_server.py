"""An exchange that speaks the manager's protocol as it is told to, on the loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from helpdesk.channels.phone.asterisk.connector import Connector

Message = dict[str, str]
SECRET = "a secret of tests"
Begin = Callable[..., Connector]  # what the fixture of that name gives


class Exchange:
    """Answers actions, keeps them in `asked`, and says what say() is given. `answers` overrules what
    an action is answered with; `silent` makes it dead without a word."""

    def __init__(self) -> None:
        self.asked: list[Message] = []
        self.answers: dict[str, Callable[[Message], list[Message]]] = {}
        self.channels: list[Message] = []
        self.queues: list[Message] = []  # QueueMember and QueueEntry
        self.silent = False
        self.started = "10:00:00"
        self._connections: list[socket.socket] = []
        self._door: socket.socket | None = None
        self.port = 0
        self.begin()

    def begin(self) -> None:
        """Listen, on the same port as before."""
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", self.port))
        door.listen()
        self._door, self.port = door, door.getsockname()[1]
        threading.Thread(target=self._welcome, args=(door,), daemon=True).start()

    def die(self) -> None:
        """Close everything at once, as a killed process does."""
        if self._door is not None:
            # A thread that waits in accept() would keep the port.
            self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
            self._door = None
        self.cut()

    def cut(self) -> None:
        """End the connections that are there."""
        for each in self._connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._connections.clear()

    def say(self, *messages: Message) -> None:
        """Tell all who listen."""
        for each in list(self._connections):
            each.sendall(b"".join(_wire(message) for message in messages))

    def times(self, action: str) -> list[Message]:
        """The actions of this name that came."""
        return [each for each in self.asked if each["Action"] == action]

    def _welcome(self, door: socket.socket) -> None:
        while True:
            try:
                connection, _where = door.accept()
            except OSError:
                return
            connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
            threading.Thread(target=self._listen, args=(connection,), daemon=True).start()

    def _listen(self, connection: socket.socket) -> None:
        message: Message = {}
        try:
            for raw in connection.makefile("rb"):
                line = raw.decode().rstrip("\r\n")
                if line:
                    key, _colon, value = line.partition(":")
                    message[key] = value.strip()
                    continue
                self._take(connection, message)
                message = {}
        except OSError:
            return

    def _take(self, connection: socket.socket, message: Message) -> None:
        self.asked.append(message)
        if self.silent:
            return
        for answer in self._answer(message):
            id_ = {"ActionID": message["ActionID"]}
            connection.sendall(_wire(answer if answer.pop("NoId", "") else answer | id_))
        if message["Action"] == "Login" and message["Secret"] == SECRET:
            self._connections.append(connection)
            connection.sendall(_wire({"Event": "FullyBooted"}))

    def _answer(self, message: Message) -> list[Message]:
        name = message["Action"]
        if name in self.answers:
            return [dict(each) for each in self.answers[name](message)]
        if name == "Login" and message["Secret"] != SECRET:
            return [{"Response": "Error", "Message": "Authentication failed"}]
        if name == "CoreShowChannels":
            return _list("CoreShowChannelsComplete", self.channels)
        if name == "QueueStatus":
            return _list("QueueStatusComplete", self.queues)
        return [{"Response": "Success"}]


def _list(last: str, events: list[Message]) -> list[Message]:
    first = {"Response": "Success", "EventList": "start"}
    return [first, *(dict(each) for each in events), {"Event": last, "EventList": "Complete"}]


def _wire(message: Message) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in message.items()).encode() + b"\r\n"


def soon(is_so: Callable[[], Any], within: float = 15.0) -> Any:
    """Wait until it is so; gives what it gave."""
    end = time.monotonic() + within
    while True:
        found = is_so()
        if found:
            return found
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.02)


def channel(name: str, uid: str, call: str, **more: str) -> Message:
    """A channel as CoreShowChannels lists it."""
    known = {"Event": "CoreShowChannel", "Channel": name, "Uniqueid": uid, "Linkedid": call}
    return known | {"Context": "to-queue", "Duration": "00:00:20", "CallerIDNum": ""} | more
