"""Mails to administrators: the days of the year to come are missing."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Role
from helpdesk.calendars import newest
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import gettext, in_language
from helpdesk.notify.outbox import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.web import settings


@durable("mail.calendar", "calendar.year_missing")
def year_missing(noted: Event) -> None:
    """Tell every administrator which calendars lack the days of which year."""
    admins = select(Agent).where(Agent.active, Agent.role == Role.ADMIN).order_by(Agent.id)
    rows = newest()
    calendars = [rows[code] for code in noted.data["calendars"] if code in rows]
    for agent in db.session.scalars(admins).unique():
        names = [row.name(agent.language) for row in calendars]
        _tell(agent, noted, names)


def _tell(agent: Agent, noted: Event, names: list[str]) -> None:
    known, year = settings(), noted.data["year"]
    host = known.mail_from.rpartition("@")[2]
    with in_language(agent.language):
        subject = gettext("Work calendar: the days of %(year)s are missing", year=year)
        body = render_template(
            "mail/calendar.txt",
            name=agent.name,
            year=year,
            names=names,
            link=f"{known.base_url}/admin/calendars",
        )
    part = f"c{noted.seq}a{agent.id}"
    send(
        Letter(
            event_seq=noted.seq,
            purpose="calendar",
            recipient=agent.email,
            subject=subject,
            body=body.strip() + "\n",
            message_id=mail_ids.mail_id(f"calendar-{year}", part, known.secret_key, host),
        )
    )
