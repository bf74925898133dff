"""/callbacks: the calls to make, the longest waiting first."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from helpdesk.agents.rights import require
from helpdesk.agents.sign_in import actor, signed_in
from helpdesk.clock import now
from helpdesk.core.errors import NotSignedIn
from helpdesk.core.i18n import N_
from helpdesk.tickets import callbacks, ticket_rows

blueprint = Blueprint("callbacks", __name__)


@blueprint.get("/callbacks")
@signed_in
def index() -> str:
    """Tickets whose answer was approved and whose customer waits for our call, a page of them."""
    who = actor()
    if who is None:
        raise NotSignedIn(N_("Please sign in again."))
    require(who, "callback.work")
    after = request.args.get("after", "")
    due, following = callbacks.to_make(who, after)
    rows = {row.ticket.id: row for row in ticket_rows.rows([ticket for _c, ticket in due], who)}
    calls = [(callback, rows[ticket.id]) for callback, ticket in due]
    return render_template(
        "tickets/callbacks.html", calls=calls, moment=now(), after=after, following=following
    )
