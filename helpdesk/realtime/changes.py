"""Journal rows -> what the watchers of a topic are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, render_template
from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.i18n import in_language
from helpdesk.tickets import board, queries
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Ticket

ROW = "tickets/_row.html"


def read(after: int, most: int) -> Sequence[Event]:
    """The journal after a number, oldest first, at most so many rows."""
    return db.session.scalars(
        select(Event)
        .where(Event.seq > after)
        .order_by(Event.seq)
        .limit(most)
        .execution_options(populate_existing=True)
    ).all()


def touched(found: Sequence[Event]) -> dict[int, Event]:
    """The newest event of each ticket among these."""
    return {noted.ticket_id: noted for noted in found if noted.ticket_id}


def load(ids: Sequence[int]) -> dict[int, Ticket]:
    """The tickets as they are now, with what a row shows."""
    query = queries.tickets(SYSTEM).where(Ticket.id.in_(ids))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {ticket.id: ticket for ticket in rows}


def of_topic(topic: str, found: Sequence[Event], who: Actor) -> list[dict[str, Any]]:
    """What somebody who watches `topic` missed: one change per ticket, in order."""
    newest = touched(found)
    tickets = load(list(newest))
    with in_language(who.language):
        changes = [change(topic, newest[id_], ticket, who) for id_, ticket in tickets.items()]
    return sorted((c for c in changes if c), key=lambda c: c["seq"])


def change(topic: str, noted: Event, ticket: Ticket, who: Actor) -> dict[str, Any] | None:
    """One message: {topic, seq, name, ticket, html?}; None when the topic is not concerned.

    In a queue html is the row, or '' when the ticket is not (any longer) in it.
    """
    told = {"topic": topic, "seq": noted.seq, "name": noted.name, "ticket": ticket.number}
    kind, _, name = topic.partition(":")
    if kind == "queue":
        return told | {"html": row(ticket, who) if in_queue(ticket, name) else ""}
    if topic == "me":
        mine = ticket.assignee_id == who.id or who.id in noted.data.get("agents", ())
        return told if mine else None
    concerned = topic == "wallboard" or (kind == "ticket" and name == ticket.number)
    return told if concerned else None


def in_queue(ticket: Ticket, code: str) -> bool:
    """Whether an open ticket stands in this queue: all, dispatch or a department's code."""
    return ticket.status not in ENDED and (code == "all" or ticket.queue == code)


def row(ticket: Ticket, who: Actor) -> str:
    """The list row as the pages render it, in the language in force."""
    g.language = who.language
    shown = board.rows([ticket], who)[0]
    return render_template(ROW, row=shown, language=who.language)
