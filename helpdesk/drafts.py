"""Words that are being written stay until they are taken: what the browser is told of its drafts."""

from __future__ import annotations

import re

from flask import Flask, Response, request

TAKEN = "helpdesk_taken"
MOST_TAKEN = 12  # ids in the cookie: those of the newest forms
SEE_OTHER = 303  # how every form is answered that was taken
_ID = re.compile(r"[0-9a-f]{24}")


def init(app: Flask) -> None:
    """Let the app name the drafts that it has taken."""
    app.after_request(_taken)


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
