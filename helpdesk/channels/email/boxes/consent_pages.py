"""/admin/mailboxes/ID/consent and /domain: sign in without a password; how the domain stands."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from wtforms import PasswordField, RadioField, StringField

from helpdesk.agents.sign_in import me, needs
from helpdesk.channels.email.boxes import boxes, consent, domain
from helpdesk.channels.email.boxes.pages import Page, say
from helpdesk.channels.email.boxes.pages import blueprint as blueprint
from helpdesk.channels.email.boxes.providers import provider_of
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import gettext, lazy_gettext
from helpdesk.notify.mail.grants import AUTHORITIES
from helpdesk.web.forms import Form, at_most, choices, filled, may_be_empty


class ConsentForm(Form):
    """Who we are at the provider."""

    authority = RadioField(lazy_gettext("Provider"))
    client_id = StringField(lazy_gettext("Client id"), [filled(), at_most(300)])
    client_secret = PasswordField(
        lazy_gettext("Client secret"),
        [may_be_empty(), at_most(500)],
        description=lazy_gettext(
            "Stored encrypted, never shown again. Empty keeps the stored one."
        ),
    )
    tenant = StringField(
        lazy_gettext("Directory (tenant)"),
        [may_be_empty(), at_most(100)],
        description=lazy_gettext("Only for Microsoft: the directory's id or domain."),
    )
    authorize_url = StringField(lazy_gettext("Address for consent"), [may_be_empty(), at_most(500)])
    token_url = StringField(lazy_gettext("Address for tokens"), [may_be_empty(), at_most(500)])
    scope = StringField(lazy_gettext("Scope"), [may_be_empty(), at_most(500)])


@blueprint.route("/<int:box_id>/consent", methods=["GET", "POST"])
@needs("settings.edit")
def consent_page(box_id: int) -> Page:
    """The client, how the leave stands, and the way to the provider."""
    box = boxes.found(me().actor, box_id)
    grant, asked = consent.of(box), []
    blank = {"authority": provider_of(box.address, box.host).oauth or "own"}
    form = ConsentForm(data=blank | consent.shown(grant))
    form.authority.choices = choices([(a.code, gettext(a.name)) for a in AUTHORITIES.values()])
    secret = str(form.client_secret.data or "")
    form.did(lambda: asked.append(consent.ask(me().actor, box_id, form.data, secret)))
    page = render_template(
        "admin/consent.html",
        form=form,
        box=box,
        grant=consent.of(box),
        authorities=AUTHORITIES,
        answer_address=consent.answer_address(),
        question=asked[0] if asked else "",
    )
    return (page, 422) if form.errors else page


@blueprint.post("/<int:box_id>/domain")
@needs("settings.edit")
def domain_page(box_id: int) -> Page:
    """Ask the DNS how the mailbox's domain stands; only on a click, since it may take a while."""
    box, selector = boxes.found(me().actor, box_id), request.form.get("selector", "")[:63]
    return render_template(
        "admin/domain.html",
        box=box,
        selector=selector,
        findings=domain.check(me().actor, box_id, selector),
    )


@blueprint.get("/consent")
@needs("settings.edit")
def answer() -> Page:
    """The provider sends the administrator back here with a code, or with a refusal."""
    given = request.args
    try:
        box = consent.answered(me().actor, given.get("state", "")[:200], given.get("code", ""))
    except Refused as error:
        flash(error.sentence(gettext), "error")
        return redirect("/admin/mailboxes", code=303)
    flash(gettext("Consent was given for %(address)s.", address=box.address), "success")
    say(boxes.try_out(me().actor, box.id))
    return redirect("/admin/mailboxes", code=303)


@blueprint.post("/<int:box_id>/consent/end")
@needs("settings.edit")
def end(box_id: int) -> Page:
    """Sign in with the password again."""
    consent.end(me().actor, box_id)
    flash(gettext("The mailbox signs in with its password again."), "success")
    return redirect(f"/admin/mailboxes/{box_id}", code=303)
