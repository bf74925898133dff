"""Reads stored mails again after an upgrade, and shows what would change before it does.

Only what the parser said is renewed: words, quote, HTML, files, facts. What people did to the
ticket, its subject and its sender is not the parser's, so it is never touched.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.channels.email.deciding.into_tickets import stored, words_of
from helpdesk.channels.email.deciding.kept_mail import read_kept
from helpdesk.channels.email.deciding.review import one
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.attachments import Attachment as Attached
from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound, Refused
from helpdesk.core.given import tidy
from helpdesk.core.i18n import N_
from helpdesk.files.names import tidy_name
from helpdesk.tickets import actions, queries
from helpdesk.tickets.actions.rereading import Reading
from helpdesk.tickets.models import Attachment, Message, Ticket

BATCH = 200
MOST_LINES = 2_000  # of a text that are compared line by line
PARTS = {
    "body": N_("Text of the message"),
    "quoted": N_("Quoted text and signature"),
    "html": N_("The mail as it was written"),
    "files": N_("Files"),
    "facts": N_("Signature, encryption, meeting"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One part that today's reading says otherwise."""

    part: str
    was: str
    now: str

    def lines(self) -> list[tuple[str, str]]:
        """The difference as (sign, line): '-' is gone, '+' is new, ' ' stands around."""
        was, now = self.was.splitlines()[:MOST_LINES], self.now.splitlines()[:MOST_LINES]
        found = list(difflib.unified_diff(was, now, n=1, lineterm=""))[2:]
        return [(line[:1], line[1:]) for line in found if not line.startswith("@@")]


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored mail, its message, and what would change; empty `changes`: nothing would."""

    row: InboundMail
    message: Message
    mail: ParsedMail
    changes: tuple[Change, ...]


def difference(row: InboundMail) -> Difference | None:
    """What reading the mail again would change. None when it made no message, or is unreadable."""
    message = _message_of(row)
    if message is None:
        return None
    try:
        mail = read_kept(row)
    except (Unreadable, NotFound):
        return None
    pairs = _pairs(message, mail, row.outcome == "reply")
    changes = tuple(Change(part, was, now) for part, was, now in pairs if was != now)
    return Difference(row, message, mail, changes)


def differences(after: int = 0) -> Iterator[Difference]:
    """Every stored mail whose reading would change, the oldest first, in batches."""
    while True:
        query = select(InboundMail).where(
            InboundMail.id > after, InboundMail.outcome.in_(("ticket", "reply"))
        )
        rows = db.session.scalars(query.order_by(InboundMail.id).limit(BATCH)).all()
        if not rows:
            return
        after = rows[-1].id
        found = (difference(row) for row in rows)
        yield from [each for each in found if each is not None and each.changes]
        db.session.expunge_all()


def for_page(who: Actor, mail_id: int) -> Difference:
    """The difference for the admin's page. Raises NotFound, and Refused when there is no message."""
    row, _mail = one(who, mail_id)
    ticket = db.session.get(Ticket, row.ticket_id or 0)
    if ticket is not None:
        queries.require_visible(ticket, who)
    found = difference(row)
    if found is None:
        raise Refused(N_("This mail made no message that could be renewed."))
    return found


def apply(who: Actor, mail_id: int) -> bool:
    """Renew the message by today's reading; False when nothing differs any more."""
    found = for_page(who, mail_id)
    if not found.changes:
        return False
    told = _files(found.message, found.mail)
    body, quoted = words_of(found.mail, is_reply=found.row.outcome == "reply")
    changed, html = [change.part for change in found.changes], found.mail.html or ""
    with stored(told.new) as kept:
        reading = Reading(body, quoted, html, dict(found.mail.facts()), kept, told.names)
        actions.renew_message(found.message, reading, by=who, changed=changed)
    return True


def _message_of(row: InboundMail) -> Message | None:
    """The message that the mail made: it names the mail, or carries its Message-ID alone."""
    if row.outcome not in ("ticket", "reply"):
        return None
    query = select(Message).where(Message.ticket_id == row.ticket_id, Message.kind == "customer")
    found = db.session.scalars(query.order_by(Message.id)).all()
    return next((each for each in found if each.data.get("mail_id") == row.id), None)


def _pairs(message: Message, mail: ParsedMail, is_reply: bool) -> list[tuple[str, str, str]]:
    body, quoted = words_of(mail, is_reply=is_reply)
    told = {name: message.data[name] for name in ("protection", "invite") if name in message.data}
    return [
        ("body", tidy(message.body), tidy(body)),
        ("quoted", tidy(message.quoted), tidy(quoted)),
        ("html", message.html, mail.html or ""),
        ("files", *_files(message, mail).lines()),
        ("facts", _fact_lines(told), _fact_lines(mail.facts())),
    ]


def _fact_lines(facts: Mapping[Any, Any]) -> str:
    return "\n".join(f"{name}: {value}" for each in facts.values() for name, value in each.items())


@dataclass(frozen=True, slots=True)
class _Files:
    """The stored files of a message beside those that today's reading finds, told by their bytes."""

    stored: list[Attachment]
    new: list[Attached]  # not stored yet
    names: dict[int, str]  # of the stored ones that are called otherwise today

    def lines(self) -> tuple[str, str]:
        """The names of the stored ones, and of all as they would be."""
        renamed = [self.names.get(each.id, each.name) for each in self.stored]
        added = [tidy_name(each.name) for each in self.new]
        was = sorted(each.name for each in self.stored)
        return "\n".join(was), "\n".join(sorted([*renamed, *added]))


def _files(message: Message, mail: ParsedMail) -> _Files:
    query = select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.id)
    here = list(db.session.scalars(query))
    read = {sha256(each.content).hexdigest(): each for each in mail.attachments}
    known = {each.sha256 for each in here}
    names = {each.id: tidy_name(read[each.sha256].name) for each in here if each.sha256 in read}
    renamed = {
        each.id: names[each.id] for each in here if names.get(each.id, each.name) != each.name
    }
    return _Files(here, [each for digest, each in read.items() if digest not in known], renamed)
