"""Which process speaks for a telephone system, and whether it can be reached.

A connector holds a lease that it renews; one that was started by mistake only listens until the lease
has run out. Every write of a holder is guarded by its fence: a holder that slept is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.agents.rights import SYSTEM
from helpdesk.calls.exchange_models import PhoneExchange
from helpdesk.clock import now
from helpdesk.core.alarms import after_ringing
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.events import record
from helpdesk.core.rows import insert_new
from helpdesk.settings import SIMULATED, settings

LEASE = timedelta(seconds=10)
TABLE = PhoneExchange.__table__


class NotHolder(Exception):
    """Another process speaks for this telephone system now."""


def hold(provider: str, holder: str) -> int:
    """Take or renew the lease; gives the fence, 0 while another process has it."""
    with transaction():
        blank = {"provider": provider, "holder": "", "fence": 0, "state": "down", "problem": ""}
        insert_new(TABLE, [blank])
        at = now()
        mine = PhoneExchange.holder == holder
        free = or_(PhoneExchange.held_until.is_(None), PhoneExchange.held_until < at)
        of_it = PhoneExchange.provider == provider
        renewed = change_rows(
            update(PhoneExchange).where(of_it, mine, ~free).values(held_until=at + LEASE)
        )
        if not renewed.rowcount:
            grown = {"holder": holder, "held_until": at + LEASE, "fence": PhoneExchange.fence + 1}
            change_rows(update(PhoneExchange).where(of_it, free).values(grown))
        found = select(PhoneExchange.fence).where(of_it, mine)
        return db.session.scalar(found) or 0


def let_go(provider: str, fence: int) -> None:
    """Give the lease back at the end, so that the next one need not wait."""
    with transaction():
        mine = (PhoneExchange.provider == provider) & (PhoneExchange.fence == fence)
        change_rows(update(PhoneExchange).where(mine).values(held_until=now()))


@contextmanager
def guarded(provider: str, fence: int) -> Iterator[Session]:
    """A transaction of the holder. Raises NotHolder when another one has taken over."""
    with transaction() as session:
        query = select(PhoneExchange.fence).where(PhoneExchange.provider == provider)
        if session.scalar(query.with_for_update(read=True)) != fence:
            raise NotHolder(provider)
        yield session


def report(provider: str, fence: int, state: str, problem: str = "") -> None:
    """Say whether the telephone system can be reached."""
    with guarded(provider, fence):
        _change(provider, PhoneExchange.state != state, state)
        said = update(PhoneExchange).where(PhoneExchange.provider == provider)
        change_rows(said.values(problem=problem))


def _change(provider: str, where: ColumnElement[bool], state: str) -> int:
    """It is up or down from now on, which everybody is told; nothing where the condition does not hold."""
    there = (PhoneExchange.provider == provider) & where
    changed = change_rows(update(PhoneExchange).where(there).values(state=state, since=now()))
    if changed.rowcount:
        record(f"phone.{state}", by=SYSTEM, provider=provider)
    return int(changed.rowcount)


def _next_silence() -> datetime | None:
    query = select(func.min(PhoneExchange.held_until)).where(PhoneExchange.state == "up")
    found: datetime | None = db.session.scalar(query)
    return found


@after_ringing(_next_silence)
def notice_silence() -> int:
    """A connector that shows no life can't say so itself: who rings the alarms does."""
    silent = (PhoneExchange.state == "up") & (PhoneExchange.held_until < now())
    names = db.session.scalars(select(PhoneExchange.provider).where(silent)).all()
    return sum(_change(name, silent, "down") for name in names)


def heard(provider: str, fence: int, at: datetime) -> None:
    """All that happened until then was taken in."""
    with guarded(provider, fence):
        said = update(PhoneExchange).where(PhoneExchange.provider == provider)
        change_rows(said.values(heard_at=at))


def heard_until(provider: str) -> datetime | None:
    """Since when something may have been missed; None where nothing was ever heard."""
    query = select(PhoneExchange.heard_at).where(PhoneExchange.provider == provider)
    return db.session.scalar(query)


def down_since() -> datetime | None:
    """Since when a telephone system can't be reached, for the banner; None while all is well, and
    where there is none. A connector that shows no life counts as well; a system that was set up before
    another one, or for a trial, is not missed."""
    phone = settings().phone
    kept = PhoneExchange.provider
    query = select(PhoneExchange.state, PhoneExchange.since, PhoneExchange.held_until)
    query = query.where(kept == phone.name if phone else kept != SIMULATED)
    silent = now()
    for row in db.session.execute(query):
        if row.held_until is None or row.held_until < silent:
            return row.held_until or row.since or silent
        if row.state == "down":
            return row.since or silent
    return None
