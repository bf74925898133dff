"""The one-time link of a mail: whoever reads the mailbox proves that the address is theirs."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from helpdesk.channels.form.pages import customer
from helpdesk.channels.form.tracking import WRONG_CODES
from helpdesk.core.limits import Guess, searching
from helpdesk.tickets import actions, tracking
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import settings

blueprint = Blueprint("confirm", __name__, url_prefix="/confirm")


@blueprint.get("/<number>/<code>")
def ask(number: str, code: str) -> str:
    """A button: programs that look at every link of a mail prove nothing."""
    return _page(_ticket(number, code))


@blueprint.post("/<number>/<code>")
def confirm(number: str, code: str) -> str:
    """The address is proven on its case; once is enough, again changes nothing."""
    ticket = _ticket(number, code)
    actions.prove(ticket, ticket.reply_to, "link", by=customer(ticket.contact_name))
    return _page(ticket, done=True)


def _ticket(number: str, code: str) -> Ticket:
    with searching(Guess(f"confirm:{request.remote_addr}", WRONG_CODES)):
        return tracking.to_confirm(number, code, settings().secret_key)


def _page(ticket: Ticket, done: bool = False) -> str:
    return render_template("public/confirm.html", ticket=ticket, done=done, page="track")
