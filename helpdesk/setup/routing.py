"""Routing: what a rule may ask of a case, and the first rule that fits decides its department. Pure.

The form, the check, the page, the reason, the trial and the docs read `CONDITIONS`; a further one is an
entry here with its fact, and a column of RoutingRule with its migration.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from helpdesk.core.i18n import N_
from helpdesk.words import CHANNELS, KIND_NAMES, KIND_SEVERITY, LANGUAGES, LEVELS, SEVERITIES, Kind

DISPATCH_DESK = "dispatch"
LEAD = '[["lead", ""]]'  # the reason when the category decided


@dataclass(frozen=True)
class Facts:
    """What is known when a ticket is routed. `category` has the ids from the root to the leaf; `lead_id`
    is the department that leads it."""

    kind: str
    text: str
    channel: str
    place: str = ""
    level: str = "plain"
    language: str = "zh_Hans"
    category: tuple[int, ...] = ()
    lead_id: int | None = None


def facts_of(case: Any, text: str, level: str, node: Any) -> Facts:
    """The facts of an intake, a past case or one that is only thought of; `node`: its category or None."""
    known = Facts(case.kind, text, case.channel, case.place, level, case.language)
    return replace(known, category=node.ids, lead_id=node.department_id) if node else known


@dataclass(frozen=True)
class Condition:
    """One thing that a rule may ask: its column, its words, and what of the facts meets it.

    `met` gives the part that was found, for the reason, or None. `read` makes what the column holds
    ready for it; '' and None ask nothing. With `names` there is a choice of these, else a text.
    """

    column: str
    label: str  # on pages and forms
    name: str  # in a reason
    met: Callable[[Any, Facts], str | None]
    read: Callable[[Any], Any] = lambda wanted: wanted
    names: Mapping[Any, str] | None = None
    hint: str = ""
    longest: int = 80
    full: bool = False  # takes the whole width of a form

    @property
    def code(self) -> str:
        """What a reason calls it."""
        return self.column.removesuffix("_id")


def fold(text: str) -> str:
    """Full- and half-width and case made equal."""
    return unicodedata.normalize("NFKC", text).lower()


def _same(fact: str) -> Callable[[str, Facts], str | None]:
    return lambda wanted, facts: wanted if wanted == getattr(facts, fact) else None


def _under(wanted: int, facts: Facts) -> str | None:
    return str(wanted) if wanted in facts.category else None


def _there(wanted: str, facts: Facts) -> str | None:
    return wanted if fold(wanted) in fold(facts.place) else None


def _said(wanted: Sequence[str], facts: Facts) -> str | None:
    text = fold(facts.text)
    return next((word for word in wanted if fold(word) in text), None)


def parted(words: str) -> tuple[str, ...]:
    """The words of a list that commas of either width part."""
    return tuple(word.strip() for word in words.replace("，", ",").split(",") if word.strip())


CONDITIONS = (
    Condition("kind", N_("Kind"), N_("kind"), _same("kind"), names=KIND_NAMES),
    Condition("channel", N_("Way in"), N_("channel"), _same("channel"), names=CHANNELS),
    Condition("level", N_("Customer level"), N_("customer level"), _same("level"), names=LEVELS),
    Condition("language", N_("Language"), N_("language"), _same("language"), names=LANGUAGES),
    Condition(
        "category_id",
        N_("Category"),
        N_("category"),
        _under,
        hint=N_("With everything under it."),
    ),
    Condition(
        "place",
        N_("Place"),
        N_("place"),
        _there,
        hint=N_("A part of the place, such as a town or a street."),
    ),
    Condition(
        "words",
        N_("Words in the text"),
        N_("word in the text"),
        _said,
        parted,
        hint=N_("Any one of these, parted by commas."),
        longest=500,
        full=True,
    ),
)
BY_CODE = {condition.code: condition for condition in CONDITIONS}


def wanted_of(row: Any) -> dict[str, Any]:
    """What a row of the rules asks, by column; what it does not ask is left out."""
    asked = ((each, each.read(getattr(row, each.column))) for each in CONDITIONS)
    return {each.column: wanted for each, wanted in asked if wanted}


@dataclass(frozen=True)
class Rule:
    """One routing rule; `wanted` has what it asks by column (see CONDITIONS): nothing fits everything."""

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
    """The route of the first rule whose every condition fits; without one, to the department that leads
    the category, and without that to the dispatch desk."""
    for rule in rules:
        met = _met(rule, facts)
        if met is not None:
            reason = json.dumps(met, ensure_ascii=False)
            return Route(rule.department_id, rule.name, reason, rule.severity, rule.dispatch)
    return Route(facts.lead_id, "", LEAD if facts.lead_id else "[]", "", False)


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
