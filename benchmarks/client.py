"""A light keep-alive HTTP client with a stopwatch: it shares the machine with what it measures."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Call = Callable[["Client"], None]


@dataclass
class Answer:
    """Status, headers (names in lower case) and body of one answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """One connection that stays open, with cookies like a browser's; redirects are not followed."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self.place = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.headers, self.cookies = dict(headers or {}), dict[str, str]()
        self._socket: socket.socket | None = None
        self._buffer = bytearray()

    def get(self, path: str) -> Answer:
        """Fetch a page."""
        return self.ask("GET", path)

    def post(self, path: str, body: bytes, kind: str) -> Answer:
        """Send a form or JSON."""
        return self.ask("POST", path, body, kind)

    def post_json(self, path: str, sent: object) -> Answer:
        """Send JSON."""
        return self.post(path, json.dumps(sent, ensure_ascii=False).encode(), "application/json")

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Answer:
        """One request. A GET is repeated once when the server has closed the idle connection."""
        request = self._request(method, path, body, kind)
        fresh = self._socket is None
        try:
            return self._once(request)
        except OSError:
            self.close()
            if fresh or method != "GET":
                raise
            return self._once(request)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, bytearray()

    def _request(self, method: str, path: str, body: bytes, kind: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.place[0]}:{self.place[1]}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.cookies:
            pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            lines.append(f"Cookie: {pairs}")
        if method != "GET":
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _once(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(self.place, timeout=120)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        status, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = [
            (name.lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)
        ]
        self._keep_cookies([value for name, value in pairs if name == "set-cookie"])
        headers = dict(pairs)
        answer = Answer(int(status.split(" ")[1]), headers, self._body(headers))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def _keep_cookies(self, given: list[str]) -> None:
        for cookie in given:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self._exactly(int(headers.get("content-length", 0)))
        found = bytearray()
        while size := int(self._until(b"\r\n"), 16):
            found += self._exactly(size + 2)[:-2]
        self._exactly(2)
        return bytes(found)

    def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            self._receive()
        found = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def _receive(self) -> None:
        assert self._socket is not None
        got = self._socket.recv(262_144)
        if not got:
            raise ConnectionResetError("The server closed the connection.")
        self._buffer += got


@dataclass
class Times:
    """How long each request took, in seconds, and how long all of them took together."""

    each: list[float] = field(default_factory=list)
    whole: float = 0.0
    bytes: int = 0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.each) / self.whole if self.whole else 0.0

    def share(self, per_cent: float) -> float:
        """The time in milliseconds that this share of the requests did not exceed."""
        if not self.each:
            return float("nan")
        ordered = sorted(self.each)
        place = min(len(ordered) - 1, round(per_cent / 100 * (len(ordered) - 1)))
        return ordered[place] * 1000

    @property
    def p50(self) -> float:
        """The median, in milliseconds."""
        return self.share(50)

    @property
    def p95(self) -> float:
        """What 95 of 100 requests did not exceed, in milliseconds."""
        return self.share(95)


def measure(
    make: Callable[[int], Client],
    calls: Iterator[Call],
    clients: int = 1,
    seconds: float = 3.0,
    warm: int = 5,
) -> Times:
    """Call in a closed loop from so many clients, each with a connection of its own."""
    hands = [make(number) for number in range(clients)]
    source, lock, times = calls, threading.Lock(), Times()

    def next_call() -> Call:
        with lock:
            return next(source)

    for hand in hands:
        for _ in range(max(1, warm // clients)):
            next_call()(hand)
    begin = time.perf_counter()
    threads = [
        threading.Thread(target=_go, args=(hand, next_call, begin + seconds, times))
        for hand in hands
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.whole = time.perf_counter() - begin
    for hand in hands:
        hand.close()
    return times


def _go(hand: Client, next_call: Callable[[], Call], until: float, times: Times) -> None:
    own: list[float] = []
    moment = time.perf_counter()
    while moment < until:
        call = next_call()
        moment = time.perf_counter()
        call(hand)
        after = time.perf_counter()
        own.append(after - moment)
        moment = after
    times.each.extend(own)
