"""Files inside winmail.dat, Outlook's own wrapping (MS-OXTNEF).

Reads only what a reader needs: each attachment's name, type and bytes. Anything odd ends the
reading; what was found until then counts, and the whole winmail.dat is kept beside it anyway.
No library: tnefparse has had no release since January 2021.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from .charsets import decode, tidy

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 200
MAX_PROPERTIES = 5_000
_CODEPAGE, _BEGIN, _TITLE, _DATA, _PROPERTIES = 0x9007, 0x9002, 0x8010, 0x800F, 0x9005
_LONG_NAME, _SHORT_NAME, _NAME, _MIME = 0x3707, 0x3704, 0x3001, 0x370E
_CONTENT_ID, _OBJECT = 0x3712, 0x3701
_STRING8, _UNICODE, _BINARY, _OBJECT_TYPE = 0x1E, 0x1F, 0x102, 0x0D
_VARIABLE = (_STRING8, _UNICODE, _BINARY, _OBJECT_TYPE)
_SIZES = {0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}  # all others take 4 bytes
_MANY = 0x1000


@dataclass(slots=True)
class WrappedFile:
    """One file out of winmail.dat; '' where nothing is said."""

    name: str = ""
    mime: str = ""
    content_id: str = ""
    content: bytes = b""


def unwrap(data: bytes) -> list[WrappedFile]:
    """The files in a winmail.dat, [] when it holds none or is none. Never raises."""
    if not data.startswith(SIGNATURE):
        return []
    codepage = ""
    files: list[WrappedFile] = []
    for name, value in _attributes(data):
        if name == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _BEGIN or (name in (_TITLE, _DATA, _PROPERTIES) and not files):
            if len(files) >= MAX_FILES:
                break
            files.append(WrappedFile())
        if files:
            _fill(files[-1], name, value, codepage)
    return files


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and value of each attribute: level, number, type, length, value, checksum."""
    at = 6
    while at + 9 <= len(data):
        level, name, _, length = struct.unpack_from("<BHHI", data, at)
        end = at + 9 + length
        if level not in (1, 2) or end > len(data):
            return
        yield name, data[at + 9 : end]
        at = end + 2


def _fill(file: WrappedFile, name: int, value: bytes, codepage: str) -> None:
    if name == _TITLE:
        file.name = file.name or _text(value, codepage)
    elif name == _DATA:
        file.content = value
    elif name == _PROPERTIES:
        _fill_from_properties(file, dict(_properties(value)), codepage)


def _fill_from_properties(
    file: WrappedFile, found: dict[int, tuple[int, bytes]], codepage: str
) -> None:
    texts = {key: _property_text(*value, codepage) for key, value in found.items()}
    named = texts.get(_LONG_NAME) or file.name or texts.get(_SHORT_NAME) or texts.get(_NAME)
    file.name = named or ""
    file.mime = texts.get(_MIME, "").lower()
    file.content_id = texts.get(_CONTENT_ID, "").strip("<>")
    if not file.content and _OBJECT in found:
        file.content = found[_OBJECT][1][16:]  # behind the identifier of its interface


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Identifier, type and first value of each property; a broken one ends the list."""
    with suppress(struct.error):
        count = struct.unpack_from("<I", data)[0]
        at = 4
        for _ in range(min(count, MAX_PROPERTIES)):
            kind, identifier = struct.unpack_from("<HH", data, at)
            at = _after_name(data, at + 4) if identifier >= 0x8000 else at + 4
            value, at = _value(data, at, kind)
            if at > len(data):
                return
            yield identifier, (kind & ~_MANY, value)


def _after_name(data: bytes, at: int) -> int:
    """Behind the name of a property that has one: a number, or a text."""
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if kind == 0:
        return at + 24
    (length,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + _padded(length)


def _value(data: bytes, at: int, kind: int) -> tuple[bytes, int]:
    """The first value of a property, and where the next property begins."""
    base = kind & ~_MANY
    if base not in _VARIABLE and not kind & _MANY:
        size = _SIZES.get(base, 4)
        return data[at : at + size], at + size
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    first = b""
    for number in range(min(count, MAX_PROPERTIES)):
        value, at = _one_of_many(data, at, base)
        first = value if number == 0 else first
    return first, at


def _one_of_many(data: bytes, at: int, base: int) -> tuple[bytes, int]:
    if base not in _VARIABLE:
        size = _SIZES.get(base, 4)
        return data[at : at + size], at + size
    (length,) = struct.unpack_from("<I", data, at)
    return data[at + 4 : at + 4 + length], at + 4 + _padded(length)


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4


def _property_text(kind: int, value: bytes, codepage: str) -> str:
    if kind == _UNICODE:
        return tidy(value.decode("utf-16-le", "ignore")).strip()
    return _text(value, codepage) if kind == _STRING8 else ""


def _text(value: bytes, codepage: str) -> str:
    return decode(value.partition(b"\x00")[0], codepage or None).strip()
