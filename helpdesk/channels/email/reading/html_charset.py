"""The charset that a page of HTML names itself, as browsers look for it: at its beginning."""

from __future__ import annotations

from .charsets import codec_for

_LOOKED_AT = 4_096  # bytes; browsers look at 1,024, and mail programs put more in front
_ENDS = b" \t\r\n\"'>;/?"


def declared_charset(page: bytes) -> str:
    """What `<meta charset>` (or the XML declaration) names; '' for none, for one that nobody
    knows, and for UTF-16, which a page that can be read so far is not in."""
    head = page[:_LOOKED_AT].lower()
    found = [*_after(head, b"<?xml", b"encoding=")[:1], *_after(head, b"<meta", b"charset=")]
    names = (each.decode("ascii", "replace") for each in found)
    return next((name for name in names if _is_usable(name)), "")


def _after(head: bytes, tag: bytes, name: bytes) -> list[bytes]:
    """The values of this attribute, or part of one, in the elements that begin so."""
    values = []
    for piece in head.split(tag)[1:]:
        _before, found, value = piece.partition(b">")[0].partition(name)
        if found:
            values.append(_first_word(value.lstrip(b" \t\"'")))
    return values


def _first_word(value: bytes) -> bytes:
    stop = next((at for at, byte in enumerate(value) if byte in _ENDS), len(value))
    return value[:stop]


def _is_usable(name: str) -> bool:
    codec = codec_for(name) or ""
    return bool(codec) and not codec.replace("_", "-").startswith(("utf-16", "utf-32"))
