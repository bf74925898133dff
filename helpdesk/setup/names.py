"""The names of what administrators set, in the reader's language. No statements of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping

from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext, language
from helpdesk.setup import in_force
from helpdesk.setup.in_force import Node
from helpdesk.setup.routing import BY_CODE, LEAD

Choices = list[tuple[str, str]]


def departments() -> Choices:
    """The departments that are in use."""
    units = in_force.current().departments.values()
    return [(unit.code, unit.names[language()]) for unit in units if unit.active]


def category_path(node: Node, nodes: Mapping[int, Node]) -> str:
    """A category with those of `nodes` above it: 'Quality › Appliances › Fridge'."""
    return " › ".join(nodes[id_].names[language()] for id_ in node.ids if id_ in nodes)


def categories() -> Choices:
    """The tree of the categories in use, each with the names above it."""
    nodes = in_force.current().categories
    return [(node.code, category_path(node, nodes)) for node in nodes.values() if node.active]


def category_name(category_id: int | None) -> str:
    """The name of a category with those above it; '' for none."""
    nodes = in_force.current().categories
    node = nodes.get(category_id or 0)
    return category_path(node, nodes) if node else ""


def category_alone(code: str) -> str:
    """The name of a category without those below it; its code may end with a dot."""
    node = in_force.current().category(code.removesuffix("."))
    return gettext("%(name)s itself", name=node.names[language()]) if node else code


def department_name(code: str) -> str:
    """The name of a department, or of the dispatch desk, by its code."""
    unit = in_force.current().unit(code)
    return unit.names[language()] if unit else gettext("Dispatch desk")


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


def _condition(code: str, value: str, category_id: int | None) -> str:
    condition = BY_CODE[code]
    if code == "category":
        value = category_name(whole(value) or category_id)
    known = (condition.names or {}).get(value)
    return f"{gettext(condition.name)} {gettext(known) if known else value}"
