"""Mails that wait end in sets: what they open and what becomes of their rows is one transaction.

In a set no mail's outcome depends on another's, so all of it is decided before any of it is written. When
the writing fails each is written by itself, so a mail that can't be ended holds nobody else up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from helpdesk.channels.email.deciding import into_tickets, proof
from helpdesk.channels.email.deciding.landing import Landing
from helpdesk.channels.email.deciding.verdicts import Quarantine, Settled, Verdict
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.parser import ParsedMail
from helpdesk.clock import now
from helpdesk.core.db import db, locked, lost_race, retrying, transaction
from helpdesk.core.errors import Busy, HelpdeskError
from helpdesk.core.rows import change_many
from helpdesk.customers.addresses import comparable

log = logging.getLogger(__name__)
MOST, LARGEST = 25, 8 << 20  # mails of a set, and bytes of them together
TABLE: Any = InboundMail.__table__
Mark = tuple[str, str]


@dataclass(frozen=True)
class Reading:
    """A mail that was taken up, as it reads; or what kept it from being read."""

    row: InboundMail
    mail: ParsedMail | Exception

    def marks(self) -> tuple[set[Mark], set[Mark]]:
        """What others find when this mail has ended, and what its own end depends on: mails of its
        sender, its copies, what it answers, who has proven its sender's name; machines count together."""
        row, mail = self.row, self.mail
        both = {("copy", row.identity)}
        if isinstance(mail, Exception):
            return both, both
        both |= {("from", row.from_email), ("from", comparable(mail.from_email))}
        both |= {("machines", row.mailbox)} if mail.auto_submitted else set()
        name, own = {("name", proof.shown_name(mail))}, filter(None, [mail.message_id])
        answered = filter(None, (mail.in_reply_to, *mail.references))
        proven = proof.proof_of(mail, proof.trusted_by(row.mailbox)) == proof.PROVEN
        brings = both | {("id", each) for each in own} | (name if proven else set())
        return brings, both | {("id", each) for each in answered} | name


def apart(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """Sets of mails that do not concern one another, in the order in which they came."""
    group, there, size = list[Reading](), set[Mark](), 0
    for each in readings:
        brings, looks_for = each.marks()
        full = len(group) == MOST or size + each.row.size > LARGEST
        if group and (full or there & looks_for):
            yield group
            group, there, size = [], set(), 0
        group.append(each)
        there |= brings
        size += each.row.size
    if group:
        yield group


@dataclass(frozen=True)
class End:
    """How a mail ends: by a verdict, or with the case that it opens."""

    row: InboundMail
    verdict: Verdict | None = None
    opens: tuple[ParsedMail, Landing] | None = None

    def case(self, files: ExitStack) -> list[into_tickets.Case]:
        """The case that it opens, if it does, with its files stored for as long as all goes well."""
        if self.opens is None:
            return []
        mail, found = self.opens
        kept = files.enter_context(into_tickets.stored(mail.attachments))
        return [into_tickets.case_of(self.row, mail, found, kept)]

    def values(self, why: dict[str, Any], ticket_id: int | None) -> dict[str, Any]:
        """The row's new values. `why` is what was noted on it before."""
        outcome, reason, detail = "ticket", "", ""
        if (verdict := self.verdict) is not None:
            outcome, reason, detail = verdict.outcome, verdict.reason, verdict.detail[:2000]
            why, ticket_id = verdict.why or why, verdict.ticket.id if verdict.ticket else None
        elif self.opens is not None:
            why = self.opens[1].why()
        ended = {"outcome": outcome, "reason": reason, "detail": detail, "why": why}
        return {"id": self.row.id, "ticket_id": ticket_id, **self.row.said, **ended}


def end(ends: Sequence[End]) -> None:
    """Write how these mails end, all or nothing; when that fails, each by itself."""
    if not ends:
        return
    try:
        with ExitStack() as files:
            cases = [case for each in ends for case in each.case(files)]
            retrying(lambda: _write(ends, cases))
    except Exception as error:
        db.session.rollback()
        if len(ends) > 1:
            for each in ends:
                end([each])
        elif failed := after(ends[0].row, error):
            _write([failed], [])


def _write(ends: Sequence[End], cases: Sequence[into_tickets.Case]) -> None:
    with transaction() as session:
        waiting = select(InboundMail.id, InboundMail.why).where(
            InboundMail.id.in_([each.row.id for each in ends]), InboundMail.outcome == "stored"
        )
        ours = {row.id: row.why for row in session.execute(waiting.with_for_update())}
        mine = [case for case in cases if case.row.id in ours]
        ids = into_tickets.opened(mine) if mine else []
        tickets = {case.row.id: made for case, made in zip(mine, ids, strict=True)}
        still = [(each, each.row.id) for each in ends if each.row.id in ours]
        change_many(TABLE, [each.values(ours[id_], tickets.get(id_)) for each, id_ in still])


def after(row: InboundMail, error: Exception) -> End | None:
    """How a mail ends that raised this; None where it waits again, or was ended by somebody else.

    What the database or another worker did is not the mail's fault: it is worked on again. Anything
    else that is no verdict is our mistake, and a person must see it.
    """
    if isinstance(error, Settled):
        log.info("Mail %s was worked on by somebody else meanwhile.", row.id)
        return None
    if isinstance(error, Verdict):
        return End(row, error)
    db.session.rollback()
    if isinstance(error, Busy) or lost_race(error):
        _put_back(row, counts=not isinstance(error, Busy))
        return None
    if isinstance(error, HelpdeskError):
        words = str(error) + str(getattr(error, "errors", "") or "")
        return End(row, Quarantine("error", detail=words))
    log.error("Mail %s could not be worked on", row.id, exc_info=error)
    return End(row, Quarantine("error", detail=f"{type(error).__name__}: {error}"))


def _put_back(row: InboundMail, *, counts: bool) -> None:
    """Its turn comes again. One that loses every race has a fault of its own, so those count."""
    with transaction():
        fresh = locked(row)
        fresh.tries, fresh.next_at = max(0, fresh.tries - (not counts)), now()
