"""What people do with their own account, and the first start of an installation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select

from helpdesk.agents import passwords, start_key, tries
from helpdesk.agents.models import Agent, new_key
from helpdesk.agents.rights import SYSTEM, Actor, Role, require_own
from helpdesk.core import limits, options
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import PICK, BadInput, NotFound, bad_fields, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.limits import Guess
from helpdesk.settings import LANGUAGES

DENSITIES = ("comfortable", "compact")


def authenticate(
    email: str, password: str, address: str, device: Callable[[Agent | None], str] = lambda _: ""
) -> Agent:
    """The person with this mail address and password. `device` names the browser that a person is
    known to use (see agents.devices).

    Raises TooMany while wrong tries make this account, this address or this device wait; BadInput
    when they do not fit. Both take as long for an unknown person.
    """
    agent = by_email(email)
    here = device(agent)
    guesses = tries.of_password(folded(email), agent, address, here)
    try:
        with limits.guessing(*guesses):
            _require_fitting(agent, password)
    except BadInput:
        if agent is not None:
            tries.note(agent, address, "password", known=bool(here))
        raise
    limits.forget(guesses[0])  # never the address: a guesser may have an account as well
    assert agent is not None
    return agent


def _require_fitting(agent: Agent | None, password: str) -> None:
    kept = agent.password_hash if agent is not None and agent.active else ""
    if not passwords.fits(kept, password):
        raise BadInput(N_("This mail address and this password don't fit together."))


def by_email(email: str) -> Agent | None:
    """The person with this mail address, in whatever case it is written."""
    return db.session.scalar(select(Agent).where(Agent.email == folded(email)))


def folded(email: str) -> str:
    """A mail address as it is kept."""
    return email.strip().lower()


def note_sign_in(agent: Agent, address: str) -> None:
    """Write the sign-in into the journal."""
    with transaction():
        record("agent.signed_in", by=agent.actor, address=address)


def has_admin() -> bool:
    """Whether anybody can set this installation up already."""
    found = select(Agent.id).where(Agent.role == Role.ADMIN, Agent.active).limit(1)
    return db.session.scalar(found) is not None


def first_start(
    *, key: str, name: str, email: str, password: str, language: str, **company: str
) -> Agent:
    """Make the first administrator and name the company; `key`: see agents.start_key, `company`: its
    names as options, company_zh and company_en.

    Raises NotFound once there is an administrator, BadInput for a wrong key or a weak password.
    """
    if not start_key.fits(key):
        wrong = N_("This is not the key. The terminal in which Helpdesk was started shows it.")
        raise bad_fields(key=wrong)
    _require_good(password, name, email, *company.values())
    with transaction() as session:
        options.changed()  # takes the lock, so that only one of two first starts goes on
        if has_admin():
            raise NotFound(N_("There is no such page."))
        for option, words in company.items():
            options.put(option, words)
        agent = Agent(
            name=name,
            email=folded(email),
            role=Role.ADMIN,
            language=language,
            password_hash=passwords.hashed(password),
        )
        session.add(agent)
        session.flush()
        record("agent.added", by=SYSTEM, agent=agent.id, who=agent.name, role=agent.role)
    start_key.drop()
    return agent


def _require_good(password: str, *own: str, field: str = "password") -> None:
    problem = passwords.problem(password, *own)
    if problem:
        raise BadInput(N_("Please take another password."), errors={field: problem})


def change_password(agent: Agent, current: str, new: str) -> None:
    """Set a new password and end every session of this person.

    Raises BadInput for a wrong current or a weak new password, TooMany while wrong ones make it wait.
    """
    confirm(agent, current)
    set_password(agent, new)


def confirm(agent: Agent, current: str) -> None:
    """Check that the password is given again before something grave.

    Raises BadInput for a wrong one, TooMany while wrong ones make it wait.
    """
    guess = Guess(f"password of {agent.id}", tries.PASSWORDS)
    with limits.guessing(guess):
        if not passwords.fits(agent.password_hash, current):
            raise BadInput(N_("Nothing was changed."), errors={"current": N_("This is not it.")})
    limits.forget(guess)


def set_password(agent: Agent, new: str) -> None:
    """Give this person a password and end all sessions. Raises BadInput for a weak one."""
    _require_good(new, agent.name, agent.email, field="password")
    kept = passwords.hashed(new)
    with transaction():
        agent = locked(agent)
        agent.password_hash, agent.session_key = kept, new_key()
        record("agent.password_changed", by=agent.actor, agent=agent.id)


def end_sessions(agent: Agent, by: Actor) -> None:
    """End every session of a person, on every device: the person, or an administrator.

    Raises NotAllowed for anybody else.
    """
    require_own(by, agent.id, "people.edit")
    with transaction():
        agent = locked(agent)
        agent.session_key = new_key()
        record("agent.sessions_ended", by=by, agent=agent.id)


def prefer(agent: Agent, **wishes: Any) -> None:
    """Keep what a person prefers: language, timezone ('' = the company's), density.

    Raises BadInput for a language, zone or density that there is not.
    """
    errors = _odd(wishes)
    refuse(errors)
    with transaction():
        agent = locked(agent)
        agent.language = wishes.get("language", agent.language)
        if "timezone" in wishes:
            agent.timezone = wishes["timezone"] or None
        if "density" in wishes:
            agent.preferences = agent.preferences | {"density": wishes["density"]}


def _odd(wishes: dict[str, Any]) -> dict[str, str]:
    errors = {}
    if wishes.get("language", LANGUAGES[0]) not in LANGUAGES:
        errors["language"] = PICK
    if wishes.get("timezone") and wishes["timezone"] not in available_timezones():
        errors["timezone"] = N_("There is no such time zone. Try Asia/Shanghai or Europe/London.")
    if wishes.get("density", DENSITIES[0]) not in DENSITIES:
        errors["density"] = PICK
    return errors
