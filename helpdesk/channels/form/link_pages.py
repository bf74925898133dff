"""What the links in our mails open without an account: proving an address, and wanting no more mail
that a case does not need (RFC 8058).

A link's signature is the whole proof, so a mail program may post to the second without a cookie. To look
at either page changes nothing: scanners of mails open every link.
"""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask_babel import refresh

from helpdesk.channels.form.pages import customer
from helpdesk.core.db import db
from helpdesk.core.limits import Guess, Guesses, searching
from helpdesk.notify import optouts
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import actions, tracking
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import csrf

confirming = Blueprint("confirm", __name__, url_prefix="/confirm")
unsubscribing = Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe")
csrf.exempt(unsubscribing)
WRONG_LINKS = Guesses(free=300, first=60, longest=600, forgotten=600)


@confirming.get("/<number>/<code>")
def ask(number: str, code: str) -> str:
    """A button: whoever reads the mailbox proves by it that the address is theirs."""
    return _case_page(_case(number, code))


@confirming.post("/<number>/<code>")
def confirm(number: str, code: str) -> str:
    """The address is proven on its case; once is enough, again changes nothing."""
    ticket = _case(number, code)
    actions.prove(ticket, ticket.reply_to, "link", by=customer(ticket.contact_name))
    return _case_page(ticket, done=True)


def _case(number: str, code: str) -> Ticket:
    with searching(Guess(f"confirm:{request.remote_addr}", tracking.WRONG_CODES)):
        return tracking.to_confirm(number, code, settings().secret_key)


def _case_page(ticket: Ticket, done: bool = False) -> str:
    return render_template("public/confirm.html", ticket=ticket, done=done, page="track")


@unsubscribing.get("/<token>")
def show(token: str) -> str:
    """What the click will do, or that it was done."""
    return _mail_page(_mail(token), token)


@unsubscribing.post("/<token>")
def stop(token: str) -> str:
    """No more of these mails: from the page's button, or from the mail program itself."""
    row = _mail(token)
    optouts.opt_out(row.recipient)
    return _mail_page(row, token)


@unsubscribing.post("/<token>/back")
def back(token: str) -> str:
    """Write to me again."""
    row = _mail(token)
    optouts.opt_in(row.recipient)
    return _mail_page(row, token)


def _mail(token: str) -> Envelope:
    with searching(Guess(f"unsubscribe:{request.remote_addr}", WRONG_LINKS)):
        return optouts.mail_of(token)


def _mail_page(row: Envelope, token: str) -> str:
    """In the language of the mail, unless the reader has asked for the other one."""
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    if ticket is not None and "lang" not in request.args:
        g.language = ticket.language
        refresh()
    return render_template(
        "public/unsubscribe.html", row=row, token=token, is_out=optouts.is_out(row.recipient)
    )
