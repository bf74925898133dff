"""Bytes as they were before base64, quoted-printable or uuencode carried them; of broken ones all that
can be read."""

from __future__ import annotations

import binascii
import quopri

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_NOT_BASE64 = bytes(set(range(256)) - _BASE64)
_UUENCODED = ("uuencode", "x-uuencode", "uue", "x-uue")


def undo_encoding(data: bytes, encoding: str) -> bytes:
    """The bytes behind base64, quoted-printable or uuencode; broken input gives what it can."""
    if encoding == "base64":
        return data if _is_text(data) else from_base64(data)
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    if encoding in _UUENCODED:
        return _from_uuencode(data)
    return data


def from_base64(data: bytes) -> bytes:
    """The bytes behind base64 with or without its padding. Padding in the middle joins two encoded
    texts, as list servers write their footers."""
    texts = data.translate(None, _NOT_BASE64).split(b"=")
    return b"".join(_from_one_base64(text) for text in texts if text)


def _is_text(data: bytes) -> bool:
    """Words that only say that they are encoded."""
    letters = len(data.translate(None, _NOT_BASE64))
    return (data.count(b" ") + data.count(b"\t")) * 10 > letters > 40


def _from_one_base64(clean: bytes) -> bytes:
    whole = clean[:-1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _from_uuencode(data: bytes) -> bytes:
    found = bytearray()
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        found += _uu_line(line)
    return bytes(found)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some writers add blanks at the end of the line: read only what its length byte says.
        length = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:length])
        except binascii.Error:
            return b""
