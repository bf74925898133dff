"""What administrators keep beside queues: codes by which calls are written up, and who is turned away."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import Model, TwoNames


class WrapUpCode(TwoNames, Model):
    """What a call was about, and what follows from it. `code` is a path: "billing.refund" is a leaf of
    "billing"; only leaves are picked."""

    __tablename__ = "wrap_up_code"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    next_step: Mapped[str] = mapped_column(default="")  # where the agent names none
    days: Mapped[int] = mapped_column(default=1)  # until it, where the agent names no time
    category: Mapped[str] = mapped_column(default="")  # the case's, where it has none
    active: Mapped[bool] = mapped_column(default=True)


class BlockedCaller(Model):
    """A number whose calls are noted and make no case; `until` None is for good."""

    __tablename__ = "blocked_caller"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # as Call.number
    reason: Mapped[str]
    until: Mapped[date | None]  # the last day, in the company's zone
