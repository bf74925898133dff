"""gunicorn's worker with greenlets: one waits for its client cheaply, but neither for ever nor unseen."""

from __future__ import annotations

import os
import socket
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import IO, Any

from gunicorn.workers.ggevent import GeventWorker

from helpdesk.web.serving.arrival import BLOCK, HEAD_WITHIN, Arrival, Pace, Source
from helpdesk.web.serving.crowd import Crowd, crowd_of, most_bytes
from helpdesk.web.serving.wire import CONTINUE, Wire


class Caller(Wire):
    """A socket that gives whole requests, and ends when its other side is late."""

    def __init__(self, bare: socket.socket, client: Any, worker: Greenlets) -> None:
        super().__init__(bare, client)
        self._crowd, self._most, self._keepalive = worker.crowd, worker.most, worker.cfg.keepalive
        self._source: Source | None = None
        self._early = b""
        self._arrival: Arrival | None = None
        self._pace = Pace()

    @property
    def until(self) -> float:
        """By when something must pass."""
        return (self._arrival.pace if self._arrival else self._pace).until

    @property
    def weight(self) -> int:
        """The bytes that are kept for it."""
        return self._arrival.size if self._arrival else 0

    def recv(self, size: int) -> bytes:
        """What is there of a whole request, else of the next; b"" when none comes."""
        data = self._source.recv(size) if self._source else b""
        if data:
            return data
        within = self._keepalive if self._source else HEAD_WITHIN
        self._release()
        self._source = self._whole(Arrival(self._most, within))
        return self._source.recv(size) if self._source else b""

    def _whole(self, arrival: Arrival) -> Source | None:
        self._arrival = arrival
        self._crowd.join(self)
        try:
            data, self._early = self._early or self._heard(), b""
            while data and not arrival.whole:
                self._early = arrival.feed(data)
                data = b"" if arrival.whole else self._more(arrival)
        finally:
            self._crowd.leave(self)
            self._arrival = None
        if arrival.whole and not self._cannot_go_on:
            self._cannot_go_on = arrival.too_large or arrival.broken
            return arrival.source()
        arrival.drop()
        return None

    _cannot_go_on = False  # where the next request begins is not known

    def _more(self, arrival: Arrival) -> bytes:
        self._crowd.heard(self)
        if arrival.asks_to_go_on:
            arrival.asks_to_go_on = False
            self.bare.sendall(CONTINUE)
        return self._heard()

    def _heard(self) -> bytes:
        try:
            self.bare.settimeout(max(self.until - time.monotonic(), 0.001))
            return self.bare.recv(BLOCK)
        except OSError:
            return b""
        finally:
            with suppress(OSError):
                self.bare.settimeout(None)

    def sendall(self, data: bytes) -> None:
        """Send everything. Raises ConnectionResetError when it is taken too slowly."""
        view, self._pace = memoryview(data), Pace()
        self._crowd.join(self)
        try:
            while view:
                self.bare.settimeout(max(self.until - time.monotonic(), 0.001))
                sent = self.bare.send(view)
                self._pace.passed(sent)
                view = view[sent:]
        except TimeoutError as late:
            raise ConnectionResetError(*late.args) from late
        finally:
            self._crowd.leave(self)
            with suppress(OSError):
                self.bare.settimeout(None)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Send so much of a file."""
        left = count if count is not None else os.fstat(file.fileno()).st_size - offset
        file.seek(offset)
        while left > 0 and (data := file.read(min(left, BLOCK))):
            self.sendall(data)
            left -= len(data)
        return file.tell() - offset

    def hang_up(self) -> None:
        """Wake its greenlet, which finds the other side gone."""
        with suppress(OSError):
            self.bare.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of everything."""
        self._release()
        self.bare.close()

    def _release(self) -> None:
        if self._source:
            self._source.close()


class Greenlets(GeventWorker):  # type: ignore[misc]
    """Each greenlet asks for whole requests, and is cut when too many wait."""

    crowd: Crowd

    def load_wsgi(self) -> None:
        """Load the program, which says how much is taken in."""
        super().load_wsgi()
        self.most = most_bytes(self.wsgi)
        self.crowd = crowd_of(self.wsgi, self.worker_connections // 2, lambda one: one.hang_up())

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Deadlines are the caller's."""
        return nullcontext()

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve one connection."""
        super().handle(listener, Caller(client, addr, self), addr)
