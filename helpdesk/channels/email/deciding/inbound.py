"""From a kept mail to its outcome: ticket, reply, or a reason why neither.

deliver() keeps a mail and works on it at once; take() only keeps it, and process_stored() works
on all that wait. Both may be killed at any moment and run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from helpdesk.channels.email.deciding import brakes, into_tickets, landing, returned, sets
from helpdesk.channels.email.deciding.kept_mail import read_kept
from helpdesk.channels.email.deciding.our_addresses import is_own
from helpdesk.channels.email.deciding.verdicts import Hold, Ignore, Quarantine
from helpdesk.channels.email.keeping import LEASE, Came, keep
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable
from helpdesk.clock import now
from helpdesk.core import jobs, options
from helpdesk.core.db import db, transaction
from helpdesk.core.i18n import lazy_gettext
from helpdesk.customers.addresses import comparable
from helpdesk.notify.envelopes import post
from helpdesk.notify.letters import Customer, to_customer
from helpdesk.notify.mail.mailboxes import own_addresses
from helpdesk.notify.models import MAIL
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids
from helpdesk.tickets.checking import guess_language
from helpdesk.tickets.models import Ticket

MOST_TRIES = 3


def deliver(raw: bytes, mailbox: str = "support") -> InboundMail:
    """Keep a mail for ever, then make of it what it is. Raises only while nothing is stored yet."""
    row, new = keep(raw, Came(mailbox, "pipe"), lease=LEASE)
    if new:
        work_on([row])
    return db.session.get_one(InboundMail, row.id, populate_existing=True)


def take(raw: bytes, came: Came) -> InboundMail:
    """Keep a mail for ever and ask for it to be worked on soon. Raises while nothing is stored."""
    row, new = keep(raw, came)
    if new:
        jobs.wake("mail")
    return row


@jobs.job("mail")
def process_stored(limit: int = 50) -> int:
    """Work on mails that wait, the oldest first; returns how many were taken up."""
    claimed = _claim(limit)
    work_on(claimed)
    if len(claimed) == limit or any(row.tries > 1 for row in claimed):
        jobs.wake("mail")
    return len(claimed)


def _claim(limit: int) -> list[InboundMail]:
    """Take up mails whose turn it is; the try counts before it runs, so a killer mail runs out.

    One that was taken up before is taken alone: if it is the mail that kills workers, only its own
    tries are used up, and not those of the mails beside it.
    """
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
        taken = [row for row in rows if row.tries][:1] or list(rows)
        for row in taken:
            row.tries, row.next_at = row.tries + 1, moment + LEASE
    return taken


@options.read_once()
def work_on(rows: Sequence[InboundMail]) -> None:
    """Give stored mails their outcomes, those that do not concern one another together. Never raises
    for what is in them."""
    for row in filter(db.session.__contains__, rows):
        db.session.expunge(row)  # what is read off it is written with its outcome
    for group in sets.apart(map(_reading, rows)):
        known = _Known(group)
        sets.end([end for each in group if (end := _decided(each, known))])


def _reading(row: InboundMail) -> sets.Reading:
    """The mail of a row, or why there is none to work on."""
    try:
        if row.tries > MOST_TRIES:
            raise Quarantine("error", detail="it ended this program three times")
        mail = read(row)
        row.from_email, row.subject = mail.from_email[:254].lower(), mail.subject[:500]
        row.automatic, row.words = mail.auto_submitted, brakes.fingerprint(mail)
    except Exception as error:
        db.session.rollback()
        return sets.Reading(row, error)
    return sets.Reading(row, mail)


class _Known:
    """What deciding asks of all mails of a set, read once."""

    def __init__(self, group: Sequence[sets.Reading]) -> None:
        self.recent = brakes.Recent(each.row.from_email for each in group)
        same = _SAME.where(InboundMail.identity.in_({each.row.identity for each in group}))
        self.firsts = {each.identity: each for each in db.session.execute(same)}


_SAME = select(
    InboundMail.identity, InboundMail.id, InboundMail.mailbox, InboundMail.ticket_id
).order_by(InboundMail.id.desc())


def _decided(reading: sets.Reading, known: _Known) -> sets.End | None:
    """How a mail ends; None when that is written already, or it waits again."""
    row, mail = reading.row, reading.mail
    try:
        if isinstance(mail, Exception):
            raise mail
        found = _make(row, mail, known)
        if found.ticket is None:
            return sets.End(row, opens=(mail, found))
        into_tickets.put(row, mail, found)
        return None
    except Exception as error:
        return sets.after(row, error)


def _make(row: InboundMail, mail: ParsedMail, known: _Known) -> landing.Landing:
    """Where a mail belongs, step by step; each step that ends it before raises a Verdict."""
    if row.cut or row.size > settings().max_mail_bytes:
        tell_too_large(row, mail)
        raise Hold("too_large")
    _stop_copies(row, known.firsts.get(row.identity))
    if mail.report is not None:
        returned.file_report(row, mail.report)
    sender = sender_of(mail)
    _stop_our_own(mail, sender)
    found = landing.land(row, mail, mail.passed_by or sender)
    if mail.machine == "answer":
        returned.file_away(row, mail, found)
    if found.ticket is None and mail.listed:
        raise Hold("bulk")
    brakes.brake(row, found.ticket, known.recent)
    return found


def read(row: InboundMail) -> ParsedMail:
    """The mail of a row as far as it can be read. Raises Quarantine."""
    try:
        return read_kept(row)
    except Unreadable as error:
        raise Quarantine(error.reason) from None


def _stop_copies(row: InboundMail, first: Any) -> None:
    """The same mail to two of our mailboxes is worked on once, where it was kept first, unless the
    settings want a ticket in each."""
    if first is None or first.id >= row.id or first.mailbox == row.mailbox:
        return
    if options.get("mail_copies") == "each":
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
