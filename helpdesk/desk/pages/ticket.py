"""The ticket page: conversation, case file, promises, history, the mail as it was written, files, and
the canned replies that are offered while one writes.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, session
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from helpdesk import files
from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_
from helpdesk.desk import case, correcting, said
from helpdesk.desk.nav import is_installed
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.promises import receipts
from helpdesk.promises import table as promise_table
from helpdesk.promises.models import Promise
from helpdesk.settings import settings
from helpdesk.setup.names import departments
from helpdesk.tickets import (
    callbacks,
    canned,
    choices,
    history_words,
    news,
    queries,
    scanning,
    tracking,
)
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.web.sanitize import clean_mail_html
from helpdesk.words import casefile

blueprint = Blueprint("ticket", __name__)
PARTS = {"case": "tickets/_conversation.html", "dialogs": "tickets/_dialogs.html"}


@blueprint.get("/tickets/<number>")
@needs("ticket.read")
def show(number: str) -> str:
    """The ticket with its conversation; a live page asks for the inside alone."""
    asker, before = request.args.get("asker") == "1", whole(request.args.get("before"))
    part = request.args.get("part")
    wanted = 0 if part == "dialogs" else before or queries.BIGGEST
    found = case.load(number, me().actor, anew=asker, before=wanted)
    if found.has_news:
        news.saw(me().actor, ticket=found.ticket)
    if part in PARTS:
        return render(found, PARTS[part], **_for_dialogs(found) if part == "dialogs" else {})
    return render(found, own_code=_for_the_caller(found))


def _for_the_caller(found: case.Case) -> str:
    """The caller's code, once, for the colleague who has just registered the call; '' otherwise."""
    if session.pop("read_out", "") != found.ticket.number:
        return ""
    return tracking.secret(found.ticket, settings().secret_key)


def render(found: case.Case, template: str = "tickets/ticket.html", **more: Any) -> str:
    """A page of the ticket; a dialog that comes back with what is wrong brings what dialogs offer."""
    if more.get("dialog_open"):
        more |= _for_dialogs(found)
    return render_template(
        template,
        case=found,
        ticket=found.ticket,
        view=session.get("view") or None,
        words=choices.words_of(found.ticket),
        channels=dict(choices.of("channel")),
        newer=case.newer_messages,
        drawn=said.drawn,
        troubled=said.TROUBLED,
        status_names=dict(choices.of("status")),
        calls=callbacks,
        has_suggestions=is_installed("/kb/suggest"),
        **more,
    )


def _for_dialogs(found: case.Case) -> dict[str, Any]:
    return {
        "departments": departments(),
        "corrections": correcting.corrections(found.ticket, found.who),
        "until": correcting.local_input(now()),
    }


@blueprint.get("/tickets/<number>/case-file")
@needs("ticket.read")
def case_file(number: str) -> str:
    """The form of the complaint, by block; what lacks before closing is marked."""
    return render_case_file(case.head(number, me().actor))


def render_case_file(found: case.Case, **more: Any) -> str:
    """The case file, perhaps with what was typed and what is wrong with it."""
    lacking = found.lacking(options.get("required_to_close"))
    blocks = {
        code: [each for each in casefile.FIELDS if each.block == code]
        for code in casefile.BLOCK_NAMES
    }
    return render(
        found, "tickets/case_file.html", blocks=blocks, names=casefile.BLOCK_NAMES,
        lacking=lacking, **more,
    )  # fmt: skip


@blueprint.get("/tickets/<number>/promises")
@needs("ticket.read")
def promises(number: str) -> str:
    """The response table with the reasons of every due time."""
    found = case.head(number, me().actor)
    noted = queries.corrections(found.ticket)

    def corrected(row: Promise) -> list[str]:
        return [history_words.corrected(each) for each in queries.moving(row, noted)]

    table = receipts.table(promise_table(found.ticket), corrected)
    return render(found, "tickets/promises.html", table=table, kinds=receipts.kinds())


@blueprint.get("/tickets/<number>/history")
@needs("ticket.read")
def history(number: str) -> str:
    """What happened, who did it, when, with old and new values."""
    found = case.head(number, me().actor)
    entries = queries.entries(queries.history(found.ticket), found.ticket, found.who)
    return render(found, "tickets/history.html", entries=entries[::-1], told=history_words)


@blueprint.get("/tickets/<number>/messages/<int:message_id>/html")
@needs("ticket.read")
def message_html(number: str, message_id: int) -> BaseResponse:
    """A mail's own HTML, cleaned, alone in a frame: no scripts, no remote images until asked for."""
    found = case.head(number, me().actor)
    message = db.session.get(Message, message_id)
    if message is None or message.ticket_id != found.ticket.id or not message.html:
        raise NotFound(N_("There is no such message."))
    if not found.sees("source"):
        raise NotFound(N_("There is no such message."))
    remote = request.args.get("images") == "1"
    clean = clean_mail_html(message.html, _pictures(found, message), show_remote=remote)
    response = make_response(
        render_template("tickets/mail.html", clean=clean, message=message, remote=remote)
    )
    response.headers["Content-Security-Policy"] = _frame_policy(remote)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _frame_policy(remote: bool) -> str:
    """No scripts, no forms, no loading but pictures; styles only on elements and from our file."""
    pictures = "'self' https:" if remote else "'self'"
    return (
        f"default-src 'none'; img-src {pictures}; style-src 'self' 'unsafe-inline'; "
        "style-src-elem 'self'; style-src-attr 'unsafe-inline'; form-action 'none'; "
        "frame-ancestors 'self'; "
        "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    )


def _pictures(found: case.Case, message: Message) -> dict[str, str]:
    """The addresses of the pictures that the mail brought along."""
    return {
        each.content_id: f"/files/{each.key}"
        for each in queries.files(found.ticket)
        if each.message_id == message.id and each.content_id
    }


MOST_CANNED = 8


@blueprint.get("/canned")
@needs("ticket.message")
def canned_found() -> str:
    """The replies that fit `q`, filled in for ticket `ticket` in its language; a fragment."""
    who = me().actor
    ticket = queries.by_number(request.args.get("ticket", ""), who)
    rows = canned.listed(who, request.args.get("q", "")[:200], limit=MOST_CANNED)
    texts = [(row, canned.render(row, ticket, who, ticket.language)) for row in rows]
    return render_template("tickets/_canned.html", replies=texts)


@blueprint.post("/canned/<int:reply_id>/used")
@needs("ticket.message")
def canned_used(reply_id: int) -> Response:
    """Count one use."""
    canned.used(reply_id, me().actor)
    return Response(status=204)


@blueprint.get("/files/<key>")
@needs("ticket.read")
def download(key: str) -> Response:
    """A stored file, for a colleague who may see its ticket or notice."""
    row = db.session.scalar(select(Attachment).where(Attachment.key == key))
    if row is None or not _is_visible(row, me().actor):
        raise NotFound(N_("This file does not exist."))
    scanning.require_given(row, anyway="anyway" in request.args)
    return files.answer(row.key, row.name, row.mime)


def _is_visible(row: Attachment, who: Actor) -> bool:
    """A file has the rights of the ticket or notice that it belongs to."""
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    if ticket is not None and queries.is_visible(ticket, who):
        return True
    if row.notice_id is None:
        return False
    query = select(Notice.id).where(Notice.id == row.notice_id, notice_queries.visible_to(who))
    return db.session.scalar(query) is not None
