"""Escalation chains: who is told at which share of a promise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from flask import render_template, request

from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.agents.sign_in import by, needs
from helpdesk.core.errors import BadInput, Conflict
from helpdesk.core.i18n import gettext
from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.models import EscalationChain
from helpdesk.setup.promises import chains, drafts
from helpdesk.web.corrections import Beside
from helpdesk.web.pages import Page, kept

SPARE = 2  # empty rows at the end, for further steps
MOST_STEPS = 30
NO_STEP = drafts.StepText("", ())


@blueprint.get("/admin/promises/chains/<code>")
@needs("settings.read")
def chain(code: str) -> Page:
    """A chain, ready to be changed."""
    row = chains.found(code)
    return _page(row, drafts.steps_of_chain(row.steps), {}, chains.seen(row))


@blueprint.post("/admin/promises/chains/<code>")
@needs("settings.edit")
def chain_save(code: str) -> Page:
    """Set the steps of a chain."""
    row, seen = chains.found(code), request.form.get("version", "")
    tells = {place: request.form.getlist(f"tell-{place}") for place in range(MOST_STEPS)}
    steps = drafts.steps_of_form(request.form.getlist("at")[:MOST_STEPS], tells)
    try:
        chains.save(row, drafts.levels_of(steps), by(), seen)
    except BadInput as error:
        return _page(row, steps, error.errors or {"": error.text}, seen), 422
    except Conflict as error:
        theirs = drafts.steps_of_chain(row.steps)
        return _page(row, steps, {"": error.text}, chains.seen(row), theirs), error.status
    return kept("/admin/promises#chains")


def _page(
    row: EscalationChain,
    steps: Sequence[drafts.StepText],
    errors: dict[str, str],
    seen: str,
    theirs: Sequence[drafts.StepText] = (),
) -> str:
    """The form with these steps; `theirs` is what a faster colleague has stored meanwhile."""
    places = max(len(steps), len(theirs)) + SPARE
    return render_template(
        "setup/chain.html",
        code=row.code,
        version=seen,
        steps=[*steps, *[NO_STEP] * (places - len(steps))],
        beside=_beside(steps, theirs) if theirs else {},
        errors=errors,
        told_names=ROLE_NAMES,
        chain_names=chains.CHAIN_NAMES,
    )


def _beside(
    mine: Sequence[drafts.StepText], theirs: Sequence[drafts.StepText]
) -> dict[str, Beside]:
    pairs = zip_longest(mine, theirs, fillvalue=NO_STEP)
    return {
        f"step-{place}": Beside(_told(stored), None)
        for place, (typed, stored) in enumerate(pairs)
        if typed != stored
    }


def _told(step: drafts.StepText) -> str:
    names = gettext(", ").join(gettext(ROLE_NAMES.get(role, role)) for role in step.tell)
    return f"{step.at} % · {names}" if step.at else ""
