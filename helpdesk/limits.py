"""Rate limits that hold across processes: one row per key and window, counted by one statement."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Index, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Model, UtcTime, db, transaction
from helpdesk.errors import TooMany
from helpdesk.i18n import N_


class RateLimit(Model):
    """How often something was tried in its current window. The key is hashed: it may be an address."""

    __tablename__ = "rate_limit"
    __table_args__ = (Index("ix_rate_limit_ends_at", "ends_at"),)
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=1)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)


class Paces:
    """How fast keys may go on: `most` at once, `most` again in each minute, evenly.

    Kept in this process's memory, so a call costs no statement; several processes each count
    their own. Only the keys that were used last are kept.
    """

    def __init__(self, kept: int = 10_000) -> None:
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._kept, self._lock = kept, Lock()

    def take(self, key: str, most: int) -> None:
        """Use one of this key's turns. Raises TooMany, which takes none."""
        moment = now()
        with self._lock:
            left, at = self._left.pop(key, (float(most), moment))
            gained = max(0.0, (moment - at).total_seconds()) * most / 60
            left = min(float(most), left + gained)
            self._left[key] = (left - 1 if left >= 1 else left, moment)
            while len(self._left) > self._kept:
                self._left.popitem(last=False)
        if left < 1:
            raise too_many(math.ceil((1 - left) * 60 / most))

    def forget(self) -> None:
        """Begin anew with everybody."""
        with self._lock:
            self._left.clear()


def too_many(wait: int) -> TooMany:
    """The refusal of somebody who may go on in `wait` seconds."""
    return TooMany(
        N_("That was too often. Please wait %(minutes)s min, then try again."),
        retry_after=max(1, wait),
        minutes=-(-max(1, wait) // 60),
    )


def allow(key: str, most: int, seconds: int) -> None:
    """Count one try of `key`. Raises TooMany when it is more than `most` within `seconds`.

    Call it outside transaction(), else the count is undone together with what was refused.
    """
    moment = now()
    count, ends_at = _count(_hashed(key), moment, moment + timedelta(seconds=seconds))
    if count == 1:
        _sweep(moment)
    if count > most:
        raise too_many(int((ends_at - moment).total_seconds()))


def give_back(key: str) -> None:
    """Take one try back, because it was a good one: only failures count in the end."""
    with transaction() as session:
        session.execute(
            update(RateLimit)
            .where(RateLimit.key == _hashed(key), RateLimit.count > 0)
            .values(count=RateLimit.count - 1)
            .execution_options(synchronize_session=False)
        )


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _count(key: str, moment: datetime, ends_at: datetime) -> tuple[int, datetime]:
    """The tries of this window with this one, and when the window ends."""
    is_over = RateLimit.ends_at <= moment
    again = {
        "count": case((is_over, 1), else_=RateLimit.count + 1),
        "ends_at": case((is_over, ends_at), else_=RateLimit.ends_at),
    }
    first = _insert().values(key=key, count=1, ends_at=ends_at)
    statement = first.on_conflict_do_update(index_elements=["key"], set_=again)
    with transaction() as session:
        row = session.execute(
            statement.returning(RateLimit.count, RateLimit.ends_at).execution_options(
                synchronize_session=False
            )
        ).one()
    return row[0], row[1]


def _insert() -> Any:
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(RateLimit)


def _sweep(moment: datetime) -> None:
    """Drop up to 100 windows that are over; rows in use by somebody else are left for the next."""
    over = (
        select(RateLimit.key)
        .where(RateLimit.ends_at <= moment)
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        session.execute(
            delete(RateLimit)
            .where(RateLimit.key.in_(over.scalar_subquery()))
            .execution_options(synchronize_session=False)
        )
