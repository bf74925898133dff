"""Mails to administrators: a provider took back the leave to use a mailbox."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Role
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import gettext, in_language
from helpdesk.notify.outbox import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.web import settings


@durable("mail.consent", "mailbox.consent_over")
def consent_over(noted: Event) -> None:
    """Tell every administrator at once, by the mail server of the settings and never by the mailbox
    that can't send any more."""
    admins = select(Agent).where(Agent.active, Agent.role == Role.ADMIN).order_by(Agent.id)
    for agent in db.session.scalars(admins).unique():
        _tell(agent, noted)


def _tell(agent: Agent, noted: Event) -> None:
    known, address = settings(), noted.data["address"]
    host = known.mail_from.rpartition("@")[2]
    with in_language(agent.language):
        subject = gettext("Mailbox %(address)s: please give consent anew", address=address)
        body = render_template(
            "mail/consent.txt",
            name=agent.name,
            address=address,
            why=noted.data["why"],
            link=f"{known.base_url}/admin/mailboxes/{noted.data['mailbox']}",
        )
    part = f"k{noted.seq}a{agent.id}"
    send(
        Letter(
            event_seq=noted.seq,
            purpose="consent",
            recipient=agent.email,
            subject=subject,
            body=body.strip() + "\n",
            message_id=mail_ids.mail_id("consent", part, known.secret_key, host),
            internal=True,
        )
    )
