"""Routing: the first rule that fits decides the department; the reason is kept. Pure core."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from helpdesk.setup.rules.conditions import CONDITIONS, Facts
from helpdesk.words.kinds import Kind
from helpdesk.words.severities import KIND_SEVERITY, SEVERITIES

DISPATCH_DESK = "dispatch"
LEAD = '[["lead", ""]]'  # the reason when the category decided


@dataclass(frozen=True)
class Rule:
    """One routing rule; `wanted` has what it asks by column (see conditions): nothing fits everything."""

    id: int
    name: str
    wanted: Mapping[str, Any] = field(default_factory=dict)
    department_id: int | None = None
    severity: str = ""
    dispatch: bool = False


@dataclass(frozen=True)
class Route:
    """Where a ticket goes and why: `reason` is a JSON list of [condition, value]."""

    department_id: int | None
    rule: str
    reason: str
    severity: str
    dispatch: bool


def decide(facts: Facts, rules: Sequence[Rule]) -> Route:
    """The route of the first rule whose every condition fits; without one, the dispatch desk."""
    for rule in rules:
        met = _met(rule, facts)
        if met is not None:
            reason = json.dumps(met, ensure_ascii=False)
            return Route(rule.department_id, rule.name, reason, rule.severity, rule.dispatch)
    return Route(None, "", "[]", "", False)


def or_lead(route: Route, lead_id: int | None) -> Route:
    """Where no rule fits, the category's lead department; without one, the dispatch desk."""
    if route.rule or route.department_id or lead_id is None:
        return route
    return replace(route, department_id=lead_id, reason=LEAD)


def _met(rule: Rule, facts: Facts) -> list[tuple[str, str]] | None:
    """The conditions that were met, or None when one was not."""
    met: list[tuple[str, str]] = []
    for condition in CONDITIONS:
        if condition.column in rule.wanted:
            found = condition.met(rule.wanted[condition.column], facts)
            if found is None:
                return None
            met.append((condition.code, found))
    return met


def starting_severity(
    given: str, route: Route, category_severity: str | None, kind: str, repeat: bool
) -> str:
    """Given by a person, else by the rule, the category, the kind; a repeat goes one level up."""
    severity = given or route.severity or category_severity or KIND_SEVERITY.get(Kind(kind), "S3")
    if repeat and not given and kind == Kind.COMPLAINT and severity != "S1":
        return SEVERITIES[SEVERITIES.index(severity) - 1]
    return severity
