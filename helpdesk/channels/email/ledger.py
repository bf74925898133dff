"""The daily proof that no mail is lost: handed to us = tickets + replies + filed + waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.channels.email.keeping import day_of
from helpdesk.channels.email.models import OUTCOMES, InboundMail, MailTally
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone

MOST_DAYS = 31


@dataclass(frozen=True)
class MailboxDay:
    """One mailbox on one day. `taken` was counted when the mails were kept, `by` are their rows."""

    day: date
    mailbox: str
    taken: int
    again: int
    by: dict[str, int]

    @property
    def kept(self) -> int:
        """How many rows there are."""
        return sum(self.by.values())

    @property
    def proved(self) -> bool:
        """Every mail that was counted in is there, with an outcome or waiting for one."""
        return self.taken == self.kept


def within(day: date) -> ColumnElement[bool]:
    """The condition on mails that were kept on this day of the company's calendar."""
    begin = datetime.combine(day, time(), company_zone())
    end = datetime.combine(day + timedelta(days=1), time(), company_zone())
    return (InboundMail.received_at >= begin) & (InboundMail.received_at < end)


def days(who: Actor, days: int = 7) -> list[MailboxDay]:
    """Every mailbox and day of the last days, the newest first."""
    require(who, "mail.review")
    today = day_of(now())
    return [each for n in range(min(days, MOST_DAYS)) for each in _day(today - timedelta(days=n))]


def _day(day: date) -> list[MailboxDay]:
    counted = select(MailTally.mailbox, MailTally.taken, MailTally.again)
    tallies = {
        row.mailbox: (row.taken, row.again)
        for row in db.session.execute(counted.where(MailTally.day == day))
    }
    rows = db.session.execute(
        select(InboundMail.mailbox, InboundMail.outcome, func.count())
        .where(within(day))
        .group_by(InboundMail.mailbox, InboundMail.outcome)
    )
    by = {name: dict.fromkeys(OUTCOMES, 0) for name in tallies}
    for mailbox, outcome, number in rows:
        by.setdefault(mailbox, dict.fromkeys(OUTCOMES, 0))[outcome] = number
    return [
        MailboxDay(day, mailbox, *tallies.get(mailbox, (0, 0)), by[mailbox])
        for mailbox in sorted(by)
    ]
