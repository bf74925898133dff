"""What the pages of this set-up share: blueprint, order, choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import by
from helpdesk.core.i18n import offered
from helpdesk.setup import in_force
from helpdesk.setup.names import category_path
from helpdesk.web.forms import choices

blueprint = Blueprint("setup", __name__)


def moved(url: str, row: Any, move: Callable[[Any, int, Actor], None]) -> Response:
    """Move a row of the list up or down as its button says, and show the list with the focus on that
    button, so that it can be pressed again.

    There is no #fragment: with one, browsers do not give the focus (HTML standard, autofocus).
    """
    up = request.form.get("to") == "up"
    move(row, -1 if up else 1, by())
    return redirect(f"{url}?moved={row.id}-{'up' if up else 'down'}", code=303)


def named(names: Mapping[Any, str], none: str) -> list[Any]:
    """('', none) and these codes with their translated names."""
    return choices([("", none), *offered(names)])


def category_choices(none: str) -> list[Any]:
    """('', none) and the tree by id, each with the names above it."""
    nodes = in_force.current().categories
    place = {id_: number for number, id_ in enumerate(nodes)}
    ordered = sorted(nodes.values(), key=lambda node: [place[i] for i in node.ids if i in place])
    return choices([("", none), *((str(one.id), category_path(one, nodes)) for one in ordered)])
