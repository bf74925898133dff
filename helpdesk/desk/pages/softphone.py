"""The window of the telephone in the browser. It stays open while the desk goes from page to page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template

from helpdesk.agents.sign_in import me, needs
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import gettext
from helpdesk.desk import softphone

blueprint = Blueprint("softphone", __name__)


@blueprint.app_context_processor
def telephone() -> dict[str, Any]:
    """What every page asks: does this person's telephone ring in the browser, and its words."""
    return {"rings_in_browser": softphone.rings_for, "softphone_words": _words}


def _words() -> dict[str, str]:
    return {state: gettext(words) for state, words in softphone.WORDS.items()}


@blueprint.get("/phone/softphone")
@needs("ticket.open")
def window() -> str:
    """The window; the one page that may connect to the telephone system."""
    phone = softphone.system()
    if phone is None or not softphone.rings_for(me().actor):
        raise NotFound(softphone.NONE_HERE)
    g.socket_elsewhere = phone.socket_host
    return render_template("phone/softphone.html")


@blueprint.post("/phone/softphone/account")
@needs("ticket.open")
def account() -> Response:
    """What this person's own telephone signs on with; kept by nobody on the way."""
    answer = jsonify(softphone.account(me().actor)._asdict())
    answer.cache_control.no_store = True
    return answer
