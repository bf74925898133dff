"""Asks the malware scanner about stored files, behind the scenes: no request waits for it."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import or_, select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core import background
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import NotFound
from helpdesk.core.events import record
from helpdesk.files import location
from helpdesk.files.scanner import INFECTED, Unavailable, verdict
from helpdesk.tickets.models import Attachment, Ticket
from helpdesk.tickets.scanning import scanner

log = logging.getLogger(__name__)
AGAIN = timedelta(minutes=1)  # after the scanner gave no verdict on a file
PAUSE = 5.0  # seconds between two looks at what is new
MOST = 50


def scan_due(most: int = MOST) -> int:
    """Ask the scanner about files that it has not judged, the newest first; how many were judged.

    When it gives no verdict, the others wait as well: it is asked again a minute later.
    """
    if not scanner():
        return 0
    long_ago = or_(Attachment.scanned_at.is_(None), Attachment.scanned_at < now() - AGAIN)
    due = select(Attachment).where(Attachment.scan == "", long_ago)
    rows = db.session.scalars(due.order_by(Attachment.id.desc()).limit(most)).all()
    db.session.commit()
    return sum(_judged(row) for row in rows)


def _judged(row: Attachment) -> bool:
    found = ""
    try:
        found = verdict(scanner(), location(row.key))
    except (Unavailable, NotFound) as error:
        log.warning("The malware scanner gave no verdict on file %s: %s", row.id, error)
    with transaction():
        fresh = locked(row)
        fresh.scan, fresh.scanned_at = found, now()
        if found == INFECTED:
            _tell(row)
    return bool(found)


def _tell(row: Attachment) -> None:
    """Note it in the history of the case, so that people see it; the log is for the administrator."""
    log.error("The malware scanner found something in file %s (%s)", row.id, row.key)
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id else None
    if ticket is not None:
        record("file.infected", by=SYSTEM, ticket=ticket, file=row.name)


@background.also
def loop() -> background.Loop:
    """Asks the scanner about new files, in the timer process."""
    return background.Loop("scans", _round)


def _round() -> float:
    return 0.0 if scan_due() >= MOST else PAUSE
