"""How mail does as a whole, in two numbers and a list for whoever watches the installation."""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk.clock import now
from helpdesk.db import db
from helpdesk.notify.mailboxes import Mailbox
from helpdesk.notify.models import OPEN, OutboundMail


def failing_seconds() -> float:
    """For how long the mailbox that has failed longest fails; 0 when all do well."""
    since = db.session.scalar(select(func.min(Mailbox.failing_since)).where(Mailbox.active))
    return (now() - since).total_seconds() if since else 0.0


def unattended() -> list[str]:
    """The names of the mailboxes that nobody fetches: they never fail, and never get their mail."""
    boxes = db.session.scalars(select(Mailbox).where(Mailbox.active).order_by(Mailbox.name))
    return [box.name for box in boxes if box.unattended]


def unsent_seconds() -> float:
    """How old the oldest letter is that waits for us or for a mail server; 0 when none does.

    One that its receiver's server puts off is not counted: the mail as a whole does well.
    """
    oldest = db.session.scalar(
        select(func.min(OutboundMail.made_at)).where(
            OutboundMail.state.in_(OPEN),
            OutboundMail.next_at.is_not(None),
            OutboundMail.refused.is_(False),
        )
    )
    return (now() - oldest).total_seconds() if oldest else 0.0
