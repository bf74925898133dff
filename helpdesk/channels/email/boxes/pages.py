"""/admin/mailboxes: the mailboxes, how they do, setting one up from its address, leave to use it without
a password, and how its domain stands."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from helpdesk.agents.sign_in import me, needs
from helpdesk.channels.email.boxes import actions, consent, domain
from helpdesk.channels.email.boxes.forms import ConsentForm, MailboxForm
from helpdesk.channels.email.boxes.providers import PROVIDERS, guessed, provider_of
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import gettext
from helpdesk.notify.mail.grants import AUTHORITIES
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.web.forms import choices
from helpdesk.web.pages import Page, form_page

blueprint = Blueprint("mailboxes", __name__, url_prefix="/admin/mailboxes")


@blueprint.get("")
@needs("settings.read")
def index() -> Page:
    """Every mailbox with its last fetch, its queues and its problem."""
    return render_template(
        "admin/mailboxes.html", boxes=actions.healths(me().actor), providers=PROVIDERS
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs("settings.edit")
def add() -> Page:
    """A new mailbox; ?address= and ?provider= fill in what follows from them."""
    address = request.args.get("address", "")[:254]
    return _edited(
        None, MailboxForm.offered(None, guessed(address, request.args.get("provider", "")))
    )


@blueprint.route("/<int:box_id>", methods=["GET", "POST"])
@needs("settings.edit")
def edit(box_id: int) -> Page:
    """Change a mailbox."""
    box = actions.found(me().actor, box_id)
    return _edited(box, MailboxForm.offered(box, {}))


def _edited(box: Mailbox | None, form: MailboxForm) -> Page:
    secret = str(form.password.data or "")
    provider = provider_of(str(form.address.data or ""), str(form.host.data or ""))
    if form.did(lambda: actions.save(box, form.given(), secret, me().actor)):
        made: Mailbox = form.made
        if provider.oauth and not made.secret and consent.of(made) is None:
            return redirect(f"/admin/mailboxes/{made.id}/consent", code=303)
        return _tried_out(made)
    grant = consent.of(box) if box is not None else None
    return form_page("admin/mailbox.html", form, box=box, provider=provider, grant=grant)


@blueprint.post("/<int:box_id>/test")
@needs("settings.edit")
def test(box_id: int) -> Page:
    """Connect in and out, and say how it went."""
    return _tried_out(actions.found(me().actor, box_id))


@blueprint.post("/<int:box_id>/letter")
@needs("settings.edit")
def letter(box_id: int) -> Page:
    """A test mail to whoever asks for it."""
    taken, words = actions.send_test(me().actor, box_id, me().email)
    flash(words, "success" if taken else "error")
    return redirect("/admin/mailboxes", code=303)


@blueprint.route("/<int:box_id>/consent", methods=["GET", "POST"])
@needs("settings.edit")
def consent_page(box_id: int) -> Page:
    """The client, how the leave stands, and the way to the provider."""
    box = actions.found(me().actor, box_id)
    grant = consent.of(box)
    blank = {"authority": provider_of(box.address, box.host).oauth or "own"}
    form = ConsentForm(obj=grant, data=blank)
    form.authority.choices = choices([(a.code, gettext(a.name)) for a in AUTHORITIES.values()])
    secret = str(form.client_secret.data or "")
    form.did(lambda: consent.ask(me().actor, box_id, form.data, secret))
    return form_page(
        "admin/consent.html",
        form,
        box=box,
        grant=consent.of(box),
        authorities=AUTHORITIES,
        answer_address=consent.answer_address(),
        question=form.made or "",
    )


@blueprint.post("/<int:box_id>/domain")
@needs("settings.edit")
def domain_page(box_id: int) -> Page:
    """Ask the DNS how the mailbox's domain stands; only on a click, since it may take a while."""
    box, selector = actions.found(me().actor, box_id), request.form.get("selector", "")[:63]
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
    return _tried_out(box)


@blueprint.post("/<int:box_id>/consent/end")
@needs("settings.edit")
def end(box_id: int) -> Page:
    """Sign in with the password again."""
    consent.end(me().actor, box_id)
    flash(gettext("The mailbox signs in with its password again."), "success")
    return redirect(f"/admin/mailboxes/{box_id}", code=303)


def _tried_out(box: Mailbox) -> Page:
    """The list, with how each way in and out of the mailbox went."""
    for fine, sentence, words in actions.try_out(me().actor, box.id):
        text = f"{gettext(sentence)} ({words})" if words else gettext(sentence)
        flash(text, "success" if fine else "error")
    return redirect("/admin/mailboxes", code=303)
