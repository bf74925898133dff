"""The only home of "now"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, tzinfo

FIRST_YEAR, LAST_YEAR = 1970, 2100  # what calendars count and every zone can hold

_moved: ContextVar[datetime | None] = ContextVar("helpdesk_now", default=None)


def wall() -> datetime:
    """What this machine's own clock says, aware and in UTC: right or wrong."""
    return datetime.now(UTC)


_source: Callable[[], datetime] = wall


def now() -> datetime:
    """The present moment, aware and in UTC; inside moved_to() the moment given there."""
    return _moved.get() or _source()


def read_from(source: Callable[[], datetime]) -> None:
    """Take the present moment from `source` from now on: the database's clock (see helpdesk.core.dbclock)."""
    global _source
    _source = source


@contextmanager
def moved_to(at: datetime) -> Iterator[Callable[[float], datetime]]:
    """Freeze now() at `at` for this thread or task; yields tick(seconds) to advance it.

    Blocks may be nested: leaving the inner one brings the outer moment back.
    """
    if at.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    token = _moved.set(at.astimezone(UTC))
    try:
        yield tick
    finally:
        _moved.reset(token)


def within_reach(at: datetime) -> bool:
    """True for a moment that calendars can count from and that every database can hold."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


def read_moment(text: str, zone: tzinfo | None = None) -> datetime:
    """The moment that an ISO 8601 text names; one without a zone is read in `zone`.

    Raises ValueError for any other text, and for years out of reach.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    if at.tzinfo is None or not within_reach(at):
        raise ValueError(text)
    return at


def tick(seconds: float) -> datetime:
    """Advance the frozen clock and return the new moment. Raises RuntimeError on the real clock."""
    at = _moved.get()
    if at is None:
        raise RuntimeError("Only a clock inside moved_to() can tick.")
    _moved.set(at + timedelta(seconds=seconds))
    return now()
