"""Routing rules: the list in order, the form, and a box to try them."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from helpdesk.agents.sign_in import by, needs
from helpdesk.core.i18n import gettext, language
from helpdesk.setup import in_force
from helpdesk.setup.blueprint import blueprint, moved
from helpdesk.setup.models import RoutingRule
from helpdesk.setup.names import reason_words
from helpdesk.setup.routing import CONDITIONS, Condition, Route
from helpdesk.setup.rules import actions
from helpdesk.setup.rules.forms import RuleForm, TrialForm
from helpdesk.web.pages import Page, answered, kept
from helpdesk.words import SEVERITY_NAMES

LIST = "/admin/routes"


@blueprint.get("/admin/routes")
@needs("settings.read")
def route_list() -> Page:
    """All rules in order, and what they would do with a case that is only thought of."""
    form = TrialForm(request.args)
    form.offer()
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


def _trial(form: TrialForm) -> Route:
    case = form.case()
    return actions.try_out(case, case.category_id or None, form.text.data or "", case.level)


def conditions(row: RoutingRule) -> list[tuple[str, str]]:
    """The conditions of a rule in words: (what, value)."""
    asked = ((each, getattr(row, each.column)) for each in CONDITIONS)
    return [(gettext(each.label), _value(each, wanted)) for each, wanted in asked if wanted]


def _value(condition: Condition, wanted: Any) -> str:
    if condition.column == "category_id":
        node = in_force.current().categories.get(wanted)
        return node.names[language()] if node else ""
    return gettext(condition.names[wanted]) if condition.names else str(wanted)


@blueprint.route("/admin/routes/new", methods=["GET", "POST"])
@blueprint.route("/admin/routes/<int:rule_id>", methods=["GET", "POST"])
@needs("settings.edit")
def route(rule_id: int | None = None) -> Page:
    """Change a rule, or add one at the end."""
    row = None if rule_id is None else actions.found(rule_id)
    form = RuleForm.offered(row)
    return answered(form, lambda: actions.save(row, form.typed(), by()), rule=row)


@blueprint.post("/admin/routes/<int:rule_id>/move")
@needs("settings.edit")
def route_move(rule_id: int) -> Page:
    """Try a rule earlier or later; the same button has the focus afterwards."""
    return moved(LIST, actions.found(rule_id), actions.move)


@blueprint.post("/admin/routes/<int:rule_id>/remove")
@needs("settings.edit")
def route_remove(rule_id: int) -> Page:
    """Delete a rule."""
    actions.remove(actions.found(rule_id), by())
    return kept(LIST)
