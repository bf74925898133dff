"""Journal rows -> what the watchers of a topic are told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from flask import g
from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM, Actor, scope
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import in_language
from helpdesk.realtime import rooms
from helpdesk.setup import in_force
from helpdesk.tickets import queries, ticket_rows
from helpdesk.tickets.lifecycle import AT_DESK, ENDED, Status
from helpdesk.tickets.models import Ticket

OF_PHONES = {  # topic -> what it tells of: my telephone, everybody's, the telephone system
    "phone": frozenset({"agent.activity", "agent.presence"}),
    "team": frozenset({"agent.activity", "agent.presence"}),
    "phones": frozenset({"phone.up", "phone.down"}),
}
GONE = "ticket.gone"  # to who knew of it and may not know what happened to it since
KNOWN_IN = frozenset(Status) - frozenset(AT_DESK)


def read(after: int, most: int) -> Sequence[Event]:
    """The journal after a number, oldest first, at most so many rows."""
    return db.session.scalars(
        select(Event)
        .where(Event.seq > after)
        .order_by(Event.seq)
        .limit(most)
        .execution_options(populate_existing=True)
    ).all()


class Batch:
    """What happened to some tickets, told to one reader after the other.

    The tickets are read once, who sees which once for each standing, the rows once for each room.
    """

    def __init__(self, found: Sequence[Event]) -> None:
        self.happened: dict[int, list[Event]] = {}  # by ticket, oldest first
        for noted in found:
            if noted.ticket_id:
                self.happened.setdefault(noted.ticket_id, []).append(noted)
        self.phones = [noted for noted in found if noted.name.startswith(("agent.", "phone."))]
        self.tickets = self._load()
        self._concerned = {ticket.id: self._people(ticket) for ticket in self.tickets}
        self.people = frozenset(chain.from_iterable(self._concerned.values()))
        self.topics = frozenset(f"ticket:{ticket.number}" for ticket in self.tickets)
        self._seen: dict[Actor, frozenset[int]] = {}

    def _load(self) -> list[Ticket]:
        if not self.happened:
            return []
        query = queries.tickets(SYSTEM).where(Ticket.id.in_(self.happened))
        rows = db.session.scalars(query.execution_options(populate_existing=True))
        return sorted(rows, key=lambda ticket: self.happened[ticket.id][-1].seq)

    def seen_by(self, who: Actor) -> frozenset[int]:
        """The ids of the tickets that a reader may know of now: the scope of every page."""
        alike = rooms.standing(who)
        if alike not in self._seen:
            asked = select(Ticket.id).where(Ticket.id.in_(self.happened), queries.visible_to(who))
            found = self.happened if scope(who).everything else db.session.scalars(asked)
            self._seen[alike] = frozenset(found)
        return self._seen[alike]

    def of_topic(self, topic: str, who: Actor) -> list[dict[str, Any]]:
        """The messages for who watches a topic, in order: {topic, seq, name, ticket, html?}.

        In a queue html is the row, or '' when the ticket is not (any longer) in it.
        """
        if topic in OF_PHONES:
            return self._of_phones(topic, who)
        seen = self.seen_by(who)
        told = [ticket for ticket in self.tickets if ticket.id in seen]
        kind, _, name = topic.partition(":")
        if kind == "queue":
            return self._of_queue(topic, told, who)
        if topic == "me":
            told = [ticket for ticket in told if who.id in self._concerned[ticket.id]]
        elif kind == "ticket":
            told = [ticket for ticket in told if ticket.number == name]
        return [self._message(topic, ticket) for ticket in told]

    def concerns(self, topic: str, agent_id: int | None) -> bool:
        """Whether there may be something to tell of a topic to this person."""
        if topic in OF_PHONES:
            return any(_is_about(noted, topic, agent_id) for noted in self.phones)
        if topic == "me":
            return agent_id in self.people
        return topic in self.topics or not topic.startswith("ticket:")

    def _of_phones(self, topic: str, who: Actor) -> list[dict[str, Any]]:
        """One message, that the page is to look again: what it shows it reads with its own rights."""
        told = [noted for noted in self.phones if _is_about(noted, topic, who.id)]
        return [
            {"topic": topic, "seq": noted.seq, "name": noted.name, "id": topic}
            for noted in told[-1:]
        ]

    def _people(self, ticket: Ticket) -> set[int | None]:
        """Whose own a ticket is, and who was told of what happened to it."""
        told = (noted.data.get("agents", ()) for noted in self.happened[ticket.id])
        return {ticket.assignee_id, *chain.from_iterable(told)}

    def _of_queue(self, topic: str, seen: list[Ticket], who: Actor) -> list[dict[str, Any]]:
        code = topic.removeprefix("queue:")
        inside = [ticket for ticket in seen if in_queue(ticket, code)]
        html = dict(zip((ticket.id for ticket in inside), rows(inside, who), strict=True))
        messages = [self._message(topic, t) | {"html": html.get(t.id, "")} for t in seen]
        lost = [self._message(topic, t) | {"name": GONE, "html": ""} for t in self._lost(who)]
        return sorted(messages + lost, key=lambda message: message["seq"])

    def _lost(self, who: Actor) -> list[Ticket]:
        """The tickets that went out of a reader's sight just now."""
        gone = [ticket for ticket in self.tickets if ticket.id not in self.seen_by(who)]
        return [t for t in gone if any(knew(who, t, noted) for noted in self.happened[t.id])]

    def hides(self, topic: str, who: Actor) -> bool:
        """Whether a topic is a ticket that a reader may not know of."""
        hidden = (each.number for each in self.tickets if each.id not in self.seen_by(who))
        return any(topic == f"ticket:{number}" for number in hidden)

    def _message(self, topic: str, ticket: Ticket) -> dict[str, Any]:
        newest = self.happened[ticket.id][-1]
        return {
            "topic": topic,
            "seq": newest.seq,
            "name": newest.name,
            "ticket": ticket.number,
        }


def _is_about(noted: Event, topic: str, agent_id: int | None) -> bool:
    mine = topic != "phone" or noted.data.get("agent") == agent_id
    return mine and noted.name in OF_PHONES[topic]


def knew(who: Actor, ticket: Ticket, noted: Event) -> bool:
    """Whether a reader of a department knew of the ticket until this happened to it."""
    units, before = in_force.current().departments, noted.data.get("from_department")
    lead = {unit.id for unit in units.values() if unit.code == before} or {
        ticket.department_id or 0
    }
    return noted.data.get("old") in KNOWN_IN and bool(lead & scope(who).department_ids)


def in_queue(ticket: Ticket, code: str) -> bool:
    """Whether an open ticket stands in this queue: all, dispatch or a department's code."""
    return ticket.status not in ENDED and (code == "all" or ticket.queue == code)


def rows(tickets: Sequence[Ticket], who: Actor) -> list[str]:
    """The list rows as the pages render them, in the reader's language."""
    if not tickets:
        return []
    g.language = who.language
    with in_language(who.language):
        return [row.html for row in ticket_rows.rows(tickets, who)]
