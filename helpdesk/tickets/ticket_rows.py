"""What a list row and the promise rail show: plain values, ready for any template or JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import duration, gettext, when
from helpdesk.promises.dues import Clock
from helpdesk.promises.models import Promise
from helpdesk.promises.rail import Mark, marks
from helpdesk.setup import in_force
from helpdesk.tickets import sight
from helpdesk.tickets.models import Ticket
from helpdesk.words import CHANNELS, LEVELS

WORST_FIRST = ("breached", "risk", "running", "paused")
# What a mark needs: plain rows, because fifty tickets have some three hundred promises.
_COLUMNS = Promise.__table__.c
READ = [
    _COLUMNS[name]
    for name in (
        *("subject_id", "promise", "cycle", "part", "position", "state", "verdict"),
        *("limit", "calendar", "started_at", "due_at", "met_at", "pauses"),
    )
]
LATEST = datetime.max.replace(tzinfo=UTC)
LAST = 99_999_999_999  # sorts behind every due time


class Shown(NamedTuple):
    """A row as the macro takes it: every word in the language in force."""

    number: str
    url: str
    subject: str
    lang: str
    marks: tuple[Mark, ...]
    due: Clock | None
    person: str
    level: str
    channel: str
    channel_label: str
    since: str  # ISO time since when the customer waits; "" when it has ended
    since_text: str
    received: str
    severity: str
    assignee: str
    sort: int
    take: bool  # nobody is on it, so it can be taken


@dataclass(frozen=True)
class TicketRow:
    """One ticket in a list: how its promise stands, what, who, by which channel, since when."""

    ticket: Ticket
    marks: list[Mark]
    state: str  # of the next promise: running, risk, breached, paused, none
    person: str
    since: datetime | None
    hidden: bool = False  # the customer's identity is not for this reader

    @property
    def element(self) -> str:
        """The id of the row in a page: the live queue morphs by it."""
        return f"ticket-{self.ticket.number}"

    @property
    def shown(self) -> Shown:
        """The row as the macro takes it, in the language in force."""
        ticket, ended = self.ticket, self.ticket.closed_at is not None
        since = self.since or ticket.received_at
        level = "plain" if self.hidden else ticket.person.level
        return Shown(
            number=ticket.number,
            url=f"/tickets/{ticket.number}",
            subject=ticket.subject,
            lang=ticket.language.replace("_", "-"),
            marks=tuple(mark.drawn for mark in self.marks),
            due=self.due,
            person=self.person,
            level=gettext(LEVELS[level]) if level in LEVELS and level != "plain" else "",
            channel=ticket.channel,
            channel_label=gettext(CHANNELS[ticket.channel]),
            since="" if ended else since.isoformat(),
            since_text="" if ended else duration(now() - since),
            received=when(ticket.received_at) if ended else "",
            severity=ticket.severity,
            assignee=ticket.assignee.name if ticket.assignee else "",
            sort=int(ticket.due_at.timestamp()) if ticket.due_at else LAST,
            take=ticket.assignee_id is None and not ended,
        )

    @property
    def due(self) -> Clock | None:
        """The clock of the promise that is due next; a ticket on hold says so."""
        near = [mark for mark in self.marks if mark.is_open]
        if near:
            return min(near, key=lambda mark: mark.due_at or LATEST).due
        if self.state == "paused":
            return Clock("", gettext("paused"), "paused")
        return None


def rows(tickets: Sequence[Ticket], who: Actor) -> list[TicketRow]:
    """The rows of these tickets, with one statement for all their promises."""
    snapshot, moment = in_force.current(), now()
    by_ticket: dict[int, list[Promise]] = defaultdict(list)
    ids = [ticket.id for ticket in tickets]
    about = _COLUMNS.subject_kind == Ticket.subject_kind, _COLUMNS.subject_id.in_(ids)
    for row in db.session.execute(select(*READ).where(*about)).all():
        by_ticket[row.subject_id].append(row)  # type: ignore[arg-type]  # it reads like one
    return [_row(ticket, by_ticket[ticket.id], who, snapshot, moment) for ticket in tickets]


def _row(
    ticket: Ticket, rows: list[Promise], who: Actor, snapshot: in_force.Setup, moment: datetime
) -> TicketRow:
    found = marks(promises.shown(rows, ticket), snapshot, moment)
    states = {mark.state for mark in found}
    state = next((each for each in WORST_FIRST if each in states), "none")
    hidden = not sight.sees(who, ticket, sight.Field.PERSON)
    return TicketRow(ticket, found, state, sight.name(ticket, who), ticket.waiting_since, hidden)
