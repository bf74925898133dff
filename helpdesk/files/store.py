"""Bytes on disk under random keys: written aside, forced to disk, then put in place; and given away."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, BinaryIO

from flask import Response, send_file

from helpdesk.core.errors import Busy, NotFound
from helpdesk.core.shortage import note, shortage_of
from helpdesk.files.kinds import HEAD, KINDS, extension_for, kind_of, mime_as_told
from helpdesk.files.names import NAMELESS, content_headers, tidy_name
from helpdesk.settings import settings

Content = bytes | IO[bytes]

_CHUNK = 1 << 16
_KEY = re.compile(r"[0-9a-f]{32}")
_UNFINISHED = "unfinished"
_UNFINISHED_FOR = 3600  # seconds after which nobody writes a file any more
_MOST_HEAD = 65_536  # bytes in which a WAV file tells of itself
_ONE_HOUR = 3600  # seconds that the reader's own browser may keep a file: the bytes never change


class Beyond(Exception):
    """More bytes than allowed."""


@dataclass(frozen=True)
class StoredFile:
    """A file whose bytes are safe on disk. `safe` False: a type that we only let people download."""

    key: str
    sha256: str
    size: int
    mime: str
    name: str
    content_id: str = ""
    safe: bool = True
    pending: bool = False  # its form is not taken yet


def _root() -> Path:
    return settings().instance / "files"


def location(key: str) -> Path:
    """Where the bytes of a key lie. Raises NotFound for what never was a key."""
    if not _KEY.fullmatch(key):
        raise NotFound("There is no such file.")
    return _root() / key[:2] / key[2:4] / key


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(written: Path, target: Path) -> None:
    """Rename, and make the name itself survive a power cut."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written.replace(target)
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync_folder(folder)


def _copy(chunks: Iterable[bytes], target: Path, most: int | None) -> tuple[str, int]:
    """Write to disk; the SHA-256 and the size. Raises Beyond after `most` bytes."""
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if most is not None and size > most:
                raise Beyond
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def keep(chunks: Iterable[bytes], most: int | None) -> tuple[str, str, int]:
    """Key, SHA-256 and size of what is now on disk; after an error nothing is left behind."""
    key = secrets.token_hex(16)
    root, target = _root(), location(key)
    aside = root / _UNFINISHED / key
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.parent.mkdir(exist_ok=True)
        digest, size = _copy(chunks, aside, most)
        _put_in_place(aside, target)
    except BaseException as error:
        for leftover in (aside, target):
            leftover.unlink(missing_ok=True)
        if shortage := shortage_of(error):
            note(shortage)
            raise shortage from error
        if isinstance(error, OSError) and error.errno == errno.EIO:
            raise Busy("Files can't be stored now. Nothing was kept; please try again.") from error
        raise
    return key, digest, size


def opened(content: Content) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all of it in pieces."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    head = stream.read(HEAD)
    return head, chain([head], iter(lambda: stream.read(_CHUNK), b""))


def store(content: Content, name: str, mime: str, *, content_id: str = "") -> StoredFile:
    """Keep a file of any type and size: what a mail brings is never refused.

    The type comes from name and content together; where they agree on none that we know, `mime`
    (what the sender says) is noted and `safe` is False. Raises Busy when the disk takes no more.
    """
    head, chunks = opened(content)
    shown = tidy_name(name) if name.strip() else NAMELESS + extension_for(mime)
    kind = kind_of(shown, head)
    key, digest, size = keep(chunks, most=None)
    known = kind.mime if kind else mime_as_told(mime)
    return StoredFile(key, digest, size, known, shown, content_id, safe=kind is not None)


def open_file(key: str) -> BinaryIO:
    """The bytes of a stored file, open for reading. Raises NotFound, also when they are gone."""
    try:
        return location(key).open("rb")
    except FileNotFoundError as error:
        raise NotFound("There is no such file.") from error


def remove(key: str) -> None:
    """Delete a stored file; one that is gone already is no error."""
    location(key).unlink(missing_ok=True)


def stored_keys(*, older_than: float = 0) -> Iterator[str]:
    """The keys of all files on disk that are older than so many seconds, to compare with rows."""
    before = time.time() - older_than
    for path in _root().glob("??/??/*"):
        if _KEY.fullmatch(path.name) and path.stat().st_mtime <= before:
            yield path.name


def clear_unfinished() -> int:
    """Delete what a crash left half-written an hour ago or more; how many those were."""
    before = time.time() - _UNFINISHED_FOR
    left = (_root() / _UNFINISHED).glob("*")
    stale = [path for path in left if path.stat().st_mtime < before]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def answer(key: str, name: str, mime: str, *, inline: bool = False) -> Response:
    """The file, with headers under which no browser runs anything in it. Raises NotFound.

    The caller has checked that the reader may have it.
    """
    path = location(key)
    if not path.is_file():
        raise NotFound("There is no such file.")
    return _dressed(send_file(path, conditional=True, etag=False), name, mime, inline=inline)


def answer_bytes(content: bytes, name: str, mime: str) -> Response:
    """The same for what was read already and is not given away byte for byte."""
    return _dressed(Response(content), name, mime, inline=False)


def _dressed(response: Response, name: str, mime: str, *, inline: bool) -> Response:
    response.headers.update(content_headers(name, mime, inline=inline))
    response.cache_control.private = True
    response.cache_control.no_cache = None
    response.cache_control.max_age = _ONE_HOUR
    return response


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
    return StoredFile(key, digest, size, kind.mime, f"{stem}.{extension}"), _seconds(head, size)


def _seconds(head: bytes, size: int) -> float | None:
    """How long a WAV file of `size` bytes plays: what it holds by its bytes a second; None of others."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= min(len(head), _MOST_HEAD):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"fmt " and at + 12 <= len(head):
            rate = struct.unpack_from("<I", head, at + 8)[0]
        if name == b"data":
            return min(length, size - at) / rate if rate else None
        at += length + length % 2
    return None
