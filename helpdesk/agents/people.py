"""Colleagues, as administrators keep them: add, edit, deactivate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select

from helpdesk.agents import accounts, invitations, leaving, presence
from helpdesk.agents.change import odd_post
from helpdesk.agents.leaving import Leaving
from helpdesk.agents.models import Agent, new_key
from helpdesk.agents.rights import STAFF, Actor, Role, may, require
from helpdesk.core import options
from helpdesk.core.db import db, locked, stored, transaction
from helpdesk.core.errors import FILL, PICK, Refused, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.settings import LANGUAGES

KEPT = ("email", "name", "role", "department_id", "leads", "language", "capacity")


@dataclass(frozen=True)
class ColleagueText:
    """What is known of a colleague; a handler works for a department."""

    email: str
    name: str
    role: str = Role.AGENT
    department_id: int | None = None
    leads: bool = False
    language: str = "zh_Hans"
    capacity: int = 5


def everybody(words: str = "", role: str = "") -> Sequence[Agent]:
    """All colleagues by name, the deactivated ones last; `words` looks in name and mail address."""
    query = select(Agent).order_by(Agent.active.desc(), Agent.name, Agent.id)
    if words:
        named = Agent.name.icontains(words, autoescape=True)
        query = query.where(named | Agent.email.icontains(words, autoescape=True))
    if role:
        query = query.where(Agent.role == role)
    return db.session.scalars(query).all()


def found(agent_id: int) -> Agent:
    """This colleague. Raises NotFound."""
    return stored(Agent, agent_id, N_("There is no such person."))


def add(given: ColleagueText, by: Actor) -> Agent:
    """A new colleague without a password; invite() lets them set one.

    Raises NotAllowed, or BadInput naming each odd field.
    """
    require(by, "people.edit")
    with transaction() as session:
        _check(given, None)
        agent = Agent(**_columns(given))
        session.add(agent)
        session.flush()
        options.changed()
        record("agent.added", by=by, agent=agent.id, who=agent.name, role=agent.role)
    return agent


def edit(agent: Agent, given: ColleagueText, by: Actor, heir_id: int | None = None) -> Agent:
    """Change a colleague; a new role or department ends their sessions, and what they may not hold any
    more goes to the heir, else back to its queue (see agents.leaving).

    Raises NotAllowed, BadInput, or Refused for the last administrator.
    """
    require(by, "people.edit")
    with transaction():
        agent = locked(agent)
        _check(given, agent)
        if given.role != Role.ADMIN:
            _keep_an_admin(agent)
        old = {name: getattr(agent, name) for name in KEPT}
        new = _columns(given)
        if (old["role"], old["department_id"]) != (new["role"], new["department_id"]):
            agent.session_key = new_key()
        for name, value in new.items():
            setattr(agent, name, value)
        leaving.pass_on(Leaving(agent, agent.actor, leaving.heir(heir_id, agent)), by)
        options.changed()
        _record_change(agent, old, new, by)
    return agent


def _record_change(agent: Agent, old: dict[str, object], new: dict[str, object], by: Actor) -> None:
    changed = [name for name in KEPT if old[name] != new[name]]
    if changed:
        record(
            "agent.edited",
            by=by,
            agent=agent.id,
            who=agent.name,
            old={name: old[name] for name in changed},
            new={name: new[name] for name in changed},
        )


def set_active(agent: Agent, active: bool, by: Actor, heir_id: int | None = None) -> None:
    """Let a colleague work here, or no more: sessions and invitations end at once, and what they hold
    goes to the heir, else back to its queue (see agents.leaving).

    Raises NotAllowed, BadInput for an heir who can't, or Refused for oneself and for the last
    administrator.
    """
    require(by, "people.edit")
    with transaction():
        agent = locked(agent)
        if not active and by.kind == "agent" and agent.id == by.id:
            raise Refused(N_("You can't deactivate yourself. Ask another administrator."))
        if not active:
            _keep_an_admin(agent)
            invitations.end(agent)
        agent.active, agent.session_key = active, new_key()
        if not active:
            presence.choose(agent, "away", by=by)
            leaving.pass_on(Leaving(agent, None, leaving.heir(heir_id, agent)), by)
        options.changed()
        record("agent.activated" if active else "agent.deactivated", by=by, agent=agent.id)


def held(agent: Agent, given: ColleagueText | None = None) -> list[tuple[str, int]]:
    """What this colleague would have to hand on when deactivated, or changed to `given`."""
    if given is None:
        return leaving.held(Leaving(agent, None))
    role = Role(given.role) if given.role in STAFF else Role(agent.role)
    future = replace(agent.actor, role=role, department_id=given.department_id)
    return leaving.held(Leaving(agent, future))


def heirs(agent: Agent) -> Sequence[Agent]:
    """The colleagues who could take over what this one holds, by name."""
    others = select(Agent).where(Agent.active, Agent.id != agent.id)
    everyone = db.session.scalars(others.order_by(Agent.name, Agent.id))
    return [each for each in everyone if may(each.actor, "ticket.claim")]


def _columns(given: ColleagueText) -> dict[str, object]:
    return asdict(given) | {
        "email": accounts.folded(given.email),
        "name": given.name.strip(),
        "role": str(given.role),
    }


def _check(given: ColleagueText, agent: Agent | None) -> None:
    errors = _odd(given)
    same = accounts.by_email(given.email)
    if same is not None and same is not agent:
        errors["email"] = N_("Somebody has this mail address already.")
    refuse(errors)


def _odd(given: ColleagueText) -> dict[str, str]:
    errors = odd_post(given.role, given.department_id)
    if not given.name.strip():
        errors["name"] = FILL
    if "@" not in given.email:
        errors["email"] = N_("This does not look like a mail address: name@example.com.")
    if given.language not in LANGUAGES:
        errors["language"] = PICK
    if not 1 <= given.capacity <= 50:
        errors["capacity"] = N_("Please give a number from 1 to 50.")
    return errors


def _keep_an_admin(agent: Agent) -> None:
    """Refuse to leave the installation without an administrator."""
    if agent.role != Role.ADMIN or not agent.active:
        return
    others = select(Agent.id).where(Agent.role == Role.ADMIN, Agent.active, Agent.id != agent.id)
    if db.session.scalar(others.limit(1).with_for_update()) is None:
        raise Refused(N_("This is the last administrator. Make another one first."))
