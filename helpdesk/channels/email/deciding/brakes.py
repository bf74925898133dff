"""The brake on loops: headers lie, numbers don't. What is stopped waits for a person.

The loop radar shows whom it holds until when: mails per sender over the last day, by hour. It counts the
mails themselves; there is no second book that could disagree.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.channels.email.deciding.verdicts import Hold
from helpdesk.channels.email.models import InboundMail, MailRelease
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.events import record
from helpdesk.tickets.models import Ticket

LOOP_TIME = timedelta(minutes=10)
LOOP_MAILS = 20  # from one sender
SAME_MAILS = 3  # from one sender with the same words
MACHINE_MAILS = 60  # automatic mails in one mailbox, whoever sends them
MOST_SENDERS = 30  # that the radar shows
NOTABLE = 3  # mails in a day from which a person's address is shown, too
HOURS = 24
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


class Recent:
    """What came of late from these senders and went through: what brake() asks, in one statement. It
    holds until a mail of one of them goes through."""

    def __init__(self, senders: Iterable[str]) -> None:
        counts = _RECENT.where(InboundMail.from_email.in_(set(senders)))
        counts = counts.where(InboundMail.received_at > now() - LOOP_TIME)
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        for sender, words, number in db.session.execute(counts):
            self.counts[sender][words] = number

    def is_a_loop(self, row: InboundMail) -> bool:
        """Whether this sender has had their share, of mails or of mails with these words."""
        mine = self.counts[row.from_email]
        return mine.total() >= LOOP_MAILS or mine[row.words] >= SAME_MAILS


_RECENT = (
    select(InboundMail.from_email, InboundMail.words, func.count())
    .outerjoin(MailRelease, MailRelease.sender == InboundMail.from_email)
    .where(*LET_THROUGH, MailRelease.at.is_(None) | (InboundMail.received_at > MailRelease.at))
    .group_by(InboundMail.from_email, InboundMail.words)
)


def brake(row: InboundMail, ticket: Ticket | None, recent: Recent) -> None:
    """Raise Hold when this sender, or machines in this mailbox, have had their share of tickets
    and replies within LOOP_TIME."""
    if recent.is_a_loop(row) or (row.automatic and _machines(row.mailbox) >= MACHINE_MAILS):
        raise Hold("loop", ticket)


def _machines(mailbox: str) -> int:
    """How many automatic mails of one mailbox went through of late."""
    query = select(func.count()).where(
        InboundMail.received_at > now() - LOOP_TIME,
        *LET_THROUGH,
        InboundMail.automatic & (InboundMail.mailbox == mailbox),
    )
    return db.session.scalar(query) or 0


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


@dataclass(frozen=True)
class BusySender:
    """One sender. `hours` is oldest first, the last one is the hour that ends now."""

    sender: str
    hours: tuple[int, ...]
    automatic: int
    held: int
    braked_until: datetime | None

    @property
    def day(self) -> int:
        """Mails in the last day."""
        return sum(self.hours)

    @property
    def last_hour(self) -> int:
        """Mails in the last hour."""
        return self.hours[-1]

    @property
    def bars(self) -> list[tuple[int, int]]:
        """For each hour, left to right: its number and its height from 0 to 20."""
        top = max(*self.hours, 1)
        return [(number, -(-number * 20 // top)) for number in self.hours]


def busy_senders(who: Actor) -> list[BusySender]:
    """Senders with automatic or held mail, or with several mails in a day; the busiest first."""
    require(who, "mail.review")
    machine = func.sum(case((InboundMail.automatic, 1), else_=0))
    held = func.sum(
        case(((InboundMail.outcome == "held") & (InboundMail.reason == "loop"), 1), else_=0)
    )
    query = (
        select(InboundMail.from_email, machine, held, *_hours())
        .where(
            InboundMail.received_at > now() - timedelta(hours=HOURS), InboundMail.from_email != ""
        )
        .group_by(InboundMail.from_email)
        .having((machine > 0) | (held > 0) | (func.count() >= NOTABLE))
        .order_by(func.count().desc(), InboundMail.from_email)
        .limit(MOST_SENDERS)
    )
    return [
        BusySender(sender, tuple(map(int, hours)), int(machine), int(held), braked_until(sender))
        for sender, machine, held, *hours in db.session.execute(query)
    ]


def _hours() -> list[object]:
    moment, at = now(), InboundMail.received_at
    edges = [moment - timedelta(hours=n) for n in range(HOURS, -1, -1)]
    return [
        func.sum(case(((at > begin) & (at <= end), 1), else_=0))
        for begin, end in zip(edges, [*edges[1:-1], moment + timedelta(minutes=5)], strict=False)
    ]


def release(who: Actor, sender: str) -> None:
    """Let this sender through: mails from before now count no more. What was held stays held."""
    require(who, "mail.review")
    with transaction() as session:
        known = session.get(MailRelease, sender.lower(), populate_existing=True)
        row = known or MailRelease(sender=sender.lower())
        row.at, row.by = now(), who.name
        session.add(row)
        record("mail.released", by=who, sender=row.sender)
