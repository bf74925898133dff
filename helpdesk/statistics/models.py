"""What is kept of statistics: a fact for each case, and their sums by day and by month."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import JsonData, Model, UtcTime


class CaseFact(Model):
    """What the sums hold of one case (see facts.py), so that it can be taken out of them again."""

    __tablename__ = "case_fact"
    ticket_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    told: Mapped[dict[str, Any]] = mapped_column(JsonData)
    turns_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)  # tells more after that


class DaySum(Model):
    """The facts of one group added up. `level`: of a day (d) or month (m), by its first day.

    Where `last` is a later one it holds what belongs to neither alone: see facts.added().
    """

    __tablename__ = "day_sum"
    by: Mapped[str] = mapped_column(primary_key=True)  # see facts.rows(); '' for all cases
    key: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[str] = mapped_column(primary_key=True)  # YYYY-MM-DD, '' for this moment
    last: Mapped[str] = mapped_column(primary_key=True)
    counts: Mapped[dict[str, int]] = mapped_column(JsonData)


class Folded(Model):
    """How far the journal was followed; one row."""

    __tablename__ = "folded"
    id: Mapped[int] = mapped_column(primary_key=True)
    edition: Mapped[str] = mapped_column(default="")
    seq: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime | None] = mapped_column(UtcTime)  # when nothing was left to do
