"""Routing rules: their order, their conditions, and what they would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from helpdesk.agents.change import change, is_lacking
from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, locked, stored
from helpdesk.core.errors import FILL, PICK, refuse
from helpdesk.core.i18n import N_
from helpdesk.promises.policy import Unit
from helpdesk.setup import in_force, routing
from helpdesk.setup.models import Category, RoutingRule
from helpdesk.setup.routing import CONDITIONS, facts_of
from helpdesk.words.severities import SEVERITY_NAMES


@dataclass(frozen=True)
class RuleText:
    """What an administrator says of one rule; `wanted` has what it asks, by column (see conditions)."""

    name: str
    wanted: Mapping[str, Any] = field(default_factory=dict)
    department_id: int | None = None
    severity: str = ""
    dispatch: bool = False
    active: bool = True

    def columns(self) -> dict[str, Any]:
        """The row that it makes; what it does not ask is empty."""
        asked = {each.column: self.wanted.get(each.column) or each.nothing for each in CONDITIONS}
        then = {name: getattr(self, name) for name in THEN}
        return {"name": self.name, **asked, **then}


THEN = ("department_id", "severity", "dispatch", "active")
COLUMNS = ("name", *(each.column for each in CONDITIONS), *THEN)


def listed() -> Sequence[RoutingRule]:
    """All rules in the order in which they are tried."""
    return db.session.scalars(
        select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)
    ).all()


def found(rule_id: int) -> RoutingRule:
    """This rule. Raises NotFound."""
    return stored(RoutingRule, rule_id, N_("There is no such rule."))


def add(given: RuleText, by: Actor) -> RoutingRule:
    """A new rule at the end. Raises NotAllowed, or BadInput naming each odd field."""
    with change("rule", by) as making:
        _check(given)
        last = max((row.position for row in listed()), default=0)
        row = RoutingRule(position=last + 1, **given.columns())
        making.add(row, given.columns())
    return row


def edit(row: RoutingRule, given: RuleText, by: Actor, version: int | None = None) -> None:
    """Change a rule. Raises NotAllowed, Conflict or BadInput."""
    with change("rule", by) as making:
        row = locked(row, version)
        _check(given)
        making.write(row, given.columns())


def remove(row: RoutingRule, by: Actor) -> None:
    """Delete a rule; tickets that it has routed keep its name. Raises NotAllowed."""
    with change("rule", by) as making:
        making.remove(row, COLUMNS)


def move(row: RoutingRule, step: int, by: Actor) -> None:
    """Try a rule earlier (-1) or later (+1); at the end of the list nothing changes."""
    with change("rule order", by) as making:
        making.move(row, step, listed())


@dataclass(frozen=True)
class Trial:
    """What a case would meet: department (None is the dispatch desk), severity, rule, reason (JSON)."""

    unit: Unit | None
    severity: str
    rule: str
    reason: str
    dispatch: bool


def try_out(case: Any, category_id: int | None = None, text: str = "", level: str = "") -> Trial:
    """Route a case that is only thought of, by the rules in force; nothing is stored."""
    snapshot = in_force.current()
    node = snapshot.categories.get(category_id or 0)
    facts = facts_of(case, text, level or "plain", node)
    route = routing.decide(facts, snapshot.rules)
    severity = routing.starting_severity(
        "", route, node.severity if node else None, case.kind, repeat=False
    )
    unit = snapshot.taking_part(route.department_id)
    return Trial(unit, severity, route.rule, route.reason, route.dispatch)


def _check(given: RuleText) -> None:
    offered = {each.column: each.names for each in CONDITIONS if each.names} | {
        "severity": SEVERITY_NAMES
    }
    row = given.columns()
    errors = {name: PICK for name, known in offered.items() if row[name] and row[name] not in known}
    if not given.name.strip():
        errors["name"] = FILL
    if is_lacking(Category, row["category_id"]):
        errors["category_id"] = PICK
    if is_lacking(Department, given.department_id):
        errors["department_id"] = PICK
    if given.dispatch and not given.department_id:
        errors["dispatch"] = N_("To dispatch without a person, the rule needs a department.")
    refuse(errors)
