"""/mail/sent: every mail that we sent, what became of it, and sending one again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.agents.rights import require
from helpdesk.agents.sign_in import actor, signed_in
from helpdesk.channels.email.deciding.verdicts import OUTCOME_NAMES
from helpdesk.core.db import db
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import gettext
from helpdesk.notify import failures
from helpdesk.notify.models import Envelope
from helpdesk.web.http import local_path

blueprint = Blueprint("mail_sent", __name__, url_prefix="/mail/sent")
MOST = 200


@blueprint.get("")
@signed_in
def sent() -> str:
    """The newest mails that we sent; ?state=lost shows only those that did not arrive."""
    require(actor(), "mail.review")
    query = select(Envelope).order_by(Envelope.id.desc()).limit(MOST)
    lost = request.args.get("state") == "lost"
    rows = db.session.scalars(query.where(failures.is_lost()) if lost else query).all()
    return render_template(
        "mail/sent.html",
        rows=rows,
        outcomes=OUTCOME_NAMES,
        lost=lost,
        can_send_again=failures.can_send_again,
    )


@blueprint.post("/<int:mail_id>/again")
@signed_in
def send_again(mail_id: int) -> Response:
    """Put one that did not arrive back into the outbox, under the same Message-ID."""
    who = actor()
    require(who, "mail.review")
    assert who is not None
    try:
        failures.send_again(mail_id, by=who)
        flash(gettext("It will be sent again at once."), "success")
    except Refused as error:
        flash(error.sentence(gettext), "warning")
    return redirect(local_path(request.form.get("back")) or "/mail/sent", code=303)
