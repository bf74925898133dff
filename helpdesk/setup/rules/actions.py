"""Routing rules: their order, their conditions, and what they would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from helpdesk.agents.change import change, is_lacking
from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, stored
from helpdesk.core.errors import FILL, PICK, refuse
from helpdesk.core.i18n import N_
from helpdesk.setup import in_force, routing
from helpdesk.setup.models import Category, RoutingRule
from helpdesk.setup.routing import CONDITIONS, Route, facts_of
from helpdesk.words import SEVERITY_NAMES


def listed() -> Sequence[RoutingRule]:
    """All rules in the order in which they are tried."""
    return db.session.scalars(
        select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)
    ).all()


def found(rule_id: int) -> RoutingRule:
    """This rule. Raises NotFound."""
    return stored(RoutingRule, rule_id, N_("There is no such rule."))


def save(row: RoutingRule | None, given: Mapping[str, Any], by: Actor) -> RoutingRule:
    """A new rule at the end, or a change of this one. `given` has what it asks and what follows, by
    column. Raises NotAllowed, or BadInput naming each odd field."""
    with change("rule", by) as making:
        _check(given)
        kept = row or RoutingRule(position=making.end_of(RoutingRule))
        making.keep(kept, given)
    return kept


def remove(row: RoutingRule, by: Actor) -> None:
    """Delete a rule; tickets that it has routed keep its name. Raises NotAllowed."""
    with change("rule", by) as making:
        making.remove(row)


def move(row: RoutingRule, step: int, by: Actor) -> None:
    """Try a rule earlier (-1) or later (+1); at the end of the list nothing changes."""
    with change("rule order", by) as making:
        making.move(row, step, listed())


def try_out(case: Any, category_id: int | None = None, text: str = "", level: str = "") -> Route:
    """Where a case would go that is only thought of, by the rules in force, and the severity with which
    it would begin; nothing is stored."""
    snapshot = in_force.current()
    node = snapshot.categories.get(category_id or 0)
    facts = facts_of(case, text, level or "plain", node)
    route = routing.decide(facts, snapshot.rules)
    severity = routing.starting_severity(
        "", route, node.severity if node else None, case.kind, repeat=False
    )
    unit = snapshot.taking_part(route.department_id)
    return replace(route, severity=severity, department_id=unit.id if unit else None)


def _check(given: Mapping[str, Any]) -> None:
    offered = {each.column: each.names for each in CONDITIONS if each.names}
    offered["severity"] = SEVERITY_NAMES
    errors = {
        name: PICK for name, known in offered.items() if given.get(name, "") not in ("", *known)
    }
    if not given["name"].strip():
        errors["name"] = FILL
    for name, model in (("category_id", Category), ("department_id", Department)):
        if is_lacking(model, given.get(name)):
            errors[name] = PICK
    if given.get("dispatch") and not given.get("department_id"):
        errors["dispatch"] = N_("To dispatch without a person, the rule needs a department.")
    refuse(errors)
