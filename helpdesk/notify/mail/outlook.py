"""Outlook groups by headers of its own: all mails of a ticket carry one Thread-Index, and grow it.

Its first 22 bytes name the conversation (the marker, five bytes of a FILETIME, a GUID), five more each
mail in it. Where the customer's own mail had one, ours continue that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ROOT, CHILD = 22, 5
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
FAR = 1 << 49  # of a FILETIME: beyond 1.7 years the difference is told more coarsely
COARSE = 0x80


def thread_index(number: str, begun: datetime, at: datetime, mail: int, theirs: object = "") -> str:
    """The header for one mail about the ticket with this number."""
    root = _theirs(theirs) or _root(number, begun)
    return base64.b64encode(root + _child(begun, at, mail)).decode()


def theirs(said: Mapping[str, Any]) -> str:
    """What the customer's own mail carried; '' when it came from another program."""
    return str(said.get("thread_index") or "")


def _theirs(given: object) -> bytes:
    try:
        found = base64.b64decode(str(given), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found[:ROOT] if len(found) >= ROOT and found[0] == 1 else b""


def _root(number: str, begun: datetime) -> bytes:
    guid = hashlib.sha256(f"thread:{number}".encode()).digest()[:16]
    return b"\x01" + (_filetime(begun) >> 16).to_bytes(6, "big")[1:] + guid


def _child(begun: datetime, at: datetime, mail: int) -> bytes:
    """The time since the beginning in 31 bits, and what keeps two mails of one moment apart."""
    passed = max(0, _filetime(at) - _filetime(begun))
    top, shift = (COARSE, 23) if passed >= FAR else (0, 18)
    told = min(passed >> shift, 0x7FFFFFFF).to_bytes(4, "big")
    return bytes([told[0] | top]) + told[1:] + bytes([mail & 0xFF])


def _filetime(at: datetime) -> int:
    """Tenths of a microsecond since 1601."""
    return int((at - EPOCH).total_seconds() * 10_000_000)
