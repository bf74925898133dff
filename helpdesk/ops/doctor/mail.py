"""No mail is lost: each one that reached us has an outcome and its bytes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from helpdesk.channels.email.models import FOR_PEOPLE, OUTCOMES, InboundMail
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.files import PendingFile, stored_keys
from helpdesk.notify.failures import is_lost
from helpdesk.notify.models import Envelope
from helpdesk.ops.doctor.finding import Broken, check
from helpdesk.ops.doctor.invariants import has_bytes
from helpdesk.tickets.models import Attachment

UNREAD_FOR = timedelta(minutes=15)


@check("I1", "every mail became a ticket, a reply or waits")
def outcomes() -> Broken:
    """I1: every mail became a ticket, a reply, was filed, or waits for a person."""
    return select(InboundMail.id).where(
        InboundMail.outcome.not_in(OUTCOMES)
        | (InboundMail.outcome.in_(("ticket", "reply")) & InboundMail.ticket_id.is_(None))
        | ((InboundMail.outcome == "stored") & (InboundMail.received_at < now() - UNREAD_FOR))
    )


@check("I8", "every mail is kept as it came")
def raw_mails() -> Broken:
    """I8: every mail that reached us is kept as it came."""
    rows = db.session.execute(
        select(InboundMail.id, InboundMail.file_key, InboundMail.size)
    ).yield_per(1000)
    return (row.id for row in rows if not has_bytes(row.file_key, row.size))


@check("I8", "every stored file belongs to a row", notable=True)
def nameless_files() -> Broken:
    """I8: bytes that no row names an hour after they were stored: harmless, so a note."""
    named = set(db.session.scalars(select(Attachment.key)))
    named.update(db.session.scalars(select(InboundMail.file_key)))
    named.update(db.session.scalars(select(PendingFile.key)))
    return (key for key in stored_keys(older_than=3600) if key not in named)


@check("waiting", "no mail waits in quarantine", notable=True)
def quarantine() -> Broken:
    """Mails that wait for a person: known, so a note."""
    return select(InboundMail.id).where(InboundMail.outcome.in_(FOR_PEOPLE))


@check("waiting", "no mail of ours failed", notable=True)
def unsent() -> Broken:
    """Mails that could not be sent: known, so a note."""
    return select(Envelope.id).where(is_lost())
