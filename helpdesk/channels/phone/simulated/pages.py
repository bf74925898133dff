"""/phone/line: place calls at the simulated exchange, and see what becomes of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from helpdesk.agents.sign_in import me, my_row, needs
from helpdesk.calls import commands, exchange, lists, queries
from helpdesk.calls.words import DIRECTIONS, State
from helpdesk.channels.phone.simulated.callers import CALLS, KINDS
from helpdesk.channels.phone.simulated.line import NAME
from helpdesk.core.errors import PICK, NotFound, bad_fields
from helpdesk.core.events import last_seq
from helpdesk.core.i18n import N_, ngettext
from helpdesk.customers.phones import spoken
from helpdesk.settings import settings
from helpdesk.tickets import sight
from helpdesk.web.pages import Page

blueprint = Blueprint("phone_line", __name__)
ADDRESS = "/phone/line"
SHOWN = 12
KEYS = {"known": "c", "unknown": "u", "anonymous": "a", "gives_up": "g", "burst": "b"}
NO_LINE = N_("There is no simulated line here: bin/run --demo has one.")


@blueprint.app_context_processor
def _for_calls() -> dict[str, Any]:
    """What calls/index.html asks for: where trial calls are placed, '' where they can't be."""
    return {"trial_line": lambda: ADDRESS if is_there() else ""}


def is_there() -> bool:
    """Whether the simulated exchange is this installation's telephone system."""
    phone = settings().phone
    return phone is not None and phone.kind == NAME


def _require_line() -> None:
    if not is_there():
        raise NotFound(NO_LINE)


@blueprint.get(ADDRESS)
@needs("call.report")
def index() -> Page:
    """The callers that may be placed, and the newest calls; a live page asks for these alone."""
    _require_line()
    who, seq = me().actor, last_seq()
    found, _following = queries.lines(who, queries.Wanted(), size=SHOWN)
    fragment = bool(request.headers.get("HX-Request"))
    return render_template(
        "phone_line/_newest.html" if fragment else "phone_line/index.html",
        rows=lists.rows(found, who, by_stay=False),
        kinds=KINDS,
        keys=KEYS,
        queues=lists.queues(active=True),
        queue=request.args.get("queue", ""),
        down_since=exchange.down_since(),
        seq=seq,
        spoken=spoken,
        state_names=State.names(),
        directions=DIRECTIONS,
        knows_everybody=sight.sees_everybody(who),
    )


@blueprint.post(ADDRESS)
@needs("call.report")
def place() -> Page:
    """Let somebody call."""
    _require_line()
    kind, queue = request.form.get("kind", ""), request.form.get("queue", "")
    if kind not in KINDS:
        raise bad_fields(kind=PICK)
    if queue not in dict(lists.queues(active=True)):
        raise bad_fields(queue=PICK)
    commands.ask("place", my_row(), NAME, kind=kind, queue=queue)
    told = ngettext(
        "One call is on its way.", "%(num)s calls are on their way.", CALLS.get(kind, 1)
    )
    flash(told, "success")
    return redirect(url_for("phone_line.index", queue=queue), code=303)
