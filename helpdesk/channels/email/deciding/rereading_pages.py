"""/mail/<id>/reading: what a stored mail says by today's reading, and renewing its message."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from helpdesk.agents.rights import Actor, require
from helpdesk.agents.sign_in import actor, signed_in
from helpdesk.channels.email.deciding import rereading
from helpdesk.core.db import db
from helpdesk.core.errors import NotSignedIn
from helpdesk.core.i18n import N_, gettext
from helpdesk.tickets.models import Ticket

blueprint = Blueprint("mail_reading", __name__, url_prefix="/mail")


def _who() -> Actor:
    who = actor()
    if who is None:
        raise NotSignedIn(N_("Please sign in again."))
    require(who, "settings.edit")
    return who


@blueprint.get("/<int:mail_id>/reading")
@signed_in
def show(mail_id: int) -> str:
    """What would change; nothing does until somebody says so."""
    found = rereading.for_page(_who(), mail_id)
    ticket = db.session.get_one(Ticket, found.message.ticket_id)
    return render_template(
        "mail/reading.html", found=found, row=found.row, ticket=ticket, parts=rereading.PARTS
    )


@blueprint.post("/<int:mail_id>/reading")
@signed_in
def renew(mail_id: int) -> Response:
    """Renew the message by today's reading."""
    if rereading.apply(_who(), mail_id):
        flash(gettext("The message was renewed; its old words are kept beside it."), "success")
    else:
        flash(gettext("Nothing differs any more."), "info")
    return redirect(f"/mail/{mail_id}", code=303)
