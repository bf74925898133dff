"""What a dialplan asks over the API while somebody calls: what is to be done with them, how a case stands."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify

from helpdesk.agents.rights import require
from helpdesk.api import answers, inputs
from helpdesk.api.answers import (
    FLAG,
    NUMBER,
    NUMBER_OR_NONE,
    TEXT,
    TEXT_OR_NONE,
    TIME_OR_NONE,
    filled,
    one_of,
    some,
    thing,
)
from helpdesk.api.auth import api_actor
from helpdesk.api.fields import Schema
from helpdesk.api.operations import PLAIN, takes
from helpdesk.calls import advising, blocking
from helpdesk.calls.advice import FIRST, STEPS
from helpdesk.calls.fields import ASKED, read_asked
from helpdesk.core.i18n import gettext, in_language
from helpdesk.core.limits import Guess, searching
from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.tickets.lifecycle import Status

ADVICE: dict[str, Schema] = {
    "queue": TEXT,
    "open": FLAG,
    "blocked": FLAG | {"description": "calls of this number are to ring nobody"},
    "announcement": TEXT_OR_NONE | {"description": "to play to who can't be let in, by its name"},
    "until": TIME_OR_NONE | {"description": "when the queue opens again"},
    "first": TEXT_OR_NONE | {"description": "the extension to ring before the queue"},
    "first_seconds": NUMBER,
    "priority": NUMBER | {"description": "the higher, the earlier; it grows with the waiting"},
    "penalty": NUMBER | {"description": "the highest penalty that is asked now"},
    "ring": some(TEXT) | {"description": "extensions of those who are asked now"},
    "wait": NUMBER_OR_NONE | {"description": "honest waiting time in seconds"},
    "steps": some(thing(after=NUMBER, penalty=NUMBER, ring=some(TEXT))),
}
CASE_STATE: dict[str, Schema] = {
    "number": TEXT,
    "status": one_of(Status),
    "says": TEXT | {"description": "a sentence to read out, in the language asked for"},
}


@takes(
    "GET /calls/advice",
    "What a dialplan is to do with a caller: let in, ring first, priority, who is asked",
    query=inputs.CALL_ADVICE,
    answer=thing(**ADVICE),
)
def call_advice(asked: dict[str, Any]) -> Response:
    """Asked before the caller waits, and again while they do, with the seconds `waited`."""
    require(api_actor(), "call.report")
    said = {name: asked.get(name, "") for name in ASKED}
    read = read_asked(said)
    told = advising.ask(read.pop("queue"), **read, waited=asked.get("waited", 0))
    closed, penalty = told.closed, told.penalty
    answer = filled(
        ADVICE,
        told,
        open=closed is None,
        blocked=blocking.is_blocked(read["number"]),
        until=answers.time(closed.until) if closed else None,
        first=told.claim.first or None,
        first_seconds=FIRST,
        ring=told.ring(penalty),
        steps=[
            {"after": after, "penalty": each, "ring": told.ring(each)}
            for each, after in enumerate(STEPS)
        ],
    )
    return _said(answer, asked)


@takes(
    "GET /calls/case-state",
    "How a case stands, for a caller who knows its number and code",
    query=inputs.CASE_STATE,
    answer=thing(**CASE_STATE),
)
def call_case_state(asked: dict[str, Any]) -> Response:
    """A sentence to read out. The number that calls proves nothing, so it is not asked for."""
    require(api_actor(), "call.report")
    number, code = asked["number"], asked["code"]
    with searching(Guess(f"case by telephone: {number[:80]}", tracking.WRONG_CODES)):
        ticket = tracking.find_by_keys(number, code, settings().secret_key)
    with in_language(asked.get("language") or ticket.language):
        says = gettext(tracking.STEPS[ticket.status])
    return _said(filled(CASE_STATE, ticket, says=says), asked)


def _said(answer: dict[str, Any], asked: dict[str, Any]) -> Response:
    """As JSON, or with plain values alone, for dialplans that read none."""
    how = asked.get("as", "json")
    if how == "json":
        return jsonify(answer)
    plain = {
        name: "&".join(value) if name == "ring" else value
        for name, value in answer.items()
        if name != "steps"
    }
    given = {name: _word(value) for name, value in plain.items()}
    rows = "".join(f"{name}={value}\n" for name, value in given.items())
    return Response(urlencode(given) if how == "form" else rows, mimetype=PLAIN[how])


def _word(value: Any) -> str:
    """One value on one line: 1 and 0 for yes and no, nothing for none."""
    return "" if value is None else str(int(value) if isinstance(value, bool) else value)
