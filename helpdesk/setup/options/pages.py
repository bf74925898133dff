"""The business settings."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from helpdesk.agents.sign_in import by, needs
from helpdesk.core.errors import BadInput, Conflict
from helpdesk.core.i18n import gettext
from helpdesk.setup.blueprint import blueprint
from helpdesk.setup.options import actions
from helpdesk.web.corrections import beside, mark, yes_or_no
from helpdesk.web.pages import Page, kept
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
        actions.save(given, by(), request.form.get("version", ""))
    except BadInput as error:
        return _page(given, error.errors), 422
    except Conflict as error:
        return _page(given, {"": error.text}, actions.current()), error.status
    return kept("/admin/options")


def _sent(switch: actions.Switch, form: MultiDict[str, str]) -> Any:
    text = form.get(switch.name, "").strip()
    if switch.kind == "number":
        return int(text) if text.isdecimal() and len(text) < 9 else text
    if switch.kind == "yes":
        return bool(text)
    return form.getlist(switch.name) if switch.kind == "fields" else text


def _page(
    values: dict[str, Any], errors: dict[str, str], stored: dict[str, Any] | None = None
) -> str:
    """The form with these values; beside them what a faster colleague has `stored`."""
    seen = request.form.get("version") if errors and stored is None else mark(actions.current())
    return render_template(
        "setup/options.html",
        groups=actions.GROUPS,
        switches=actions.SWITCHES,
        values=values,
        version=seen,
        beside=beside(values, stored or {}, _told),
        errors=errors,
        fields=FIELDS,
        blocks=BLOCK_NAMES,
    )


def _told(name: str, value: Any) -> str:
    switch = actions.BY_NAME[name]
    if switch.kind == "yes":
        return yes_or_no(value)
    if switch.kind == "fields":
        return gettext(", ").join(gettext(one.label) for one in FIELDS if one.code in value)
    return gettext(switch.choices[value]) if switch.choices else str(value)
