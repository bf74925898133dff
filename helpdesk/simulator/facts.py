"""What the journal and the response table say of past cases, some hundred at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.customers.models import Person
from helpdesk.promises.models import Promise
from helpdesk.simulator.replay import Moments
from helpdesk.tickets import fields
from helpdesk.tickets.fields import On
from helpdesk.tickets.lifecycle import ENDED, TABLE
from helpdesk.tickets.models import Message, Ticket

CHANGING = [each.column for each in fields.on(On.EDIT) if each.type != "moment"]
ENDS = tuple(f"ticket.{move.code}" for move in TABLE if move.to in ENDED)
AGAIN = ("ticket.rework", "ticket.reopen")
DISPATCHED = ("ticket.dispatch", "ticket.transfer")
ANSWERED = ("ticket.reply", "ticket.answer_directly")
ENDED_BY = {  # what else takes a promise out of the count, beside the end and a new round
    "sign": (*DISPATCHED, *ANSWERED),
    "department_reply": DISPATCHED,
    "containment": ANSWERED,
}
KEPT_BY = {  # what keeps the promises of the opening, where none was made
    "acknowledge": ("ticket.accept", "ticket.decline", "message.staff", *ANSWERED),
    "first_answer": ("ticket.decline", "message.staff", *ANSWERED),
    "resolve": ANSWERED,
}
UNSENT = "ticket.unsend"
NOTED = (
    "ticket.opened",
    "ticket.edited",
    UNSENT,
    *{name for names in (ENDS, AGAIN, *ENDED_BY.values(), *KEPT_BY.values()) for name in names},
)
OWN_START = timedelta(seconds=1)  # a verb starts the clock just before it is noted
JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True)
class PastCase:
    """One ticket with its response table and what its journal says, oldest first."""

    ticket: Ticket
    rows: list[Promise]
    events: list[Event]
    body: str = ""
    level: str = "plain"

    @property
    def opened(self) -> Event | None:
        """The first line of its journal; bulk data may have none."""
        return next((event for event in self.events if event.name == "ticket.opened"), None)

    def facts(self, at: datetime) -> SimpleNamespace:
        """What can be corrected, as it stood then: later corrections undone."""
        known = {name: getattr(self.ticket, name) for name in (*CHANGING, "channel", "language")}
        for event in reversed(self.events):
            if event.name == "ticket.edited" and event.at > at:
                changed = event.data.get("changed", {})
                known |= {name: changed[name][0] for name in CHANGING if name in changed}
        return SimpleNamespace(**known)

    def ways(self, row: Promise, asked_at: datetime) -> Iterator[tuple[Moments, SimpleNamespace]]:
        """What may have happened to a promise whose clock has begun, with the facts of its end.

        One way for most; of a row that stopped counting the journal may leave several moments.
        """
        if row.state != "dropped":
            met = row.met_at if row.state == "met" else None
            yield self._moments(row, asked_at, met=met), self.facts(met or asked_at)
            return
        for end in self._ends_of(row):
            yield self._moments(row, asked_at, dropped=end), self.facts(end - JUST_BEFORE)

    def _moments(self, row: Promise, asked_at: datetime, **end: datetime | None) -> Moments:
        assert row.started_at
        granted = row.extended_at and row.extended_to
        return Moments(
            started=row.started_at,
            asked_at=asked_at,
            pauses=tuple(promises.pauses_of(row)),
            paused=row.paused_at if row.state in ("paused", "dropped") else None,
            granted=((row.extended_at, row.extended_to),) if granted else (),  # type: ignore[arg-type]
            **end,
        )

    def _ends_of(self, row: Promise) -> Iterator[datetime]:
        """When the promise may have stopped counting: at a correction, or at the end of its round."""
        assert row.started_at
        names = (*ENDS, *AGAIN, *ENDED_BY.get(row.promise, ()))
        for event in self.events:
            if event.at <= row.started_at + OWN_START:
                continue
            if event.name == "ticket.edited":
                yield event.at
            elif event.name in names:
                yield event.at
                return

    def unmade(self, promise: str, asked_at: datetime) -> Moments | None:
        """What would have happened to a promise of the opening that was never made."""
        if promise not in KEPT_BY:
            return None
        first = (e.at for e in self.events if e.name in KEPT_BY[promise])
        over = (e.at for e in self.events if e.name in ENDS)
        met = next(first, None)
        dropped = None if met else next(over, None)
        return Moments(self.ticket.received_at, asked_at, met=met, dropped=dropped)


def cases(after: int, since: datetime, until: datetime, most: int, words: bool) -> list[PastCase]:
    """The next cases received in the stretch, by id; with their words where rules are tried."""
    tickets = db.session.scalars(
        select(Ticket)
        .where(Ticket.id > after, Ticket.received_at >= since, Ticket.received_at < until)
        .order_by(Ticket.id)
        .limit(most)
        .execution_options(populate_existing=True)
    ).all()
    ids = [ticket.id for ticket in tickets]
    rows, noted = _promises(ids), _events(ids)
    bodies, levels = (_bodies(ids), _levels(tickets)) if words else ({}, {})
    return [
        PastCase(
            t,
            rows[t.id],
            _sent(noted[t.id]),
            bodies.get(t.id, ""),
            levels.get(t.person_id, "plain"),
        )
        for t in tickets
    ]


def _promises(ids: Sequence[int]) -> dict[int, list[Promise]]:
    """What each of these tickets was promised."""
    about = Promise.subject_kind == Ticket.subject_kind, Promise.subject_id.in_(ids)
    query = select(Promise).where(*about).order_by(Promise.subject_id, Promise.id)
    return _grouped(query, "subject_id")


def _events(ids: Sequence[int]) -> dict[int, list[Event]]:
    """What happened to each of these tickets, as far as it decides about promises."""
    query = select(Event).where(Event.ticket_id.in_(ids), Event.name.in_(NOTED))
    return _grouped(query.order_by(Event.ticket_id, Event.seq), "ticket_id")


def _grouped(query: Any, ticket_id: str) -> dict[int, list[Any]]:
    """The rows of a query, as they are now, by the id of their ticket."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.scalars(query.execution_options(populate_existing=True)):
        found[getattr(row, ticket_id)].append(row)
    return found


def _sent(events: list[Event]) -> list[Event]:
    """Without the answers that were taken back before anybody saw them."""
    gone = {event.data.get("message") for event in events if event.name == UNSENT}
    if not gone:
        return events
    return [event for event in events if event.data.get("message") not in gone]


def _bodies(ids: Sequence[int]) -> dict[int, str]:
    """The words with which each case came."""
    first = select(func.min(Message.id)).where(Message.ticket_id.in_(ids))
    first = first.group_by(Message.ticket_id)
    query = select(Message.ticket_id, Message.body).where(Message.id.in_(first))
    return dict(db.session.execute(query).all())


def _levels(tickets: Sequence[Ticket]) -> dict[int, str]:
    ids = {ticket.person_id for ticket in tickets}
    query = select(Person.id, Person.level).where(Person.id.in_(ids))
    return dict(db.session.execute(query).all())
