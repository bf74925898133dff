"""A message as the bytes that go to a browser: made once, and written to everybody who gets it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol

from helpdesk.realtime.door import DEFLATES
from helpdesk.realtime.library import EVENT, Packet

MESSAGE = "4"  # of Engine.IO, in front of a packet of Socket.IO
WORTH_DEFLATING = 300  # characters


@dataclass
class Ready:
    """What a room is told, in order: names and contents."""

    told: list[tuple[str, dict[str, Any]]]

    @cached_property
    def _texts(self) -> list[str]:
        packed = (Packet(EVENT, [*each], namespace="/") for each in self.told)
        return [f"{MESSAGE}{each.encode()}" for each in packed]

    @cached_property
    def plain(self) -> bytes:
        """As frames of a websocket."""
        return b"".join(_frame(text, False) for text in self._texts)

    @cached_property
    def deflated(self) -> bytes:
        """As frames for who inflates each message by itself."""
        texts = self._texts
        return b"".join(_frame(text, len(text) > WORTH_DEFLATING) for text in texts)


@lru_cache(maxsize=128)  # rooms of different rights mostly read the same
def _frame(text: str, deflated: bool) -> bytes:
    deflating = PerMessageDeflate()
    if deflated:
        deflating.accept(DEFLATES)
    return bytes(FrameProtocol(client=False, extensions=[deflating]).send_data(text))
