"""What selects offer, as (value, label) in the reader's language. No statements of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from helpdesk.core.i18n import N_, gettext, language
from helpdesk.customers.people import LEVELS
from helpdesk.setup import in_force
from helpdesk.setup.rules.routing import CONDITION_NAMES, LEAD
from helpdesk.tickets.filters import MOMENTS
from helpdesk.tickets.lifecycle import STATUS_NAMES, Status
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.responses import PROMISE_NAMES
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES, Kind
from helpdesk.words.scores import SCORES
from helpdesk.words.severities import SEVERITY_NAMES

Choices = list[tuple[str, str]]
LANGUAGES = {"zh_Hans": N_("Chinese"), "en": N_("English")}
CONDITION_WORDS: dict[str, Mapping[Any, str]] = {
    "kind": KIND_NAMES,
    "channel": CHANNELS,
    "level": LEVELS,
    "language": LANGUAGES,
}


def kinds() -> Choices:
    """What a ticket may be."""
    return [(str(code), gettext(name)) for code, name in KIND_NAMES.items()]


def statuses() -> Choices:
    """Where a ticket may stand."""
    return [(str(code), gettext(name)) for code, name in STATUS_NAMES.items()]


def channels() -> Choices:
    """The ways in."""
    return [(code, gettext(name)) for code, name in CHANNELS.items()]


def severities() -> Choices:
    """How grave it is."""
    return [(code, gettext(name)) for code, name in SEVERITY_NAMES.items()]


def departments() -> Choices:
    """The departments that are in use."""
    units = in_force.current().departments.values()
    return [(unit.code, unit.names[language()]) for unit in units if unit.active]


def categories(only_active: bool = True) -> Choices:
    """The tree of categories, each with the names above it: 'Quality › Appliances › Fridge'."""
    nodes = in_force.current().categories
    names = {id_: node.names[language()] for id_, node in nodes.items()}
    return [
        (node.code, " › ".join(names[id_] for id_ in node.ids if id_ in names))
        for node in nodes.values()
        if node.active or not only_active
    ]


FILTER_WORDS = {
    "status": N_("Status"),
    "kind": N_("Kind"),
    "channel": N_("Channel"),
    "severity": N_("Severity"),
    "category": N_("Category"),
    "department": N_("Department"),
    "assignee": N_("Who is on it"),
    "open": N_("Open"),
    "waiting": N_("Waiting for somebody"),
    "late": N_("Late"),
    "repeat": N_("Repeated"),
    "urged": N_("Urged"),
    "reopened": N_("Reopened or reworked"),
    "returned": N_("Returned by a department"),
    "merged": N_("Merged"),
    "level": N_("Escalated"),
    "call": N_("Follow-up call"),
    "promise": N_("Promise"),
    "verdict": N_("Verdict"),
    "score": N_("Rating"),
    "person": N_("Customer"),
    "place": N_("Place"),
    "queue": N_("Queue"),
}
VALUE_WORDS: dict[str, str] = {
    "yes": N_("Yes"),
    "no": N_("No"),
    "any": N_("any"),
    "soon": N_("within an hour"),
    "on_time": N_("on time"),
    "late": N_("kept late"),
    "missed": N_("overdue"),
    "dropped": N_("no longer counts"),
    **PROMISE_NAMES,
    **{str(score): words for score, words in SCORES.items()},
}


def filter_words(name: str, value: str) -> str:
    """A part of a filter that has no select, in words: 'Late: Yes'."""
    label = gettext(FILTER_WORDS.get(name, name))
    parts = [gettext(VALUE_WORDS.get(part, part)) for part in value.split(",")]
    if name == "queue":
        parts = [department_name(part) for part in value.split(",")]
    return gettext("%(name)s: %(value)s", name=label, value=gettext(", ").join(parts))


def moments() -> Choices:
    """What the dates of a filter may speak of."""
    return [(code, gettext(name)) for code, name in MOMENTS.items()]


def category_name(category_id: int | None) -> str:
    """The name of a category with those above it; '' for none."""
    nodes = in_force.current().categories
    node = nodes.get(category_id or 0)
    return " › ".join(nodes[i].names[language()] for i in node.ids if i in nodes) if node else ""


def category_alone(code: str) -> str:
    """The name of a category without those below it; its code may end with a dot."""
    node = in_force.current().category(code.removesuffix("."))
    return gettext("%(name)s itself", name=node.names[language()]) if node else code


def department_name(code: str) -> str:
    """The name of a department, or of the dispatch desk, by its code."""
    unit = in_force.current().unit(code)
    return unit.names[language()] if unit else gettext("Dispatch desk")


def words_of(ticket: Ticket) -> dict[str, str]:
    """Status, kind, severity and channel of a ticket in words."""
    return {
        "status": gettext(STATUS_NAMES[Status(ticket.status)]),
        "kind": gettext(KIND_NAMES[Kind(ticket.kind)]),
        "severity": gettext(SEVERITY_NAMES[ticket.severity]),
        "channel": gettext(CHANNELS.get(ticket.channel, ticket.channel)),
    }


def route_words(ticket: Ticket) -> str:
    """Why the ticket went where it went: the rule and what it found."""
    return reason_words(ticket.route_rule, ticket.route_reason, ticket.category_id)


def reason_words(rule: str, reason: str, category_id: int | None = None) -> str:
    """A route's reason in words; `category_id` names the category where the reason has no id."""
    if not rule and reason == LEAD:
        return gettext("No rule fits: the category’s lead department.")
    if not rule:
        return gettext("No rule fits: the dispatch desk decides.")
    words = gettext("Rule “%(rule)s”", rule=rule)
    parts = [_condition(name, value, category_id) for name, value in json.loads(reason or "[]")]
    found = gettext(", ").join(parts)
    return gettext("%(rule)s: %(found)s", rule=words, found=found) if parts else words


def _condition(name: str, value: str, category_id: int | None) -> str:
    if name == "category":
        value = category_name(int(value) if value.isdecimal() else category_id)
    known = CONDITION_WORDS.get(name, {}).get(value)
    return f"{gettext(CONDITION_NAMES[name])} {gettext(known) if known else value}"


def for_edit() -> dict[str, Choices]:
    """The selects of the dialog that corrects a ticket."""
    return {"kind": kinds(), "severity": severities(), "category": categories()}


def for_filter() -> dict[str, Choices]:
    """The selects above a list."""
    return {
        "kind": kinds(),
        "channel": channels(),
        "severity": severities(),
        "category": [*categories(), ("none", gettext("No category"))],
        "department": [*departments(), ("none", gettext("No department"))],
        "assignee": [("me", gettext("Me")), ("none", gettext("Nobody"))],
        "status": statuses(),
    }
