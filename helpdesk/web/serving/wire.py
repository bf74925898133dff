"""A connection's socket as gunicorn's responses see it."""

from __future__ import annotations

import socket
from typing import Any

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def at_once(bare: Any, data: bytes | memoryview) -> int:
    """Send what a socket takes without waiting; how much that was. Raises OSError when it is broken."""
    try:
        # gevent's own send() would wait, the socket inside it does not
        return int(getattr(bare, "_sock", bare).send(data, socket.MSG_DONTWAIT))
    except BlockingIOError:
        return 0


class Wire:
    """Passes everything on to the `bare` socket but the sending, which each worker does in its own way."""

    def __init__(self, bare: socket.socket, client: Any) -> None:
        self.bare = bare
        self.address = str(client[0]) if client and isinstance(client, tuple) else ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)

    def send(self, data: bytes) -> int:
        """Send everything. What gunicorn says of a body that it waits for was said when it was due."""
        if data != CONTINUE:
            self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send everything, or keep it to be sent."""
        raise NotImplementedError
