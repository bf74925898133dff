"""What stands around every page: who reads it, and where they may go."""

from __future__ import annotations

from typing import Any

from helpdesk.agents import sign_in
from helpdesk.agents.pages import blueprint
from helpdesk.desk.nav import go_keys, nav


@blueprint.app_context_processor
def around() -> dict[str, Any]:
    """The reader, the entries of the navigation and the keys that go there."""
    who = sign_in.actor()
    entries = nav(who)
    return {"actor": who, "nav": entries, "go_keys": go_keys(entries)}
