"""What a list row and the promise rail show: plain values, ready for any template or JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.clock import Limit, now, share_used
from helpdesk.core.db import db
from helpdesk.core.i18n import duration, gettext, language, when
from helpdesk.customers.people import LEVELS
from helpdesk.setup import in_force
from helpdesk.tickets import responses, sight
from helpdesk.tickets.dues import Clock, Left, clock, left, promised
from helpdesk.tickets.models import Response, Ticket
from helpdesk.tickets.responses import AT_RISK, STATE_NAMES, TICKING
from helpdesk.words.channels import CHANNELS

WORST_FIRST = ("breached", "risk", "running", "paused")
# What a mark needs: plain rows, because fifty tickets have some three hundred promises.
_COLUMNS = Response.__table__.c
READ = (
    _COLUMNS.ticket_id,
    _COLUMNS.promise,
    _COLUMNS.cycle,
    _COLUMNS.part,
    _COLUMNS.position,
    _COLUMNS.state,
    _COLUMNS.verdict,
    _COLUMNS.limit,
    _COLUMNS.calendar,
    _COLUMNS.started_at,
    _COLUMNS.due_at,
    _COLUMNS.met_at,
    _COLUMNS.pauses,
)
_limit = cache(Limit.parse)  # policies have a handful of them
LATEST = datetime.max.replace(tzinfo=UTC)
LAST = 99_999_999_999  # sorts behind every due time


class Mark(NamedTuple):
    """One mark of the promise rail. state: met, late, running, risk, breached, paused, pending,
    none (a window that is over).
    """

    promise: str
    label: str
    state: str
    share: float
    title: str
    word: str  # the state in one word
    due_at: datetime | None
    met_at: datetime | None
    left: Left | None = None
    limit: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a clock runs towards its due time, or beyond it."""
        return self.due_at is not None and self.state in TICKING

    @property
    def drawn(self) -> Mark:
        """The mark without what changes from second to second: what the rail draws."""
        return self if self.left is None else self._replace(left=None)

    @property
    def text(self) -> str:
        """The state in few words: what stands under the mark in the full rail."""
        if self.met_at is not None:
            late = self.state == "late"
            return gettext("%(at)s, late", at=when(self.met_at)) if late else when(self.met_at)
        due = self.due
        return due.words if due else self.title.removeprefix(f"{self.label}: ")

    @property
    def promised(self) -> str:
        """The promise as a sentence for the customer."""
        return promised(self.due_at, self.limit) if self.due_at else ""

    @property
    def short(self) -> str:
        """The same without the reason why a clock stands still, which its title tells."""
        due = self.due
        return due._replace(why="").words if due else self.text

    @property
    def due(self) -> Clock | None:
        """The clock of this mark while it runs."""
        if not self.is_open or self.due_at is None:
            return None
        return clock(self.due_at, self.state, self.left)


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
class Row:
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


def rows(tickets: Sequence[Ticket], who: Actor) -> list[Row]:
    """The rows of these tickets, with one statement for all their promises."""
    snapshot, moment = in_force.current(), now()
    by_ticket: dict[int, list[Response]] = defaultdict(list)
    ids = [ticket.id for ticket in tickets]
    for row in db.session.execute(select(*READ).where(_COLUMNS.ticket_id.in_(ids))).all():
        by_ticket[row.ticket_id].append(row)  # type: ignore[arg-type]  # it reads like one
    return [_row(ticket, by_ticket[ticket.id], who, snapshot, moment) for ticket in tickets]


def _row(
    ticket: Ticket, promises: list[Response], who: Actor, snapshot: in_force.Setup, moment: datetime
) -> Row:
    found = marks(responses.rail(promises, ticket), snapshot, moment)
    states = {mark.state for mark in found}
    state = next((each for each in WORST_FIRST if each in states), "none")
    hidden = not sight.sees(who, ticket, sight.Field.PERSON)
    return Row(ticket, found, state, sight.name(ticket, who), ticket.waiting_since, hidden)


class Words(NamedTuple):
    """What the marks of every rail say in one language, looked up once and for all."""

    labels: dict[str, str]
    states: dict[str, str]
    still: dict[tuple[str, str], str]  # the titles of marks that name no time

    @classmethod
    @cache
    def of(cls, _language: str) -> Words:
        """The words of the language in force, which is `_language`."""
        labels = {code: gettext(name) for code, name in responses.PROMISE_NAMES.items()}
        states = {code: gettext(name) for code, name in STATE_NAMES.items()}
        still = {
            (code, state): f"{label}: {gettext(STATE_NAMES[state])}"
            for code, label in labels.items()
            for state in ("paused", "pending")
        }
        return cls(labels, states, still)


def marks(
    rows: Iterable[Response], snapshot: in_force.Setup, moment: datetime | None = None
) -> list[Mark]:
    """The rail: one mark per promise that counts now."""
    moment, words = moment or now(), Words.of(language())
    return [_mark(row, snapshot, moment, words) for row in rows]


def _mark(row: Response, snapshot: in_force.Setup, moment: datetime, words: Words) -> Mark:
    state, share = _state(row, snapshot, moment)
    label = words.labels[row.promise]
    return Mark(
        row.promise,
        label,
        state,
        share,
        words.still.get((row.promise, state)) or f"{label}: {_words(row, state, moment)}",
        words.states[state],
        row.due_at,
        row.met_at,
        _left(row, state, snapshot, moment),
        row.limit,
    )


def _left(row: Response, state: str, snapshot: in_force.Setup, moment: datetime) -> Left | None:
    """What remains while the clock runs."""
    if state not in ("running", "risk") or row.due_at is None:
        return None
    return left(row.due_at, _limit(row.limit), snapshot.calendars[row.calendar], moment)


def _state(row: Response, snapshot: in_force.Setup, moment: datetime) -> tuple[str, float]:
    if row.state == "met":
        return ("late" if row.verdict == "late" else "met"), 1.0
    if row.state == "paused":
        return "paused", 0.5
    if row.state not in ("running", "window") or not row.due_at or not row.started_at:
        return "pending", 0.0
    if row.state == "window" and moment >= row.due_at:
        return "none", 1.0
    if moment >= row.due_at:
        return "breached", 1.0
    share = share_used(
        row.started_at,
        row.due_at,
        moment,
        _limit(row.limit),
        snapshot.calendars[row.calendar],
        pauses=responses.pauses_of(row),
    )
    return ("risk" if share >= AT_RISK else "running"), round(min(share, 1.0), 2)


def _words(row: Response, state: str, moment: datetime) -> str:
    """A mark that names a time in words, for the pointer and for screen readers."""
    if state == "met":
        return gettext("kept on %(at)s", at=when(row.met_at))
    if state == "late":
        return gettext("done late on %(at)s", at=when(row.met_at))
    if state == "none":
        return gettext("ended on %(at)s", at=when(row.due_at))
    if state == "breached" and row.due_at:
        return gettext("overdue by %(time)s", time=duration(moment - row.due_at))
    return gettext("due %(at)s", at=when(row.due_at))
