"""What supervisors ask of the telephone system from the list of agents."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect

from helpdesk.agents import sign_in
from helpdesk.agents.rights import may
from helpdesk.agents.sign_in import my_row, needs
from helpdesk.channels.phone import spying
from helpdesk.core.errors import BadInput, Refused
from helpdesk.core.i18n import gettext
from helpdesk.web.pages import Page

blueprint = Blueprint("phone_desk", __name__)


@blueprint.app_context_processor
def _for_agents() -> dict[str, Any]:
    """What calls/agents.html asks for: the ways of listening that this reader has."""
    return {"spy_names": _names}


def _names() -> dict[str, str]:
    allowed = may(sign_in.actor(), "call.spy") and spying.is_possible()
    return spying.NAMES if allowed else {}


@blueprint.post("/calls/agents/<int:agent_id>/<how>")
@needs("call.spy")
def spy(agent_id: int, how: str) -> Page:
    """Listen to an agent's talk, whisper to the agent, or join in."""
    try:
        spying.begin(my_row(), agent_id, how)
        flash(gettext("Your telephone rings now. It is noted that you listened."), "success")
    except (BadInput, Refused) as no:
        flash(no.sentence(gettext), "warning")
    return redirect("/calls/agents?doing=talking", code=303)
