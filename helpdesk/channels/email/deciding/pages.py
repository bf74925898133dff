"""/mail: every mail that came or that we sent, what became of it and why, and the daily proof that none
is lost."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk import files
from helpdesk.agents.sign_in import me, needs
from helpdesk.channels.email import ledger
from helpdesk.channels.email.deciding import brakes, kept_mail, proof, rereading, review
from helpdesk.channels.email.deciding.verdicts import OUTCOME_NAMES, REASONS, RULES
from helpdesk.core.db import db
from helpdesk.core.errors import Refused
from helpdesk.core.given import whole, wholes
from helpdesk.core.i18n import gettext
from helpdesk.notify import failures
from helpdesk.notify.models import Envelope
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import local_path

blueprint = Blueprint("mail", __name__, url_prefix="/mail")
WORDS = {"outcomes": OUTCOME_NAMES, "reasons": REASONS, "rules": RULES}
MOST_SENT = 200  # letters that one page shows


@blueprint.app_context_processor
def _rules() -> dict[str, Any]:
    return {"mail_rules": RULES}


@blueprint.get("")
@needs("mail.review")
def index() -> str:
    """Mails by outcome; those that wait for a person first. Also by mailbox and day."""
    outcome = _outcome(request.args.get("outcome", "held"))
    sender = request.args.get("from", "")[:254]
    mailbox = request.args.get("mailbox", "")[:80]
    day = request.args.get("day", type=date.fromisoformat)  # None for what is no date
    before = whole(request.args.get("before")) or 0
    rows = review.listed(me().actor, outcome, before, mailbox, day, sender)
    more = rows[review.PAGE - 1].id if len(rows) > review.PAGE else 0
    return render_template(
        "mail/index.html",
        rows=rows[: review.PAGE],
        outcome=outcome,
        mailbox=mailbox,
        day=day,
        sender=sender,
        ticked=request.args.get("all") == "1",
        counts=review.counts(me().actor),
        before=more,
        **WORDS,
    )


@blueprint.get("/days")
@needs("mail.review")
def days() -> str:
    """The daily proof: what was handed to us, and what became of it, with the list behind each."""
    asked = min(whole(request.args.get("days")) or 7, ledger.MOST_DAYS)
    return render_template(
        "mail/days.html", lines=ledger.days(me().actor, asked), days=asked, **WORDS
    )


@blueprint.get("/radar")
@needs("mail.review")
def loops() -> str:
    """Who sent us how many mails in the last day, and whom the brake has stopped until when."""
    return render_template(
        "mail/radar.html", lines=brakes.busy_senders(me().actor), outcomes=OUTCOME_NAMES
    )


@blueprint.post("/radar/release")
@needs("mail.review")
def release() -> Response:
    """Let a sender through again; what was held stands in the list that opens."""
    sender = request.form.get("from", "")[:254]
    brakes.release(me().actor, sender)
    flash(gettext("The brake is off for %(sender)s.", sender=sender), "success")
    return redirect(f"/mail?{urlencode({'outcome': 'held', 'from': sender})}", code=303)


@blueprint.post("/many")
@needs("mail.review")
def many() -> Response:
    """Let the ticked mails in, or set them aside: one decision for all of them."""
    ids = wholes(request.form.getlist("mail"))[: review.PAGE]
    decision = request.form.get("decision", "")
    done, left = review.decide_many(me().actor, ids, decision)
    flash(gettext("%(done)s mails are decided.", done=done), "success" if done else "warning")
    if left:
        flash(gettext("%(left)s mails need a look of their own.", left=left), "warning")
    return redirect(local_path(request.form.get("back", "/mail")), code=303)


def _outcome(given: str) -> str:
    return given if given in OUTCOME_NAMES else "" if given == "all" else "held"


@blueprint.get("/<int:mail_id>")
@needs("mail.review")
def show(mail_id: int) -> str:
    """One mail as far as it can be read, why it is where it is, and what can be done with it."""
    row, mail = review.one(me().actor, mail_id)
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    known = proof.facts(mail, row.mailbox) if mail else {}
    return render_template(
        "mail/show.html", row=row, mail=mail, ticket=ticket, proof=known, **WORDS
    )


@blueprint.get("/<int:mail_id>/raw")
@needs("mail.review")
def raw(mail_id: int) -> Any:
    """The mail as it came, to download; but for the secrets of our own links in it."""
    row, _mail = review.one(me().actor, mail_id)
    return files.answer_bytes(
        kept_mail.raw_without_secrets(row), f"mail-{row.id}.eml", "message/rfc822"
    )


@blueprint.post("/<int:mail_id>/<any(open, accept, aside, again):decision>")
@needs("mail.review")
def decide(mail_id: int, decision: str) -> Response:
    """Open a ticket, add to the ticket, set aside, or read it anew."""
    try:
        return redirect(_decided(mail_id, decision), code=303)
    except Refused as error:
        flash(error.sentence(gettext), "warning")
    return redirect(f"/mail/{mail_id}", code=303)


def _decided(mail_id: int, decision: str) -> str:
    if decision == "open":
        return f"/tickets/{review.open_ticket(me().actor, mail_id).number}"
    if decision == "accept":
        return f"/tickets/{review.accept_reply(me().actor, mail_id).number}"
    if decision == "again":
        outcome = review.run_again(me().actor, mail_id).outcome
        flash(gettext("Read anew: %(outcome)s", outcome=gettext(OUTCOME_NAMES[outcome])), "success")
        return f"/mail/{mail_id}"
    review.set_aside(me().actor, mail_id)
    flash(gettext("The mail was set aside; it stays stored."), "success")
    return "/mail"


@blueprint.get("/<int:mail_id>/reading")
@needs("settings.edit")
def reading(mail_id: int) -> str:
    """What today's reading of a stored mail would change; nothing does until somebody says so."""
    found = rereading.for_page(me().actor, mail_id)
    ticket = db.session.get_one(Ticket, found.message.ticket_id)
    return render_template(
        "mail/reading.html", found=found, row=found.row, ticket=ticket, parts=rereading.PARTS
    )


@blueprint.post("/<int:mail_id>/reading")
@needs("settings.edit")
def renew(mail_id: int) -> Response:
    """Renew the message by today's reading."""
    if rereading.apply(me().actor, mail_id):
        flash(gettext("The message was renewed; its old words are kept beside it."), "success")
    else:
        flash(gettext("Nothing differs any more."), "info")
    return redirect(f"/mail/{mail_id}", code=303)


@blueprint.get("/sent")
@needs("mail.review")
def sent() -> str:
    """The newest mails that we sent; ?state=lost shows only those that did not arrive."""
    query = select(Envelope).order_by(Envelope.id.desc()).limit(MOST_SENT)
    lost = request.args.get("state") == "lost"
    rows = db.session.scalars(query.where(failures.is_lost()) if lost else query).all()
    return render_template(
        "mail/sent.html",
        rows=rows,
        outcomes=OUTCOME_NAMES,
        lost=lost,
        can_send_again=failures.can_send_again,
    )


@blueprint.post("/sent/<int:mail_id>/again")
@needs("mail.review")
def send_again(mail_id: int) -> Response:
    """Put one that did not arrive back into the outbox, under the same Message-ID."""
    try:
        failures.send_again(mail_id, by=me().actor)
        flash(gettext("It will be sent again at once."), "success")
    except Refused as error:
        flash(error.sentence(gettext), "warning")
    return redirect(local_path(request.form.get("back")) or "/mail/sent", code=303)
