"""Escalation chains: who is told at which share of a promise."""

from __future__ import annotations

from flask import render_template, request

from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.agents.sign_in import needs
from helpdesk.core.errors import BadInput
from helpdesk.setup.blueprint import Page, blueprint, by, kept
from helpdesk.setup.promises import chains, drafts

SPARE = 2  # empty rows at the end, for further steps
MOST_STEPS = 30


@blueprint.get("/admin/promises/chains/<code>")
@needs("settings.read")
def chain(code: str) -> Page:
    """A chain, ready to be changed."""
    row = chains.found(code)
    steps = [drafts.Step(str(step["at"]), tuple(step["tell"])) for step in row.steps]
    return _page(code, steps, {})


@blueprint.post("/admin/promises/chains/<code>")
@needs("settings.edit")
def chain_save(code: str) -> Page:
    """Set the steps of a chain."""
    row = chains.found(code)
    tells = {place: request.form.getlist(f"tell-{place}") for place in range(MOST_STEPS)}
    steps = drafts.steps_of_form(request.form.getlist("at")[:MOST_STEPS], tells)
    try:
        chains.save(row, drafts.levels_of(steps), by())
    except BadInput as error:
        return _page(code, steps, error.errors or {"": error.text}), 422
    return kept("/admin/promises#chains")


def _page(code: str, steps: list[drafts.Step], errors: dict[str, str]) -> str:
    spare = [drafts.Step("", ()) for _ in range(SPARE)]
    return render_template(
        "setup/chain.html",
        code=code,
        steps=steps + spare,
        errors=errors,
        told_names=ROLE_NAMES,
        chain_names=chains.CHAIN_NAMES,
    )
