"""A mail of ours that came back: which one it was, and that it failed after all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from helpdesk.clock import now
from helpdesk.db import db, locked
from helpdesk.notify.models import OutboundMail
from helpdesk.notify.outbox import tell

LATEST = timedelta(days=7)  # without a Message-ID, a report is about the newest mail of these days


def found(message_id: str, recipients: Iterable[str]) -> OutboundMail | None:
    """Our mail that a report is about: by its Message-ID, else the newest one to its recipient."""
    marks = [message_id, f"<{message_id.strip('<>')}>"]
    by_id = select(OutboundMail).where(OutboundMail.message_id.in_(marks))
    known = [each for each in recipients if each]
    row = db.session.scalars(by_id.order_by(OutboundMail.id.desc()).limit(1)).first()
    if row is not None or not known:
        return row
    newest = select(OutboundMail).where(
        OutboundMail.recipient.in_(known), OutboundMail.made_at > now() - LATEST
    )
    return db.session.scalars(newest.order_by(OutboundMail.id.desc()).limit(1)).first()


def mark(row: OutboundMail, error: str) -> None:
    """Inside the caller's transaction: the mail came back, with the server's words."""
    fresh = locked(row)
    fresh.state, fresh.error, fresh.next_at = "bounced", error[:500], None
    tell(fresh)
