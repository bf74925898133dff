"""Who may have a stored file, by what a malware scanner said of it.

Without a scanner, or as long as it gives no verdict, a file is "not scanned", and pages say so.
"""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import NotAllowed, Refused
from helpdesk.core.i18n import N_
from helpdesk.files.scanner import INFECTED
from helpdesk.settings import settings
from helpdesk.tickets.models import Attachment

NOT_SCANNED = "not_scanned"
LOCKED = N_(
    "A malware scanner found something in this file. It is locked and not given to anybody."
)
UNSEEN = N_(
    "This file has not been scanned for malware yet. Wait a minute, or open it all the same."
)


class NotScannedYet(Refused):
    """The scanner has not looked at the file yet; whoever is asked may go on at their own risk."""

    code = "not_scanned"


def scanner() -> str:
    """The scanner in use, or ""."""
    return settings().scanner


def state(row: Attachment) -> str:
    """clean, infected or not_scanned."""
    return row.scan or NOT_SCANNED


def require_given(row: Attachment, *, anyway: bool = False) -> None:
    """Raise NotAllowed for an infected file, and NotScannedYet (unless `anyway`) for one that the
    scanner will look at soon."""
    if row.scan == INFECTED:
        raise NotAllowed(LOCKED, code="infected")
    if not row.scan and scanner() and not anyway:
        raise NotScannedYet(UNSEEN)


def unjudged_seconds() -> float:
    """For how long the oldest file waits that the scanner was asked about in vain; 0 without one."""
    if not scanner():
        return 0.0
    tried = (Attachment.scan == "") & Attachment.scanned_at.is_not(None)
    oldest = db.session.scalar(select(Attachment.at).where(tried).order_by(Attachment.at).limit(1))
    return (now() - oldest).total_seconds() if oldest else 0.0
