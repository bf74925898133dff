"""The business settings."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from helpdesk.agents.sign_in import needs
from helpdesk.core.errors import BadInput
from helpdesk.setup.blueprint import Page, blueprint, by, kept
from helpdesk.setup.options import actions
from helpdesk.words.casefile import BLOCK_NAMES, FIELDS


@blueprint.get("/admin/options")
@needs("settings.read")
def option_list() -> Page:
    """All settings."""
    return _page(actions.current(), {})


@blueprint.post("/admin/options")
@needs("settings.edit")
def option_save() -> Page:
    """Keep the settings, or show what is wrong."""
    given = {switch.name: _sent(switch, request.form) for switch in actions.SWITCHES}
    try:
        actions.save(given, by())
    except BadInput as error:
        return _page(given, error.errors), 422
    return kept("/admin/options")


def _sent(switch: actions.Switch, form: MultiDict[str, str]) -> Any:
    text = form.get(switch.name, "").strip()
    if switch.kind == "number":
        return int(text) if text.isdecimal() and len(text) < 9 else text
    if switch.kind == "yes":
        return bool(text)
    return form.getlist(switch.name) if switch.kind == "fields" else text


def _page(values: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "setup/options.html",
        groups=actions.GROUPS,
        switches=actions.SWITCHES,
        values=values,
        errors=errors,
        fields=FIELDS,
        blocks=BLOCK_NAMES,
    )
