"""What is kept of statistics: a fact for each case, and their sums by day and by month."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import JsonData, Model, UtcTime


class CaseFact(Model):
    """What the sums hold of one case (see facts.py), so that it can be taken out of them again."""

    __tablename__ = "case_fact"
    ticket_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    told: Mapped[dict[str, Any]] = mapped_column(JsonData)
    turns_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)  # tells more after that


class DaySum(Model):
    """The facts of one group added up. `level`: of a day (d), month (m) or year (y), by its first day.

    Where `last` is a later one it holds what belongs to neither alone: see facts.added().
    """

    __tablename__ = "day_sum"
    by: Mapped[str] = mapped_column(primary_key=True)  # see facts.GROUPS; '' for all cases
    level: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD, '' for this moment
    last: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, int]] = mapped_column(JsonData)
    times: Mapped[dict[str, dict[str, int]]] = mapped_column(JsonData)  # cases by step of time


class CaseTime(Model):
    """The exact seconds behind one step of time: `number` cases more or fewer took so long."""

    __tablename__ = "case_time"
    __table_args__ = (Index("ix_case_time_step", "code", "taken", "first", "last", "number"),)
    ticket_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[str] = mapped_column(primary_key=True)
    taken: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Folded(Model):
    """How far the journal was followed; one row. `filled` is the last case while they are first read."""

    __tablename__ = "folded"
    id: Mapped[int] = mapped_column(primary_key=True)
    edition: Mapped[str] = mapped_column(default="")
    seq: Mapped[int] = mapped_column(default=0)
    filled: Mapped[int] = mapped_column(default=0)
    whole: Mapped[bool] = mapped_column(default=False)  # every case is in the sums
    at: Mapped[datetime | None] = mapped_column(UtcTime)  # when nothing was left to do
