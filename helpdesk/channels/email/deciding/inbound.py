"""From a kept mail to its outcome: ticket, reply, or a reason why neither.

deliver() keeps a mail and works on it at once; take() only keeps it, and process_stored() works
on all that wait. Both may be killed at any moment and run again.
"""

from __future__ import annotations

import logging

from sqlalchemy import select

from helpdesk.channels.email.deciding import brakes, into_tickets, landing, returned
from helpdesk.channels.email.deciding.kept_mail import read_kept
from helpdesk.channels.email.deciding.our_addresses import is_own
from helpdesk.channels.email.deciding.verdicts import Hold, Ignore, Quarantine, Settled, Verdict
from helpdesk.channels.email.keeping import LEASE, Came, keep
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable
from helpdesk.clock import now
from helpdesk.core import jobs, options
from helpdesk.core.db import db, locked, lost_race, transaction
from helpdesk.core.errors import Busy, HelpdeskError
from helpdesk.core.i18n import lazy_gettext
from helpdesk.customers.addresses import comparable
from helpdesk.notify.envelopes import post
from helpdesk.notify.letters import Customer, to_customer
from helpdesk.notify.mail.mailboxes import own_addresses
from helpdesk.notify.models import MAIL
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids
from helpdesk.tickets.intake import guess_language
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)
MOST_TRIES = 3


def deliver(raw: bytes, mailbox: str = "support") -> InboundMail:
    """Keep a mail for ever, then make of it what it is. Raises only while nothing is stored yet."""
    row, new = keep(raw, Came(mailbox, "pipe"), lease=LEASE)
    if new:
        work_on(row.id, 1)
    return db.session.get_one(InboundMail, row.id, populate_existing=True)


def take(raw: bytes, came: Came) -> InboundMail:
    """Keep a mail for ever and ask for it to be worked on soon. Raises while nothing is stored."""
    row, new = keep(raw, came)
    if new:
        jobs.wake("mail")
    return row


@jobs.job("mail")
@options.read_once()
def process_stored(limit: int = 50) -> int:
    """Work on mails that wait, the oldest first; returns how many were taken up."""
    claimed = _claim(limit)
    for mail_id, tries in claimed:
        work_on(mail_id, tries)
    if len(claimed) == limit:
        jobs.wake("mail")
    return len(claimed)


def _claim(limit: int) -> list[tuple[int, int]]:
    """Take up mails whose turn it is; the try counts before it runs, so a killer mail runs out."""
    moment = now()
    waits = (InboundMail.outcome == "stored") & (InboundMail.next_at <= moment)
    if db.session.scalar(select(InboundMail.id).where(waits).limit(1)) is None:
        return []  # the usual case costs no write
    with transaction() as session:
        rows = session.scalars(
            select(InboundMail)
            .where(waits)
            .order_by(InboundMail.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for row in rows:
            row.tries, row.next_at = row.tries + 1, moment + LEASE
        return [(row.id, row.tries) for row in rows]


def work_on(mail_id: int, tries: int) -> None:
    """Give a stored mail its outcome. Never raises for what is in it."""
    try:
        if tries > MOST_TRIES:
            raise Quarantine("error", detail="it ended this program three times")
        _make(mail_id)
    except Settled:
        log.info("Mail %s was worked on by somebody else meanwhile.", mail_id)
    except Verdict as verdict:
        _settle(mail_id, verdict)
    except Exception as error:
        db.session.rollback()
        _after(mail_id, error)


def _after(mail_id: int, error: Exception) -> None:
    """What the database or another worker did is not the mail's fault: it is worked on again.
    Anything else is our mistake, and a person must see it."""
    if isinstance(error, Busy):
        _put_back(mail_id, counts=False)
    elif lost_race(error):
        _put_back(mail_id, counts=True)
    elif isinstance(error, HelpdeskError):
        words = str(error) + str(getattr(error, "errors", "") or "")
        _settle(mail_id, Quarantine("error", detail=words))
    else:
        log.error("Mail %s could not be worked on", mail_id, exc_info=error)
        _settle(mail_id, Quarantine("error", detail=f"{type(error).__name__}: {error}"))


def _put_back(mail_id: int, *, counts: bool) -> None:
    """Its turn comes again. One that loses every race has a fault of its own, so those count."""
    with transaction():
        row = locked(db.session.get_one(InboundMail, mail_id))
        row.tries, row.next_at = max(0, row.tries - (not counts)), now()


def _settle(mail_id: int, verdict: Verdict) -> None:
    with transaction():
        row = locked(db.session.get_one(InboundMail, mail_id))
        if row.outcome != "stored":
            return
        row.outcome, row.reason = verdict.outcome, verdict.reason
        row.detail = verdict.detail[:2000]
        row.ticket_id = verdict.ticket.id if verdict.ticket else None
        row.why = verdict.why or row.why


def _make(mail_id: int) -> None:
    """One mail, step by step; each step that ends it raises a Verdict."""
    row = db.session.get_one(InboundMail, mail_id, populate_existing=True)
    mail = read(row)
    _note_what_it_says(row, mail)
    if row.cut or row.size > settings().max_mail_bytes:
        tell_too_large(row, mail)
        raise Hold("too_large")
    _stop_copies(row)
    if mail.report is not None:
        returned.file_report(row, mail.report)
    sender = sender_of(mail)
    _stop_our_own(mail, sender)
    found = landing.land(row, mail, mail.passed_by or sender)
    if mail.machine == "answer":
        returned.file_away(row, mail, found)
    if found.ticket is None and mail.listed:
        raise Hold("bulk")
    brakes.brake(row, found.ticket)
    into_tickets.put(row, mail, found)


def read(row: InboundMail) -> ParsedMail:
    """The mail of a row as far as it can be read. Raises Quarantine."""
    try:
        return read_kept(row)
    except Unreadable as error:
        raise Quarantine(error.reason) from None


def _note_what_it_says(row: InboundMail, mail: ParsedMail) -> None:
    with transaction():
        row = locked(row)
        row.from_email, row.subject = mail.from_email[:254].lower(), mail.subject[:500]
        row.automatic, row.words = mail.auto_submitted, brakes.fingerprint(mail)


def _stop_copies(row: InboundMail) -> None:
    """The same mail to two of our mailboxes is worked on once, where it was kept first, unless the
    settings want a ticket in each."""
    if options.get("mail_copies") == "each":
        return
    first = db.session.scalars(
        select(InboundMail)
        .where(InboundMail.identity == row.identity, InboundMail.id < row.id)
        .order_by(InboundMail.id)
        .limit(1)
    ).first()
    if first is None or first.mailbox == row.mailbox:
        return
    ticket = db.session.get(Ticket, first.ticket_id) if first.ticket_id else None
    raise Ignore("copy", ticket, f"{first.mailbox}: {first.id}")


def sender_of(mail: ParsedMail) -> str:
    """The comparable sender. Raises Quarantine when nobody could be answered."""
    sender = comparable(mail.from_email)
    if not sender:
        raise Quarantine("no_sender")
    return sender


def _stop_our_own(mail: ParsedMail, sender: str) -> None:
    """Our own mail that comes back is filed; one that only says so is shown to a person."""
    if mail_ids.ticket_of([mail.message_id], settings().secret_key) is not None:
        raise Ignore("own")
    if is_own(sender, own_addresses()):
        raise Ignore("own") if mail.auto_submitted else Hold("claims_to_be_us")


def tell_too_large(row: InboundMail, mail: ParsedMail) -> None:
    """One automatic mail about this mail, however often it is worked on."""
    sender = comparable(mail.from_email)
    if not sender:
        return
    known = settings()
    reader = Customer(
        medium=MAIL,
        address=sender,
        language=guess_language(mail.subject + mail.text[:500]),
        thread=f"mail-{row.id}",
        link=f"{known.base_url}/new",
        said={
            "automatic": mail.auto_submitted,
            "quiet": mail.quiet,
            "listed": mail.listed,
            "mailbox": row.mailbox,
        },
    )
    for letter in to_customer(
        -row.id,  # no event of a ticket: one letter for this mail
        reader,
        "too_large",
        lazy_gettext("Your mail is too large for us"),
        answers=mail.message_id,
        most=known.max_mail_bytes // 2**20,
    ):
        post(letter)
