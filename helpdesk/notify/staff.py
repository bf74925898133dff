"""Mails to colleagues: a promise or a notice at risk or overdue, alone or as one digest.

Who is told was decided with the step (tickets.reminders); here the words are found and sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from sqlalchemy import select

from helpdesk.agents import roster
from helpdesk.agents.models import Agent
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import gettext, in_language
from helpdesk.notify.outbox import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Notice, Reminder, Response, Ticket
from helpdesk.tickets.notices.clock import STEP_NAMES
from helpdesk.tickets.reminders import BREACH
from helpdesk.tickets.responses import PROMISE_NAMES
from helpdesk.web import settings

MOST_LINES = 100  # of a digest; the lists hold the rest


@durable("mail.escalation", "staff.told")
def escalation(noted: Event) -> None:
    """Tell one person of one step."""
    row = db.session.get(Reminder, noted.data["reminder"])
    agent = db.session.get(Agent, noted.data["agent"])
    if row is None or agent is None or not agent.active:
        return
    with in_language(agent.language):
        line = line_of(row)
        body = render_template("mail/escalation.txt", line=line)
        subject = _subject(line)
    thread = line.number if row.subject_kind == "response" else f"notice-{row.notice_id}"
    _send(noted, agent.email, "escalation", subject, body, thread, f"a{agent.id}")


@durable("mail.digest", "staff.digest")
def digest(noted: Event) -> None:
    """Tell one person of many steps in one mail (F19)."""
    agent = db.session.get(Agent, noted.data["agent"])
    if agent is None or not agent.active:
        return
    rows = select(Reminder).where(Reminder.digest == noted.data["digest"])
    first = db.session.scalars(rows.order_by(Reminder.due_at, Reminder.id).limit(MOST_LINES))
    count = int(noted.data["count"])
    with in_language(agent.language):
        subject = gettext("%(count)s promises need you", count=count)
        body = render_template(
            "mail/digest.txt",
            lines=[line_of(row) for row in first],
            count=count,
            link=f"{settings().base_url}/queue?view=late",
        )
    _send(noted, agent.email, "digest", subject, body, "digest", f"a{agent.id}")


@durable("mail.hold_over", "ticket.resume")
def hold_over(noted: Event) -> None:
    """The time on hold ran out, and the clocks run again: tell whoever is responsible (M19)."""
    because = noted.data.get("because")
    if because not in ("until", "cap"):
        return
    ticket = db.session.get_one(Ticket, noted.ticket_id)
    for person in roster.at().told("owner", ticket.department_id, ticket.assignee_id):
        with in_language(person.language):
            subject = gettext("No longer on hold: %(number)s", number=ticket.number)
            body = render_template(
                "mail/hold_over.txt",
                ticket=ticket,
                capped=because == "cap",
                link=f"{settings().base_url}/tickets/{ticket.number}",
            )
        _send(noted, person.email, "hold_over", subject, body, ticket.number, f"a{person.id}")


@dataclass(frozen=True)
class Line:
    """One step in words: of a ticket's promise or of a notice's step."""

    number: str
    title: str
    label: str
    breached: bool
    level: int
    due_at: object
    link: str


def line_of(row: Reminder) -> Line:
    """A reminder in the language of the moment."""
    if row.subject_kind == "notice":
        notice = db.session.get_one(Notice, row.notice_id)
        label, due = gettext(STEP_NAMES[row.promise]), notice.due_at
        number, title, path = notice.number or "", notice.title, f"notices/{notice.id}"
    else:
        ticket = db.session.get_one(Ticket, row.ticket_id)
        due = db.session.get_one(Response, row.subject_id).due_at
        label = gettext(PROMISE_NAMES[row.promise])
        number, title, path = ticket.number, ticket.subject, f"tickets/{ticket.number}"
    link = f"{settings().base_url}/{path}"
    return Line(number, title, label, row.level >= BREACH, row.level, due, link)


def _subject(line: Line) -> str:
    words = {"promise": line.label, "number": line.number}
    if line.breached:
        return gettext("Overdue: %(promise)s, %(number)s", **words)
    return gettext("At risk: %(promise)s, %(number)s", **words)


def _send(
    noted: Event, mail: str, purpose: str, subject: str, body: str, thread: str, part: str
) -> None:
    """One letter; its Message-ID comes from the event, so a second try is the same mail."""
    known = settings()
    host = known.mail_from.rpartition("@")[2]
    send(
        Letter(
            event_seq=noted.seq,
            purpose=purpose,
            recipient=mail,
            subject=subject,
            body=body.strip() + "\n",
            message_id=mail_ids.mail_id(thread, f"s{noted.seq}{part}", known.secret_key, host),
            ticket_id=noted.ticket_id,
            notice_id=noted.notice_id,
            internal=True,
        )
    )
