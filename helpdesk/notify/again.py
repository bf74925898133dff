"""Sending once more what did not arrive, by a person's word."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from helpdesk import jobs
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.db import db, locked, transaction
from helpdesk.errors import NotFound, Refused
from helpdesk.i18n import N_
from helpdesk.notify.models import LOST, OutboundMail
from helpdesk.notify.outbox import tell


def lost() -> ColumnElement[bool]:
    """The condition on mails that did not arrive, or may not have, and are not tried any more."""
    return OutboundMail.state.in_(LOST) & OutboundMail.next_at.is_(None)


def can_again(row: OutboundMail) -> bool:
    """Whether a person may have this mail sent once more."""
    return row.state in (*LOST, "kept", "retry") and row.error != "limit"


def send_again(mail_id: int, *, by: Actor) -> OutboundMail:
    """Put a mail back into the outbox, now. Raises NotAllowed, NotFound, or Refused when it is on
    its way or has arrived."""
    require(by, "mail.review")
    with transaction():
        known = db.session.get(OutboundMail, mail_id)
        if known is None:
            raise NotFound(N_("There is no such mail."))
        row = locked(known)
        if not can_again(row):
            raise Refused(N_("This mail is on its way or has arrived; it is not sent again."))
        row.state, row.tries, row.doubts, row.error = "queued", 0, 0, ""
        row.made_at = row.next_at = now()
        tell(row)
    jobs.wake("outbox")
    return row
