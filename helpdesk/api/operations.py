"""Every call of the API, declared once: its address, what it takes, what it answers.

The declaration checks the token, the parameters and the body before the view runs, and the
description is drawn from it. So nothing is taken that is not described, and nothing is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, request

from helpdesk.api import read
from helpdesk.api.auth import with_token
from helpdesk.api.fields import Query, Schema, Shape
from helpdesk.web.http import csrf

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(blueprint)
View = Callable[..., Any]
NOTHING = Query()
PLAIN = {"lines": "text/plain", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Operation:
    """One call: `answer` is the JSON schema of what comes back with `status`."""

    method: str
    rule: str
    summary: str
    endpoint: str
    query: Query
    body: Shape | None
    answer: Schema
    status: int
    several: bool = False  # the body may be a list of such things

    @property
    def headers(self) -> tuple[str, ...]:
        """What may stand in the head: what changes something is done once for each key."""
        return ("Idempotency-Key",) if self.method == "POST" else ()

    @property
    def plain(self) -> tuple[str, ...]:
        """In which other ways the answer comes, where that may be asked for: its values alone."""
        return tuple(PLAIN.values()) if "as" in self.query.fields else ()

    @property
    def path(self) -> str:
        """The address as the description writes it: /tickets/{number}."""
        return self.rule.replace("<", "{").replace(">", "}")


OPERATIONS: dict[str, Operation] = {}  # by endpoint, in the order of the description


def takes(
    call: str,
    summary: str,
    *,
    answer: Schema,
    query: Query = NOTHING,
    body: Shape | None = None,
    several: bool = False,
    status: int = 200,
    on: Blueprint = blueprint,
) -> Callable[[View], View]:
    """Mount a view for a call ("GET /meta"). It gets `asked` where the call has parameters, and `sent`
    where it has a body; where that may be `several`, always as a list.

    The call answers 401 without a token, and 422 by name for all that is not declared. `on`: the
    blueprint of a door that stands by itself.
    """

    method, rule = call.split()

    def mount(view: View) -> View:
        endpoint = view.__name__
        known = Operation(method, rule, summary, endpoint, query, body, answer, status, several)
        OPERATIONS[f"{on.name}.{endpoint}"] = known
        checked = with_token(_checked(view, query, body, several))
        on.add_url_rule(rule, endpoint, checked, methods=[method])
        return checked

    return mount


def _checked(view: View, query: Query, body: Shape | None, several: bool = False) -> View:
    @wraps(view)
    def checked(**parts: Any) -> Any:
        asked = query.check(request.args)
        if query.fields:
            parts["asked"] = asked
        if body and several:
            parts["sent"] = body.check_all(read.bodies_of())
        elif body:
            parts["sent"] = body.check(read.body())
        return view(**parts)

    return checked


def open_page(rule: str) -> Callable[[View], View]:
    """Mount a page about the API: it asks for no token and takes no parameter."""

    def mount(view: View) -> View:
        blueprint.add_url_rule(rule, view.__name__, _checked(view, NOTHING, None), methods=["GET"])
        return view

    return mount
