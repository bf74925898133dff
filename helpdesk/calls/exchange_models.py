"""What we want of a telephone system, who speaks for it, and what it is asked to do; no rules live here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime, index_where


class PhoneMember(Model):
    """What we want of an agent's place in a queue of the telephone system. What it has of its own
    (no row here) is left alone."""

    __tablename__ = "phone_member"
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)  # its code
    there: Mapped[bool] = mapped_column(default=True)  # or taken out
    penalty: Mapped[int] = mapped_column(default=0)


class PhoneExchange(Model):
    """A telephone system, and the one process that may speak for it: `fence` grows with each holder,
    so what an earlier one still sends is refused."""

    __tablename__ = "phone_exchange"
    provider: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(default="")
    fence: Mapped[int] = mapped_column(default=0)
    held_until: Mapped[datetime | None] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(default="down")  # up, down
    since: Mapped[datetime | None] = mapped_column(UtcTime)  # when that began
    heard_at: Mapped[datetime | None] = mapped_column(UtcTime)  # all until then was taken in
    problem: Mapped[str] = mapped_column(default="")


class PhoneCommand(Model):
    """What the telephone system is asked to do. Carried out once at most: by who moved it on from
    waiting; then `state` is done or failed, and `reason` says why."""

    __tablename__ = "phone_command"
    __table_args__ = (
        index_where("state IN ('waiting', 'taken')", "ix_phone_command_open", "provider", "id"),
        index_where("verb = 'record_pause'", "ix_phone_command_pauses", "asked_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str]
    verb: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))  # who asked
    state: Mapped[str] = mapped_column(default="waiting")  # waiting, taken, done, failed
    fence: Mapped[int] = mapped_column(default=0)  # of who took it
    reason: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
