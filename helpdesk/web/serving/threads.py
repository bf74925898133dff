"""gunicorn's worker with threads, whose threads never wait for a client.

The event loop gathers a request and hands it over whole; what the client does not take of the answer
at once is kept, and the loop sends it as it is taken. A websocket is the one thing that holds a
thread: those who ask for one have threads of their own, and the program says who gets one.
"""

from __future__ import annotations

import errno
import selectors
import socket
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn, ThreadWorker

from helpdesk.web.serving.arrival import BLOCK, Arrival, Pace
from helpdesk.web.serving.crowd import Crowd, crowd_of, most_bytes
from helpdesk.web.serving.outlet import Outlet
from helpdesk.web.serving.wire import CONTINUE

NO_ROOM = (errno.EMFILE, errno.ENFILE)
PAGES = 32  # threads that are there for requests, however many websockets are open
DOOR = 4  # threads that are there to refuse a websocket
WATCHED = b"/healthz"  # who asks whether the process answers stands in nobody's queue
SEND_FOR = 0.05  # seconds
LOOKED_AT = 2  # callers who ask for a websocket, at once
TURN = 0.0002  # seconds that a thread computes on when others want to
LINGER = 2.0  # seconds in which a client may take what was sent before a connection is closed
MOST_DRAINED = 64 * 1024
LOOK_EVERY = 0.5  # seconds between two looks for who is late


def bears(threads: int) -> int:
    """How many open websockets a server with so many threads bears."""
    return max(threads - PAGES - DOOR, 0)


class Caller(TConn):  # type: ignore[misc]
    """One connection, and what it waits for."""

    def __init__(self, cfg: Any, bare: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, Outlet(bare, client), client, server)
        self.initialized = True  # its parser is ours
        self.bare, self.address = bare, self.sock.address
        self.arrival: Arrival | None = None
        self.early = b""  # what came behind the request that is being answered
        self.pace = Pace()
        self.stays = False  # for a further request, when the answer was taken
        self.is_borne = False  # a websocket was let in: its thread closes the socket, maybe later
        self.drained = 0

    @property
    def until(self) -> float:
        """By when something must pass."""
        return (self.arrival.pace if self.arrival else self.pace).until

    @property
    def weight(self) -> int:
        """The bytes that are kept for it."""
        return int((self.arrival.size if self.arrival else 0) + self.sock.kept)

    def drop(self) -> None:
        """Let go of everything, at once."""
        if self.arrival:
            self.arrival.drop()
        self.sock.drop()
        with suppress(OSError):
            self.bare.close()


class Threads(ThreadWorker):  # type: ignore[misc]
    """Whole requests for the threads, everything that waits for the loop."""

    crowd: Crowd

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """TLS ends at a proxy."""
        if cfg.is_ssl:
            raise ValueError("Helpdesk speaks no TLS itself: put a proxy in front.")

    def init_process(self) -> None:
        """The loop has to get its turn soon, however many threads compute."""
        sys.setswitchinterval(TURN)
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The threads for requests; those beyond PAGES bear websockets."""
        bearing = max(self.cfg.threads - PAGES, 0)
        self.bearing = ThreadPoolExecutor(bearing) if bearing else None
        self.watching = ThreadPoolExecutor(1)
        self.checks = BoundedSemaphore(LOOKED_AT)
        return ThreadPoolExecutor(self.cfg.threads - bearing)

    def enqueue_req(self, conn: Caller) -> None:
        """Have a whole request answered."""
        self._submitted(conn, conn.arrival).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def _submitted(self, caller: Caller, arrival: Arrival | None) -> Future[Any]:
        pool: ThreadPoolExecutor = self.tpool
        if arrival and arrival.target == WATCHED:
            pool = self.watching
        elif arrival and arrival.asks_for_websocket and self.bearing:
            return self.bearing.submit(self._bear, caller)
        return pool.submit(self.handle, caller)

    def _bear(self, caller: Caller) -> Any:
        """Answer who asks for a websocket: few are looked at at once, the others sleep meanwhile."""
        look = ExitStack()
        look.enter_context(self.checks)

        def let_in() -> None:
            caller.is_borne = True
            look.close()

        caller.sock.let_in = let_in
        with look:
            return self.handle(caller)

    def load_wsgi(self) -> None:
        """Load the program, which says how much is taken in."""
        super().load_wsgi()
        self.most = most_bytes(self.wsgi)
        room = self.worker_connections - self.cfg.threads
        self.crowd = crowd_of(self.wsgi, room, self._cut)
        self._looked = self._lingers_until = time.monotonic()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Hear everybody; then send for a while, so that many who take long answers keep nobody waiting."""
        events = self.poller.select(timeout)
        sending = [key for key, event in events if event & selectors.EVENT_WRITE]
        for key, event in events:
            if not event & selectors.EVENT_WRITE:
                key.data(key.fileobj)
        end = time.monotonic() + SEND_FOR
        for key in sending:
            if time.monotonic() > end:
                return
            key.data(key.fileobj)

    def accept(self, listener: Any) -> None:
        """Let somebody in; when the process can hold no more, who was silent longest goes."""
        try:
            bare, client = listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno in NO_ROOM:
                self.crowd.cut_one()
            elif error.errno != errno.ECONNABORTED:
                raise
            return
        self.nr_conns += 1
        self._listen(Caller(self.cfg, bare, client, listener.getsockname()), Arrival(self.most))

    def _wait(self, caller: Caller, event: int, then: Any) -> None:
        self.crowd.join(caller)
        if caller in self.crowd:
            self.poller.register(caller.bare, event, partial(self._safely, then, caller))

    def _safely(self, then: Any, caller: Caller, _socket: Any) -> None:
        if caller not in self.crowd:
            return  # it was cut a moment ago
        try:
            then(caller)
        except BlockingIOError:
            return
        except OSError:
            self._end(caller)

    def _goes_on(self, caller: Caller) -> None:
        """It waits no longer."""
        self.crowd.leave(caller)
        with suppress(KeyError, ValueError):
            self.poller.unregister(caller.bare)

    def _cut(self, caller: Any) -> None:
        with suppress(KeyError, ValueError):
            self.poller.unregister(caller.bare)
        self.nr_conns -= 1
        caller.drop()

    def _end(self, caller: Caller) -> None:
        self.crowd.leave(caller)
        self._cut(caller)

    def _listen(self, caller: Caller, arrival: Arrival) -> None:
        """Wait for a request, of which the beginning may be here already."""
        caller.arrival, early, caller.early = arrival, caller.early, b""
        self._wait(caller, selectors.EVENT_READ, self._hear)
        if early and caller in self.crowd:
            self._take(caller, early)

    def _hear(self, caller: Caller) -> None:
        data = caller.bare.recv(BLOCK)
        if data:
            self._take(caller, data)
        else:
            self._end(caller)

    def _take(self, caller: Caller, data: bytes) -> None:
        arrival = caller.arrival
        assert arrival is not None
        caller.early = arrival.feed(data)
        if arrival.whole:
            self._goes_on(caller)
            caller.parser = get_parser(self.cfg, arrival.source(), caller.client)
            self.enqueue_req(caller)
            return
        self.crowd.heard(caller)
        if arrival.asks_to_go_on:
            arrival.asks_to_go_on = False
            caller.sock.sendall(CONTINUE)

    def finish_request(self, caller: Caller, done: Future[Any]) -> None:
        """The thread has answered: go on with what was not taken, or with the next request."""
        arrival = caller.arrival
        assert arrival is not None
        stays = not done.cancelled() and not done.exception() and bool(done.result())
        caller.stays = stays and self.alive and not (arrival.too_large or arrival.broken)
        arrival.drop()
        caller.arrival = None
        if caller.is_borne or caller.bare.fileno() < 0:
            return self._end(caller)  # nobody waits for what another thread closes
        caller.bare.setblocking(False)
        caller.sock.begin()
        if not caller.sock.unsent:
            return self._settle(caller)
        caller.pace = Pace()
        self._wait(caller, selectors.EVENT_WRITE, self._send)
        return None

    def _send(self, caller: Caller) -> None:
        caller.pace.passed(caller.sock.go_on())
        if caller.sock.unsent:
            self.crowd.heard(caller)
            return
        self._goes_on(caller)
        self._settle(caller)

    def _settle(self, caller: Caller) -> None:
        """The answer is out: wait for the next request, or part."""
        if caller.stays:
            return self._listen(caller, Arrival(self.most, self.cfg.keepalive))
        caller.pace = Pace(LINGER)
        try:
            caller.bare.shutdown(socket.SHUT_WR)
        except OSError:
            return self._end(caller)
        return self._wait(caller, selectors.EVENT_READ, self._drain)

    def _drain(self, caller: Caller) -> None:
        """What still comes is not read by anybody; closing upon it could tear off the answer."""
        data = caller.bare.recv(BLOCK)
        caller.drained += len(data)
        if not data or caller.drained > MOST_DRAINED:
            self._end(caller)

    def murder_pending(self) -> None:
        """Cut who is late."""
        moment = time.monotonic()
        if moment - self._looked < LOOK_EVERY:
            return
        self._looked = moment
        self.crowd.cut_late()
        if not self.alive and moment > self._lingers_until:
            self.crowd.cut_all()

    def murder_keepalived(self, force: bool = False) -> None:
        """The crowd has them; at the very end nobody stays."""
        if force:
            self.crowd.cut_all()

    def _cap_keepalive(self, deadline: float) -> None:
        self._lingers_until = deadline
