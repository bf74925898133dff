"""How often something may be tried, whatever the number of processes; three kinds, each with one use.

Guesses   passwords and codes: only failures count, each one too many makes the next wait longer
spend()   things that cost others something, such as new cases: only what was done counts
Paces     calls of programs: counted in memory, so that a call costs no statement
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Index, case, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime, change_rows, db, own_insert, transaction
from helpdesk.core.errors import BadInput, HelpdeskError, NotFound, TooMany
from helpdesk.core.i18n import N_

WRONG = (BadInput, NotFound)  # how a wrong password, code or link is told


class RateLimit(Model):
    """What one key has tried in its current window. The key is hashed: it may be an address."""

    __tablename__ = "rate_limit"
    __table_args__ = (Index("ix_rate_limit_ends_at", "ends_at"),)
    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=1)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    free_at: Mapped[datetime | None] = mapped_column(UtcTime)  # no guess before


@dataclass(frozen=True)
class Guesses:
    """How wrong guesses are slowed: `free` cost nothing, then each one doubles the wait, from `first`
    to `longest` seconds; all is forgotten after `forgotten` seconds without a wrong one.
    """

    free: int
    first: int = 10
    longest: int = 300
    forgotten: int = 86_400

    def wait(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        doubled = min(failures - self.free, 30)
        return 0 if doubled < 0 else min(self.longest, self.first * 2**doubled)


@dataclass(frozen=True)
class Guess:
    """One key that a guess is counted under."""

    key: str
    rule: Guesses


@contextmanager
def guessing(*guesses: Guess) -> Iterator[None]:
    """Around one try of a password or a short code; call it outside transaction().

    Only what ends as BadInput or NotFound counts. Raises TooMany while one of the keys has to wait,
    which counts nothing. Nobody gains by trying at the same moment: what was right is asked again.
    """
    require_free(*guesses)
    try:
        yield
    except WRONG:
        for guess in guesses:
            failed(guess)
        raise
    require_free(*guesses)


@contextmanager
def searching(*guesses: Guess) -> Iterator[None]:
    """Around one look for a long secret, such as a tracking code, that nobody finds by trying.

    A right one always passes, whatever neighbours try. Raises TooMany instead of the failure while
    one of the keys has to wait.
    """
    try:
        yield
    except WRONG:
        require_free(*guesses)
        for guess in guesses:
            failed(guess)
        raise


def require_free(*guesses: Guess) -> None:
    """Raise TooMany while one of these keys has to wait."""
    keys = [_hashed(guess.key) for guess in guesses]
    moment = now()
    waiting = select(func.max(RateLimit.free_at)).where(RateLimit.key.in_(keys))
    until = db.session.scalar(waiting.where(RateLimit.ends_at > moment))
    if until is not None and until > moment:
        raise too_many(math.ceil((until - moment).total_seconds()))


def failed(guess: Guess) -> None:
    """Count a wrong guess under its key."""
    moment, key = now(), _hashed(guess.key)
    with transaction():
        count, _ends = _count(key, moment, timedelta(seconds=guess.rule.forgotten), again=True)
        free_at = moment + timedelta(seconds=guess.rule.wait(count))
        change_rows(update(RateLimit).where(RateLimit.key == key).values(free_at=free_at))
    if count == 1:
        _sweep(moment)


def forget(*guesses: Guess) -> None:
    """The secret was right: what was tried before does not count any more."""
    keys = [_hashed(guess.key) for guess in guesses]
    known = select(RateLimit.key).where(RateLimit.key.in_(keys)).limit(1)
    if db.session.scalar(known) is None:
        return
    with transaction():
        change_rows(delete(RateLimit).where(RateLimit.key.in_(keys)))


@contextmanager
def spend(key: str, most: int, seconds: int) -> Iterator[None]:
    """Around something that may be done `most` times within `seconds`; call it outside transaction().

    What is refused inside does not count. Raises TooMany.
    """
    moment = now()
    count, ends_at = _count(_hashed(key), moment, timedelta(seconds=seconds))
    if count == 1:
        _sweep(moment)
    if count > most:
        _give_back(key)
        raise too_many(math.ceil((ends_at - moment).total_seconds()))
    try:
        yield
    except HelpdeskError:
        _give_back(key)
        raise


def _give_back(key: str) -> None:
    with transaction():
        change_rows(
            update(RateLimit)
            .where(RateLimit.key == _hashed(key), RateLimit.count > 0)
            .values(count=RateLimit.count - 1)
        )


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
    wait = max(1, wait)
    if wait < 60:
        short = N_("That was too often. Please wait %(seconds)s s, then try again.")
        return TooMany(short, retry_after=wait, seconds=wait)
    return TooMany(
        N_("That was too often. Please wait %(minutes)s min, then try again."),
        retry_after=wait,
        minutes=-(-wait // 60),
    )


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _count(
    key: str, moment: datetime, lasts: timedelta, again: bool = False
) -> tuple[int, datetime]:
    """The tries of this window with this one, and when it ends; with `again` each try makes it longer."""
    is_over, ends_at = RateLimit.ends_at <= moment, moment + lasts
    values: dict[str, Any] = {
        "count": case((is_over, 1), else_=RateLimit.count + 1),
        "ends_at": ends_at if again else case((is_over, ends_at), else_=RateLimit.ends_at),
    }
    first = own_insert(RateLimit).values(key=key, count=1, ends_at=ends_at)
    statement = first.on_conflict_do_update(index_elements=["key"], set_=values)
    with transaction():
        row = change_rows(statement.returning(RateLimit.count, RateLimit.ends_at)).one()
    return row[0], row[1]


def _sweep(moment: datetime) -> None:
    """Drop up to 100 windows that are over; rows in use by somebody else are left for the next."""
    over = (
        select(RateLimit.key)
        .where(RateLimit.ends_at <= moment)
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    with transaction():
        change_rows(delete(RateLimit).where(RateLimit.key.in_(over.scalar_subquery())))
