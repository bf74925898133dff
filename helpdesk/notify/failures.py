"""Letters that did not arrive, or wait for too long: which they are, and sending one once more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.db import db, locked, stored, transaction
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_
from helpdesk.notify.envelopes import show_on_message
from helpdesk.notify.models import LOST, OPEN, Envelope

LATEST = timedelta(days=7)  # without a Message-ID, a report is about the newest mail of these days


def is_lost() -> ColumnElement[bool]:
    """The condition on letters that did not arrive, or may not have, and are not tried any more."""
    return Envelope.state.in_(LOST) & Envelope.next_at.is_(None)


def unsent_seconds() -> float:
    """How old the oldest letter is that waits for us or for a server; 0 when none does.

    One that its receiver's server puts off is not counted: sending as a whole does well.
    """
    oldest = db.session.scalar(
        select(func.min(Envelope.made_at)).where(
            Envelope.state.in_(OPEN), Envelope.next_at.is_not(None), Envelope.refused.is_(False)
        )
    )
    return (now() - oldest).total_seconds() if oldest else 0.0


def can_send_again(row: Envelope) -> bool:
    """Whether a person may have this letter sent once more."""
    return row.state in (*LOST, "kept", "retry") and row.error != "limit"


def send_again(envelope_id: int, *, by: Actor) -> Envelope:
    """Put a letter back into the outbox, now. Raises NotAllowed, NotFound, or Refused when it is on
    its way or has arrived."""
    require(by, "mail.review")
    with transaction():
        row = locked(stored(Envelope, envelope_id, N_("There is no such mail.")))
        if not can_send_again(row):
            raise Refused(N_("This mail is on its way or has arrived; it is not sent again."))
        row.state, row.tries, row.doubts, row.error = "queued", 0, 0, ""
        row.made_at = row.next_at = now()
        show_on_message(row)
    jobs.wake("outbox")
    return row


def reported(message_id: str, recipients: Iterable[str]) -> Envelope | None:
    """The mail that a report is about: by its Message-ID, else the newest one to its recipient."""
    marks = [message_id, f"<{message_id.strip('<>')}>"]
    by_id = select(Envelope).where(Envelope.message_id.in_(marks))
    known = [each for each in recipients if each]
    row = db.session.scalars(by_id.order_by(Envelope.id.desc()).limit(1)).first()
    if row is not None or not known:
        return row
    newest = select(Envelope).where(
        Envelope.recipient.in_(known), Envelope.made_at > now() - LATEST
    )
    return db.session.scalars(newest.order_by(Envelope.id.desc()).limit(1)).first()


def mark_bounced(row: Envelope, error: str) -> None:
    """Inside the caller's transaction: the letter came back, with the server's words."""
    fresh = locked(row)
    fresh.state, fresh.error, fresh.next_at = "bounced", error[:500], None
    show_on_message(fresh)
