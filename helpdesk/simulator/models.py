"""Simulations: what was tried on which past cases, how far it has come, and what differs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime


class Simulation(Model):
    """One simulation. state: waiting, running, done, ended (by a person), failed."""

    __tablename__ = "simulation"
    __table_args__ = (Index("ix_simulation_state", "state", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    state: Mapped[str] = mapped_column(default="waiting")
    since: Mapped[date]
    until: Mapped[date]
    plan: Mapped[dict[str, Any]] = mapped_column(JsonData)  # see plans.py
    total: Mapped[int] = mapped_column(default=0)  # tickets of the period
    done: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[int] = mapped_column(default=0)  # the last ticket that is done
    counts: Mapped[dict[str, int]] = mapped_column(JsonData, default=dict)
    error: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Simulated(Model):
    """One difference. outcome: broken, saved, elsewhere, unlike (can't be replayed as it was)."""

    __tablename__ = "simulated"
    __table_args__ = (Index("ix_simulated_outcome", "simulation_id", "outcome", "promise", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    simulation_id: Mapped[int] = mapped_column(ForeignKey("simulation.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    outcome: Mapped[str]
    promise: Mapped[str] = mapped_column(default="")
    cycle: Mapped[int] = mapped_column(default=1)
    before: Mapped[str] = mapped_column(default="")  # a verdict, or a queue
    after: Mapped[str] = mapped_column(default="")
    limit_before: Mapped[str] = mapped_column(default="")
    limit_after: Mapped[str] = mapped_column(default="")
    due_before: Mapped[datetime | None] = mapped_column(UtcTime)
    due_after: Mapped[datetime | None] = mapped_column(UtcTime)
    reason: Mapped[str] = mapped_column(default="")  # of the other route: the rule's name
