"""Routing: the first rule that fits decides the department; the reason is kept. Pure core."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpdesk.core.i18n import N_
from helpdesk.words.kinds import Kind
from helpdesk.words.severities import KIND_SEVERITY, SEVERITIES

DISPATCH_DESK = "dispatch"
LEAD = '[["lead", ""]]'  # the reason when the category decided
CONDITION_NAMES = {
    "kind": N_("kind"),
    "category": N_("category"),
    "place": N_("place"),
    "channel": N_("channel"),
    "words": N_("word in the text"),
    "level": N_("customer level"),
    "language": N_("language"),
}


@dataclass(frozen=True)
class Facts:
    """What is known when a ticket is routed. `categories` are the ids from the root to the leaf."""

    kind: str
    text: str
    channel: str
    place: str = ""
    level: str = "plain"
    language: str = "zh_Hans"
    categories: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One routing rule; an empty condition fits everything."""

    id: int
    name: str
    kind: str = ""
    category_id: int | None = None
    place: str = ""
    channel: str = ""
    words: tuple[str, ...] = ()
    level: str = ""
    language: str = ""
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
    text = fold(facts.text)
    for rule in rules:
        fits = _fits(rule, facts, text)
        if fits is not None:
            reason = json.dumps(fits, ensure_ascii=False)
            return Route(rule.department_id, rule.name, reason, rule.severity, rule.dispatch)
    return Route(None, "", "[]", "", False)


def or_lead(route: Route, lead_id: int | None) -> Route:
    """Where no rule fits, the category's lead department; without one, the dispatch desk."""
    if route.rule or route.department_id or lead_id is None:
        return route
    return replace(route, department_id=lead_id, reason=LEAD)


def _fits(rule: Rule, facts: Facts, text: str) -> list[tuple[str, str]] | None:
    """The conditions that were met, or None when one was not."""
    met: list[tuple[str, str]] = []
    for name in ("kind", "channel", "level", "language"):
        wanted = getattr(rule, name)
        if wanted and wanted != getattr(facts, name):
            return None
        if wanted:
            met.append((name, wanted))
    if rule.category_id is not None:
        if rule.category_id not in facts.categories:
            return None
        met.append(("category", str(rule.category_id)))
    if rule.place:
        if fold(rule.place) not in fold(facts.place):
            return None
        met.append(("place", rule.place))
    if rule.words:
        word = next((w for w in rule.words if fold(w) in text), None)
        if word is None:
            return None
        met.append(("words", word))
    return met


def fold(text: str) -> str:
    """Full- and half-width and case made equal."""
    return unicodedata.normalize("NFKC", text).lower()


def starting_severity(
    given: str, route: Route, category_severity: str | None, kind: str, repeat: bool
) -> str:
    """Given by a person, else by the rule, the category, the kind; a repeat goes one level up."""
    severity = given or route.severity or category_severity or KIND_SEVERITY.get(Kind(kind), "S3")
    if repeat and not given and kind == Kind.COMPLAINT and severity != "S1":
        return SEVERITIES[SEVERITIES.index(severity) - 1]
    return severity
