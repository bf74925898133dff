"""Mails to colleagues about what is theirs: an answer, an article, a calendar, a mailbox."""

from __future__ import annotations

from typing import Any

from flask_babel.speaklater import LazyString
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Role
from helpdesk.core.calendars import newest
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_, lazy_gettext
from helpdesk.notify.letters import Letters, about, letters, to_colleague
from helpdesk.tickets import sight
from helpdesk.tickets.models import Message, Ticket

ARTICLE_SUBJECTS = {
    "article.expire": N_("Offline: %(title)s"),
    "article.withdraw": N_("Offline: %(title)s"),
    "article.send_back": N_("Back from the review: %(title)s"),
}


@letters("mail.told_lost", "mail.lost")
def answer_lost(noted: Event) -> Letters:
    """An answer did not reach its customer: its author reads the number and, who may know who it
    is, address and the server's words; never the answer itself."""
    message = db.session.get(Message, noted.data.get("message"))
    author = _active(message.agent_id if message else None)
    if message is None or author is None:
        return
    ticket = db.session.get_one(Ticket, message.ticket_id)
    knows = sight.sees(author.actor, ticket, sight.Field.ADDRESS)
    mailed = message.data.get("mailed", {}) if knows else {}
    yield to_colleague(
        noted,
        author,
        "lost",
        lazy_gettext("Your answer did not arrive: %(number)s", number=ticket.number),
        **about(ticket),
        to=mailed.get("to", ""),
        error=mailed.get("error", ""),
    )


@letters("mail.article", *ARTICLE_SUBJECTS)
def article(noted: Event) -> Letters:
    """The owner of an article reads what somebody else, or the clock, has done to it."""
    owner, code = _active(noted.data["owner"]), noted.data["article"]
    if owner is None or (noted.by_kind, noted.by_id) == ("agent", owner.id):
        return
    yield to_colleague(
        noted,
        owner,
        "article",
        lazy_gettext(ARTICLE_SUBJECTS[noted.name], title=noted.data["title"]),
        thread=f"article-{code}",
        path=f"kb/{code}",
        event=noted,
        by_clock=noted.by_kind == "system",
    )


@letters("mail.calendar", "calendar.year_missing")
def year_missing(noted: Event) -> Letters:
    """Every administrator reads which calendars lack the days of which year."""
    rows, year = newest(), noted.data["year"]
    calendars = [rows[code] for code in noted.data["calendars"] if code in rows]
    yield from _to_admins(
        noted,
        "calendar",
        lazy_gettext("Work calendar: the days of %(year)s are missing", year=year),
        thread=f"calendar-{year}",
        path="admin/calendars",
        year=year,
        calendars=calendars,
    )


@letters("mail.consent", "mailbox.consent_over")
def consent_over(noted: Event) -> Letters:
    """Every administrator reads it at once, by the mail server of the settings and never by the
    mailbox that can't send any more."""
    address = noted.data["address"]
    yield from _to_admins(
        noted,
        "consent",
        lazy_gettext("Mailbox %(address)s: please give consent anew", address=address),
        thread="consent",
        path=f"admin/mailboxes/{noted.data['mailbox']}",
        address=address,
        why=noted.data["why"],
    )


def _active(agent_id: int | None) -> Agent | None:
    agent = db.session.get(Agent, agent_id) if agent_id else None
    return agent if agent is not None and agent.active else None


def _to_admins(noted: Event, purpose: str, subject: LazyString, **given: Any) -> Letters:
    admins = select(Agent).where(Agent.active, Agent.role == Role.ADMIN).order_by(Agent.id)
    for admin in db.session.scalars(admins).unique():
        yield to_colleague(noted, admin, purpose, subject, **given)


@letters("mail.wrong_tries", "agent.wrong_tries")
def wrong_tries(noted: Event) -> Letters:
    """The owner of an account reads that somebody tries passwords or codes from elsewhere."""
    owner = _active(noted.data["agent"])
    if owner is None:
        return
    yield to_colleague(
        noted,
        owner,
        "wrong_tries",
        lazy_gettext("Wrong passwords are tried on your account"),
        thread=f"account-{owner.id}",
        path="me",
        count=noted.data["count"],
        address=noted.data["address"],
    )
