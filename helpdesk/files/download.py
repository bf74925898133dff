"""The download of a stored file."""

from __future__ import annotations

from flask import Response, send_file

from helpdesk.core.errors import NotFound
from helpdesk.files.names import content_headers
from helpdesk.files.store import location

_ONE_HOUR = 3600  # seconds that the reader's own browser may keep it: the bytes never change


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
