"""Who wants no mail that is not needed for a case (RFC 8058): by the link in each of them, without an account.

The link is signed and names the mail, not the address. What a case needs, its receipt and answers, always goes.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime, db, retrying, transaction
from helpdesk.core.errors import NotFound
from helpdesk.core.i18n import N_
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings

DIGITS = 32  # 128 bit


class OptOut(Model):
    """An address that asked for no more of them; `back_at` when it has changed its mind since."""

    __tablename__ = "opt_out"
    address: Mapped[str] = mapped_column(primary_key=True)
    out_at: Mapped[datetime] = mapped_column(UtcTime)
    back_at: Mapped[datetime | None] = mapped_column(UtcTime)


def is_out(address: str) -> bool:
    """Whether this address wants only what its cases need."""
    query = select(OptOut).where(OptOut.address == address.lower(), OptOut.back_at.is_(None))
    return db.session.scalar(query.execution_options(populate_existing=True)) is not None


def withdraws(row: Envelope) -> bool:
    """Whether its reader has asked for no such letter since."""
    return row.optional and is_out(row.recipient)


def url(event_seq: int) -> str:
    """The link for the mail that is sent because of this event."""
    return f"{settings().base_url}/unsubscribe/{event_seq}.{_signature(str(event_seq))}"


def _signature(event_seq: str) -> str:
    key = settings().secret_key.encode()
    return hmac.new(key, f"unsubscribe:{event_seq}".encode(), hashlib.sha256).hexdigest()[:DIGITS]


def mail_of(token: str) -> Envelope:
    """The mail whose link this is. Raises NotFound, the same for a wrong number or signature."""
    seq, _dot, given = token.partition(".")
    is_ours = hmac.compare_digest(_signature(seq).encode(), given.encode())
    row = None
    if is_ours and seq.isascii() and seq.isdecimal():
        mine = (Envelope.event_seq == int(seq)) & Envelope.optional
        row = db.session.scalars(select(Envelope).where(mine).limit(1)).first()
    if row is None:
        raise NotFound(N_("This link is not complete. Please open it from the mail once more."))
    return row


def opt_out(address: str) -> None:
    """No more of them to this address, from now on."""
    retrying(lambda: _keep(address.lower(), out=True))


def opt_in(address: str) -> None:
    """They may be sent again."""
    retrying(lambda: _keep(address.lower(), out=False))


def _keep(address: str, out: bool) -> None:
    with transaction() as session:
        row = session.get(OptOut, address, with_for_update=True, populate_existing=True)
        if row is None and out:
            session.add(OptOut(address=address, out_at=now()))
        elif row is not None and out and row.back_at is not None:
            row.out_at, row.back_at = now(), None
        elif row is not None and not out and row.back_at is None:
            row.back_at = now()
