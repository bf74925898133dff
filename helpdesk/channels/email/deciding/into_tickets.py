"""What a mail makes: a new ticket, or further words on one. Each in one transaction with its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk import files
from helpdesk.agents.rights import SYSTEM, Actor, Role
from helpdesk.channels.email.deciding import proof
from helpdesk.channels.email.deciding.landing import Landing
from helpdesk.channels.email.deciding.our_addresses import began, is_own
from helpdesk.channels.email.deciding.verdicts import Settled
from helpdesk.channels.email.models import FOR_PEOPLE, InboundMail
from helpdesk.channels.email.reading.attachments import Attachment
from helpdesk.channels.email.reading.automatic import is_robot
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import db, locked, retrying, transaction
from helpdesk.core.i18n import gettext, in_language
from helpdesk.customers import addresses
from helpdesk.customers.addresses import comparable
from helpdesk.customers.people import Asker
from helpdesk.notify.mail.mailboxes import by_name, own_addresses
from helpdesk.settings import settings
from helpdesk.tickets import actions
from helpdesk.tickets.checking import MOST_BODY, MOST_SUBJECT, guess_language
from helpdesk.tickets.intake import Intake, open_tickets
from helpdesk.tickets.lifecycle import goes_to_departments
from helpdesk.tickets.models import Ticket

Kept = tuple[files.StoredFile, ...]
GAP = "[…]"
MOST_OTHERS = 20  # people in To and Cc that are kept
OLDEST = timedelta(days=7)  # an older "received" header is a re-delivery: the clock starts now
MOST_REPLY_TO = 10  # addresses of one mail that are kept
GRACE = timedelta(minutes=5)  # by which clocks of servers may differ


@dataclass(frozen=True)
class Case:
    """What a mail opens: a case with its files stored, and by whom."""

    row: InboundMail
    intake: Intake
    by: Actor


def case_of(row: InboundMail, mail: ParsedMail, found: Landing, kept: Kept) -> Case:
    """The case that this mail opens, not opened yet."""
    return Case(row, _intake(row, mail, found, kept), customer(mail))


def put(row: InboundMail, mail: ParsedMail, found: Landing, decided_by: str = "") -> None:
    """Put the mail where it belongs and give its row that outcome, all or nothing; again from the
    beginning when another worker made the same new customer, or took the same rows, first.

    Raises Settled when somebody else has done it meanwhile.
    """
    with stored(mail.attachments) as kept:
        retrying(lambda: _put(row, mail, found, kept, decided_by))


def _put(row: InboundMail, mail: ParsedMail, found: Landing, kept: Kept, decided_by: str) -> None:
    said = row.said
    with transaction():
        row = locked(row)
        if row.outcome not in (FOR_PEOPLE if decided_by else ("stored",)):
            raise Settled
        if found.ticket is None:
            row.ticket_id, row.outcome = opened([case_of(row, mail, found, kept)])[0], "ticket"
        else:
            row.ticket_id, row.outcome = _reply(row, mail, found, kept), "reply"
        row.reason, row.detail, row.why = "", "", found.why()
        row.decided_by = decided_by
        for name, value in said.items():
            setattr(row, name, value)


def _reply(row: InboundMail, mail: ParsedMail, found: Landing, kept: Kept) -> int:
    """The mail's new words on the ticket; a machine's words change nothing else."""
    assert found.ticket is not None
    body, quoted = words_of(mail, is_reply=True)
    message = actions.add_customer_message(
        found.ticket,
        by=customer(mail),
        body=body,
        channel="email",
        files=kept,
        message_id=mail.message_id or None,
        quoted=quoted,
        html=mail.html or "",
        mail=_said(row, mail, found),
        automatic=mail.auto_submitted,
    )
    if found.proof:
        sender = addresses.mail(mail.from_email)
        actions.prove(found.ticket, sender, found.proof, by=customer(mail))
    return message.ticket_id


def opened(cases: Sequence[Case]) -> list[int]:
    """Inside the caller's transaction: open these cases together; gives the ids of their tickets."""
    made = open_tickets([(case.intake, case.by) for case in cases])
    for case, each in zip(cases, made, strict=True):
        box = by_name(case.row.mailbox)
        if box is not None and box.department_id and each.row.department_id is None:
            _dispatch(each.ticket, box.department_id)
        if options.get("mail_copies") == "each":
            _name_each_other(case.row, each.ticket)
    return [each.row.id for each in made]


def _name_each_other(row: InboundMail, ticket: Ticket) -> None:
    """The same mail made a ticket in another mailbox, too: a note on both says so."""
    query = select(InboundMail).where(
        InboundMail.identity == row.identity, InboundMail.id != row.id, InboundMail.ticket_id > 0
    )
    for copy in db.session.scalars(query.order_by(InboundMail.id).limit(5)).all():
        other = db.session.get_one(Ticket, copy.ticket_id)
        for here, there, mailbox in ((ticket, other, copy.mailbox), (other, ticket, row.mailbox)):
            with in_language(settings().language):
                words = gettext(
                    "The same mail came to %(mailbox)s, too: %(number)s.",
                    mailbox=mailbox,
                    number=there.number,
                )
            actions.note(here, by=SYSTEM, body=words)


def _dispatch(ticket: Ticket, department_id: int) -> None:
    """No routing rule has claimed it, so it goes to the department of its mailbox."""
    if ticket.status == "registered" and goes_to_departments(ticket.kind):
        actions.accept(ticket, by=SYSTEM)
        actions.dispatch(ticket, by=SYSTEM, department_id=department_id)


def _said(row: InboundMail, mail: ParsedMail, found: Landing) -> dict[str, Any]:
    return {
        "from": mail.from_email,
        "subject": mail.subject,
        "automatic": mail.auto_submitted,
        **({"quiet": True} if mail.quiet and not mail.auto_submitted else {}),
        "mailbox": row.mailbox,
        "mail_id": row.id,
        "why": found.why(),
        **_elsewhere(mail),
        **proof.facts(mail, row.mailbox),
        **_others(mail),
        **mail.facts(),
    }


def _elsewhere(mail: ParsedMail) -> dict[str, Any]:
    """The addresses beside From that a mail names as its sender's: shown, on a reply never used."""
    told = [each.email.lower()[:254] for each in mail.reply_to[:MOST_REPLY_TO]]
    told = [each for each in told if each != mail.from_email.lower()]
    found = {"reply_to": told, "original_from": mail.original_from[:254]}
    return {name: value for name, value in found.items() if value}


def _others(mail: ParsedMail) -> dict[str, Any]:
    """Everybody else in To and Cc but ourselves and programs: shown, and answered on purpose."""
    ours, sender = own_addresses(), mail.from_email.lower()
    found: dict[str, str] = {}
    for each in (*mail.to, *mail.cc):
        address = comparable(each.email)
        if address and address != sender and not is_own(address, ours) and not is_robot(each):
            found.setdefault(address, each.name[:80])
    kept = list(found.items())[:MOST_OTHERS]
    return {"others": [list(each) for each in kept]} if kept else {}


def is_old(row: InboundMail, mail: ParsedMail) -> bool:
    """Whether the mail lay in the mailbox before we were connected: then nobody is answered by
    itself (a helpdesk once answered 20,000 old mails)."""
    connected = began(row.mailbox)
    sent = row.arrived_at or mail.received_at or mail.date
    return connected is not None and sent is not None and sent < connected - GRACE


def _intake(row: InboundMail, mail: ParsedMail, found: Landing, kept: Kept) -> Intake:
    box = by_name(row.mailbox)
    body, _none = words_of(mail, is_reply=False)
    subject = " ".join(mail.subject.split())[:MOST_SUBJECT]
    silent = is_old(row, mail) or mail.quiet
    return Intake(
        channel="email",
        subject=subject or body.splitlines()[0][:80] or "-",
        body=body,
        kind=options.get("mail_kind"),
        proof=found.proof,
        **_who(mail),
        external_id=f"mail:{row.id}",
        received_at=min(_received(row, mail), now()),
        files=kept,
        message_id=mail.message_id or None,
        html=mail.html or "",
        language=(box.language if box is not None else "") or guess_language(subject + body),
        mail=_said(row, mail, found) | ({"silent": True} if silent else {}),
    )


def _who(mail: ParsedMail) -> dict[str, Any]:
    """Who asks, and where they are answered: at Reply-To where the mail names another address, as
    contact forms do that write for somebody else."""
    sender, ours = addresses.mail(mail.from_email), own_addresses()
    told = [(comparable(each.email), each.name) for each in mail.reply_to[:MOST_REPLY_TO]]
    others = [each for each in told if each[0] not in ("", sender) and not is_own(each[0], ours)]
    if not others:
        return {"person": Asker(name=mail.from_name[:80], email=mail.from_email)}
    first, name = others[0]
    return {
        "person": Asker(name=(name or mail.from_name)[:80], email=first),
        "came_from": sender,
        "others": tuple(address for address, _name in others[1:]),
    }


def _received(row: InboundMail, mail: ParsedMail) -> datetime:
    told = row.arrived_at or mail.received_at
    return told if told and now() - told < OLDEST else row.received_at


def customer(mail: ParsedMail) -> Actor:
    """The sender as the one who does it."""
    return Actor(
        kind="customer", id=None, name=mail.from_name or mail.from_email, role=Role.CUSTOMER
    )


def words_of(mail: ParsedMail, *, is_reply: bool) -> tuple[str, str]:
    """The words of the message that a mail makes, and what is folded below them: a reply's whole
    text when it repeated older words, so that nothing is lost."""
    if not is_reply:
        return (mail.text or " ".join(mail.subject.split()) or "-")[:MOST_BODY], ""
    words = mail.reply_text or mail.text or mail.subject or "-"
    if not mail.reply_text or mail.reply_text.strip() == mail.text.strip():
        return words[:MOST_BODY], ""
    return with_gaps(words, mail.text)[:MOST_BODY], mail.text


def with_gaps(words: str, whole: str) -> str:
    """The new words with a mark wherever older ones were folded away between them."""
    lines = words.split("\n")
    found, cut = [lines[0]], False
    ahead = iter(line.strip() for line in whole.split("\n"))
    for line in ahead:
        if line == lines[0].strip():
            break
    for wanted in lines[1:]:
        if wanted.strip():
            cut = False
            for line in ahead:
                if line == wanted.strip():
                    break
                cut = cut or bool(line)
            else:
                return words  # they were laid out anew: nobody knows where the gap is
            found += [GAP, ""] if cut and not found[-1].strip() else [GAP] if cut else []
        found.append(wanted)
    return "\n".join(found)


@contextmanager
def stored(found: Iterable[Attachment]) -> Iterator[Kept]:
    """The attachments of a mail, kept as files; an error inside the block takes them away again."""
    kept = tuple(files.store(a.content, a.name, a.mime, content_id=a.content_id) for a in found)
    try:
        yield kept
    except BaseException:
        files.discard(kept)
        raise
