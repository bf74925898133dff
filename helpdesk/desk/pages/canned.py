"""Canned replies while one writes: a list under the search field, filled in for the ticket."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.tickets import canned, queries

blueprint = Blueprint("canned", __name__)
MOST = 8


@blueprint.get("/canned")
@needs("ticket.message")
def found() -> str:
    """The replies that fit `q`, filled in for ticket `ticket` in its language; a fragment."""
    who = me().actor
    ticket = queries.by_number(request.args.get("ticket", ""), who)
    rows = canned.listed(who, request.args.get("q", "")[:200], limit=MOST)
    texts = [(row, canned.render(row, ticket, who, ticket.language)) for row in rows]
    return render_template("tickets/_canned.html", replies=texts)


@blueprint.post("/canned/<int:reply_id>/used")
@needs("ticket.message")
def used(reply_id: int) -> Response:
    """Count one use."""
    canned.used(reply_id, me().actor)
    return Response(status=204)
