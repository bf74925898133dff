"""What a list row and the promise rail show: plain values, ready for any template or JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import duration, gettext, language, when, zone
from helpdesk.promises.dues import Clock
from helpdesk.promises.models import Promise
from helpdesk.promises.rail import Mark, marks
from helpdesk.promises.words import AT_RISK
from helpdesk.setup import in_force
from helpdesk.tickets import sight
from helpdesk.tickets.models import Ticket
from helpdesk.words import CHANNELS, LEVELS

# What a mark needs: plain rows, because fifty tickets have some three hundred promises.
_COLUMNS = Promise.__table__.c
PROMISED = (
    *("subject_id", "promise", "cycle", "part", "position", "state", "verdict"),
    *("limit", "calendar", "started_at", "due_at", "met_at", "pauses"),
)
READ = [_COLUMNS[name] for name in PROMISED]
# What a row is made of beside its promises and people; any change of a ticket is a new version.
OWN = (
    *("id", "version", "number", "subject", "language", "channel", "severity", "status", "cycle"),
    *("waiting_since", "received_at", "closed_at", "due_at", "assignee_id"),
)
HOLDS = timedelta(seconds=20)  # the page counts on by itself
NEARLY = AT_RISK - 0.1  # of its time; no promise uses a tenth while a row holds
MOST_KEPT = 2_000
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


class Drawn(NamedTuple):
    """What became of a ticket's columns and promises at one moment; it holds for a while."""

    marks: list[Mark]
    shown: Shown
    since: datetime
    until: datetime  # from here on it may read otherwise, though nothing has happened


class TicketRow(NamedTuple):
    """One ticket in a list: what, who, its rail, and all of it as the row's macro takes it."""

    ticket: Ticket
    person: str
    marks: list[Mark]
    shown: Shown


@dataclass
class _Keeping:
    """Rows that were drawn under one set-up. All that they are made of is their key, so that nothing
    has to be told of a change: what reads otherwise is another key. Fifty readers share them."""

    snapshot: in_force.Setup | None = None
    rows: dict[Hashable, Drawn] = field(default_factory=dict)

    def get(self, snapshot: in_force.Setup, key: Hashable, draw: Callable[[], Drawn]) -> Drawn:
        """The row with this key as it reads now, drawn if need be."""
        if snapshot is not self.snapshot or len(self.rows) >= MOST_KEPT:
            self.snapshot, self.rows = snapshot, {}
        found = self.rows.get(key)
        if found is None or not found.since <= now() < found.until:
            found = self.rows[key] = draw()
        return found


_keeping = _Keeping()


def rows(tickets: Sequence[Ticket], who: Actor) -> list[TicketRow]:
    """The rows of these tickets, with one statement for all their promises."""
    snapshot = in_force.current()
    by_ticket: dict[int, list[Promise]] = defaultdict(list)
    ids = [ticket.id for ticket in tickets]
    about = _COLUMNS.subject_kind == Ticket.subject_kind, _COLUMNS.subject_id.in_(ids)
    for row in db.session.execute(select(*READ).where(*about)).all():
        by_ticket[row.subject_id].append(row)  # type: ignore[arg-type]  # it reads like one
    return [_row(ticket, by_ticket[ticket.id], who, snapshot) for ticket in tickets]


def _row(ticket: Ticket, rows: list[Promise], who: Actor, snapshot: in_force.Setup) -> TicketRow:
    name, hidden = sight.name(ticket, who), not sight.sees(who, ticket, sight.Field.PERSON)
    level = "plain" if hidden else ticket.person.level
    people = name, level, ticket.assignee.name if ticket.assignee else ""
    key = (
        *(language(), str(zone()), *people),
        *(getattr(ticket, each) for each in OWN),
        *((*row[:-1], str(row.pauses)) for row in rows),  # type: ignore[index]
    )
    drawn = _keeping.get(snapshot, key, lambda: _drawn(ticket, rows, snapshot, *people))
    return TicketRow(ticket, name, drawn.marks, drawn.shown)


def _drawn(
    ticket: Ticket,
    rows: list[Promise],
    snapshot: in_force.Setup,
    person: str,
    level: str,
    assignee: str,
) -> Drawn:
    moment = now()
    found = marks(promises.shown(rows, ticket), snapshot, moment)
    ended, since = ticket.closed_at is not None, ticket.waiting_since or ticket.received_at
    shown = Shown(
        number=ticket.number,
        url=f"/tickets/{ticket.number}",
        subject=ticket.subject,
        lang=ticket.language.replace("_", "-"),
        marks=tuple(mark.drawn for mark in found),
        due=_due(found),
        person=person,
        level=gettext(LEVELS[level]) if level in LEVELS and level != "plain" else "",
        channel=ticket.channel,
        channel_label=gettext(CHANNELS[ticket.channel]),
        since="" if ended else since.isoformat(),
        since_text="" if ended else duration(moment - since),
        received=when(ticket.received_at) if ended else "",
        severity=ticket.severity,
        assignee=assignee,
        sort=int(ticket.due_at.timestamp()) if ticket.due_at else LAST,
        take=ticket.assignee_id is None and not ended,
    )
    return Drawn(found, shown, moment, _until(found, moment))


def _until(found: list[Mark], moment: datetime) -> datetime:
    """How long a row holds: until a promise of it falls due, and not at all while one is about to be
    at risk."""
    if any(mark.state == "running" and mark.share >= NEARLY for mark in found):
        return moment
    ahead = (mark.due_at for mark in found if mark.due_at and mark.due_at > moment)
    return min([moment + HOLDS, *ahead])


def _due(found: list[Mark]) -> Clock | None:
    """The clock of the promise that is due next; a ticket on hold says so."""
    near = [mark for mark in found if mark.is_open]
    if near:
        return min(near, key=lambda mark: mark.due_at or LATEST).due
    stands = any(mark.state == "paused" for mark in found)
    return Clock("", gettext("paused"), "paused") if stands else None
