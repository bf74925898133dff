"""What a request may carry, in one place: bytes, fields, files, and the nesting of JSON.

Everything is counted before it is taken apart, so that a refusal costs next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import accumulate
from typing import Any, TypeVar

from flask import Flask, current_app, request, session
from werkzeug.exceptions import RequestEntityTooLarge

from helpdesk.core.errors import BadInput, TooLarge
from helpdesk.core.i18n import N_
from helpdesk.settings import settings

MEGABYTE = 2**20
MOST_BYTES = 2 * MEGABYTE  # of a JSON object, and of a form without files
MOST_FIELDS = 5000  # of a form
MOST_PARTS = 1000  # of a form with files
MOST_VALUES = 20_000  # in a JSON object
MOST_LEVELS = 20  # of lists and objects inside each other
SIGNED_IN = "_user_id"  # in the session of a colleague
View = TypeVar("View", bound=Callable[..., Any])
_OPENS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(each for each in range(256) if each not in _OPENS)


def takes_files(*names: str, public: bool = False) -> Callable[[View], View]:
    """Mark a view whose form brings files under these names; all others take none.

    Unless it is `public`, only somebody who is signed in may send that much.
    """

    def marked(view: View) -> View:
        view.file_fields, view.files_of_anybody = names, public  # type: ignore[attr-defined]
        return view

    return marked


def init(app: Flask) -> None:
    """Judge each request before anything else reads it."""
    app.before_request(_judge)


def _judge() -> None:
    if request.method not in ("POST", "PUT", "PATCH", "DELETE"):
        return
    names = _file_fields()
    request.max_content_length = _most_bytes(names)
    request.max_form_parts = MOST_PARTS
    if request.mimetype == "application/x-www-form-urlencoded":
        if request.get_data(cache=True).count(b"&") >= MOST_FIELDS:
            raise TooLarge(N_("This has too many fields: %(most)s at most."), most=MOST_FIELDS)
    elif request.mimetype == "multipart/form-data":
        _require_files_where_they_belong(names)
    else:
        return
    _refuse_text_for_files(names)


def _file_fields() -> tuple[str, ...]:
    """The names under which this request may bring files."""
    view = current_app.view_functions.get(request.endpoint or "")
    known = getattr(view, "files_of_anybody", False) or SIGNED_IN in session
    return getattr(view, "file_fields", ()) if known else ()


def _most_bytes(names: tuple[str, ...]) -> int:
    all_files = int(current_app.config["MAX_CONTENT_LENGTH"])
    return all_files if names else min(MOST_BYTES, all_files)


def _require_files_where_they_belong(names: tuple[str, ...]) -> None:
    if any(name not in names for name in request.files):
        raise BadInput(N_("A file stands where none is taken. Nothing was stored."), code="files")


def _refuse_text_for_files(names: tuple[str, ...]) -> None:
    if any(request.form.get(name) for name in names):
        raise BadInput(
            N_("Text stands where a file belongs. Please choose the file again, then send."),
            code="files",
        )


def too_large(error: RequestEntityTooLarge) -> TooLarge:
    """The refusal of a body that is too large, with the limit that holds here."""
    if _file_fields():
        known = settings()
        return TooLarge(
            N_("This is too large: %(size)s MB for a file, %(files)s files at most."),
            size=f"{known.max_file_bytes / MEGABYTE:g}",
            files=known.max_files,
        )
    most = f"{_most_bytes(()) / MEGABYTE:.2g}"
    return TooLarge(N_("This is too large: %(most)s MB at most."), most=most)


def json_object() -> dict[str, Any]:
    """The JSON object of this request. Raises BadInput for anything else, TooLarge for too much."""
    sent = _json()
    if not isinstance(sent, dict):
        raise BadInput(N_("Please send a JSON object."), code="no_json")
    return sent


def json_objects() -> list[Any]:
    """The same where it may be several: a list of them, which is not empty, or the only one."""
    sent = _json()
    if isinstance(sent, dict):
        return [sent]
    if not isinstance(sent, list) or not sent:
        raise BadInput(N_("Please send a JSON object, or a list of them."), code="no_json")
    return sent


def _json() -> Any:
    """What this request says as JSON; None for anything else."""
    try:
        return _read(request.get_data(cache=True)) if request.is_json else None
    except ValueError:
        return None


def _read(raw: bytes) -> Any:
    words = raw.decode("utf-8-sig")
    _require_modest(raw)
    return json.loads(words, parse_constant=_no_number, parse_float=_number)


def _require_modest(raw: bytes) -> None:
    """Count values and levels outside of strings, without making any of them."""
    outside = b"".join(raw.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    brackets = outside.translate(None, _NO_BRACKETS)
    if max(accumulate(map(_OPENS.__getitem__, brackets)), default=0) > MOST_LEVELS:
        raise BadInput(
            N_("This JSON is nested too deeply: %(most)s levels at most."),
            code="no_json",
            most=MOST_LEVELS,
        )
    if len(brackets) // 2 + outside.count(b",") > MOST_VALUES:
        raise TooLarge(N_("This JSON holds too many values: %(most)s at most."), most=MOST_VALUES)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _number(digits: str) -> float:
    """A number with a fraction. Raises ValueError for one that is endless when it is stored."""
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:20]} is too large")
    return value
