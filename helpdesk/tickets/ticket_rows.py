"""What a list row and the promise rail show: plain values, ready for any template or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from flask import get_template_attribute
from sqlalchemy import bindparam, select

from helpdesk import promises
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.beside import Beside
from helpdesk.core.db import db
from helpdesk.core.i18n import duration, gettext, language, when, zone
from helpdesk.core.kept import Keeping, Made
from helpdesk.promises.dues import Clock
from helpdesk.promises.models import Promise
from helpdesk.promises.rail import Mark, marks
from helpdesk.promises.words import AT_RISK
from helpdesk.setup import in_force
from helpdesk.tickets import queries, sight, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.lifecycle import STATUS_NAMES
from helpdesk.tickets.models import Ticket
from helpdesk.words import CHANNELS, LEVELS

# What a mark needs of a promise. Fifty tickets have some three hundred promises, so a ticket's come as one
# text, which is taken apart only for a row that is drawn.
PROMISED = (
    *("promise", "cycle", "part", "position", "state", "verdict"),
    *("limit", "calendar", "started_at", "due_at", "met_at", "pauses"),
)
OWED = Beside(
    select(*(Promise.__table__.c[name] for name in PROMISED)).where(Promise.of(Ticket)),
    of_each=True,
)
# What a row is made of beside its promises and people; any change of a ticket is a new version.
OWN = (
    *("id", "version", "number", "subject", "language", "channel", "severity", "status", "cycle"),
    *("waiting_since", "received_at", "closed_at", "due_at", "updated_at", "assignee_id"),
    "confidential",
)
HOLDS = timedelta(seconds=20)  # the page counts on by itself
NEARLY = AT_RISK - 0.1  # of its time; no promise uses a tenth while a row holds
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
    ended: str  # how it ended, in a word


class TicketRow(NamedTuple):
    """One ticket in a list: what, who, its rail, all of it as the row's macro takes it, and drawn."""

    ticket: Any  # its plain row: the columns of OWN
    person: str
    marks: list[Mark]
    shown: Shown
    html: str


_keeping: Keeping[TicketRow] = Keeping(most=2_000)


_ASSIGNEE = select(Agent.name).where(Agent.id == Ticket.assignee_id).scalar_subquery()
READ = queries.plain(OWN, _ASSIGNEE.label("assignee"), OWED.column.label("promises"))
OF_THESE = READ.query.add_columns(Ticket.id).where(Ticket.id.in_(bindparam("ids", expanding=True)))


def page(
    filter: Filter, who: Actor, sort: str, after: str = "", size: int = ticket_lists.PAGE
) -> tuple[list[TicketRow], str]:
    """One page of a list as rows, and where the next one begins: one statement for all of it."""
    found = ticket_lists.page(filter, who, sort, after, size, READ)
    return _rows(found.tickets, who), found.next


def rows(tickets: Sequence[Ticket], who: Actor) -> list[TicketRow]:
    """The rows of these tickets as they are now, in one statement."""
    found = db.session.execute(OF_THESE, {"ids": [ticket.id for ticket in tickets]})
    by_id = {id_: text for text, id_ in found}
    return _rows([by_id[ticket.id] for ticket in tickets], who)


def _rows(found: Sequence[str], who: Actor) -> list[TicketRow]:
    snapshot = in_force.current()
    reading = language(), str(zone()), sight.sees_everybody(who)
    return [
        _keeping.get(snapshot, (reading, text), partial(_drawn, text, snapshot, who))
        for text in found
    ]


def _drawn(text: str, snapshot: in_force.Setup, who: Actor) -> Made[TicketRow]:
    ticket, moment = READ.row(text), now()
    person, hidden = sight.name(ticket, who), not sight.sees(who, ticket, sight.Field.PERSON)
    level = "plain" if hidden else ticket.person.level
    owed = OWED.read(ticket.promises)
    found = marks(promises.shown(owed, ticket), snapshot, moment)
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
        assignee=ticket.assignee or "",
        sort=int(ticket.due_at.timestamp()) if ticket.due_at else LAST,
        take=ticket.assignee_id is None and not ended,
        ended=gettext(STATUS_NAMES[ticket.status]) if ended else "",
    )
    html = get_template_attribute("components/row.html", "ticket_row")(shown)
    return Made(TicketRow(ticket, person, found, shown, html), moment, _until(found, moment))


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
