"""Mails about rectification notices: to the department what it has to do, to the issuers what it says."""

from __future__ import annotations

from collections.abc import Iterable

from flask import render_template
from sqlalchemy import select

from helpdesk.agents import roster
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Role
from helpdesk.db import db
from helpdesk.events import Event, durable
from helpdesk.i18n import N_, gettext, in_language
from helpdesk.notify.outbox import Letter, send
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Notice
from helpdesk.web import settings

TO_DEPARTMENT = {
    "notice.issue": N_("Rectification notice %(number)s: please act"),
    "notice.verify_fail": N_("Rectification notice %(number)s: please act"),
    "notice.reject_plan": N_("Rectification notice %(number)s: please act"),
    "notice.overrule": N_("Rectification notice %(number)s stands: please act"),
    "notice.grant_extension": N_("Rectification notice %(number)s: more time was granted"),
    "notice.refuse_extension": N_("Rectification notice %(number)s: no more time"),
}
TO_ISSUERS = {
    "notice.object": N_("Rectification notice %(number)s: the department objects"),
    "notice.ask_extension": N_("Rectification notice %(number)s: more time is asked for"),
    "notice.claim_done": N_("Rectification notice %(number)s: reported as done"),
}


@durable("mail.notice", *TO_DEPARTMENT)
def to_department(noted: Event) -> None:
    """A rectification notice waits for the department."""
    row = _issued(noted)
    if row is None:
        return
    team = select(Agent).where(
        Agent.active, Agent.role == Role.HANDLER, Agent.department_id == row.department_id
    )
    department = db.session.get_one(Department, row.department_id)
    people = [(a.email, a.language) for a in db.session.scalars(team.order_by(Agent.id)).unique()]
    extra = [(department.mail, settings().language)] if department.mail else []
    _tell(row, noted, TO_DEPARTMENT[noted.name], [*extra, *people])


@durable("mail.notice_issuers", *TO_ISSUERS)
def to_issuers(noted: Event) -> None:
    """The department answers: who issued it decides, and the supervisor on duty knows."""
    row = _issued(noted)
    if row is None:
        return
    people = roster.at()
    issuer = people.stand_in(row.issuer_id) if row.issuer_id else None
    told = [*([issuer] if issuer else []), *people.told("supervisor", row.department_id)]
    mails = [(person.email, person.language) for person in told]
    _tell(row, noted, TO_ISSUERS[noted.name], mails)


def _issued(noted: Event) -> Notice | None:
    row = db.session.get(Notice, noted.notice_id)
    return row if row is not None and row.number else None


def _tell(row: Notice, noted: Event, subject: str, people: Iterable[tuple[str, str]]) -> None:
    for mail, language in dict(people).items():
        _tell_one(row, noted, subject, mail, language)


def _tell_one(row: Notice, noted: Event, words: str, mail: str, language: str) -> None:
    known = settings()
    host = known.mail_from.rpartition("@")[2]
    with in_language(language):
        subject = gettext(words) % {"number": row.number}
        body = render_template(
            "mail/notice.txt",
            notice=row,
            said=noted.data.get("comment", ""),
            link=f"{known.base_url}/notices/{row.id}",
        )
    send(
        Letter(
            event_seq=noted.seq,
            purpose="notice",
            recipient=mail,
            subject=subject,
            body=body.strip() + "\n",
            message_id=mail_ids.mail_id(
                f"notice-{row.id}", f"n{noted.seq}", known.secret_key, host
            ),
            notice_id=row.id,
            internal=True,
        )
    )
