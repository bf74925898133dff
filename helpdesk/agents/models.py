"""Who works: departments, agents, invitations, API tokens."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.agents.rights import Actor, Role
from helpdesk.agents.scopes import CALLS_A_MINUTE, SOON
from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, TwoNames, UtcTime


def new_key() -> str:
    """128 random bits as text."""
    return secrets.token_urlsafe(16)


class Department(TwoNames, Model):
    """A department that handles tickets and answers notices. `code` is short and never changes."""

    __tablename__ = "department"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    calendar: Mapped[str] = mapped_column(default="cn-office")
    mail: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)


class Colleague(UserMixin):  # type: ignore[misc]
    """What a colleague's row can be asked, whole or in part."""

    @property
    def is_active(self: Any) -> bool:
        """Whether this colleague may sign in (Flask-Login asks)."""
        return bool(self.active)

    def get_id(self: Any) -> str:
        """What the session cookie holds: it is void when the session key changes."""
        return f"{self.id}:{self.session_key}"

    @property
    def actor(self: Any) -> Actor:
        """This colleague as the `by` of a verb."""
        return Actor.of("agent", self, leads=self.leads, language=self.language)


class Agent(Colleague, Model):
    """A colleague with a sign-in: call agent, handler, supervisor, admin or auditor."""

    __tablename__ = "agent"
    __table_args__ = (Index("ix_agent_department_role", "department_id", "role"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(default=Role.AGENT)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    leads: Mapped[bool] = mapped_column(default=False)  # team leader or manager of the department
    language: Mapped[str] = mapped_column(default="zh_Hans")
    timezone: Mapped[str | None]
    password_hash: Mapped[str] = mapped_column(default="")
    session_key: Mapped[str] = mapped_column(default=new_key)  # changed to end every open session
    ended_sessions: Mapped[list[Any]] = mapped_column(JsonData, default=list)  # see agents.sign_in
    totp_secret: Mapped[str] = mapped_column(default="")  # '' = no second factor
    totp_step: Mapped[int] = mapped_column(default=0)  # the last step whose code was taken
    paper_codes: Mapped[list[Any]] = mapped_column(JsonData, default=list)  # SHA-256 each
    active: Mapped[bool] = mapped_column(default=True)
    presence: Mapped[str] = mapped_column(default="away")  # ready, busy, away: see agents.presence
    presence_reason: Mapped[str] = mapped_column(default="")  # of a break: why
    presence_at: Mapped[datetime | None] = mapped_column(UtcTime)  # None: nothing was ever chosen
    presence_waits: Mapped[bool] = mapped_column(default=False)  # it begins after the call
    activity: Mapped[str] = mapped_column(default="idle")  # what their telephone does
    activity_at: Mapped[datetime | None] = mapped_column(UtcTime)
    capacity: Mapped[int] = mapped_column(default=5)
    skills: Mapped[str] = mapped_column(default="")  # codes, parted by commas: see agents.skills
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
    preferences: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    version: Mapped[int] = mapped_column(default=1)
    department: Mapped[Department | None] = relationship(lazy="joined")
    __mapper_args__ = {"version_id_col": version}


class _OfReader(NamedTuple):
    id: int
    active: bool
    session_key: str
    ended_sessions: list[Any]
    email: str
    name: str
    role: str
    department_id: int | None
    leads: bool
    language: str
    timezone: str | None
    presence: str
    presence_reason: str
    presence_at: datetime | None
    activity: str
    codes: bool  # whether a second factor is asked for


class Reader(Colleague, _OfReader):
    """What each request needs to know of the colleague who asks."""


class Invitation(Model):
    """A link by which a colleague sets a password: once, within 48 h; only its SHA-256 is kept."""

    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Program:
    """What a token's row can be asked, whole or in part."""

    @property
    def has_expired(self: Any) -> bool:
        """Whether its last day is over."""
        return self.expires_at is not None and self.expires_at <= now()

    @property
    def actor(self: Any) -> Actor:
        """This program as the `by` of a verb."""
        return Actor.of("token", self, scopes=frozenset(self.scopes))


class ApiToken(Program, Model):
    """A key for a program; only its SHA-256 is kept."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[Any]] = mapped_column(JsonData, default=list)  # none: what the role may
    rate: Mapped[int] = mapped_column(default=CALLS_A_MINUTE)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)  # none: for ever
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def ends_soon(self) -> bool:
        """Whether somebody should make a new one before programs stand still."""
        return (
            self.expires_at is not None and not self.has_expired and self.expires_at <= now() + SOON
        )

    @property
    def last_moment(self) -> datetime | None:
        """The last moment at which it works, so that the day that is shown is its last."""
        return self.expires_at - timedelta(seconds=1) if self.expires_at else None
