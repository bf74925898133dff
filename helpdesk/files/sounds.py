"""Sound files from elsewhere: known by their first bytes alone, whatever their name or their sender says."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import chain

from helpdesk.files.kinds import KINDS
from helpdesk.files.store import Beyond, StoredFile, keep

MOST_HEAD = 65_536  # bytes in which a WAV file tells of itself


class NotSound(Exception):
    """The file is none that we know as sound."""


class TooLong(Exception):
    """The file has more bytes than are kept."""


def store_sound(chunks: Iterator[bytes], stem: str, most: int) -> tuple[StoredFile, float | None]:
    """Keep a sound file under this name, and say how many seconds it lasts, where it tells.

    Raises NotSound, TooLong after `most` bytes, and Busy when the disk takes no more.
    """
    head = next(chunks, b"")
    kinds = (each for each in KINDS.items() if each[1].mime.startswith("audio/"))
    known = next((each for each in kinds if each[1].fits(head)), None)
    if known is None:
        raise NotSound
    extension, kind = known
    try:
        key, digest, size = keep(chain([head], chunks), most)
    except Beyond:
        raise TooLong from None
    return StoredFile(key, digest, size, kind.mime, f"{stem}.{extension}"), seconds(head, size)


def seconds(head: bytes, size: int) -> float | None:
    """How long a WAV file of `size` bytes plays: what it holds by its bytes a second; None of others."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= min(len(head), MOST_HEAD):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"fmt " and at + 12 <= len(head):
            rate = struct.unpack_from("<I", head, at + 8)[0]
        if name == b"data":
            return min(length, size - at) / rate if rate else None
        at += length + length % 2
    return None
