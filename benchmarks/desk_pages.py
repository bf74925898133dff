"""Many open pages in one light process: `python -m benchmarks.desk_pages`, driven by benchmarks.desk.

Reads from its standard input what to open, says "ready", listens until the next line, which tells what was
changed and when, and prints what came: how late, lost, doubled. It speaks just enough of Socket.IO over
websockets to be one signed-in page each; bytes that many sockets get alike are read once.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import struct
import sys
import time
import zlib
from array import array
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.help.holding import room_for

TOLD = re.compile(
    rb'^42\["change",\{"topic":"([^"]+)","seq":(\d+),"name":"[^"]*","ticket":"([^"]+)"'
)
BLOCK = 256 * 1024
TOPICS = ("queue:all", "me")  # what an open queue page watches
Told = list[tuple[str, int]]  # ticket, number of the journal


def frames(kept: bytearray) -> list[tuple[bool, int, bytes]]:
    """The whole frames of what has come, which are taken out of it: deflated, kind, payload."""
    found = []
    while len(kept) >= 2:
        size, at = kept[1] & 127, 2
        if size > 125:
            at = 4 if size == 126 else 10
            if len(kept) < at:
                break
            size = int.from_bytes(kept[2:at], "big")
        if len(kept) < at + size:
            break
        found.append((bool(kept[0] & 64), kept[0] & 15, bytes(kept[at : at + size])))
        del kept[: at + size]
    return found


def framed(text: str) -> bytes:
    """A text as a client sends it."""
    data = text.encode()
    size = bytes([128 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
    return b"\x81" + size + bytes(4) + data


@dataclass
class Page:
    """One open page: its socket and what it was told, by place in `Pages.told`."""

    wire: socket.socket
    alike: bool = False  # each message is deflated by itself
    inflate: Any = None
    kept: bytearray = field(default_factory=bytearray)
    seqs: array[int] = field(default_factory=lambda: array("l"))
    times: array[float] = field(default_factory=lambda: array("d"))
    ended: bool = False

    def texts(self) -> list[bytes]:
        """What was said in whole frames."""
        return [self._plain(*frame) for frame in frames(self.kept)]

    def _plain(self, deflated: bool, kind: int, payload: bytes) -> bytes:
        if kind == 8:
            self.ended = True
        if not deflated:
            return payload
        if self.inflate is None or self.alike:
            self.inflate = zlib.decompressobj(-15)
        return bytes(self.inflate.decompress(payload + b"\x00\x00\xff\xff"))

    def hear(self, begins: bytes) -> bytes:
        """Wait for a text that begins so."""
        while True:
            for text in self.texts():
                if text.startswith(begins):
                    return text
            data = self.wire.recv(BLOCK)
            if not data:
                raise ConnectionError("The server closed the connection.")
            self.kept += data


def opened(
    place: tuple[str, int], cookie: str, deflate: bool, topics: tuple[str, ...] = TOPICS
) -> Page:
    """A page that watches its queue, as a browser opens it; without a cookie a bare connection."""
    wire = socket.create_connection(place, timeout=30)
    page = Page(wire)
    if not cookie:
        return page
    head = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {place[0]}:{place[1]}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: {cookie}\r\n"
    )
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    wire.sendall(f"{head}{offer if deflate else ''}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += wire.recv(1)
    if b" 101 " not in answer:
        raise ConnectionError(answer.decode("latin1"))
    page.alike = b"server_no_context_takeover" in answer
    page.hear(b"0{")
    wire.sendall(framed("40"))
    page.hear(b"40")
    for number, topic in enumerate(topics):
        wire.sendall(framed(f'42{number}["watch",{{"topic":"{topic}"}}]'))
        if b'"ok":true' not in page.hear(f"43{number}[".encode()):
            raise ConnectionError(f"{topic} can't be watched.")
    return page


class Pages:
    """All of them, and what they were told."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.place, self.deflate = (asked["host"], asked["port"]), asked["deflate"]
        room_for(asked["count"])
        cookies = asked["cookies"] or [""]
        self.known: dict[bytes, tuple[int, ...]] = {}
        self.told: Told = []
        self.places: dict[tuple[str, int], int] = {}
        self.bytes = 0
        self.pages: list[Page] = []
        for number in range(asked["count"]):
            self.pages.append(self._open(cookies[number % len(cookies)]))
            if number % 100 == 99:
                self._look_at_all()
        self.slow, self.pages = self.pages[: asked["slow"]], self.pages[asked["slow"] :]

    def _open(self, cookie: str) -> Page:
        return opened(self.place, cookie, self.deflate)

    def _look_at_all(self) -> None:
        """Answer the pings that came while others were opened."""
        for page in self.pages:
            page.wire.setblocking(False)
            with suppress(BlockingIOError):
                self._take(page, page.wire.recv(BLOCK))

    def listen(self) -> str:
        """Note when what came, until a line comes on the standard input, which is given."""
        with selectors.DefaultSelector() as readable:
            for page in self.pages:
                page.wire.setblocking(False)
                readable.register(page.wire, selectors.EVENT_READ, page)
            readable.register(sys.stdin, selectors.EVENT_READ, None)
            while True:
                for key, _events in readable.select():
                    if key.data is None:
                        return sys.stdin.readline()
                    if not self._hear(key.data):
                        readable.unregister(key.fileobj)

    def _hear(self, page: Page) -> bool:
        try:
            data = page.wire.recv(BLOCK)
        except OSError:
            data = b""
        self._take(page, data)
        page.ended = page.ended or not data
        return not page.ended

    def _take(self, page: Page, data: bytes) -> None:
        moment = time.time()
        self.bytes += len(data)
        for place in self._read(page, data):
            page.seqs.append(place)
            page.times.append(moment)

    def _read(self, page: Page, data: bytes) -> tuple[int, ...]:
        whole = not page.kept and (page.alike or not self.deflate)
        if whole and data in self.known:
            return self.known[data]
        page.kept += data
        texts = page.texts()
        found = tuple(self._place(each) for each in map(TOLD.match, texts) if each)
        if b"2" in texts:
            page.wire.send(framed("3"))
        elif whole and not page.kept and not page.ended:
            if len(self.known) > 1000:
                self.known.clear()
            self.known[data] = found
        return found

    def _place(self, told: re.Match[bytes]) -> int:
        """Where a message stands among all; what another topic says of it is not counted."""
        if told[1] != TOPICS[0].encode():
            return -1
        key = told[3].decode(), int(told[2])
        if key not in self.places:
            self.places[key] = len(self.told)
            self.told.append(key)
        return self.places[key]

    def report(self, changed: list[tuple[str, int, float]]) -> dict[str, Any]:
        """What came of what was changed. A change has come with the first message of its ticket that is
        not older than it: changes within a moment travel as one."""
        late, lost, doubled = array("d"), 0, 0
        for page in self.pages:
            came: dict[str, list[tuple[int, float]]] = {}
            for place, moment in zip(page.seqs, page.times, strict=True):
                if place >= 0:
                    ticket, seq = self.told[place]
                    came.setdefault(ticket, []).append((seq, moment))
            twice = Counter((ticket, seq) for ticket, rows in came.items() for seq, _at in rows)
            doubled += sum(count - 1 for count in twice.values())
            for ticket, seq, at in changed:
                first = next((when for told, when in came.get(ticket, ()) if told >= seq), None)
                lost += first is None
                if first is not None:
                    late.append(first - at)
        slow = [page for page in self.slow if _has_ended(page.wire)]
        return {
            "late": _shares(late),
            "received": len(late),
            "lost": lost,
            "doubled": doubled,
            "ended": sum(page.ended for page in self.pages),
            "slow_ended": len(slow),
            "bytes": self.bytes,
        }


def _has_ended(wire: socket.socket) -> bool:
    """Whether the server has hung up on a page that took nothing; all that is there is read over."""
    wire.settimeout(2)
    try:
        while wire.recv(BLOCK):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def _shares(late: array[float]) -> list[float]:
    """Median, 99th percentile and most, in ms."""
    ordered = sorted(late) or [float("nan")]
    return [
        round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)
        for share in (0.5, 0.99, 1)
    ]


def main() -> None:
    """Open, listen, report."""
    pages = Pages(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    changed = json.loads(pages.listen())
    print(json.dumps(pages.report(changed)), flush=True)
    os._exit(0)  # a thousand sockets end at once


if __name__ == "__main__":
    main()
