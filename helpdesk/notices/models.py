"""The rectification notice (整改通知单)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.agents.models import Department
from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime
from helpdesk.promises.models import Promise


class Notice(Model):
    """An order to one department to remove a cause, with its own moves, clock and proof.

    `number` is drawn when the notice is issued: a draft has none, so the numbers have no gap.
    `answer` and `check` hold the fields of the printed form for this round; `rounds` the past ones.
    """

    subject_kind: ClassVar[str] = "notice"  # as promises name it
    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_department_status", "department_id", "status"),
        Index("ix_notice_ticket", "ticket_id"),
        Index("ix_notice_due", "due_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(unique=True)
    year: Mapped[int | None]
    serial: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="draft")
    level: Mapped[str] = mapped_column(default="minor")  # major, minor, observation
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))  # before a recurrence
    source: Mapped[str] = mapped_column(default="complaint")  # complaint, inspection, audit, patrol
    responsible: Mapped[str] = mapped_column(default="")  # the person in the department
    cc: Mapped[str] = mapped_column(default="")
    title: Mapped[str]
    problem: Mapped[str]
    evidence: Mapped[str] = mapped_column(default="")
    basis: Mapped[str] = mapped_column(default="")
    requirement: Mapped[str]
    check_method: Mapped[str] = mapped_column(default="")
    sanction: Mapped[str] = mapped_column(default="")
    drafted_by: Mapped[str] = mapped_column(default="")
    approved_by: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[str] = mapped_column(default="")
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    issued_at: Mapped[datetime | None] = mapped_column(UtcTime)
    signed_by: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    objection: Mapped[str] = mapped_column(default="")
    ruling: Mapped[str] = mapped_column(default="")
    watch_until: Mapped[datetime | None] = mapped_column(UtcTime)
    next_id: Mapped[int | None] = mapped_column(ForeignKey("promise.id"))  # what is due next
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)  # when that is
    wanted_due_at: Mapped[datetime | None] = mapped_column(UtcTime)  # an extension that was asked
    extension_reason: Mapped[str] = mapped_column(default="")
    extensions: Mapped[int] = mapped_column(default=0)
    answer: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)
    check: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)
    rounds: Mapped[list[dict[str, Any]]] = mapped_column(JsonData, default=list)
    round: Mapped[int] = mapped_column(default=1)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    verifier_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    level_reached: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    version: Mapped[int] = mapped_column(default=1)
    department: Mapped[Department] = relationship(lazy="joined")
    next: Mapped[Promise | None] = relationship(lazy="joined")
    __mapper_args__ = {"version_id_col": version}

    @property
    def cycle(self) -> int:
        """The round, as promises name it."""
        return self.round
