"""Files of tickets and notices: given to whom may see what they hang on."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import select

from helpdesk import files
from helpdesk.agents.rights import Actor
from helpdesk.agents.sign_in import me, needs
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.notices import queries as notice_queries
from helpdesk.notices.models import Notice
from helpdesk.tickets import queries, scanning
from helpdesk.tickets.models import Attachment, Ticket

blueprint = Blueprint("files", __name__)


@blueprint.get("/files/<key>")
@needs("ticket.read")
def download(key: str) -> Response:
    """A stored file, for a colleague who may see its ticket or notice."""
    row = db.session.scalar(select(Attachment).where(Attachment.key == key))
    if row is None or not _is_visible(row, me().actor):
        raise NotFound(N_("This file does not exist."))
    scanning.require_given(row, anyway="anyway" in request.args)
    return files.answer(row.key, row.name, row.mime)


def _is_visible(row: Attachment, who: Actor) -> bool:
    """A file has the rights of the ticket or notice that it belongs to."""
    if row.ticket_id is not None:
        ticket = db.session.get(Ticket, row.ticket_id)
        if ticket is not None and queries.is_visible(ticket, who):
            return True
    if row.notice_id is None:
        return False
    query = select(Notice.id).where(Notice.id == row.notice_id, notice_queries.visible_to(who))
    return db.session.scalar(query) is not None
