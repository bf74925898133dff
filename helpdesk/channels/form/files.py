"""Where a page sends the files of a form ahead, while somebody goes on writing."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from helpdesk import files
from helpdesk.agents.sign_in import actor
from helpdesk.channels.form.pages import ANYBODY
from helpdesk.core.errors import BadInput, NotSignedIn
from helpdesk.core.i18n import N_
from helpdesk.core.limits import spend
from helpdesk.web.bodies import takes_files

blueprint = Blueprint("waiting_files", __name__)
MOST_PER_HOUR = 300


@blueprint.post("/new/files")
@takes_files("files", public=True)
def keep() -> tuple[dict[str, object], int] | Response:
    """Keep one file until its form is sent; the token that stands for it."""
    with spend(f"upload:{request.remote_addr}", MOST_PER_HOUR, 3600):
        given = files.received(_owner())
    if len(given) != 1:
        raise BadInput(N_("Please choose a file."))
    row = files.waiting()[0]
    return {"token": row.token, "name": row.name, "size": row.size}, 201


def _owner() -> str:
    """Files of the desk are their colleague's alone."""
    if request.form.get("owner") != "desk":
        return ANYBODY
    who = actor()
    if who is None:
        raise NotSignedIn(N_("Please sign in."))
    return f"agent:{who.id}"
