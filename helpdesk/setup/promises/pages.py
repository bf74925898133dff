"""The promise policy: one table, special rows, editions that can be read and compared."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.agents.sign_in import by, needs
from helpdesk.core.errors import BadInput, Conflict
from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext
from helpdesk.promises.words import OWNER_NAMES, POLICY_NAMES
from helpdesk.setup.blueprint import blueprint, category_choices
from helpdesk.setup.promises import actions, chains, drafts, legal
from helpdesk.setup.promises.chains import CHAIN_NAMES
from helpdesk.web.pages import Page, kept
from helpdesk.words import CHANNELS, KIND_NAMES, SEVERITY_NAMES

LIST = "/admin/promises"


@blueprint.get("/admin/promises")
@needs("settings.read")
def promise_list() -> Page:
    """The edition in force, ready to be changed."""
    current = actions.in_force()
    return page(drafts.of_lines(actions.lines(current.id)), current)


@blueprint.post("/admin/promises")
@needs("settings.edit")
def promise_save() -> Page:
    """Save as a new edition, or show what is wrong with everything that was typed."""
    draft = drafts.of_form(request.form)
    if request.form.get("then") == "check":
        return _previewed(draft)
    try:
        based_on = whole(draft["based_on"]) or 0
        actions.save(drafts.lines_of(draft), draft.note, based_on, by())
    except BadInput as error:
        draft.errors = error.errors or {"": error.text}
    except Conflict as error:
        current = actions.in_force()
        drafts.show_beside(draft, drafts.of_lines(actions.lines(current.id)), current.id)
        draft.errors = {"": error.text}
        return page(draft, current), error.status
    else:
        return kept(LIST)
    return page(draft, actions.in_force()), 422


def _previewed(draft: drafts.PolicyDraft) -> Page:
    """The form again, with the number of open cases that the change is about."""
    try:
        number_of_cases = actions.open_cases(actions.checked(drafts.lines_of(draft)))
    except BadInput as error:
        draft.errors = error.errors or {"": error.text}
        return page(draft, actions.in_force()), 422
    return page(draft, actions.in_force(), touched=number_of_cases)


@blueprint.post("/admin/promises/legal")
@needs("settings.edit")
def legal_on() -> Page:
    """Switch a rule of law on for some cases."""
    form = request.form
    category = whole(form.get("category"))
    legal.switch_on(form.get("profile", ""), form.get("kind", ""), category or None, by())
    return kept(LIST)


@blueprint.post("/admin/promises/legal/<int:place>/off")
@needs("settings.edit")
def legal_off(place: int) -> Page:
    """Switch it off again."""
    legal.switch_off(place, by())
    return kept(LIST)


def page(draft: drafts.PolicyDraft, current: Any, touched: int | None = None) -> str:
    """The page with a draft, beside the edition in force."""
    known, categories = chains.listed(), category_choices(gettext("Anything"))
    return render_template(
        "setup/promises.html",
        touched=touched,
        profiles=legal.profiles(),
        legal_lines=legal.in_use(),
        draft=draft,
        current=current,
        versions=actions.versions(),
        chains=known,
        told_names=ROLE_NAMES,
        chain_choices=[(row.code, gettext(CHAIN_NAMES.get(row.code, row.code))) for row in known],
        categories=categories,
        category_choices=[(choice.value, choice.label) for choice in categories[1:]],
        **NAMES,
    )


NAMES = {
    "promise_names": POLICY_NAMES,
    "owner_names": OWNER_NAMES,
    "severity_names": SEVERITY_NAMES,
    "kind_names": KIND_NAMES,
    "channel_names": CHANNELS,
    "chain_names": CHAIN_NAMES,
}


@blueprint.get("/admin/promises/versions/<int:version_id>")
@needs("settings.read")
def promise_version(version_id: int) -> Page:
    """An edition as it was, and what is different from the one in force or from ?with=ID."""
    row = actions.version(version_id)
    other = actions.version(whole(request.args.get("with")) or actions.in_force().id)
    return render_template(
        "setup/promise_version.html",
        version=row,
        other=other,
        versions=actions.versions(),
        draft=drafts.of_lines(actions.lines(row.id)),
        differences=actions.compare(row.id, other.id),
        categories={choice.value: choice.label for choice in category_choices("")},
        **NAMES,
    )
