"""The verbs of the ticket page: moves, words, the case file, who is on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from helpdesk import files
from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.core import options
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Conflict, HelpdeskError, NotAllowed, Refused, bad_field
from helpdesk.core.given import whole, wholes
from helpdesk.core.i18n import N_, gettext, zone
from helpdesk.desk import case, correcting
from helpdesk.desk.moving import make_move
from helpdesk.desk.pages.ticket import render, render_case_file
from helpdesk.setup import in_force
from helpdesk.tickets import actions, callbacks, lifecycle, queries, queue
from helpdesk.tickets.idempotency import form_once
from helpdesk.tickets.models import Ticket
from helpdesk.web.bodies import takes_files
from helpdesk.web.sent import Sent
from helpdesk.words import casefile

blueprint = Blueprint("moves", __name__)
Page = BaseResponse | tuple[str, int]
WRITERS = ("reply", "message", "note")
UNSAID = N_("Please choose who reads it: the customer, or only colleagues.")
SHOWN_AGAIN = (BadInput, Conflict, Refused, NotAllowed)


def _home(number: str, tab: str = "") -> BaseResponse:
    return redirect(f"/tickets/{number}{tab}", code=303)


def _number(name: str) -> int | None:
    """A number of the form; None when there is none."""
    return whole(request.form.get(name))


def given_version() -> int | None:
    """The version of the ticket that the form was drawn from."""
    return _number("version")


def _told(error: HelpdeskError) -> dict[str, Any]:
    """What went wrong, for the page that is shown again; nothing was stored."""
    db.session.rollback()
    errors = {name: gettext(text) for name, text in getattr(error, "errors", {}).items()}
    stale = isinstance(error, Conflict)
    return {"problem": error.sentence(gettext), "errors": errors, "stale": stale}


def _again(number: str, error: HelpdeskError, **typed: Any) -> tuple[str, int]:
    """The page as it is now, with what went wrong and everything that was typed."""
    told = _told(error)
    return render(case.load(number, me().actor), **told, **typed), error.status


def on_ticket(number: str, verb: Callable[..., Any], **typed: Any) -> Page:
    """Let this person run a verb of this ticket and go back to it, or show it again with the reason."""
    try:
        ticket = queries.by_number(number, me().actor)
        _once(lambda: verb(ticket, by=me().actor))
    except SHOWN_AGAIN as error:
        return _again(number, error, **typed)
    return _home(number)


def _once(work: Callable[[], object], stored: tuple[files.StoredFile, ...] = ()) -> None:
    """Do what the form asks for, unless it was sent before: a double click, a reload."""
    form_once(request.form, request.path, me().actor, work, stored)


@blueprint.post("/tickets/<number>/moves/<code>")
@needs("ticket.read")
def move(number: str, code: str) -> Page:
    """Make a move of the table with the fields that it needs."""
    try:
        _once(lambda: _move(number, code, request.form))
    except SHOWN_AGAIN as error:
        odd = getattr(error, "errors", {})
        if code == "close" and not odd.keys().isdisjoint(casefile.BY_CODE):
            return _case_file_again(number, error)
        return _again(number, error, dialog_open=code, typed=request.form)
    return _home(number)


def _move(number: str, code: str, values: Any) -> None:
    who = me().actor
    ticket = queries.by_number(number, who)
    make_move(code, ticket, Sent(values, zone()), by=who, version=given_version())


@blueprint.post("/tickets/<number>/messages")
@takes_files("files")
@needs("ticket.read")
def write(number: str) -> Page:
    """Reply, message or note. What was said meanwhile is shown first; the typed text is kept."""
    stored: tuple[files.StoredFile, ...] = ()
    try:
        stored = files.received(f"agent:{me().id}")
        _once(lambda: _write(number, stored), stored)
    except SHOWN_AGAIN as error:
        files.discard(stored)
        since = _number("seen_seq") if error.code == "newer_messages" else None
        return _again(number, error, typed=request.form, write_error=True, since=since)
    return _home(number, "?as=note#latest" if request.form.get("mode") == "note" else "#latest")


def _write(number: str, stored: tuple[files.StoredFile, ...]) -> None:
    who, form, how = me().actor, request.form, _how()
    found = case.head(number, who)
    body, seen_seq = form.get("body", ""), _number("seen_seq")
    if form.get("mode") not in WRITERS:
        raise bad_field("mode", UNSAID)
    if form.get("mode") == "note":
        actions.note(found.ticket, by=who, body=body, files=stored, how=how)
    elif form.get("mode") == "reply" and not _stays_open(found):
        actions.answer(
            _answer_code(found), found.ticket, by=who, body=body.strip(), files=stored,
            seen_seq=seen_seq, how=how,
        )  # fmt: skip
    else:
        actions.send_message(
            found.ticket, by=who, body=body, files=stored, seen_seq=seen_seq, how=how
        )


def _answer_code(found: case.Case) -> str:
    """The step that answers; where none is possible now, the one that would have been this reader's."""
    if found.answer:
        return found.answer.code
    return next((code for code in case.ANSWERS if lifecycle.may_ever(code, found.who)), "reply")


def _stays_open(found: case.Case) -> bool:
    """Whether the answer does not solve a fresh complaint yet. Raises BadInput when it is not said."""
    if not found.asks_solved:
        return False
    if request.form.get("solved") not in ("yes", "no"):
        raise bad_field("solved", N_("Please say whether this solves the matter."))
    return request.form["solved"] == "no"


def _how() -> actions.How:
    """Words from a person wait a little on their way out; a draft that they come from is used up."""
    draft = _number("draft")
    keep = tuple(wholes(request.form.getlist("keep")))
    return actions.How(
        hold=timedelta(seconds=options.get("undo_seconds")),
        draft=draft,
        keep=keep if draft is not None else (),
        cc=tuple(request.form.getlist("cc")),
    )


@blueprint.post("/tickets/<number>/messages/<int:message_id>/unsend")
@needs("ticket.read")
def unsend(number: str, message_id: int) -> Page:
    """Take back what one has just sent: the words stand in the reply box again."""
    try:
        ticket = queries.by_number(number, me().actor)
        actions.unsend(ticket, by=me().actor, message_id=message_id)
    except SHOWN_AGAIN as error:
        return _again(number, error)
    flash(
        gettext("Taken back: the customer has not seen it. Your words are in the box."), "success"
    )
    return _home(number, "?draft=1#reply")


@blueprint.post("/tickets/<number>/messages/<int:message_id>/discard")
@needs("ticket.read")
def discard(number: str, message_id: int) -> Page:
    """Throw away words that were taken back."""
    return on_ticket(number, partial(actions.throw_away, message_id=message_id))


@blueprint.post("/tickets/<number>/case-file")
@needs("ticket.edit")
def fill(number: str) -> Page:
    """Fill the case file."""
    facts = {code: request.form[code] for code in casefile.BY_CODE if code in request.form}
    try:
        ticket = queries.by_number(number, me().actor)
        actions.edit(ticket, by=me().actor, version=given_version(), facts=facts)
    except SHOWN_AGAIN as error:
        return _case_file_again(number, error, typed=facts)
    flash(gettext("The case file is stored."), "success")
    return _home(number, "/case-file")


def _case_file_again(number: str, error: HelpdeskError, **typed: Any) -> tuple[str, int]:
    """The case file as it is now, with what went wrong or is missing."""
    told = _told(error)
    found = case.head(number, me().actor)
    return render_case_file(found, **told, **typed), error.status


@blueprint.post("/tickets/<number>/edit")
@needs("ticket.edit")
def edit(number: str) -> Page:
    """Correct fields of the ticket; the desk also what moves a promise, with a reason."""
    form = request.form
    reason = form.get("reason", "")

    def verb(ticket: Ticket, by: Actor) -> None:
        changes = correcting.changes(ticket, form)
        actions.edit(ticket, by=by, version=given_version(), reason=reason, **changes)

    return on_ticket(number, verb, dialog_open="edit", typed=form)


@blueprint.post("/tickets/<number>/seal")
@needs("ticket.seal")
def seal(number: str) -> Page:
    """Make the case confidential, with a reason."""
    return _confidential(number, actions.seal, "seal")


@blueprint.post("/tickets/<number>/lift")
@needs("ticket.lift_confidentiality")
def lift(number: str) -> Page:
    """Lift the confidentiality, with a reason that stays in the journal."""
    return _confidential(number, actions.lift, "lift")


def _confidential(number: str, verb: Callable[..., Ticket], dialog: str) -> Page:
    run = partial(verb, reason=request.form.get("reason", ""), version=given_version())
    return on_ticket(number, run, dialog_open=dialog, typed=request.form)


@blueprint.get("/tickets/<number>/colleagues")
@needs("ticket.assign")
def colleagues(number: str) -> str:
    """Who may take this ticket: the inside of the assign dialog, read when it is opened."""
    found = case.head(number, me().actor)
    return render(found, "tickets/_colleagues.html", agents=queue.takers(found.ticket))


@blueprint.post("/tickets/<number>/assign")
@needs("ticket.claim")
def assign(number: str) -> Page:
    """Give the ticket to a colleague, or back to the queue."""
    return on_ticket(number, partial(queue.assign, agent_id=_number("agent")))


@blueprint.post("/tickets/<number>/release")
@needs("ticket.claim")
def release(number: str) -> Page:
    """Put one's own ticket back into the queue."""
    return on_ticket(number, queue.release)


@blueprint.post("/tickets/<number>/urge")
@needs("ticket.message")
def urge(number: str) -> Page:
    """The customer presses, on the phone perhaps."""
    words = request.form.get("comment", "").strip()
    return on_ticket(number, partial(actions.urge, comment=words))


@blueprint.post("/tickets/<number>/assists")
@needs("ticket.assign")
def ask_assist(number: str) -> Page:
    """Ask a further department for help."""
    unit = in_force.current().unit(request.form.get("department", ""))
    task = request.form.get("comment", "").strip()
    ask = partial(actions.add_assist, department_id=unit.id if unit else 0, task=task)
    return on_ticket(number, ask, dialog_open="assist", typed=request.form)


@blueprint.post("/tickets/<number>/assists/<int:department_id>")
@needs("ticket.note")
def answer_assist(number: str, department_id: int) -> Page:
    """The assisting department reports back."""
    words = request.form.get("answer", "")
    answer = partial(actions.answer_assist, department_id=department_id, answer=words)
    return on_ticket(number, answer, typed=request.form, assist_open=department_id)


@blueprint.post("/tickets/<number>/callback")
@needs("callback.work")
def callback(number: str) -> Page:
    """Note one follow-up call."""
    return on_ticket(number, _note_call, typed=request.form)


def _note_call(ticket: Ticket, by: Actor) -> None:
    form = request.form
    callbacks.attempt(
        ticket,
        by=by,
        contact=form.get("contact", ""),
        resolved=form.get("resolved", ""),
        words=form.get("words", "").strip()[:5000],
        **{name: _number(name) for name in ("result", "attitude", "speed")},
    )
