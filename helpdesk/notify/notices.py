"""Mails about rectification notices: to the department what it has to do, to the issuers what it says."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel.speaklater import LazyString
from sqlalchemy import select

from helpdesk.agents import roster
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import Role
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_, lazy_gettext
from helpdesk.notices.models import Notice
from helpdesk.notify.letters import Letters, Reader, TeamMailbox, letters, to_colleague
from helpdesk.promises import dues
from helpdesk.promises.rail import left_of
from helpdesk.setup import in_force
from helpdesk.tickets import news

TO_DEPARTMENT = {
    "notice.issue": N_("Rectification notice %(number)s: please act"),
    "notice.verify_fail": N_(
        "Rectification notice %(number)s: re-inspection failed, please act again"
    ),
    "notice.verify_partial": N_(
        "Rectification notice %(number)s: passed in part, please act again"
    ),
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


@letters("mail.notice", *TO_DEPARTMENT)
def to_department(noted: Event) -> Letters:
    """A rectification notice waits for the department."""
    row = _issued(noted)
    if row is None:
        return
    team = select(Agent).where(
        Agent.active, Agent.role == Role.HANDLER, Agent.department_id == row.department_id
    )
    department = db.session.get_one(Department, row.department_id)
    people = db.session.scalars(team.order_by(Agent.id)).unique().all()
    news.tell(noted, [(agent.id, agent.name) for agent in people])
    yield from _tell(row, noted, TO_DEPARTMENT[noted.name], [*TeamMailbox.of(department), *people])


@letters("mail.notice_issuers", *TO_ISSUERS)
def to_issuers(noted: Event) -> Letters:
    """The department answers: who issued it decides, and the supervisor on duty knows."""
    row = _issued(noted)
    if row is None:
        return
    people = roster.at()
    issuer = people.stand_in(row.issuer_id) if row.issuer_id else None
    told = [*([issuer] if issuer else []), *people.told("supervisor", row.department_id)]
    news.tell(noted, [(person.id, person.name) for person in told])
    yield from _tell(row, noted, TO_ISSUERS[noted.name], told)


def _due(row: Notice) -> object:
    """When the next step is due, worded when the letter is: in its reader's language."""
    if row.next is None:
        return None
    return LazyString(dues.told, row.due_at, left_of(row.next, in_force.current(), now()))


def _issued(noted: Event) -> Notice | None:
    row = db.session.get(Notice, noted.notice_id)
    return row if row is not None and row.number else None


def _tell(row: Notice, noted: Event, subject: str, readers: Iterable[Reader]) -> Letters:
    """One letter to each address, however many of these people read it."""
    for reader in {reader.email: reader for reader in readers}.values():
        yield to_colleague(
            noted,
            reader,
            "notice",
            lazy_gettext(subject, number=row.number),
            thread=f"notice-{row.id}",
            path=f"notices/{row.id}",
            notice=row,
            due=_due(row),
            said=noted.data.get("comment", ""),
        )
