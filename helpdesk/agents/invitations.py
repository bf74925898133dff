"""Links by which colleagues set a password: random, once, within 48 hours (OWASP ASVS 5.0, 6.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import select, update

from helpdesk.agents import accounts
from helpdesk.agents.models import Agent, Invitation, new_key
from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core.db import change_rows, db, locked, transaction
from helpdesk.core.errors import NotFound, Refused
from helpdesk.core.events import record
from helpdesk.core.i18n import N_

LASTS = timedelta(hours=48)


def invite(agent: Agent, by: Actor) -> str:
    """The secret of a link by which this colleague sets a password, once, within 48 h.

    Older links end. Raises NotAllowed, or Refused for somebody who is deactivated.
    """
    require(by, "people.edit")
    secret = new_key()
    with transaction() as session:
        agent = locked(agent)
        if not agent.active:
            raise Refused(N_("This person is deactivated. Activate the account first."))
        end(agent)
        session.add(
            Invitation(
                agent_id=agent.id,
                token_hash=hashed(secret),
                made_by=by.name,
                ends_at=now() + LASTS,
            )
        )
        record("agent.invited", by=by, agent=agent.id, who=agent.name)
    return secret


def invited(secret: str) -> Agent:
    """Who was invited by this link. Raises NotFound when it was used, is over or never was."""
    return db.session.get_one(Agent, _open(secret).agent_id)


def redeem(secret: str, password: str) -> Agent:
    """Set the password of who was invited; the link and all sessions end.

    Raises NotFound for a link that does not hold, BadInput for a weak password.
    """
    with transaction():
        invitation = locked(_open(secret))
        if invitation.used_at is not None:
            raise _gone()
        agent = db.session.get_one(Agent, invitation.agent_id)
        accounts.set_password(agent, password)
        invitation.used_at = now()
    return agent


def last_invited(agent: Agent) -> datetime | None:
    """Until when the newest unused link of a colleague holds; None without one."""
    return db.session.scalar(
        select(Invitation.ends_at).where(
            Invitation.agent_id == agent.id,
            Invitation.used_at.is_(None),
            Invitation.ends_at > now(),
        )
    )


def hashed(secret: str) -> str:
    """What is kept of a secret with 128 random bits: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _open(secret: str) -> Invitation:
    row = db.session.scalar(select(Invitation).where(Invitation.token_hash == hashed(secret)))
    if row is None or row.used_at is not None or row.ends_at <= now():
        raise _gone()
    return row


def _gone() -> NotFound:
    return NotFound(
        N_("This link was used already or is too old. Ask an administrator for a new one.")
    )


def end(agent: Agent) -> None:
    """Let no open link of this colleague hold any more; inside the caller's transaction."""
    change_rows(
        update(Invitation)
        .where(Invitation.agent_id == agent.id, Invitation.used_at.is_(None))
        .values(used_at=now())
    )
