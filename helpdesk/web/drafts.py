"""Words that are being written stay until they are taken: a refusal shows them again, and the browser is
told which of its drafts were taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge

from helpdesk.core.errors import BadInput, HelpdeskError, TooMany
from helpdesk.core.i18n import N_, gettext
from helpdesk.web import http

TAKEN = "helpdesk_taken"
MOST_TAKEN = 12  # ids in the cookie: those of the newest forms
SEE_OTHER = 303  # how every form is answered that was taken
NOT_TYPED = re.compile(
    r"csrf_token|version|based_on|seen_seq|once|draft(_id)?|kept|keep|let_go|next|.*(password|code)"
)
MOST_SHOWN = 20_000  # characters of one field on an error page
TOO_LONG_OPEN = N_(
    "This page was open for too long. Everything you typed is kept: please send it again."
)
_ID = re.compile(r"[0-9a-f]{24}")
View = TypeVar("View", bound=Callable[..., Any])


def init(app: Flask) -> None:
    """Let the app keep words that it refuses, and name the drafts that it has taken."""
    app.after_request(_taken)
    app.register_error_handler(
        CSRFError, lambda _error: _refused(BadInput(TOO_LONG_OPEN, code="csrf"))
    )
    app.register_error_handler(TooMany, _refused)
    app.jinja_env.globals["typed_words"] = typed_words


def shown_again(again: Callable[..., str]) -> Callable[[View], View]:
    """Mark a view whose form `again(sentence, **values of the address)` shows again with all its words,
    also when it was refused before anything read it.
    """

    def marked(view: View) -> View:
        view.shown_again = again  # type: ignore[attr-defined]
        return view

    return marked


def typed_words() -> dict[str, str]:
    """What stood in the fields of the form that was refused: for a page that has no form of its own.

    Nothing when another site sent it.
    """
    if request.method != "POST" or _from_elsewhere():
        return {}
    try:
        form = request.form
    except RequestEntityTooLarge:
        return {}  # nothing of it was read
    given = {name: form[name] for name in form if not NOT_TYPED.fullmatch(name)}
    return {name: text for name, text in given.items() if 0 < len(text.strip()) <= MOST_SHOWN}


def _from_elsewhere() -> bool:
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return request.headers.get("Sec-Fetch-Site") == "cross-site" or origin not in ("", request.host)


def _refused(error: HelpdeskError) -> Any:
    """The form as it was typed with the sentence above it, or the page of the error."""
    answer = http.refused(error)
    again = getattr(current_app.view_functions.get(request.endpoint or ""), "shown_again", None)
    if again is None or http.wants_json() or _from_elsewhere():
        return answer
    try:
        page = current_app.make_response(
            (again(error.sentence(gettext), **(request.view_args or {})), error.status)
        )
    except HelpdeskError:
        return answer  # the case is not this browser's any more
    if "Retry-After" in answer.headers:
        page.headers["Retry-After"] = answer.headers["Retry-After"]
    return page


def _taken(response: Response) -> Response:
    """A form that was taken names its draft in a cookie, and the browser forgets that draft: so a
    refusal, a lost connection or a sign-in in between never costs a word.
    """
    if request.method != "POST" or response.status_code != SEE_OTHER:
        return response
    draft = request.form.get("draft_id", "")
    if _ID.fullmatch(draft):
        before = [each for each in request.cookies.get(TAKEN, "").split(".") if _ID.fullmatch(each)]
        ids = ".".join([*before, draft][-MOST_TAKEN:])
        response.set_cookie(TAKEN, ids, samesite="Lax", secure=request.is_secure)
    return response
