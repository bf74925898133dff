"""The public front page and form: one of the doors into open_ticket()."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from flask import (
    Blueprint,
    g,
    get_template_attribute,
    redirect,
    render_template,
    request,
    session,
)
from markupsafe import Markup
from werkzeug.wrappers import Response

from helpdesk import files
from helpdesk.agents.rights import Actor, Role
from helpdesk.agents.sign_in import actor
from helpdesk.channels.form.forms import KINDS, CaseForm
from helpdesk.core import options
from helpdesk.core.errors import BadInput, NotSignedIn
from helpdesk.core.i18n import N_, gettext
from helpdesk.core.kept import Keeping, Made
from helpdesk.core.limits import spend
from helpdesk.customers.addresses import kind_of
from helpdesk.customers.people import Asker
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import foretold
from helpdesk.tickets.intake import Intake, open_ticket
from helpdesk.tickets.models import Ticket
from helpdesk.web import drafts
from helpdesk.web.bodies import takes_files
from helpdesk.web.forms import once_id
from helpdesk.web.pages import Page

blueprint = Blueprint("public", __name__)
ANYBODY = "public"  # who may send the files of these forms
TRACKED = "tracked"  # [number, salt, whether it judges] of cases that this browser opens
MOST_TRACKED = 20
MOST_FILES_PER_HOUR = 300
_empty: Keeping[Markup] = Keeping(most=20)


@blueprint.get("/")
def front() -> str:
    """What we are here for: write, track, read."""
    return render_template("public/front.html")


@blueprint.get("/new")
def new() -> str:
    """The empty form."""
    promises = _promises()

    def drawn() -> Made[Markup]:
        return Made(_asked(CaseForm().prepare(g.language), promises))

    asked = _empty.get(in_force.current(), (g.language, promises), drawn)
    return _page(asked, secrets.token_urlsafe(16))


def _again(told: str) -> str:
    """The form with every word and file, and what kept it from being taken."""
    files.hold(ANYBODY)
    form = CaseForm().prepare(g.language)
    form.form_errors.append(told)
    return _form(form)


@blueprint.post("/new")
@takes_files("files", public=True)
@drafts.shown_again(_again)
def send() -> Page:
    """Open a ticket, or show the form again with what needs another look."""
    form = CaseForm().prepare(g.language)
    files.hold(ANYBODY)
    if not form.validate_on_submit():
        return _form(form), 422
    try:
        with spend(f"form:{request.remote_addr}", options.get("form_per_hour"), 3600):
            ticket = _open(form)
    except BadInput as error:
        form.take(_named_as_in_the_form(error))
        return _form(form), error.status
    remember(ticket, judges=True)  # whoever wrote it is the one who can say whether it helped
    return redirect(f"/track/{ticket.number}?new=1", code=303)


@blueprint.post("/new/files")
@takes_files("files", public=True)
def keep_file() -> tuple[dict[str, object], int] | Response:
    """Keep a file that a page sends ahead, until its form is sent; the token that stands for it."""
    with spend(f"upload:{request.remote_addr}", MOST_FILES_PER_HOUR, 3600):
        given = files.received(_owner())
    if len(given) != 1:
        raise BadInput(N_("Please choose a file."))
    row = files.waiting()[0]
    return {"token": row.token, "name": row.name, "size": row.size}, 201


def _owner() -> str:
    """Files of the desk are their colleague's alone."""
    if request.form.get("owner") != "desk":
        return ANYBODY
    who = actor()
    if who is None:
        raise NotSignedIn(N_("Please sign in."))
    return f"agent:{who.id}"


def _open(form: CaseForm) -> Ticket:
    if form.website.data:
        raise BadInput(N_("Please leave the last field empty and send again."))
    intake = _intake(form, files.received(ANYBODY))
    return open_ticket(intake, customer(form.name.data or "")).row


def _intake(form: CaseForm, brought: tuple[Any, ...]) -> Intake:
    kind = kind_of(form.contact.data or "")
    asker = Asker(
        name=form.name.data or "",
        language=g.language,
        further=(form.phone.data or "",),
        **{kind: form.contact.data or ""},
    )
    facts = {name: form[name].data for name in ("product", "order_no", "demand") if form[name].data}
    key, words = form.once.data, (form.subject.data, form.body.data)
    further: dict[str, Any] = {each.name: each.data or "" for each in form.further}
    return Intake(
        channel="web",
        kind=form.kind.data,
        subject=form.subject.data,
        body=form.body.data,
        category=form.category.data,
        **further,
        language=g.language,
        person=asker,
        fields=facts,
        files=brought,
        external_id=once_id("form", key, *words) if key else None,
        confidential=form.confidential.data,
    )


def customer(name: str) -> Actor:
    """The customer at this browser as the `by` of a verb."""
    return Actor(kind="customer", id=None, name=name, role=Role.CUSTOMER, language=g.language)


def _named_as_in_the_form(error: BadInput) -> BadInput:
    """The form has one field for phone and mail, and one for a second number."""
    errors = dict(error.errors)
    for name, field in (("email", "contact"), ("phone", "contact"), ("further", "phone")):
        if name in errors:
            errors[field] = errors.pop(name)
    error.errors = errors
    return error


def _form(form: CaseForm) -> str:
    """The form as it was filled."""
    return _page(_asked(form, _promises()), form.once.data, form)


def _asked(form: CaseForm, promises: tuple[Promised, ...]) -> Markup:
    """All that is asked; of an empty form the same for all who read it in one language."""
    draw = get_template_attribute("public/_asked.html", "asked")
    found: Markup = draw(form, promises, settings().max_file_bytes)
    return found


def _page(asked: Markup, once: str | None, form: CaseForm | None = None) -> str:
    return render_template("public/new.html", asked=asked, once=once or "", form=form, page="new")


class Promised(NamedTuple):
    """What the form promises to a kind, and to a category where it has a promise of its own."""

    kind: str
    category: str
    of: str
    words: str


def _promises() -> tuple[Promised, ...]:
    names = {node.code: node.names[g.language] for node in in_force.current().categories.values()}
    return tuple(
        Promised(
            line.kind,
            line.category,
            " · ".join(filter(None, [gettext(KINDS[line.kind]), names.get(line.category)])),
            line.words,
        )
        for line in foretold.first_answers(list(KINDS), "web", g.language)
    )


def remember(ticket: Ticket, *, judges: bool) -> None:
    """Let this browser open the ticket's page without typing the code again, and judge the case there
    when it `judges`: it has written the case, or came by the customer's own link."""
    others = [each for each in session.get(TRACKED, []) if each[0] != ticket.number]
    judges = judges or has_right_to_judge(ticket)
    session[TRACKED] = [*others, [ticket.number, ticket.track_salt, judges]][-MOST_TRACKED:]


def has_right_to_judge(ticket: Ticket) -> bool:
    """Whether this browser has shown that it is the customer's: number and code don't show that."""
    known = [ticket.number, ticket.track_salt, True]
    return known in session.get(TRACKED, [])


def remembered() -> list[str]:
    """The numbers of the cases that this browser opens without a code, the newest first."""
    return [each[0] for each in reversed(session.get(TRACKED, []))]


def opens(number: str) -> str | None:
    """The salt of the code that this browser has shown for a case; None for no code."""
    return next((each[1] for each in session.get(TRACKED, []) if each[0] == number), None)


def no_longer(number: str | None) -> None:
    """Let this browser forget one case, or all."""
    session[TRACKED] = [each for each in session.get(TRACKED, []) if number and each[0] != number]
