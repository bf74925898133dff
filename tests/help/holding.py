"""Callers who hold connections and don't go on: as many as one likes, on this machine only."""

from __future__ import annotations

import resource
import selectors
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

HOST = "Host: 127.0.0.1\r\n"
UPGRADE = (
    f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{HOST}Connection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
# What each kind says at once, and what it says again every second.
KINDS = {
    "idle": ("", ""),
    "slow head": (f"GET /healthz HTTP/1.1\r\n{HOST}X-A: ", "a"),
    "slow body": (f"POST /sign-in HTTP/1.1\r\n{HOST}Content-Length: 99999\r\n\r\na=", "a"),
    "slow chunks": (
        f"POST /sign-in HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n",
        "1\r\na\r\n",
    ),
    "upgrade without a sign-in": (f"{UPGRADE}\r\n", ""),
    "answered, not closed": (f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n", ""),
    "answer not taken": (f"GET {{large}} HTTP/1.1\r\n{HOST}\r\n", ""),
}


def signed_in(cookies: str) -> str:
    """What a browser of ours says to have a websocket."""
    return f"{UPGRADE}Cookie: {cookies}\r\n\r\n"


@contextmanager
def held(url: str, count: int, first: str, again: str = "") -> Iterator[list[socket.socket]]:
    """So many connections that said `first`, and say `again` every second."""
    room_for(count)
    parts, sockets = urlsplit(url), list[socket.socket]()
    stop = threading.Event()
    dripping = threading.Thread(target=_drip, args=(sockets, again.encode(), stop))
    try:
        for _ in range(count):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(5)
            one.connect((parts.hostname or "", parts.port or 80))
            with suppress(OSError):
                one.sendall(first.encode())
            one.settimeout(None)
            sockets.append(one)
        dripping.start()
        yield sockets
    finally:
        stop.set()
        for one in sockets:
            one.close()


def room_for(count: int) -> None:
    """Let this process open so many connections."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, _soft), hard))


def _drip(sockets: list[socket.socket], again: bytes, stop: threading.Event) -> None:
    while again and not stop.wait(1):
        for one in sockets:
            with suppress(OSError):
                one.send(again, socket.MSG_DONTWAIT)


def open_ones(sockets: list[socket.socket]) -> list[socket.socket]:
    """Those that the server has not closed; what it sent is read over."""
    return [one for one in sockets if _is_open(one)]


def _is_open(one: socket.socket) -> bool:
    try:
        while data := one.recv(65536, socket.MSG_DONTWAIT):
            pass
        return bool(data)
    except BlockingIOError:
        return True
    except OSError:
        return False


def statuses(sockets: list[socket.socket], within: float) -> list[str]:
    """Version and status of what each was told, '' for none."""
    told, end = dict[socket.socket, str](), time.monotonic() + within
    with selectors.DefaultSelector() as readable:
        for one in sockets:
            readable.register(one, selectors.EVENT_READ)
        while len(told) < len(sockets) and (left := end - time.monotonic()) > 0:
            for key, _events in readable.select(left):
                one = next(each for each in sockets if each is key.fileobj)
                readable.unregister(one)
                told[one] = _status(one)
    return [told.get(one, "") for one in sockets]


def _status(one: socket.socket) -> str:
    try:
        return one.recv(4096).decode("latin1")[:12]
    except OSError:
        return ""


def health(url: str, times: int, pause: float = 0.2) -> list[float]:
    """How long each of so many fresh callers waits for /healthz, in seconds."""
    found = []
    for _ in range(times):
        began = time.monotonic()
        with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
            assert answer.status == 200
        found.append(time.monotonic() - began)
        time.sleep(pause)
    return found
