"""Mails to colleagues: a promise or a notice at risk or overdue, alone or as one digest.

Who is told was decided with the step (promises.reminders); here the words are found and sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.agents import roster
from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import gettext, in_language, lazy_gettext
from helpdesk.notices.clock import STEP_NAMES
from helpdesk.notices.models import Notice
from helpdesk.notify.letters import Letters, about, letters, to_colleague
from helpdesk.promises import dues
from helpdesk.promises.models import Promise, Reminder
from helpdesk.promises.rail import left_of
from helpdesk.promises.words import BREACH, PROMISE_NAMES
from helpdesk.setup import in_force
from helpdesk.tickets.models import Ticket

MOST_LINES = 100  # of a digest; the lists hold the rest


@letters("mail.escalation", "staff.told")
def escalation(noted: Event) -> Letters:
    """Tell one person of one step."""
    row = db.session.get(Reminder, noted.data["reminder"])
    agent = db.session.get(Agent, noted.data["agent"])
    if row is None or agent is None or not agent.active:
        return
    with in_language(agent.language):
        line = due_step(row)
        subject = _subject(line)
    thread = f"notice-{row.subject_id}" if row.subject_kind == "notice" else line.number
    yield to_colleague(
        noted, agent, "escalation", subject, thread=thread, path=line.path, line=line
    )


@letters("mail.digest", "staff.digest")
def digest(noted: Event) -> Letters:
    """Tell one person of many steps in one mail."""
    agent = db.session.get(Agent, noted.data["agent"])
    if agent is None or not agent.active:
        return
    rows = select(Reminder).where(Reminder.digest == noted.data["digest"])
    first = db.session.scalars(rows.order_by(Reminder.due_at, Reminder.id).limit(MOST_LINES))
    count = int(noted.data["count"])
    with in_language(agent.language):
        lines = [due_step(row) for row in first]
    yield to_colleague(
        noted,
        agent,
        "digest",
        lazy_gettext("%(count)s promises need you", count=count),
        thread="digest",
        path="queue?view=late",
        lines=lines,
        count=count,
    )


@letters("mail.hold_over", "ticket.resume")
def hold_over(noted: Event) -> Letters:
    """The time on hold ran out, and the clocks run again: tell whoever is responsible."""
    because = noted.data.get("because")
    if because not in ("until", "cap"):
        return
    ticket = db.session.get_one(Ticket, noted.ticket_id)
    for person in roster.at().told("owner", ticket.department_id, ticket.assignee_id):
        yield to_colleague(
            noted,
            person,
            "hold_over",
            lazy_gettext("No longer on hold: %(number)s", number=ticket.number),
            **about(ticket),
            capped=because == "cap",
        )


@dataclass(frozen=True)
class DueStep:
    """One step in words: of a ticket's promise or of a notice's step."""

    number: str
    title: str
    label: str
    breached: bool
    level: int
    due: str  # the moment, and what is left of working time where the end is near
    path: str


def due_step(row: Reminder) -> DueStep:
    """A reminder in the language of the moment."""
    promise = db.session.get_one(Promise, row.promise_id)
    due = dues.told(promise.due_at, left_of(promise, in_force.current(), now()))
    if row.subject_kind == "notice":
        notice = db.session.get_one(Notice, row.subject_id)
        label = gettext(STEP_NAMES[row.promise])
        number, title, path = notice.number or "", notice.title, f"notices/{notice.id}"
    else:
        ticket = db.session.get_one(Ticket, row.subject_id)
        label = gettext(PROMISE_NAMES[row.promise])
        number, title, path = ticket.number, ticket.subject, f"tickets/{ticket.number}"
    return DueStep(number, title, label, row.level >= BREACH, row.level, due, path)


def _subject(line: DueStep) -> str:
    words = {"promise": line.label, "number": line.number}
    if line.breached:
        return gettext("Overdue: %(promise)s, %(number)s", **words)
    return gettext("At risk: %(promise)s, %(number)s", **words)
