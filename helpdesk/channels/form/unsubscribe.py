"""One click, and there is no more mail that a case does not need (RFC 8058); one more, and there is again.

The link's signature is the whole proof, so a mail program may post to it without a cookie. To look at
the page changes nothing: scanners of mails open every link.
"""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask_babel import refresh

from helpdesk.core.db import db
from helpdesk.core.limits import Guess, Guesses, searching
from helpdesk.notify import optouts
from helpdesk.notify.models import Envelope
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import csrf

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe")
csrf.exempt(blueprint)
WRONG_LINKS = Guesses(free=300, first=60, longest=600, forgotten=600)


@blueprint.get("/<token>")
def show(token: str) -> str:
    """What the click will do, or that it was done."""
    return _page(_mail(token), token)


@blueprint.post("/<token>")
def stop(token: str) -> str:
    """No more of these mails: from the page's button, or from the mail program itself."""
    row = _mail(token)
    optouts.opt_out(row.recipient)
    return _page(row, token)


@blueprint.post("/<token>/back")
def back(token: str) -> str:
    """Write to me again."""
    row = _mail(token)
    optouts.opt_in(row.recipient)
    return _page(row, token)


def _mail(token: str) -> Envelope:
    with searching(Guess(f"unsubscribe:{request.remote_addr}", WRONG_LINKS)):
        return optouts.mail_of(token)


def _page(row: Envelope, token: str) -> str:
    """In the language of the mail, unless the reader has asked for the other one."""
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    if ticket is not None and "lang" not in request.args:
        g.language = ticket.language
        refresh()
    return render_template(
        "public/unsubscribe.html", row=row, token=token, is_out=optouts.is_out(row.recipient)
    )
