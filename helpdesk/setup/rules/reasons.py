"""Why a case went where it went, in words."""

from __future__ import annotations

import json

from helpdesk.core.given import whole
from helpdesk.core.i18n import gettext
from helpdesk.setup.names import category_name
from helpdesk.setup.routing import BY_CODE, LEAD


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
