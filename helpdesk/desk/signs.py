"""How the words of the trade are drawn: one sign for each status, severity, kind and channel.

The words stand beside the names that they speak of; templates draw from here and know no table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from helpdesk.agents.presence import BREAKS, CHOSEN_BREAKS, UNREACHABLE
from helpdesk.core.named import Named
from helpdesk.notices import lifecycle as notices_lifecycle
from helpdesk.promises.words import BROKEN, RINGS, STATE_NAMES, TICKING, URGENT
from helpdesk.tickets import lifecycle
from helpdesk.tickets.choices import FILTER_WORDS
from helpdesk.tickets.filters import SORTS
from helpdesk.words import SEVERITIES, SEVERITY_NAMES, Kind


def _stages(states: type[Named], held: Mapping[str, Collection[Named]]) -> dict[str, str]:
    """How far a thing is in each of its states in one word; what no stage holds is going on."""
    known = {state: name for name, each in held.items() for state in each}
    return {str(state): known.get(state, "going") for state in states}


# Where it stands, in one shape: new, going, waiting or done.
STAGES: dict[str, Mapping[str, str]] = {
    "ticket": _stages(lifecycle.Status, lifecycle.STAGES),
    "notice": _stages(notices_lifecycle.State, notices_lifecycle.STAGES),
}
BARS = {code: len(SEVERITIES) - place for place, code in enumerate(SEVERITIES)}  # S1 has them all
KIND_ICONS = {
    Kind.COMPLAINT: "speakerphone",
    Kind.REQUEST: "clipboard-list",
    Kind.ENQUIRY: "help-circle",
    Kind.SUGGESTION: "note",
    Kind.PRAISE: "thumb-up",
    Kind.REPORT: "flag",
}
CHANNEL_ICONS = {
    "web": "world",
    "phone": "phone",
    "email": "mail",
    "api": "code",
    "chat": "message-circle",
    "letter": "file-text",
    "counter": "user",
    "transfer": "inbox",
    "media": "inbox",
}
