"""What a canned reply may be filled with."""

from __future__ import annotations

import re

from helpdesk.core.i18n import N_

PLACEHOLDERS = {
    "name": N_("the customer's name"),
    "number": N_("the number of the ticket"),
    "agent": N_("your name"),
    "department": N_("the department that handles it"),
    "due": N_("when the next promise is due"),
}
BRACES = re.compile(r"\{([^{}\n]*)\}")
TEXTS = ("title_zh", "title_en", "body_zh", "body_en")


def unknown_placeholders(text: str) -> list[str]:
    """The names in braces that nothing fills."""
    return [name for name in BRACES.findall(text) if name not in PLACEHOLDERS]
