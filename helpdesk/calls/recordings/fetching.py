"""The bytes of a recording: over http(s) from a host that the operator named, without following it anywhere
else, or from the spool folder of an exchange on this machine. Nothing here touches the database."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from helpdesk.calls.fields import SPOOL, recording_url
from helpdesk.core import outgoing
from helpdesk.core.errors import BadInput, HelpdeskError
from helpdesk.files import StoredFile, remove
from helpdesk.files.store import NotSound, TooLong, store_sound
from helpdesk.settings import settings

MOST_BYTES = 256 * 2**20  # more than four hours as telephones sound
STEP, WHOLE = 10.0, 300.0  # seconds that a server may take for one step, and for all of it
CHUNK = 1 << 16


class Unfetched(Exception):
    """It can't be had now; the word says why: see showing.PROBLEMS."""


class Growing(Exception):
    """It is not of the size that it had when it was last looked at."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Source(NamedTuple):
    """A recording that can be read; `length` is None where its server does not tell."""

    length: int | None
    chunks: Iterator[bytes]


def fetched(url: str, seen: int | None, stem: str) -> tuple[StoredFile, float | None]:
    """The recording, stored, and its seconds. Raises Growing as long as its size is not the one that
    was `seen` before: then it is still being written; and Unfetched."""
    try:
        with _opened(url) as source:
            if source.length not in (None, seen):
                raise Growing(source.length or 0)
            file, seconds = store_sound(source.chunks, stem, MOST_BYTES)
    except (OSError, HTTPException) as error:
        raise Unfetched(_why(error)) from error
    except (NotSound, TooLong) as error:
        raise Unfetched("not_sound" if isinstance(error, NotSound) else "too_large") from error
    except HelpdeskError as error:
        raise Unfetched("no_room") from error
    if file.size != seen:
        remove(file.key)
        if file.size < (source.length or 0):
            raise Unfetched("cut")
        raise Growing(file.size)
    return file, seconds


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "missing"
    return "slow" if isinstance(error, TimeoutError) else "unreachable"


def _opened(url: str) -> AbstractContextManager[Source]:
    """What may be allowed no more since it was told is asked again here."""
    try:
        recording_url(url)
    except BadInput as error:
        raise Unfetched("forbidden") from error
    return _spooled(url.removeprefix(SPOOL)) if url.startswith(SPOOL) else _served(url)


@contextmanager
def _spooled(name: str) -> Iterator[Source]:
    """A plain file in the folder, reached through no link."""
    folder = Path(settings().recording_folder).resolve()
    path = folder / name
    if path.parent.resolve() != path.parent or not path.is_relative_to(folder):
        raise Unfetched("forbidden")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise Unfetched("forbidden")
        yield Source(about.st_size, iter(lambda: file.read(CHUNK), b""))


@contextmanager
def _served(url: str) -> Iterator[Source]:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with outgoing.within(WHOLE), closing(kind(parts.netloc, timeout=STEP)) as line:
        line.connect()
        outgoing.watch(line.sock)
        target = parts._replace(scheme="", netloc="", fragment="", path=parts.path or "/")
        line.request("GET", target.geturl(), headers={"Accept": "audio/*"})
        yield _answered(line.getresponse())


def _answered(answer: HTTPResponse) -> Source:
    if answer.status != 200:
        gone = answer.status in (404, 410)
        moved = 300 <= answer.status < 400
        raise Unfetched("missing" if gone else "elsewhere" if moved else "refused")
    if not answer.headers.get_content_type().startswith("audio/"):
        raise Unfetched("not_sound")
    if answer.length is not None and answer.length > MOST_BYTES:
        raise Unfetched("too_large")
    return Source(answer.length, _in_time(answer))


def _in_time(answer: HTTPResponse) -> Iterator[bytes]:
    until = time.monotonic() + WHOLE
    while chunk := answer.read(CHUNK):
        if time.monotonic() > until:
            raise Unfetched("slow")
        yield chunk
