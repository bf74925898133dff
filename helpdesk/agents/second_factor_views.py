"""The second factor: asked for at the sign-in, turned on and off in one's own account."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session
from werkzeug.wrappers import Response

from helpdesk.agents import accounts, devices, second_factor, sign_in
from helpdesk.agents.forms import CodeForm, SecondFactorOffForm
from helpdesk.agents.views import welcome
from helpdesk.i18n import gettext
from helpdesk.paper.qr import qr_svg_path
from helpdesk.web import company

blueprint = Blueprint("second_factor", __name__)
Page = str | Response | tuple[str, int]


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def ask() -> Page:
    """The code after the password."""
    agent, target = sign_in.waiting()
    form = CodeForm()
    here, address = devices.known(agent), request.remote_addr or ""
    if form.did(lambda: second_factor.verify(agent, form.code.data, address, here)):
        return welcome(agent, target)
    return render_template("agents/code.html", form=form), 422 if form.errors else 200


@blueprint.route("/me/second-factor", methods=["GET", "POST"])
@sign_in.signed_in
def setting() -> Page:
    """Turn it on with a first code; then the codes for paper are shown, once."""
    agent = sign_in.me()
    if agent.totp_secret:
        return _off_page(SecondFactorOffForm(formdata=None))
    form, secret = CodeForm(), session.setdefault("new_secret", second_factor.new_secret())
    paper: list[str] = []
    if form.did(lambda: paper.extend(second_factor.turn_on(agent, secret, form.code.data))):
        session.pop("new_secret")
        return render_template("agents/paper_codes.html", codes=paper)
    path, side = qr_svg_path(second_factor.address(secret, agent.email, company()))
    values = {"form": form, "secret": secret, "path": path, "side": side}
    return render_template("agents/second_factor.html", **values), 422 if form.errors else 200


@blueprint.post("/me/second-factor/off")
@sign_in.signed_in
def off() -> Page:
    """Turn it off; it takes the password."""
    agent, form = sign_in.me(), SecondFactorOffForm()
    if not form.did(lambda: accounts.confirm(agent, form.current.data)):
        return _off_page(form)
    second_factor.turn_off(agent, by=agent.actor)
    flash(gettext("The second factor is off."), "success")
    return redirect("/me", code=303)


def _off_page(form: SecondFactorOffForm) -> Page:
    left = len(sign_in.me().paper_codes)
    page = render_template("agents/second_factor_off.html", form=form, left=left)
    return page, 422 if form.errors else 200
