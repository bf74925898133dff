"""What people decide about mails that the machine would not decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.channels.email.deciding import inbound, into_tickets
from helpdesk.channels.email.deciding.kept_mail import read_kept
from helpdesk.channels.email.deciding.landing import Landing, dmarc
from helpdesk.channels.email.deciding.verdicts import Settled
from helpdesk.channels.email.keeping import LEASE
from helpdesk.channels.email.ledger import within
from helpdesk.channels.email.models import FOR_PEOPLE, OUTCOMES, InboundMail
from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable
from helpdesk.clock import now
from helpdesk.core.db import db, locked, stored, transaction
from helpdesk.core.errors import HelpdeskError, Refused
from helpdesk.core.i18n import N_
from helpdesk.desk.nav import count_along
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket

PAGE = 50
DECIDED = N_("Somebody has decided about this mail already.")


# How many mails wait for a person: beside the entry, until somebody has looked.
count_along("mail", select(func.count()).where(InboundMail.outcome.in_(FOR_PEOPLE)))


def listed(
    who: Actor,
    outcome: str,
    before: int = 0,
    mailbox: str = "",
    day: date | None = None,
    sender: str = "",
) -> Sequence[InboundMail]:
    """Mails with this outcome ('' is every one), newest first, one more than a page."""
    require(who, "mail.review")
    given = {"outcome": outcome, "mailbox": mailbox, "from_email": sender.lower()}
    query = select(InboundMail).filter_by(**{name: v for name, v in given.items() if v})
    if before:
        query = query.where(InboundMail.id < before)
    if day:
        query = query.where(within(day))
    return db.session.scalars(query.order_by(InboundMail.id.desc()).limit(PAGE + 1)).all()


def counts(who: Actor) -> dict[str, int]:
    """How many mails ended where: their sum is every mail that ever came (promise 1)."""
    require(who, "mail.review")
    rows = db.session.execute(
        select(InboundMail.outcome, func.count()).group_by(InboundMail.outcome)
    )
    found = {row[0]: row[1] for row in rows}
    return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}


def one(who: Actor, mail_id: int) -> tuple[InboundMail, ParsedMail | None]:
    """The row and, as far as it can be read, the mail. Raises NotFound."""
    require(who, "mail.review")
    row = stored(InboundMail, mail_id, N_("There is no such mail."))
    try:
        return row, read_kept(row)
    except Unreadable:
        return row, None


def open_ticket(who: Actor, mail_id: int) -> Ticket:
    """Open a ticket from a held mail after all. Raises Refused when it can't be done."""
    row, mail = _waiting(who, mail_id)
    _put(row, mail, Landing(None, "by_hand", proof=dmarc(row, mail)), who)
    return db.session.get_one(Ticket, row.ticket_id)


def accept_reply(who: Actor, mail_id: int) -> Ticket:
    """Let a stranger's words onto the ticket that they answer."""
    row, mail = _waiting(who, mail_id)
    ticket = db.session.get(Ticket, row.ticket_id or 0)
    if ticket is None:
        raise Refused(N_("This mail answers no ticket. You can open a new one from it."))
    queries.require_visible(ticket, who)
    _put(row, mail, Landing(ticket, "by_hand", number=ticket.number), who)
    return ticket


def _put(row: InboundMail, mail: ParsedMail, found: Landing, who: Actor) -> None:
    try:
        into_tickets.put(row, mail, found, decided_by=who.name)
    except Settled:
        raise Refused(DECIDED) from None


def set_aside(who: Actor, mail_id: int) -> None:
    """File a held mail; it stays stored and listed. Raises Refused when it was decided already."""
    row, _mail = one(who, mail_id)
    with transaction():
        fresh = locked(row)
        if fresh.outcome not in FOR_PEOPLE:
            raise Refused(DECIDED)
        fresh.outcome, fresh.reason, fresh.decided_by = "ignored", "set_aside", who.name


def decide_many(who: Actor, ids: list[int], decision: str) -> tuple[int, int]:
    """Let many mails in ('in': onto the ticket that each answers, else a new one) or set them
    aside ('aside'): how many are done, and how many could not be decided so."""
    decide = {"in": _let_in, "aside": set_aside}.get(decision)
    if decide is None:
        return 0, len(ids)
    done = 0
    for mail_id in ids:
        try:
            decide(who, mail_id)
            done += 1
        except HelpdeskError:
            db.session.rollback()
    return done, len(ids) - done


def _let_in(who: Actor, mail_id: int) -> None:
    row, _mail = _waiting(who, mail_id)
    if row.ticket_id:
        accept_reply(who, mail_id)
    else:
        open_ticket(who, mail_id)


def run_again(who: Actor, mail_id: int) -> InboundMail:
    """Read a waiting or filed mail anew from its raw bytes, after an upgrade or a new setting.

    Raises Refused for a mail that became a ticket or a reply: that would double it.
    """
    row, _mail = one(who, mail_id)
    with transaction():
        fresh = locked(row)
        if fresh.outcome in ("ticket", "reply") or fresh.why.get("noted"):
            raise Refused(DECIDED)
        fresh.outcome, fresh.reason, fresh.detail, fresh.decided_by = "stored", "", "", ""
        fresh.ticket_id, fresh.tries, fresh.next_at = None, 1, now() + LEASE
    inbound.work_on([fresh])
    return db.session.get_one(InboundMail, mail_id, populate_existing=True)


def _waiting(who: Actor, mail_id: int) -> tuple[InboundMail, ParsedMail]:
    row, mail = one(who, mail_id)
    if row.outcome not in FOR_PEOPLE:
        raise Refused(DECIDED)
    if mail is None:
        raise Refused(N_("There is nothing in this mail that could be read."))
    return row, mail
