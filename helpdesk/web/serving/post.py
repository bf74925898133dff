"""A websocket's socket: who writes to it never waits, and one slow reader holds nobody up.

What its client does not take at once waits in a queue of its own, in whole messages that all readers
share. Whoever is far behind is hung up on: a page comes back by itself, and asks for what it missed.
Whoever asks in a loop is read from slowly: what it asks waits on its own side.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from contextlib import suppress

from helpdesk.web.serving.wire import Wire, at_once

FAR_BEHIND = 512 * 1024  # bytes that wait when a further message comes; one alone may be longer
AGAIN = 0.03  # seconds between two tries to send on
HEARD = (
    2 * 1024
)  # bytes a second that a client may say; a page asks a hundred at once, then for long none
AT_ONCE = 8.0  # seconds' worth of it


class Post(Wire):
    """A socket for whole messages from several threads, each sent in one piece."""

    behind: set[Post] = set()  # all whose client has something to take
    some_behind = threading.Event()

    def __init__(self, bare: socket.socket) -> None:
        super().__init__(bare, None)
        self._queue: deque[memoryview] = deque()
        self._lock = threading.Lock()
        self.waits = 0  # bytes in the queue
        self.over = False  # hung up on
        self._said = 0.0  # until when what it said would last, at that pace

    def recv(self, size: int) -> bytes:
        """What its client says next, when it is time for it."""
        time.sleep(max(0.0, self._said - AT_ONCE - time.monotonic()))
        data = self.bare.recv(size)
        self._said = max(self._said, time.monotonic()) + len(data) / HEARD
        return data

    def sendall(self, data: bytes) -> None:
        """Send what goes at once and queue the rest. Raises OSError when the connection is over."""
        with self._lock:
            sent = 0 if self._queue else at_once(self.bare, data)
            if sent == len(data):
                return
            if self.waits > FAR_BEHIND:
                self._hang_up()
                return
            self._queue.append(memoryview(data)[sent:])
            self.waits += len(data) - sent
        self.behind.add(self)
        self.some_behind.set()

    def go_on(self) -> None:
        """Send on what the client takes now."""
        with self._lock:
            while self._queue and (sent := self._sent(self._queue[0])):
                self.waits -= sent
                self._queue[0] = self._queue[0][sent:]
                if not self._queue[0]:
                    self._queue.popleft()
            if not self._queue:
                self.behind.discard(self)

    def _sent(self, data: memoryview) -> int:
        try:
            return at_once(self.bare, data)
        except OSError:
            self._hang_up()
            return 0

    def _hang_up(self) -> None:
        """Cut it and let go of what waits; who reads from it ends it."""
        self._queue.clear()
        self.waits, self.over = 0, True
        with suppress(OSError):
            self.bare.shutdown(socket.SHUT_RDWR)


def send_on(stop: threading.Event) -> None:
    """Send on what slow clients had not taken, until `stop`: the work of one thread for all."""
    while not stop.is_set():
        if not Post.some_behind.wait(1.0):
            continue
        Post.some_behind.clear()
        while Post.behind and not stop.wait(AGAIN):
            for each in list(Post.behind):
                each.go_on()
