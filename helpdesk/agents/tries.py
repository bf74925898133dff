"""Passwords and codes that were tried: how tries are slowed, and what the owner hears of wrong ones.

A known device waits only for its own mistakes. Elsewhere the account waits (so guessing from many
addresses ends) and the address waits (so guessing many accounts ends), each for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime, db, transaction
from helpdesk.core.events import record
from helpdesk.core.limits import Guess, Guesses

PASSWORDS = Guesses(free=10)
OFFICE = Guesses(free=20, first=5, longest=60, forgotten=3600)  # many people may share an address
CODES = Guesses(free=5, first=30)
LINKS = Guesses(free=30, first=30, longest=600, forgotten=3600)
TOLD_AT = 5  # wrong tries elsewhere within a day, of which the owner gets a mail
KEPT = timedelta(days=30)
SHOWN = 20


class WrongTry(Model):
    """A password or code of an existing account that was wrong; forgotten after 30 days."""

    __tablename__ = "wrong_try"
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    address: Mapped[str]
    what: Mapped[str]  # password, code
    known: Mapped[bool]  # on a device with which this person has signed in


def of_password(email: str, agent: Agent | None, address: str, device: str) -> list[Guess]:
    """What a password at the sign-in is counted under."""
    if device and agent is not None:
        return [Guess(f"device {device} of {agent.id}", PASSWORDS)]
    return [Guess(f"sign-in of {email}", PASSWORDS), Guess(f"sign-in from {address}", OFFICE)]


def of_code(agent: Agent, device: str) -> list[Guess]:
    """What a code after the password is counted under."""
    return [Guess(f"code of {agent.id} on {device}" if device else f"code of {agent.id}", CODES)]


def note(agent: Agent, address: str, what: str, known: bool) -> None:
    """Keep a wrong try for the owner's eyes; of the fifth of a day from elsewhere they get a mail."""
    with transaction() as session:
        session.execute(delete(WrongTry).where(WrongTry.at < now() - KEPT))
        session.add(WrongTry(agent_id=agent.id, address=address, what=what, known=known))
        session.flush()
        if not known and _elsewhere(agent) == TOLD_AT:
            record("agent.wrong_tries", by=SYSTEM, agent=agent.id, count=TOLD_AT, address=address)


def _elsewhere(agent: Agent) -> int:
    day = select(func.count()).where(
        WrongTry.agent_id == agent.id,
        WrongTry.known.is_(False),
        WrongTry.at > now() - timedelta(days=1),
    )
    return db.session.scalar(day) or 0


def latest(agent: Agent) -> Sequence[WrongTry]:
    """The last wrong tries of this account, the newest first."""
    mine = select(WrongTry).where(WrongTry.agent_id == agent.id)
    return db.session.scalars(mine.order_by(WrongTry.id.desc()).limit(SHOWN)).all()
