"""The pages of the set-up: its index, and who works here."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from helpdesk.agents import (
    accounts,
    departments,
    invitations,
    people,
    second_factor,
    sign_in,
    tokens,
    tries,
)
from helpdesk.agents.admin_forms import DepartmentForm, PersonForm, TokenForm
from helpdesk.agents.departments import Unit
from helpdesk.agents.forms import NewPasswordForm
from helpdesk.agents.models import Agent, ApiToken
from helpdesk.agents.pages import admit
from helpdesk.agents.people import ColleagueText
from helpdesk.agents.rights import ROLE_NAMES, STAFF_NAMES, may
from helpdesk.agents.scopes import SCOPE_NAMES
from helpdesk.agents.sign_in import by, needs
from helpdesk.core.calendars import newest
from helpdesk.core.errors import BadInput
from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext
from helpdesk.core.limits import Guess, searching
from helpdesk.settings import settings
from helpdesk.web.pages import Page, answered, form_page, kept

blueprint = Blueprint("admin", __name__)


@blueprint.app_context_processor
def _rights() -> dict[str, Any]:
    return {"may": partial(may, sign_in.actor()), "role_names": ROLE_NAMES}


@blueprint.get("/admin")
@needs("settings.read")
def index() -> Page:
    """A card for every page of the set-up."""
    return render_template("admin/index.html")


@blueprint.get("/admin/people")
@needs("settings.read")
def people_list() -> Page:
    """All colleagues, by name or words, by role."""
    words, role = request.args.get("q", "").strip(), request.args.get("role", "")
    return render_template(
        "admin/people.html",
        people=people.everybody(words, role if role in STAFF_NAMES else ""),
        words=words,
        role=role,
        roles=STAFF_NAMES,
    )


@blueprint.route("/admin/people/new", methods=["GET", "POST"])
@needs("people.edit")
def person_new() -> Page:
    """A new colleague; the answer shows the link by which a password is set."""
    form = PersonForm.offered()
    if form.did(lambda: people.add(ColleagueText(**form.typed()), by=by())):
        return _with_link(form.made)
    return form_page("admin/person.html", form, agent=None)


@blueprint.route("/admin/people/<int:agent_id>", methods=["GET", "POST"])
@needs("people.edit")
def person(agent_id: int) -> Page:
    """Change a colleague."""
    agent = people.found(agent_id)
    form = PersonForm.offered(agent)
    asked = _asks_for_heir(agent, form)
    given = ColleagueText(**form.typed())
    if not asked and form.did(lambda: people.edit(agent, given, by(), _heir())):
        return kept("/admin/people")
    return _person_page(agent, form, asked)


def _asks_for_heir(agent: Agent, form: PersonForm) -> list[tuple[str, int]]:
    """What the change would take from this person, when nobody has said yet to whom it goes."""
    if "heir" in request.form or not form.validate_on_submit():
        return []
    return people.held(agent, ColleagueText(**form.typed()))


def _heir() -> int | None:
    return whole(request.form.get("heir"))


def _person_page(agent: Agent, form: PersonForm, asked: list[tuple[str, int]]) -> Page:
    page = render_template(
        "admin/person.html",
        form=form,
        agent=agent,
        link_until=invitations.last_invited(agent),
        asked=asked,
        held=people.held(agent) if agent.active else [],
        heirs=people.heirs(agent),
    )
    return page, 422 if asked else form.status


@blueprint.post("/admin/people/<int:agent_id>/invitation")
@needs("people.edit")
def person_invite(agent_id: int) -> Page:
    """A link for a (new) password, shown once."""
    return _with_link(people.found(agent_id))


def _with_link(agent: Agent) -> Page:
    secret = invitations.invite(agent, by=by())
    link = f"{settings().base_url}/invitation/{secret}"
    return render_template("admin/invitation.html", agent=agent, link=link)


@blueprint.post("/admin/people/<int:agent_id>/active")
@needs("people.edit")
def person_active(agent_id: int) -> Page:
    """Let a colleague work here, or no more."""
    agent = people.found(agent_id)
    people.set_active(agent, request.form.get("active") == "yes", by(), _heir())
    return kept("/admin/people")


@blueprint.post("/admin/people/<int:agent_id>/end-sessions")
@needs("people.edit")
def person_sessions(agent_id: int) -> Page:
    """End all sessions of a colleague."""
    agent = people.found(agent_id)
    accounts.end_sessions(agent, by())
    flash(gettext("%(name)s is signed out on every device.", name=agent.name), "success")
    return redirect(f"/admin/people/{agent_id}", code=303)


@blueprint.post("/admin/people/<int:agent_id>/second-factor-off")
@needs("people.edit")
def person_second_factor_off(agent_id: int) -> Page:
    """For a lost phone: ask this colleague for no codes until a new one is set up. It takes the
    administrator's own password."""
    agent, me = people.found(agent_id), sign_in.my_row()
    try:
        accounts.confirm(me, request.form.get("current", ""))
        second_factor.turn_off(agent, by=me.actor)
        flash(gettext("The second factor is off."), "success")
    except BadInput:
        flash(gettext("That is not your password. The second factor is still on."), "warning")
    return redirect(f"/admin/people/{agent_id}", code=303)


@blueprint.route("/invitation/<secret>", methods=["GET", "POST"])
def invitation(secret: str) -> Page:
    """Set a password by an invitation and sign in."""
    with searching(Guess(f"invitation from {request.remote_addr}", tries.LINKS)):
        agent = invitations.invited(secret)
    form = NewPasswordForm()
    if form.did(lambda: invitations.redeem(secret, form.password.data)):
        return admit(agent, "/")
    return form_page("agents/invitation.html", form, agent=agent)


@blueprint.get("/admin/departments")
@needs("settings.read")
def department_list() -> Page:
    """All departments."""
    rows = departments.listed()
    return render_template("admin/departments.html", departments=rows, calendars=newest())


@blueprint.route("/admin/departments/new", methods=["GET", "POST"])
@blueprint.route("/admin/departments/<code>", methods=["GET", "POST"])
@needs("settings.edit")
def department(code: str = "") -> Page:
    """Change a department, or add one."""
    row = departments.found(code) if code else None
    form = DepartmentForm.offered(row)
    return answered(form, lambda: departments.save(row, Unit(**form.typed()), by()), department=row)


@blueprint.get("/admin/tokens")
@needs("settings.read")
def token_list() -> Page:
    """All API tokens."""
    return _token_page(TokenForm.offered(fresh=True))


@blueprint.post("/admin/tokens")
@needs("people.edit")
def token_new() -> Page:
    """A new token, shown once."""
    form = TokenForm.offered()
    if form.did(lambda: _new_token(form)):
        return _token_page(TokenForm.offered(fresh=True), text=form.made[1])
    return _token_page(form)


def _new_token(form: TokenForm) -> tuple[ApiToken, str]:
    who, department = by(), form.department_id.data
    return tokens.add(form.name.data, form.role.data, who, department, form.bounds())


def _token_page(form: TokenForm, text: str = "") -> Page:
    return form_page(
        "admin/tokens.html", form, tokens=tokens.listed(), text=text, scope_names=SCOPE_NAMES
    )


@blueprint.post("/admin/tokens/<int:token_id>/revoke")
@needs("people.edit")
def token_revoke(token_id: int) -> Page:
    """End a token."""
    token = tokens.revoke(token_id, by=by())
    flash(gettext("The token “%(name)s” is ended.", name=token.name), "success")
    return redirect("/admin/tokens", code=303)
