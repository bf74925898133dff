"""What must hold of addresses: nothing is proven without saying by what, and mails go nowhere else."""

from __future__ import annotations

from sqlalchemy import or_, select

from helpdesk.core.db import db
from helpdesk.customers.models import ContactAddress
from helpdesk.customers.people import PROOFS
from helpdesk.ops.doctor.finding import Finding, found
from helpdesk.tickets.models import Ticket


def proofs() -> Finding:
    """A proven address says by what and since when; a claimed one says neither."""
    odd = or_(
        (ContactAddress.proven_by != "") != ContactAddress.proven_at.is_not(None),
        ContactAddress.proven_by.not_in(tuple(PROOFS)),
    )
    return found(
        "addresses",
        "each address is claimed, or proven by something",
        db.session.scalars(select(ContactAddress.id).where(odd)),
    )


def contacts() -> Finding:
    """The same of the address that a case came from; one that came from none has nothing proven."""
    odd = or_(
        (Ticket.contact_proven_by != "") != Ticket.contact_proven_at.is_not(None),
        Ticket.contact_proven_by.not_in(tuple(PROOFS)),
        (Ticket.contact == "") & (Ticket.contact_proven_by != ""),
        (Ticket.contact == "") != (Ticket.contact_kind == ""),
    )
    return found(
        "addresses",
        "each case says where it came from, and what proves it",
        db.session.scalars(select(Ticket.number).where(odd)),
    )


CHECKS = (proofs, contacts)
