"""Whoever has to act is told, on the page and by mail, of what customers and colleagues do on a case."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from helpdesk.agents import roster
from helpdesk.agents.models import Department
from helpdesk.agents.roster import Roster, RosterEntry
from helpdesk.calls import judging
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_, lazy_gettext
from helpdesk.notify.letters import Letters, Reader, TeamMailbox, about, letters, to_colleague
from helpdesk.setup import in_force
from helpdesk.tickets import news
from helpdesk.tickets.lifecycle import ENDED, WITH_DEPARTMENT
from helpdesk.tickets.models import Ticket

SUBJECTS = {
    "ticket.dispatch": N_("Dispatched to you: %(number)s"),
    "ticket.transfer": N_("Transferred to you: %(number)s"),
    "ticket.assist": N_("Your help is asked for: %(number)s"),
    "ticket.send_back": N_("Returned by the department: %(number)s"),
    "ticket.assign": N_("Given to you: %(number)s"),
    "ticket.urged": N_("The customer urges: %(number)s"),
    "ticket.rated": N_("The customer is not satisfied: %(number)s"),
    "message.customer": N_("The customer wrote again: %(number)s"),
    "call.judged": N_("The caller gave a low score: %(number)s"),
    "call.next_step": N_("What you promised on the telephone is due: %(number)s"),
}
BAD = 2  # a score of 1 or 2 of 5


@letters("staff.concerned", *SUBJECTS)
def concerned(noted: Event) -> Letters:
    """Tell the people who have to act of it; who did it himself knows."""
    ticket = db.session.get_one(Ticket, noted.ticket_id, populate_existing=True)
    if not _matters(noted, ticket):
        return
    people = {
        p.id: p for p in _people(noted, ticket) if (noted.by_kind, noted.by_id) != ("agent", p.id)
    }
    due = news.tell(noted, [(p.id, p.name) for p in people.values()])
    readers = [p for p in people.values() if p.id in due]
    everybody: list[Reader] = [*_mailbox(noted, ticket), *readers]
    for reader in everybody:
        yield to_colleague(
            noted,
            reader,
            "concerned",
            lazy_gettext(SUBJECTS[noted.name], number=ticket.number),
            **about(ticket),
            what=news.WORDS[noted.name],
        )


def _matters(noted: Event, ticket: Ticket) -> bool:
    """A machine's reply, a good rating and news of a case that is over need nobody."""
    if noted.name == "ticket.rated":
        return noted.data.get("score", BAD + 1) <= BAD or noted.data.get("resolved") == "no"
    if noted.name == "call.judged":
        return bool(noted.data["score"] <= judging.LOW)
    if noted.name == "message.customer" and noted.data.get("automatic"):
        return False
    return ticket.status not in ENDED


def _people(noted: Event, ticket: Ticket) -> Iterable[RosterEntry]:
    here = roster.at()
    if noted.name == "ticket.assign":
        return _named(here, noted.data.get("new"))
    if noted.name == "ticket.send_back":
        return _named(here, _dispatcher(noted))
    if noted.name == "ticket.assist":
        return here.told("owner", _unit(noted))
    if noted.name == "call.judged":
        return here.told("supervisor", ticket.department_id)
    people = _owners(here, ticket)
    if noted.name == "ticket.rated":
        people += here.told("supervisor", ticket.department_id)
    return people


def _owners(here: Roster, ticket: Ticket) -> list[RosterEntry]:
    """Who is on the case, else its department; at the desk whoever is on duty (its queue shows it)."""
    with_team = ticket.status in WITH_DEPARTMENT or ticket.assignee_id is None
    team = ticket.department_id if with_team else None
    if ticket.assignee_id or team is not None:
        return here.told("owner", team, ticket.assignee_id)
    return here.on_duty("owner", None)


def _named(here: Roster, agent_id: int | None) -> list[RosterEntry]:
    person = here.stand_in(agent_id) if agent_id else None
    return [person] if person else []


def _dispatcher(noted: Event) -> int | None:
    """Who sent the case to the department that gives it back."""
    sent = select(Event.by_id).where(
        Event.ticket_id == noted.ticket_id,
        Event.name.in_(("ticket.dispatch", "ticket.transfer")),
        Event.by_kind == "agent",
        Event.seq < noted.seq,
    )
    return db.session.scalar(sent.order_by(Event.seq.desc()).limit(1))


def _unit(noted: Event) -> int | None:
    unit = in_force.current().unit(noted.data.get("department", ""))
    return unit.id if unit else None


def _mailbox(noted: Event, ticket: Ticket) -> list[TeamMailbox]:
    """The department's own mailbox reads what comes to it."""
    if noted.name not in ("ticket.dispatch", "ticket.transfer"):
        return []
    return TeamMailbox.of(db.session.get(Department, ticket.department_id or 0))
