"""RFC 2047 encoded words, as mail programs really write them.

Letters are split between two words, base64 lacks its padding, blanks stand inside words, words
touch each other or stand in quotes: each is read as its writer meant it.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from .charsets import codec_for, decode
from .transfer import from_base64

_BLANKS = b" \t\r\n"
_HEX = frozenset(b"0123456789abcdefABCDEF")
_BARE_EQUALS = re.compile(rb"=(?![0-9a-fA-F]{2})")  # which stands for itself


@dataclass(frozen=True, slots=True)
class _Word:
    charset: str
    data: bytes
    end: int


def decode_words(value: bytes, charset: str | None = None) -> str:
    """A header value as text. `charset` is the one for raw 8-bit bytes outside of any word."""
    if b"=?" not in value:
        return decode(value, None, charset)
    pieces: list[tuple[str | None, bytes]] = []
    at = 0
    while at < len(value):
        start = value.find(b"=?", at)
        word = _read_word(value, start) if start >= 0 else None
        if word is None:
            stop = len(value) if start < 0 else start + 2
            _add(pieces, None, value[at:stop])
            at = stop
            continue
        _add(pieces, None, value[at:start])
        _add(pieces, word.charset, word.data)
        at = word.end
    return "".join(decode(data, label, charset) for label, data in _joined(pieces))


def _add(pieces: list[tuple[str | None, bytes]], label: str | None, data: bytes) -> None:
    if data:
        pieces.append((label, data))


def _joined(pieces: list[tuple[str | None, bytes]]) -> list[tuple[str | None, bytes]]:
    """Drops the blanks between two words, and joins words of one charset before decoding."""
    joined: list[tuple[str | None, bytes]] = []
    for at, (label, data) in enumerate(pieces):
        between = 0 < at < len(pieces) - 1 and pieces[at - 1][0] and pieces[at + 1][0]
        if label is None and between and not data.strip(_BLANKS):
            continue
        if joined and joined[-1][0] is not None and _same(label, joined[-1][0]):
            joined[-1] = (joined[-1][0], joined[-1][1] + data)
        else:
            joined.append((label, data))
    return joined


def _same(label: str | None, other: str | None) -> bool:
    if label is None or other is None:
        return False
    return label.lower() == other.lower() and codec_for(label) not in ("iso2022_jp_ext", "hz")


def _read_word(value: bytes, start: int) -> _Word | None:
    mark = value.find(b"?", start + 2, start + 60)
    if mark <= start + 2 or value[mark + 2 : mark + 3] != b"?":
        return None
    kind = value[mark + 1 : mark + 2].lower()
    if kind not in (b"b", b"q"):
        return None
    stop, end = _end_of_word(value, mark + 3)
    payload = value[mark + 3 : stop]
    data = from_base64(payload) if kind == b"b" else _from_q(payload)
    return _Word(value[start + 2 : mark].decode("ascii", "replace"), data, end)


def _end_of_word(value: bytes, start: int) -> tuple[int, int]:
    """Where the payload stops and where the text goes on; a missing end counts as one."""
    stop = value.find(b"?=", start)
    while stop >= 0 and _goes_on(value, stop):
        stop = value.find(b"?=", stop + 2)
    if stop >= 0:
        return stop, stop + 2
    following = value.find(b"=?", start)
    stop = following if following >= 0 else len(value)
    return stop, stop


def _goes_on(value: bytes, stop: int) -> bool:
    """A bare question mark before an =XX of the same word is no end."""
    pair = value[stop + 2 : stop + 4]
    if len(pair) < 2 or not _HEX.issuperset(pair):
        return False
    later = value.find(b"?=", stop + 2)
    return later >= 0 and not any(byte in _BLANKS for byte in value[stop:later])


def _from_q(payload: bytes) -> bytes:
    return binascii.a2b_qp(_BARE_EQUALS.sub(b"=3D", payload), header=True)
