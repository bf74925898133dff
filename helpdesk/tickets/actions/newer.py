"""Somebody was faster: who it was, what they did and when, so that the writer reads it first."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel.speaklater import LazyString
from sqlalchemy import ColumnElement, func, select

from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.db import CHANGED, db
from helpdesk.core.errors import Conflict
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_, duration, lazy_gettext
from helpdesk.tickets.lifecycle import STATUS_NAMES, Status
from helpdesk.tickets.models import Ticket

ANSWERS = ("ticket.reply", "ticket.answer_directly")
SAID = ("message.customer", "message.staff", *ANSWERS)
CODE = "newer_messages"
A_SECOND = timedelta(seconds=1)
ANSWERED = N_("%(who)s answered %(time)s ago: read it first. Your text is kept.")
WROTE = N_("%(who)s wrote to the customer %(time)s ago: read it first. Your text is kept.")
CUSTOMER_WROTE = N_("The customer wrote %(time)s ago: read it first. Your text is kept.")
MOVED = N_("%(who)s has set it to “%(status)s” %(time)s ago. Your text is kept: look, then send.")
CHANGED_BY = N_("%(who)s changed this %(time)s ago. Your text is kept: look, then send.")


def last_said(ticket: Ticket, by: Actor) -> int:
    """The journal number of the newest words that somebody else said on this ticket."""
    said = select(func.max(Event.seq)).where(Event.ticket_id == ticket.id, Event.name.in_(SAID))
    return db.session.scalar(said.where(by_others(by))) or 0


def require_seen(ticket: Ticket, by: Actor, seen_seq: int | None) -> None:
    """Raise Conflict when somebody said something newer than what the writer had before the eyes."""
    newest = last_said(ticket, by) if seen_seq is not None else 0
    if seen_seq is not None and newest > seen_seq:
        raise _said(db.session.get_one(Event, newest))


def moved_on(ticket: Ticket, seen_seq: int | None = None) -> Conflict | None:
    """Who set the ticket to where it stands now, when the writer can't have seen it yet."""
    if seen_seq is None:
        return None
    later = select(Event).where(Event.ticket_id == ticket.id, Event.seq > seen_seq)
    steps = db.session.scalars(later.order_by(Event.seq.desc()))
    found = next((each for each in steps if each.data.get("new") in list(Status)), None)
    if found is None:
        return None
    return _said(found) if found.name in ANSWERS else _moved(found)


def require_version(ticket: Ticket, version: int | None) -> None:
    """Raise Conflict, which says who was faster, when the locked ticket is newer than the `version`
    that the writer has read.
    """
    if version is None or ticket.version == version:
        return
    query = select(Event).where(
        Event.ticket_id == ticket.id,
        Event.name.not_like("staff.%"),  # to tell somebody changes nothing
    )
    found = db.session.scalar(query.order_by(Event.seq.desc()).limit(1))
    if found is None or found.by_kind == "system":
        raise Conflict(CHANGED)
    raise _changed(found)


def by_others(by: Actor) -> ColumnElement[bool]:
    """The condition that somebody else did what an event tells."""
    return ~((Event.by_kind == by.kind) & (Event.by_id.is_not_distinct_from(by.id)))


def _said(event: Event) -> Conflict:
    if event.by_kind == "customer":
        return Conflict(CUSTOMER_WROTE, code=CODE, time=_ago(event.at))
    words = ANSWERED if event.name in ANSWERS else WROTE
    return Conflict(words, code=CODE, who=event.by_name, time=_ago(event.at))


def _moved(event: Event) -> Conflict:
    status = lazy_gettext(STATUS_NAMES[Status(event.data["new"])])
    return Conflict(MOVED, who=_who(event), time=_ago(event.at), status=status)


def _changed(event: Event) -> Conflict:
    if event.name in SAID:
        return _said(event)
    return Conflict(CHANGED_BY, who=_who(event), time=_ago(event.at))


def _who(event: Event) -> object:
    """Colleagues are named; a customer's name may not be for every reader."""
    return lazy_gettext("The customer") if event.by_kind == "customer" else event.by_name


def _ago(at: datetime) -> object:
    return LazyString(duration, max(now() - at, A_SECOND))
