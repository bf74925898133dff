"""Who is told, when a chain names a role: whoever is on duty, else who holds the role; never nobody.

The order: the duty roster, the holders of the role, the supervisors, the administrators. Who is away
is replaced by the deputy: a step is told to a role, not to a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy import select

from helpdesk.agents.duty import Absence, Duty
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Role
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import company_zone

COMPANY_ROLES = {
    "supervisor": (Role.SUPERVISOR,),
    "division_leader": (Role.SUPERVISOR, Role.ADMIN),
    "general_manager": (Role.SUPERVISOR, Role.ADMIN),
}
MOST_DEPUTIES = 5  # a deputy may be away too


@dataclass(frozen=True)
class RosterEntry:
    """A colleague as the roster sees them."""

    id: int
    name: str
    email: str
    role: str
    department_id: int | None
    leads: bool
    language: str


@dataclass(frozen=True)
class Roster:
    """Everybody who works here, who is on duty at one moment, and who stands in for whom."""

    people: dict[int, RosterEntry]
    duties: tuple[Duty, ...] = ()
    away: dict[int, int | None] = field(default_factory=dict)  # absent -> deputy

    def told(
        self, role: str, team: int | None, assignee_id: int | None = None
    ) -> list[RosterEntry]:
        """The people behind a role, each once. `team` is the department, None the service desk."""
        asked = role, team, assignee_id
        if asked not in self.known:
            self.known[asked] = self._told(*asked)
        return self.known[asked]

    @cached_property
    def known(self) -> dict[tuple[str, int | None, int | None], list[RosterEntry]]:
        """Who was found for what was asked before: a roster is that of one moment."""
        return {}

    def _told(self, role: str, team: int | None, assignee_id: int | None) -> list[RosterEntry]:
        for candidates in self._candidates(role, team, assignee_id):
            present = self._present(candidates)
            if present:
                return present
        return list(self._admins())  # all are away: rather them than nobody

    def on_duty(self, role: str, team: int | None) -> list[RosterEntry]:
        """Who is on duty in this role now, or stands in; empty when nobody is."""
        return self._present(self._duty(role, team))

    def _candidates(
        self, role: str, team: int | None, assignee_id: int | None
    ) -> Iterator[list[tuple[int, int | None]]]:
        """One list after the other, each of (person, deputy), until somebody of it is there."""
        if role == "owner" and assignee_id:
            yield [(assignee_id, None)]
        yield self._duty(role, team)
        yield from (self._who(holds) for holds in _holders(role, team))
        yield self._duty("supervisor", None)
        yield self._who(lambda person: person.role == Role.SUPERVISOR)
        yield [(person.id, None) for person in self._admins()]

    def _admins(self) -> Iterable[RosterEntry]:
        return (person for person in self.people.values() if person.role == Role.ADMIN)

    def _duty(self, role: str, team: int | None) -> list[tuple[int, int | None]]:
        """Duties for the team; for its company-wide roles and where it has none, the general ones."""
        mine = [duty for duty in self.duties if duty.role == role]
        own = [duty for duty in mine if duty.department_id == team]
        general = [duty for duty in mine if duty.department_id is None]
        chosen = own or (general if role in COMPANY_ROLES else [])
        return [(duty.agent_id, duty.deputy_id) for duty in chosen]

    def _who(self, holds: Callable[[RosterEntry], bool]) -> list[tuple[int, int | None]]:
        return [(person.id, None) for person in self.people.values() if holds(person)]

    def _present(self, candidates: Iterable[tuple[int, int | None]]) -> list[RosterEntry]:
        found: dict[int, RosterEntry] = {}
        for agent_id, deputy_id in candidates:
            person = self.stand_in(agent_id, deputy_id)
            if person is not None:
                found.setdefault(person.id, person)
        return list(found.values())

    def stand_in(self, agent_id: int, deputy_id: int | None = None) -> RosterEntry | None:
        """This person, or while away the deputy (of this duty, else of the absence), or nobody."""
        for _ in range(MOST_DEPUTIES):
            if agent_id in self.people and agent_id not in self.away:
                return self.people[agent_id]
            following = deputy_id or self.away.get(agent_id)
            if following is None:
                return None
            agent_id, deputy_id = following, None
        return None


def _holders(role: str, team: int | None) -> list[Callable[[RosterEntry], bool]]:
    """Who holds a role by their account: one condition after the other."""
    if role in COMPANY_ROLES:
        return [lambda person: person.role in COMPANY_ROLES[role]]

    def of_team(person: RosterEntry) -> bool:
        if team is None:
            return person.role == Role.AGENT
        return person.role == Role.HANDLER and person.department_id == team

    leaders = [lambda person: of_team(person) and person.leads]
    return [*leaders, of_team] if role == "owner" else leaders


def at(moment: datetime | None = None) -> Roster:
    """The roster of this moment, read in three statements."""
    moment = moment or now()
    zone = company_zone()
    return Roster(
        people=_people(),
        duties=tuple(duty for duty in _running(moment) if duty.covers(moment, zone)),
        away=_away(moment),
    )


def _people() -> dict[int, RosterEntry]:
    columns = [getattr(Agent, name) for name in RosterEntry.__dataclass_fields__]
    rows = db.session.execute(select(*columns).where(Agent.active).order_by(Agent.id))
    return {row.id: RosterEntry(*row) for row in rows}


def _running(moment: datetime) -> list[Duty]:
    query = select(Duty).where(Duty.starts_at <= moment, Duty.lasts(moment))
    return list(db.session.scalars(query.order_by(Duty.id)))


def _away(moment: datetime) -> dict[int, int | None]:
    query = select(Absence.agent_id, Absence.deputy_id)
    query = query.where(Absence.starts_at <= moment, Absence.lasts(moment))
    rows = db.session.execute(query.order_by(Absence.id))
    return {row.agent_id: row.deputy_id for row in rows}
