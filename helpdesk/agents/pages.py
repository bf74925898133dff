"""Sign-in, sign-out, first start, one's own account, the language switch."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpdesk.agents import accounts, devices, sign_in, tries
from helpdesk.agents.forms import ChangePasswordForm, FirstStartForm, PreferencesForm, SignInForm
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import ROLE_NAMES
from helpdesk.core.errors import PICK, BadInput, NotFound, TooMany
from helpdesk.core.i18n import N_, gettext
from helpdesk.core.limits import Guess, guessing
from helpdesk.settings import LANGUAGES, settings
from helpdesk.web.http import LANGUAGE_COOKIE, local_path
from helpdesk.web.pages import Page, form_page

blueprint = Blueprint("agents", __name__)
YEAR = 365 * 24 * 3600


@blueprint.record_once
def _install(state: Any) -> None:
    sign_in.init(state.app)


@blueprint.get("/sign-in")
def sign_in_page() -> Page:
    """The sign-in form; a new installation is set up first."""
    if not accounts.has_admin():
        return redirect(url_for("agents.first_start"))
    target = local_path(request.args.get("next"))
    if sign_in.actor():
        return redirect(_after(target))
    return render_template("agents/sign_in.html", form=SignInForm(next=target))


@blueprint.post("/sign-in")
def sign_in_now() -> Page:
    """Start a session, or show the form again with the reason."""
    form = SignInForm()
    status, wait = 422, {}
    if form.validate():
        try:
            agent = accounts.authenticate(
                form.email.data, form.password.data, request.remote_addr or "", devices.known
            )
            return admit(agent, local_path(form.next.data))
        except BadInput as error:
            form.take(error)
        except TooMany as error:
            form.form_errors.append(error.sentence(gettext))
            status, wait = 429, {"Retry-After": str(error.retry_after)}
    return make_response(render_template("agents/sign_in.html", form=form), status, wait)


def admit(agent: Agent, target: str) -> Response:
    """In, or on to the code for those who have a second factor."""
    if not agent.totp_secret:
        return welcome(agent, target)
    sign_in.half(agent, target)
    return redirect(url_for("second_factor.ask"), code=303)


def welcome(agent: Agent, target: str) -> Response:
    """Begin the session and go where the person wanted to go."""
    sign_in.begin(agent)
    accounts.note_sign_in(agent, request.remote_addr or "")
    response = make_response(redirect(_after(target), code=303))
    _remember(response, "density", agent.preferences.get("density", "").replace("comfortable", ""))
    devices.remember(response, agent)
    return response


def _after(target: str) -> str:
    return target if target != "/" else "/queue"


@blueprint.post("/sign-out")
def sign_out() -> Page:
    """End this session."""
    sign_in.end()
    flash(gettext("You are signed out."), "success")
    return redirect(url_for("agents.sign_in_page"), code=303)


@blueprint.route("/first-start", methods=["GET", "POST"])
def first_start() -> Page:
    """Make the first administrator; afterwards there is no such page."""
    if accounts.has_admin():
        raise NotFound(N_("There is no such page."))
    form = FirstStartForm()
    if not form.did(lambda: _started(form)):
        return form_page("agents/first_start.html", form)
    sign_in.begin(form.made)
    response = make_response(redirect("/admin", code=303))
    devices.remember(response, form.made)
    return response


def _started(form: FirstStartForm) -> Agent:
    given = form.typed()
    del given["again"]
    with guessing(Guess(f"first start from {request.remote_addr}", tries.LINKS)):
        return accounts.first_start(language=g.language, **given)


@blueprint.get("/me")
@sign_in.signed_in
def me() -> Page:
    """One's own account."""
    return _me()


def _me(
    preferences: PreferencesForm | None = None, password: ChangePasswordForm | None = None
) -> Page:
    agent = sign_in.my_row()
    preferences = preferences or PreferencesForm(
        formdata=None,
        language=agent.language,
        timezone=agent.timezone or "",
        density=agent.preferences.get("density", "comfortable"),
    )
    password = password or ChangePasswordForm(formdata=None)
    page = render_template(
        "agents/me.html",
        agent=agent,
        preferences=preferences,
        password=password,
        role_names=ROLE_NAMES,
        wrong_tries=tries.latest(agent),
        zones=sorted(available_timezones()),
        company_timezone=settings().timezone,
    )
    return page, 422 if preferences.errors or password.errors else 200


@blueprint.post("/me")
@sign_in.signed_in
def keep_preferences() -> Page:
    """Keep language, zone and density."""
    form = PreferencesForm()
    if not form.did(lambda: accounts.prefer(sign_in.my_row(), **form.typed())):
        return _me(preferences=form)
    g.language = form.language.data
    flash(gettext("Kept."), "success")
    response = make_response(redirect(url_for("agents.me"), code=303))
    _remember(response, LANGUAGE_COOKIE, form.language.data)
    _remember(response, "density", form.density.data.replace("comfortable", ""))
    return response


@blueprint.post("/me/password")
@sign_in.signed_in
def change_password() -> Page:
    """A new password: other sessions end, this one is renewed."""
    form, agent = ChangePasswordForm(), sign_in.my_row()
    current, new = form.current.data, form.password.data
    if not form.did(lambda: accounts.change_password(agent, current, new)):
        return _me(password=form)
    sign_in.begin(agent)
    flash(gettext("Your password is changed. Your other sessions have ended."), "success")
    response = make_response(redirect(url_for("agents.me"), code=303))
    devices.remember(response, agent)
    return response


@blueprint.post("/me/end-sessions")
@sign_in.signed_in
def end_sessions() -> Page:
    """Sign out on every device."""
    accounts.end_sessions(sign_in.my_row(), sign_in.by())
    sign_in.end()
    flash(gettext("You are signed out on every device."), "success")
    return redirect(url_for("agents.sign_in_page"), code=303)


@blueprint.post("/language")
def choose_language() -> Page:
    """Read everything in this language from now on."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        raise BadInput(PICK)
    if sign_in.actor():
        accounts.prefer(sign_in.my_row(), language=wanted)
    response = make_response(redirect(local_path(request.form.get("next")), code=303))
    _remember(response, LANGUAGE_COOKIE, wanted)
    return response


def _remember(response: Response, name: str, value: str) -> None:
    """A cookie for a year; scripts may read it, for it is only a matter of looks."""
    response.set_cookie(
        name, value, max_age=YEAR if value else 0, samesite="Lax", secure=settings().secure_cookies
    )
