"""The loop radar: mails per sender over the last day, by hour, and whom the brake holds until when.

It counts the mails themselves; there is no second book that could disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.channels.email.deciding import brakes
from helpdesk.channels.email.models import InboundMail, MailRelease
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.events import record

HOURS = 24
MOST = 30  # senders that are shown
NOTABLE = 3  # mails in a day from which a person's address is shown, too


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
        .limit(MOST)
    )
    return [_busy_sender(*row) for row in db.session.execute(query)]


def _hours() -> list[object]:
    moment, at = now(), InboundMail.received_at
    edges = [moment - timedelta(hours=n) for n in range(HOURS, -1, -1)]
    return [
        func.sum(case(((at > begin) & (at <= end), 1), else_=0))
        for begin, end in zip(edges, [*edges[1:-1], moment + timedelta(minutes=5)], strict=False)
    ]


def _busy_sender(sender: str, machine: int, held: int, *hours: int) -> BusySender:
    numbers = tuple(int(each) for each in hours)
    return BusySender(sender, numbers, int(machine), int(held), brakes.braked_until(sender))


def release(who: Actor, sender: str) -> None:
    """Let this sender through: mails from before now count no more. What was held stays held."""
    require(who, "mail.review")
    with transaction() as session:
        known = session.get(MailRelease, sender.lower(), populate_existing=True)
        row = known or MailRelease(sender=sender.lower())
        row.at, row.by = now(), who.name
        session.add(row)
        record("mail.released", by=who, sender=row.sender)
