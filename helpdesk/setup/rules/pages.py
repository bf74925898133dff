"""Routing rules: the list in order, the form, and a box to try them (M10)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from helpdesk.agents.sign_in import needs
from helpdesk.core.i18n import _p, gettext, language
from helpdesk.customers.people import LEVELS
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import Page, blueprint, by, form_page, kept, moved, number
from helpdesk.setup.forms import RuleForm, TrialForm, offer_conditions
from helpdesk.setup.models import RoutingRule
from helpdesk.setup.rules import actions
from helpdesk.setup.rules.reasons import reason_words
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES
from helpdesk.words.severities import SEVERITY_NAMES

LIST = "/admin/routes"


@blueprint.get("/admin/routes")
@needs("settings.read")
def route_list() -> Page:
    """All rules in order, and what they would do with a case that is only thought of."""
    form = TrialForm(request.args)
    offer_conditions(form)
    trial = _trial(form) if "kind" in request.args and form.validate() else None
    return render_template(
        "setup/routes.html",
        rules=[(row, conditions(row)) for row in actions.listed()],
        units=in_force.current().departments,
        severity_names=SEVERITY_NAMES,
        moved=request.args.get("moved", ""),
        form=form,
        trial=trial,
        reason=reason_words(trial.rule, trial.reason) if trial else "",
    )


def _trial(form: TrialForm) -> actions.Trial:
    return actions.try_out(
        form.kind.data or "complaint",
        number(form.category_id.data),
        form.place.data or "",
        form.channel.data or "phone",
        form.level.data or "plain",
        form.text.data or "",
        form.language.data or language(),
    )


def conditions(row: RoutingRule) -> list[tuple[str, str]]:
    """The conditions of a rule in words: (what, value)."""
    node = in_force.current().categories.get(row.category_id or 0)
    told: list[tuple[str, Any]] = [
        (gettext("Kind"), KIND_NAMES.get(row.kind)),  # type: ignore[call-overload]
        (gettext("Category"), node.names[language()] if node else ""),
        (gettext("Way in"), CHANNELS.get(row.channel)),
        (gettext("Customer level"), LEVELS.get(row.level)),
        (gettext("Language"), {"zh_Hans": "中文", "en": "English"}.get(row.language)),
        (gettext("Place"), row.place),
        (_p("routing", "Words"), row.words),
    ]
    marked = (KIND_NAMES, CHANNELS, LEVELS)
    words = {name for names in marked for name in names.values()}
    return [(what, gettext(v) if v in words else v) for what, v in told if v]


@blueprint.route("/admin/routes/new", methods=["GET", "POST"])
@needs("settings.edit")
def route_new() -> Page:
    """A new rule at the end."""
    form = RuleForm.offered()
    if form.did(lambda: actions.add(form.rule(), by())):
        return kept(LIST)
    return form_page("setup/route.html", form, rule=None)


@blueprint.route("/admin/routes/<int:rule_id>", methods=["GET", "POST"])
@needs("settings.edit")
def route(rule_id: int) -> Page:
    """Change a rule."""
    row = actions.found(rule_id)
    form = RuleForm.offered(row)
    if form.did(lambda: actions.edit(row, form.rule(), by(), number(form.version.data))):
        return kept(LIST)
    return form_page("setup/route.html", form, rule=row)


@blueprint.post("/admin/routes/<int:rule_id>/move")
@needs("settings.edit")
def route_move(rule_id: int) -> Page:
    """Try a rule earlier or later; the same button has the focus afterwards."""
    up = request.form.get("to") == "up"
    actions.move(actions.found(rule_id), -1 if up else 1, by())
    return moved(LIST, rule_id, up)


@blueprint.post("/admin/routes/<int:rule_id>/remove")
@needs("settings.edit")
def route_remove(rule_id: int) -> Page:
    """Delete a rule."""
    actions.remove(actions.found(rule_id), by())
    return kept(LIST)
