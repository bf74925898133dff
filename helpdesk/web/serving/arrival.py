"""One request as its bytes come in: when it is whole, and by when more must come."""

from __future__ import annotations

import time
from tempfile import SpooledTemporaryFile
from typing import IO

import h11

HEAD_WITHIN = 10.0  # seconds from the connection, or the first byte, to the end of the head
PACE = 16 * 1024  # bytes of a body, or of an answer, that must pass
PACE_WITHIN = 60.0  # within so many seconds: 270 bytes a second, the worst of mobile networks
IN_MEMORY = 64 * 1024  # what is larger waits on the disk
LONGEST_HEAD = 64 * 1024
BLOCK = 64 * 1024  # bytes that are moved at once


class Pace:
    """Enough must pass within each minute, and may stop in between as a telephone in a tunnel does."""

    def __init__(self, within: float = PACE_WITHIN) -> None:
        self._passed = 0
        self.until = time.monotonic() + within

    def passed(self, count: int) -> None:
        """So many bytes have passed."""
        self._passed += count
        if self._passed >= PACE:
            self._passed, self.until = 0, time.monotonic() + PACE_WITHIN


class Arrival:
    """The bytes of one request, kept until it is whole: then the parser reads them from `source`.

    What does not read like a request is whole at once: the server's parser says what is wrong.
    """

    def __init__(self, most: int, begins_within: float = HEAD_WITHIN) -> None:
        self.whole = False
        self.too_large = False  # it announced more than `most` bytes: answered without its body
        self.broken = False  # it does not read like a request
        self.asks_to_go_on = False  # it waits for 100 Continue before it sends the body
        self.target = b""
        self.asks_for_websocket = False
        self.pace = Pace(begins_within)
        self.size = 0
        self._most = most
        self._kept: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (closed with the source)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)

    @property
    def begun(self) -> bool:
        """Whether anything has come yet."""
        return self.size > 0

    def feed(self, data: bytes) -> bytes:
        """Take what has come; returns what belongs to the next request already."""
        if not self.begun:
            self.pace = Pace(HEAD_WITHIN)
        self.size += len(data)
        self.pace.passed(len(data) if self._http.their_state is h11.SEND_BODY else 0)
        rest = self._look(data)
        self._kept.write(data[: len(data) - len(rest)])
        return rest

    def _look(self, data: bytes) -> bytes:
        try:
            self._http.receive_data(data)
            while not self.whole and (event := self._http.next_event()) is not h11.NEED_DATA:
                self._hear(event)
        except h11.RemoteProtocolError:
            self.whole = self.broken = True
            return b""
        return self._http.trailing_data[0] if self.whole and not self.too_large else b""

    def _hear(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self.pace = Pace()
            self.target = bytes(event.target)
            self.asks_for_websocket = any(
                name == b"upgrade" and value.lower() == b"websocket"
                for name, value in event.headers
            )
            self.asks_to_go_on = self._http.they_are_waiting_for_100_continue
            self.too_large = _announced(event) > self._most
        self.too_large = self.too_large or self.size > self._most + LONGEST_HEAD
        ended = isinstance(event, h11.EndOfMessage) or event is h11.PAUSED
        self.whole = ended or self.too_large

    def source(self) -> Source:
        """What the parser reads: this request and nothing behind it."""
        self._kept.seek(0)
        return Source(self._kept)

    def drop(self) -> None:
        """It will not be read: let go of what was kept."""
        self._kept.close()


def _announced(request: h11.Request) -> int:
    lengths = [value for name, value in request.headers if name == b"content-length"]
    return int(lengths[0]) if lengths else 0


class Source:
    """Reads like a socket whose other side sent one request and then ended."""

    def __init__(self, kept: IO[bytes]) -> None:
        self._kept = kept

    def recv(self, size: int) -> bytes:
        """Up to so many bytes; b"" at the end."""
        return self._kept.read(size)

    def close(self) -> None:
        """Let go of what was kept."""
        self._kept.close()
