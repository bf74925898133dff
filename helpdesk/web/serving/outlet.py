"""What a client does not take at once of an answer is kept, and sent as it is taken."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from helpdesk.web.serving.wire import Wire, at_once

BLOCK = 256 * 1024  # bytes that are sent at once
IN_MEMORY = 256 * 1024  # of one answer; the rest waits on the disk


@dataclass
class Part:
    """Bytes of an answer that were not sent yet: from where the file stands, so many."""

    file: IO[bytes]
    left: int
    is_ours: bool  # more may be added to it while the answer is made


class Outlet(Wire):
    """A socket whose sender never waits."""

    def __init__(self, bare: socket.socket, client: Any) -> None:
        super().__init__(bare, client)
        self.unsent: deque[Part] = deque()
        self.let_in: Callable[[], object] = int  # called when a websocket was let in, and will stay

    def sendall(self, data: bytes) -> None:
        """Send what goes at once, keep the rest."""
        sent = 0 if self.unsent else at_once(self.bare, data)
        if sent < len(data):
            part = self._open_part()
            part.file.write(memoryview(data)[sent:])
            part.left += len(data) - sent

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> int:
        """Keep a file to be sent from: it may be closed by who had it opened."""
        size = count if count is not None else os.fstat(file.fileno()).st_size - offset
        own = os.fdopen(os.dup(file.fileno()), "rb")
        own.seek(offset)
        self.unsent.append(Part(own, size, is_ours=False))
        return size

    def _open_part(self) -> Part:
        if not self.unsent or not self.unsent[-1].is_ours:
            spool: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (closed when sent)
            self.unsent.append(Part(spool, 0, is_ours=True))
        return self.unsent[-1]

    @property
    def kept(self) -> int:
        """The bytes that are kept for it, beside files that are there anyway."""
        return sum(part.left for part in self.unsent if part.is_ours)

    def begin(self) -> None:
        """The answer is complete: what is kept is sent from its beginning."""
        for part in self.unsent:
            if part.is_ours:
                part.file.seek(0)

    def go_on(self) -> int:
        """Send on, as much as is taken; returns how much that was."""
        part = self.unsent[0]
        data = part.file.read(min(BLOCK, part.left))
        sent = at_once(self.bare, data) if data else 0
        part.file.seek(sent - len(data), os.SEEK_CUR)
        part.left -= sent
        if not part.left or not data:
            self.unsent.popleft().file.close()
        return sent

    def drop(self) -> None:
        """Nothing more is sent."""
        while self.unsent:
            self.unsent.popleft().file.close()
