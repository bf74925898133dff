"""Rectification notices: the board, one notice with its moves, drafting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk import files
from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.core.errors import BadInput, Conflict, NotFound, Refused
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_, gettext, zone
from helpdesk.notices import actions, buttons, moving
from helpdesk.notices import page as notice_page
from helpdesk.notices import queries as notice_queries
from helpdesk.notices import rows as board
from helpdesk.notices.forms import FORMS, EditNoticeForm, MoveForm, NewNoticeForm
from helpdesk.notices.models import Notice
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import news, queries, scanning
from helpdesk.tickets.idempotency import form_once
from helpdesk.tickets.models import Ticket
from helpdesk.web.bodies import takes_files
from helpdesk.web.corrections import show_both
from helpdesk.web.sent import Sent

blueprint = Blueprint("notices", __name__)
Page = str | BaseResponse | tuple[str, int]


@blueprint.app_template_filter("moment")
def moment(text: str) -> datetime | None:
    """A time that was kept as text in a notice's answer."""
    return datetime.fromisoformat(text) if text else None


@blueprint.app_context_processor
def _for_tickets() -> dict[str, Any]:
    """What notices/_on_ticket.html asks for."""
    return {"notices_on": lambda ticket: notice_page.on_ticket(ticket, me().actor)}


@blueprint.context_processor
def _limits() -> dict[str, Any]:
    return {"most_bytes": settings().max_file_bytes}


@blueprint.get("/notices")
@needs("notice.read")
def index() -> str:
    """The board: departments by age, then the list, overdue on top."""
    who, wanted = me().actor, board.NoticeFilter.read(request.args)
    number = request.args.get("page", 0, type=int)
    rows = board.page(wanted, who, max(0, min(number, 10_000)))
    return render_template(
        "notices/index.html",
        wanted=wanted,
        offered=board.offered(who),
        asked_states=board.states(who),
        counts=board.counts(who),
        matrix=board.matrix(who),
        rows=notice_page.rows(rows[: board.PAGE]),
        next_page=number + 1 if len(rows) > board.PAGE else None,
        number=number,
        **notice_page.names(),
    )


@blueprint.get("/notices/<reference>")
@needs("notice.read")
def show(reference: str) -> Page:
    """One notice: head, problem, demand, rail, answer, rounds, history, and the legal moves."""
    notice = notice_queries.by_number(reference, me().actor)
    if reference != notice_queries.slug(notice):
        return redirect(_url(notice), code=301)
    news.saw(me().actor, notice=notice)
    return _page(notice)


def _page(notice: Notice, form: MoveForm | None = None, code: str = "", status: int = 200) -> Page:
    open_code = code or request.args.get("do", "")
    found = notice_page.page(notice, me().actor, form, open_code)
    return render_template("notices/show.html", **found), status


def _url(notice: Notice) -> str:
    return url_for("notices.show", reference=notice_queries.slug(notice))


@blueprint.post("/notices/<reference>/moves/<code>")
@takes_files("files")
@needs("notice.read")
def move(reference: str, code: str) -> Page:
    """Make a move; a form with errors comes back as it was typed."""
    notice = notice_queries.by_number(reference, me().actor)
    if code not in FORMS:
        raise NotFound(N_("There is no such step."))
    actions.require_right(code, notice, me().actor)
    form = FORMS[code]()
    files.hold(f"agent:{me().id}")
    if not form.validate():
        return _page(notice, form, code, 422)
    try:
        moved = _make(code, notice, form)
    except BadInput as error:
        form.take(error)
        return _page(notice, form, code, error.status)
    except (Conflict, Refused) as error:
        form.refuse(error)
        show_both(form, buttons.known_words(notice), str(notice.version))
        return _page(notice, form, code, error.status)
    flash(notice_page.done(code, moved), "success")
    return redirect(_url(moved), code=303)


def _make(code: str, notice: Notice, form: MoveForm) -> Notice:
    """Store the files, then move; files of a refused move are not kept."""
    stored = files.received(f"agent:{me().id}")
    version = form.version.data
    made: list[Notice] = []

    def work() -> None:
        made.append(
            moving.make_move(
                code,
                notice,
                Sent(request.form, zone(), stored),
                by=me().actor,
                version=whole(version),
            )
        )

    _once(work, stored)
    return made[-1] if made else notice_queries.by_number(notice_queries.slug(notice), me().actor)


def _once(work: Callable[[], object], stored: tuple[files.StoredFile, ...]) -> None:
    """Do what the form asks for, unless it was sent before; files of what was not done are let go."""
    try:
        form_once(request.form, request.path, me().actor, work, stored)
    except BaseException:
        files.discard(stored)
        raise


@blueprint.get("/notices/new")
@needs("notice.issue")
def new() -> str:
    """The form of a notice without a case."""
    return _new_page(NewNoticeForm(formdata=None, level="minor", source="inspection"), None)


@blueprint.get("/tickets/<number>/notices/new")
@needs("notice.issue")
def new_for_ticket(number: str) -> str:
    """The form, filled from the case; a confidential customer's words are left out."""
    ticket = queries.by_number(number, me().actor)
    return _new_page(NewNoticeForm(formdata=None, **notice_page.suggestion(ticket)), ticket)


def _new_page(form: NewNoticeForm, ticket: Ticket | None) -> str:
    return render_template("notices/edit.html", form=form, ticket=ticket, notice=None)


@blueprint.post("/notices/new")
@blueprint.post("/tickets/<number>/notices/new")
@takes_files("files")
@needs("notice.issue")
def create(number: str = "") -> Page:
    """Draft one notice for each ticked department; `then` = issue approves and issues them too."""
    who = me().actor
    ticket = queries.by_number(number, who) if number else None
    form = NewNoticeForm()
    files.hold(f"agent:{me().id}")
    if not form.validate():
        return _new_page(form, ticket), 422
    try:
        made = _draft_all(form, ticket, who, request.form.get("then") == "issue")
    except BadInput as error:
        form.take(error)
        return _new_page(form, ticket), error.status
    if made:
        flash(notice_page.made(made), "success")
    return redirect(_url(made[0]) if len(made) == 1 else url_for("notices.index"), code=303)


def _draft_all(form: NewNoticeForm, ticket: Ticket | None, who: Actor, issue: bool) -> list[Notice]:
    """All or none; the files go with the first. Nothing when the form was sent before."""
    units = [in_force.current().unit(code) for code in form.departments.data or ()]
    wanted = [unit.id if unit else 0 for unit in units]
    stored = files.received(f"agent:{me().id}")
    made: list[Notice] = []
    given = {"by": who, "ticket": ticket, "files": stored, "issue": issue, **form.texts()}
    _once(lambda: made.extend(actions.draft_all(wanted, **given)), stored)
    return made


@blueprint.get("/notices/<reference>/edit")
@needs("notice.issue")
def edit(reference: str) -> str:
    """The form of a draft."""
    notice = notice_queries.by_number(reference, me().actor)
    form = EditNoticeForm(obj=notice)
    return render_template("notices/edit.html", form=form, ticket=None, notice=notice)


@blueprint.post("/notices/<reference>/edit")
@takes_files("files")
@needs("notice.issue")
def save(reference: str) -> Page:
    """Keep the changes of a draft."""
    notice = notice_queries.by_number(reference, me().actor)
    form = EditNoticeForm(obj=notice)
    files.hold(f"agent:{me().id}")
    if form.did(lambda: _save(notice, form)):
        flash(gettext("The draft is saved."), "success")
        return redirect(_url(notice), code=303)
    page = render_template("notices/edit.html", form=form, ticket=None, notice=notice)
    return page, form.status


def _save(notice: Notice, form: EditNoticeForm) -> None:
    unit = in_force.current().unit(form.department.data)
    stored = files.received(f"agent:{me().id}")
    given = {"department_id": unit.id if unit else 0, **form.texts()}
    try:
        actions.edit(notice, by=me().actor, files=stored, **given)
    except BaseException:
        files.discard(stored)
        raise


@blueprint.get("/notices/<reference>/files/<int:file_id>")
@needs("notice.read")
def download(reference: str, file_id: int) -> Any:
    """An evidence file, for those who see the notice."""
    notice = notice_queries.by_number(reference, me().actor)
    found = next((f for f in notice_queries.files(notice) if f.id == file_id), None)
    if found is None:
        raise NotFound(N_("There is no such file."))
    scanning.require_given(found, anyway="anyway" in request.args)
    return files.answer(found.key, found.name, found.mime, inline="inline" in request.args)
