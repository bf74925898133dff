"""Number and secret of the tracking page. The secret is derived, never stored (80 bits)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket

LENGTH = 16


def secret(ticket: Ticket, key: str) -> str:
    """The ticket's secret under the deployment's key: 16 letters and digits, easy to read out."""
    message = f"track:{ticket.number}:{ticket.track_salt}".encode()
    code = base64.b32encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode()
    return code[:LENGTH]


def url(ticket: Ticket, key: str, base_url: str) -> str:
    """The address that opens the tracking page; the secret is in the fragment-free path."""
    return f"{base_url}/track/{ticket.number}/{secret(ticket, key)}"


def confirmation(ticket: Ticket, key: str) -> str:
    """What only the mailbox at `ticket.reply_to` is told: it proves that address on this case."""
    message = f"confirm:{ticket.number}:{ticket.track_salt}:{ticket.reply_to}".encode()
    code = base64.b32encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode()
    return code[: LENGTH * 2].lower()


def confirmation_url(ticket: Ticket, key: str, base_url: str) -> str:
    """The link of a mail to `ticket.reply_to`; it opens a page with a button."""
    return f"{base_url}/confirm/{ticket.number}/{confirmation(ticket, key)}"


def to_confirm(number: str, given: str, key: str) -> Ticket:
    """The ticket whose address this link proves. Raises NotFound, the same for whatever is wrong."""
    ticket = db.session.scalar(select(Ticket).where(queries.has_number(number)))
    right = confirmation(ticket, key) if ticket is not None else ""
    if ticket is None or not hmac.compare_digest(right.encode(), given.lower().encode()):
        raise NotFound(N_("This link is not complete. Please open it from the mail once more."))
    return ticket


def find(number: str, given: str, key: str) -> Ticket:
    """The ticket for number and secret. Raises NotFound, the same for a wrong number or secret."""
    ticket = db.session.scalar(
        select(Ticket)
        .where(queries.has_number(number))
        .options(joinedload(Ticket.department), joinedload(Ticket.category))
    )
    tidy = normalize("NFKC", given).strip().upper().replace(" ", "").replace("-", "")
    right = secret(ticket, key) if ticket is not None else "A" * LENGTH
    if not hmac.compare_digest(right.encode(), tidy.encode()) or ticket is None:
        raise NotFound(
            N_("Number and code don't belong together. Please check both and try again.")
        )
    return ticket
