"""The second factor: asked for at the sign-in, turned on and off in one's own account."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from helpdesk.agents import accounts, devices, second_factor, sign_in
from helpdesk.agents.forms import CodeForm, PasswordForm, SetupForm
from helpdesk.agents.models import Agent
from helpdesk.agents.pages import welcome
from helpdesk.core.i18n import gettext
from helpdesk.paper.qr import qr_svg_path
from helpdesk.web.http import company
from helpdesk.web.pages import Page

blueprint = Blueprint("second_factor", __name__)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def ask() -> Page:
    """The code after the password."""
    agent, target = sign_in.waiting()
    form = CodeForm()
    here, address = devices.known(agent), request.remote_addr or ""
    if form.did(lambda: second_factor.verify(agent, form.code.data, address, here)):
        return welcome(agent, target)
    return render_template("agents/code.html", form=form), form.status


@blueprint.route("/me/second-factor", methods=["GET", "POST"])
@sign_in.signed_in
def setting() -> Page:
    """What it is now; the password leads to turning it on."""
    agent = sign_in.my_row()
    if agent.totp_secret:
        return _on_page(PasswordForm(formdata=None))
    form = PasswordForm()
    if form.did(lambda: accounts.confirm(agent, form.current.data)):
        return _setup_page(agent, SetupForm(formdata=None, setup=second_factor.begin()))
    page = render_template("agents/second_factor_start.html", form=form)
    return page, form.status


@blueprint.post("/me/second-factor/on")
@sign_in.signed_in
def on() -> Page:
    """Turn it on with a first code of the app; then the codes for paper are shown, once."""
    agent, form = sign_in.my_row(), SetupForm()
    if agent.totp_secret:
        return redirect("/me/second-factor", code=303)
    secret = second_factor.secret_of(form.setup.data or "", agent)
    if form.did(lambda: second_factor.turn_on(agent, secret, form.code.data)):
        return render_template("agents/paper_codes.html", codes=form.made)
    return _setup_page(agent, form)


def _setup_page(agent: Agent, form: SetupForm) -> Page:
    secret = second_factor.secret_of(form.setup.data, agent)
    path, side = qr_svg_path(second_factor.address(secret, agent.email, company()))
    values = {"form": form, "secret": secret, "path": path, "side": side}
    return render_template("agents/second_factor.html", **values), form.status


@blueprint.post("/me/second-factor/<any(paper, off):what>")
@sign_in.signed_in
def change(what: str) -> Page:
    """New codes for paper, or no second factor any more; either takes the password."""
    agent, form = sign_in.my_row(), PasswordForm()
    if not form.did(lambda: accounts.confirm(agent, form.current.data)):
        return _on_page(form)
    if what == "paper":
        return render_template("agents/paper_codes.html", codes=second_factor.renew_paper(agent))
    second_factor.turn_off(agent, by=agent.actor)
    flash(gettext("The second factor is off."), "success")
    return redirect("/me", code=303)


def _on_page(form: PasswordForm) -> Page:
    left = len(sign_in.my_row().paper_codes)
    page = render_template("agents/second_factor_off.html", form=form, left=left)
    return page, form.status
