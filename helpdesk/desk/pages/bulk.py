"""Many tickets at once: the verbs of the list page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.core.errors import BadInput
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_, gettext, zone
from helpdesk.desk import bulk
from helpdesk.desk.moving import make_move
from helpdesk.setup.names import departments
from helpdesk.tickets import actions, choices, filters, lifecycle, queue
from helpdesk.web.sent import Sent

blueprint = Blueprint("bulk", __name__)
MOVES = (
    "accept",
    "dispatch",
    "transfer",
    "hold",
    "resume",
    "close",
    "reopen",
    "archive",
    "withdraw",
)


@blueprint.get("/tickets/bulk")
@needs("ticket.assign")
def form() -> str:
    """The inside of the dialog: what can be done to the tickets of a list."""
    labels = {move.code: move.label for move in lifecycle.TABLE}
    try:
        numbers = bulk.numbers_of(filters.parse(request.args), me().actor)
    except BadInput as error:
        return render_template("tickets/_refused.html", sentence=error.sentence(gettext))
    return render_template(
        "tickets/_bulk.html",
        numbers=numbers,
        moves=[(code, gettext(labels[code])) for code in MOVES],
        agents=queue.takers(),
        departments=departments(),
        severities=choices.of("severity"),
    )


@blueprint.post("/tickets/bulk")
@needs("ticket.assign")
def run() -> str:
    """Do it, ticket by ticket, and tell what was done and what was refused."""
    outcome = bulk.run(request.form.getlist("number"), me().actor, _verb(request.form))
    return render_template("tickets/bulk.html", outcome=outcome)


def _verb(form: Any) -> bulk.Verb:
    """The verb that was chosen. Raises BadInput when none was."""
    who, do = me().actor, form.get("do", "")
    if do == "assign":
        agent_id = whole(form.get("agent"))
        return lambda ticket: queue.assign(ticket, by=who, agent_id=agent_id)
    if do == "severity":
        chosen, reason = form.get("severity", ""), form.get("comment", "")
        return lambda ticket: actions.edit(ticket, by=who, severity=chosen, reason=reason)
    if do == "note":
        return lambda ticket: actions.note(ticket, by=who, body=form.get("comment", ""))
    if do in MOVES:
        return lambda ticket: make_move(do, ticket, Sent(form, zone()), by=who)
    raise BadInput(N_("Please choose what is to be done."))
