"""The tracking page: number and code, no account."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk import files, promises
from helpdesk.agents.sign_in import actor
from helpdesk.channels.form import pages
from helpdesk.channels.form.forms import AddForm, FindForm, RateForm
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed, NotFound, Refused
from helpdesk.core.i18n import N_, gettext
from helpdesk.core.limits import Guess, searching, spend
from helpdesk.promises import rail
from helpdesk.promises.words import FOR_CUSTOMERS
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import actions, callbacks, lifecycle, queries, scanning, tracking
from helpdesk.tickets.idempotency import form_once
from helpdesk.tickets.models import Ticket
from helpdesk.web import drafts
from helpdesk.web.bodies import takes_files
from helpdesk.web.pages import Page

blueprint = Blueprint("track", __name__, url_prefix="/track")
MESSAGES_PER_HOUR = 30
RATEABLE = (lifecycle.Status.REPLIED, lifecycle.Status.CALLBACK, lifecycle.Status.CLOSED)
BY_OWN_LINK = N_(
    "Please open the link in one of our mails about this case: there you can tell us how we did. "
    "Number and code may have been read out to somebody, so they are not enough for that."
)


@blueprint.get("")
def ask() -> str:
    """Where number and code are typed."""
    return _find_page(FindForm())


def _find_page(form: FindForm) -> str:
    """The form, and the cases that this browser opens without a code, newest first."""
    return render_template("public/find.html", form=form, page="track", known=pages.remembered())


@blueprint.post("/forget")
def forget() -> Response:
    """Let this browser forget one case, or all: a shared computer is somebody else's next."""
    pages.no_longer(request.form.get("number"))
    flash(gettext("This browser has forgotten it. Number and code open the case again."), "success")
    return redirect("/track", code=303)


@blueprint.post("")
def find() -> Page:
    """Open the case, or say that number and code don't fit."""
    form = FindForm()
    if not form.validate_on_submit():
        return _find_page(form), 422
    try:
        ticket = _come_in(form.number.data, form.code.data)
    except NotFound as error:
        form.form_errors.append(error.sentence(gettext))
        return _find_page(form), 404
    return redirect(f"/track/{ticket.number}", code=303)


@blueprint.get("/<number>/<code>")
def come_back(number: str, code: str) -> Response:
    """The link of a mail: keeps the code out of the address from here on."""
    _come_in(number, code)
    return redirect(f"/track/{number}")


def _come_in(number: str, code: str) -> Ticket:
    """The case, opened for this browser whatever others at this address have tried. Raises NotFound,
    TooMany."""
    key = settings().secret_key
    with searching(Guess(f"track:{request.remote_addr}", tracking.WRONG_CODES)):
        ticket = tracking.find(number, code, key)
    pages.remember(ticket, judges=tracking.is_own(ticket, code, key))
    return ticket


@blueprint.get("/<number>")
def show(number: str) -> Page:
    """Step, promised dates, department, public messages, and what the customer can do."""
    if not pages.opens(number):
        return redirect("/track")
    return _page(_ticket(number))


def _add_again(told: str, number: str) -> str:
    """The page with the words and files that were to be added."""
    files.hold(pages.ANYBODY)
    form = AddForm()
    form.form_errors.append(told)
    return _page(_ticket(number), add=form)


def _rate_again(told: str, number: str) -> str:
    """The page with the judgement that was to be sent."""
    form = RateForm().prepare()
    form.form_errors.append(told)
    return _page(_ticket(number), rate=form)


@blueprint.post("/<number>/messages")
@takes_files("files", public=True)
@drafts.shown_again(_add_again)
def add(number: str) -> Page:
    """Add words or files."""
    ticket, form = _ticket(number), AddForm()
    files.hold(pages.ANYBODY)
    if not form.validate_on_submit():
        return _page(ticket, add=form), 422
    try:
        with spend(f"add:{number}", MESSAGES_PER_HOUR, 3600):
            _say(ticket, form, files.received(pages.ANYBODY))
    except BadInput as error:
        form.take(error)
        return _page(_ticket(number), add=form), error.status
    flash(gettext("Thank you. Your message is with us."), "success")
    return redirect(f"/track/{number}", code=303)


def _say(ticket: Ticket, form: AddForm, kept: tuple[files.StoredFile, ...]) -> None:
    by, body = pages.customer(ticket.contact_name), form.body.data or ""
    say = partial(actions.add_customer_message, ticket, by=by, body=body, channel="web", files=kept)
    form_once(request.form, request.path, by, say, kept)


@blueprint.post("/<number>/urge")
def urge(number: str) -> Response:
    """Ask us to hurry: once per interval, no clock moves."""
    ticket = _ticket(number)
    try:
        by = pages.customer(ticket.contact_name)
        form_once(request.form, request.path, by, lambda: actions.urge(ticket, by=by))
        flash(_told(ticket), "success")
    except Refused as error:
        flash(error.sentence(gettext), "warning")
    return redirect(f"/track/{number}", code=303)


def _told(ticket: Ticket) -> str:
    """Who hears of it: somebody is on the case, or its queue shows it to whoever comes next."""
    if ticket.department_id and ticket.status in lifecycle.WITH_DEPARTMENT:
        return gettext("We have told the department that you are waiting.")
    if ticket.assignee_id:
        return gettext("We have told the colleague who has your case that you are waiting.")
    return gettext(
        "It stands on your case now: whoever takes it up next sees that you are waiting."
    )


@blueprint.post("/<number>/rate")
@drafts.shown_again(_rate_again)
def rate(number: str) -> Page:
    """Judge the outcome, once per round, as the customer: see `_require_customer`."""
    ticket, form = _ticket(number), RateForm().prepare()
    _require_customer(ticket)
    if not form.validate_on_submit():
        return _page(ticket, rate=form), 422
    try:
        _judge(ticket, form)
        flash(gettext("Thank you for telling us."), "success")
    except Refused as error:
        flash(error.sentence(gettext), "warning")
    return redirect(f"/track/{number}", code=303)


def _require_customer(ticket: Ticket) -> None:
    """A colleague's browser judges nothing, and neither does whoever heard the code. Raises
    NotAllowed."""
    if actor() is not None:
        raise NotAllowed(
            N_("The customer judges here. A colleague notes a judgement with the follow-up call.")
        )
    if not pages.has_right_to_judge(ticket):
        raise NotAllowed(BY_OWN_LINK)


def _judge(ticket: Ticket, form: RateForm) -> None:
    by = pages.customer(ticket.contact_name)
    said = {"resolved": form.resolved.data or "", "words": form.words.data or ""}
    rate = partial(callbacks.rate, ticket, by=by, result=int(form.result.data), **said)
    form_once(request.form, request.path, by, rate)


@blueprint.get("/<number>/files/<key>")
def download(number: str, key: str) -> Any:
    """A public file of this case."""
    ticket = _ticket(number)
    public = queries.files(ticket, public_only=True)
    row = next((each for each in public if each.key == key), None)
    if row is None:
        raise NotFound(N_("There is no such file."))
    scanning.require_given(row, anyway="anyway" in request.args)
    return files.answer(row.key, row.name, row.mime)


_NUMBERED = (
    select(Ticket)
    .where(Ticket.number == bindparam("number"))
    .options(joinedload(Ticket.department), joinedload(Ticket.category))
)


def _ticket(number: str) -> Ticket:
    """The case, when this browser has shown its code. Raises NotFound."""
    salt = pages.opens(number)
    ticket = db.session.scalar(_NUMBERED, {"number": queries.plain_number(number)})
    if ticket is None or salt != ticket.track_salt:
        raise NotFound(tracking.NO_CASE)
    return ticket


def _page(ticket: Ticket, add: AddForm | None = None, rate: RateForm | None = None) -> str:
    """The case, with the form that was just sent, or both empty."""
    snapshot = in_force.current()
    rows = [
        r for r in promises.current(promises.table(ticket), ticket) if r.promise in FOR_CUSTOMERS
    ]
    status = lifecycle.Status(ticket.status)
    may_rate = status in RATEABLE and not callbacks.rated(ticket)
    return render_template(
        "public/track.html",
        page="track",
        ticket=ticket,
        marks=rail.marks(rows, snapshot),
        step=tracking.STEPS[status],
        with_desk=status in lifecycle.AT_DESK,
        may_add=status not in lifecycle.DEAF,
        messages=queries.conversation(ticket, public_only=True),
        files=queries.files(ticket, public_only=True),
        form=add or AddForm(formdata=None),
        rate_form=rate or (RateForm(formdata=None).prepare() if may_rate else None),
        may_rate=may_rate,
        by_own_link="" if pages.has_right_to_judge(ticket) else BY_OWN_LINK,
        is_open=status in lifecycle.OPEN,
        is_new=request.args.get("new") == "1",
        most_bytes=settings().max_file_bytes,
        code=tracking.secret(ticket, settings().secret_key),
        reason=queries.closing_reason(ticket),
        survivor=db.session.get(Ticket, ticket.merged_into_id) if ticket.merged_into_id else None,
    )
