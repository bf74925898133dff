"""Follow-up calls (回访) and what customers say of the outcome."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime


class Callback(Model):
    """A call to make after the reply: at most three attempts, then 'unreachable'."""

    __tablename__ = "callback"
    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle"),
        Index("ix_callback_state", "state", "next_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    cycle: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(default="due")  # due, reached, unreachable, dropped
    next_at: Mapped[datetime] = mapped_column(UtcTime)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class CallbackAttempt(Model):
    """One attempt: whether the customer was reached and what was said, word for word."""

    __tablename__ = "callback_attempt"
    __table_args__ = (Index("ix_callback_attempt_callback", "callback_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id"))
    contact: Mapped[str]  # reached, no_answer, wrong_number, refused, later
    resolved: Mapped[str] = mapped_column(default="")  # yes, partly, no
    words: Mapped[str] = mapped_column(default="")
    by_name: Mapped[str]
    by_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Rating(Model):
    """One judgement by the customer: result, attitude and speed, 5 (very satisfied) to 1."""

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "source"),
        Index("ix_rating_at", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    cycle: Mapped[int] = mapped_column(default=1)
    source: Mapped[str]  # phone, web
    result: Mapped[int]
    attitude: Mapped[int | None]
    speed: Mapped[int | None]
    resolved: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
