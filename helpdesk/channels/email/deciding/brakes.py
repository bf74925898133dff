"""The brake on loops: headers lie, numbers don't. What is stopped waits for a person."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from helpdesk.channels.email.deciding.verdicts import Hold
from helpdesk.channels.email.models import InboundMail, MailRelease
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.tickets.models import Ticket

LOOP_TIME = timedelta(minutes=10)
LOOP_MAILS = 20  # from one sender
SAME_MAILS = 3  # from one sender with the same words
MACHINE_MAILS = 60  # automatic mails in one mailbox, whoever sends them
LET_THROUGH = (  # by us, and not by a person's decision
    InboundMail.outcome.in_(("ticket", "reply")),
    InboundMail.decided_by == "",
)


def fingerprint(mail: ParsedMail) -> str:
    """A hash of what the mail says anew, files and all: equal for identical mails, whatever their
    headers. Four photos in four mails with the same few words are no loop."""
    said = mail.reply_text or mail.text or mail.subject
    found = hashlib.sha256(" ".join(said.lower().split()).encode("utf8", "replace"))
    for file in mail.attachments:
        found.update(hashlib.sha256(file.content).digest())
    return found.hexdigest()[:32]


def brake(row: InboundMail, ticket: Ticket | None) -> None:
    """Raise Hold when this sender, or machines in this mailbox, have had their share of tickets
    and replies within LOOP_TIME."""
    mine, begin = InboundMail.from_email == row.from_email, since(row.from_email)
    same = InboundMail.words == row.words
    if _recent(begin, mine) >= LOOP_MAILS or _recent(begin, mine, same) >= SAME_MAILS:
        raise Hold("loop", ticket)
    machines = InboundMail.automatic & (InboundMail.mailbox == row.mailbox)
    if row.automatic and _recent(now() - LOOP_TIME, machines) >= MACHINE_MAILS:
        raise Hold("loop", ticket)


def since(sender: str) -> datetime:
    """From when a sender's mails count: LOOP_TIME back, or since a person released the sender."""
    released = db.session.scalar(select(MailRelease.at).where(MailRelease.sender == sender))
    begin = now() - LOOP_TIME
    return max(begin, released) if released else begin


def braked_until(sender: str) -> datetime | None:
    """When the brake lets this sender through again by itself; None when it does now."""
    query = select(InboundMail.received_at, InboundMail.words).where(
        InboundMail.received_at > since(sender),
        InboundMail.from_email == sender,
        *LET_THROUGH,
    )
    rows = db.session.execute(query.order_by(InboundMail.received_at.desc())).all()
    ends = [rows[LOOP_MAILS - 1].received_at] if len(rows) >= LOOP_MAILS else []
    for words in {row.words for row in rows}:
        same = [row.received_at for row in rows if row.words == words]
        ends += same[SAME_MAILS - 1 : SAME_MAILS]
    return max(ends) + LOOP_TIME if ends else None


def _recent(begin: datetime, *conditions: Any) -> int:
    query = select(func.count()).where(
        InboundMail.received_at > begin,
        *LET_THROUGH,
        *conditions,
    )
    return db.session.scalar(query) or 0
