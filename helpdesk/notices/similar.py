"""Whether it happened again: complaints like the one behind a notice, since it was put right."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk.core.db import db
from helpdesk.notices.models import Notice
from helpdesk.tickets.models import Ticket
from helpdesk.words import Kind

MOST = 20
COMPARED = ("product", "cause_code")


def similar_since(notice: Notice) -> list[Ticket]:
    """Complaints received since the re-inspection passed: same category, product and cause.

    Product and cause tell two cases apart only when both name them.
    """
    began = notice.check.get("verified_at")
    first = db.session.get(Ticket, notice.ticket_id) if notice.ticket_id else None
    if first is None or first.category_id is None or not began:
        return []
    found = db.session.scalars(
        select(Ticket)
        .where(
            Ticket.category_id == first.category_id,
            Ticket.kind == Kind.COMPLAINT,
            Ticket.received_at > datetime.fromisoformat(began),
            Ticket.id != first.id,
        )
        .order_by(Ticket.id.desc())
        .limit(MOST)
    )
    return [ticket for ticket in found if _alike(first, ticket)]


def _alike(first: Ticket, other: Ticket) -> bool:
    pairs = [(first.facts.get(name), other.facts.get(name)) for name in COMPARED]
    return all(a == b for a, b in pairs if a and b)
