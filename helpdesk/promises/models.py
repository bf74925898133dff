"""What is owed, row by row, and the steps that were taken when a promise was at risk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime, index_where

WAITING = "told_at IS NULL"
RUNNING = "state IN ('running', 'paused')"


class Promise(Model):
    """One promise: about what, which, who, until when, when it was kept, and the verdict.

    subject_kind and subject_id name what it is about: see subjects.py.

    state: pending (its clock has not started), running, window (a right that ends, never missed),
    paused, met, dropped.
    verdict: '' while open and in time, 'on_time', 'late', 'missed' (overdue, or dropped when it
    was), 'dropped'.
    """

    __tablename__ = "promise"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "promise", "cycle", "part"),
        Index("ix_promise_fell_due", "subject_kind", "promise", "due_at", "subject_id"),
        index_where(RUNNING, "ix_promise_open_due", "due_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    promise: Mapped[str]
    cycle: Mapped[int] = mapped_column(default=1)
    part: Mapped[int] = mapped_column(default=1)  # 2 and more after a re-dispatch within a cycle
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="running")
    verdict: Mapped[str] = mapped_column(default="")
    owner: Mapped[str]  # desk, department, supervisor
    owner_department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    owner_name: Mapped[str] = mapped_column(default="")
    limit: Mapped[str]
    chain: Mapped[str]
    calendar: Mapped[str]
    calendar_version: Mapped[int] = mapped_column(default=0)  # by which it was last counted
    bound: Mapped[str] = mapped_column(default="")  # why it is due earlier than by its limit
    latest_at: Mapped[datetime | None] = mapped_column(
        UtcTime
    )  # never due later, whatever is counted
    policy_version: Mapped[int]
    profile: Mapped[str] = mapped_column(default="")  # the rule of law that set the limit
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    provisional: Mapped[bool] = mapped_column(default=False)  # past the published calendar
    extended_to: Mapped[datetime | None] = mapped_column(UtcTime)  # granted, whatever was counted
    extended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcTime)
    pauses: Mapped[list[list[str]]] = mapped_column(JsonData, default=list)  # [[from, to], ...]
    warned_at: Mapped[datetime | None] = mapped_column(UtcTime)
    level: Mapped[int] = mapped_column(default=0)  # the last step of the chain, in per cent
    met_at: Mapped[datetime | None] = mapped_column(UtcTime)
    taken: Mapped[int | None]  # seconds until met, without pauses, in the limit's own measure
    met_by: Mapped[str] = mapped_column(default="")
    done: Mapped[str] = mapped_column(default="")  # what was done, in words

    @classmethod
    def of(cls, subject: Any) -> ColumnElement[bool]:
        """The condition that a promise is about this subject, or (given a model) about that kind's."""
        about = cls.subject_kind == subject.subject_kind
        return and_(about, cls.subject_id == subject.id)


class Escalation(Model):
    """A step of the chain that was taken: once per row, level and cycle, by this constraint."""

    __tablename__ = "escalation"
    __table_args__ = (UniqueConstraint("promise_id", "level", "cycle"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    promise_id: Mapped[int]  # no foreign key: what is taken back takes its promises along
    level: Mapped[int]
    cycle: Mapped[int] = mapped_column(default=1)
    told: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(UtcTime)  # when this step was due
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)  # when it was taken


class Recount(Model):
    """A calendar has a new version: how far its open promises have been counted anew."""

    __tablename__ = "recount"
    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    total: Mapped[int]
    moved: Mapped[int] = mapped_column(default=0)
    by_kind: Mapped[str]
    by_id: Mapped[int | None]
    by_name: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Reminder(Model):
    """One person who is to be told of one step: when, and what became of it.

    outcome: '' while it waits, 'told' by a mail of its own, 'digest' with many others, 'passed'
    when a higher step overtook it or there was nothing left to do.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("agent_id", "promise_id", "level", "cycle"),
        index_where(WAITING, "ix_reminder_waiting", "tell_at", "agent_id"),
        Index("ix_reminder_digest", "digest"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    promise_id: Mapped[int]  # no foreign key: what is taken back takes its promises along
    subject_kind: Mapped[str]  # what the promise is about
    subject_id: Mapped[int]
    promise: Mapped[str]
    level: Mapped[int]
    cycle: Mapped[int]
    role: Mapped[str]  # as whom this person is told
    due_at: Mapped[datetime] = mapped_column(UtcTime)  # when the step was due
    tell_at: Mapped[datetime] = mapped_column(UtcTime)  # later than that at night
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    outcome: Mapped[str] = mapped_column(default="")
    digest: Mapped[int | None]  # the first reminder of the digest that this one is in
