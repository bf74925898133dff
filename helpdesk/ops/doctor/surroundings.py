"""What lies around the data: clocks, disk, published holidays, the database file itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy import func, select, text

from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.background import Heartbeat
from helpdesk.core.calendars import load_calendars
from helpdesk.core.db import db
from helpdesk.ops.doctor.finding import Finding, found
from helpdesk.promises.models import Promise
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Ticket
from helpdesk.web import room
from helpdesk.web.http import settings

MOST_SKEW = timedelta(seconds=5)
LEAST_FREE = 512 * 1024 * 1024
PUBLISHED_FOR = timedelta(days=90)
SQL_NOW = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "postgresql": "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
}


def clocks() -> Finding:
    """This process, the database, Redis and the other processes agree about the time."""
    return found("clock", "all clocks agree to five seconds", _skewed())


def _skewed() -> Iterator[str]:
    told = db.session.scalar(text(SQL_NOW[db.engine.dialect.name]))
    yield from _apart("database", datetime.fromisoformat(str(told)).replace(tzinfo=UTC))
    yield from _of_redis()
    for row in db.session.scalars(select(Heartbeat).order_by(Heartbeat.name)):
        if row.at > now() + MOST_SKEW:  # an old beat may only be a loop at rest
            yield from _apart(f"loop {row.name}", row.at)


def _of_redis() -> Iterator[str]:
    client = jobs.redis_client()
    if client is None:
        return
    try:
        seconds, micros = client.time()
    except RedisError:  # another check says so
        return
    yield from _apart("Redis", datetime.fromtimestamp(seconds + micros / 1e6, UTC))


def _apart(who: str, at: datetime) -> Iterator[str]:
    ahead = at - now()
    if abs(ahead) > MOST_SKEW:
        yield f"{who} {ahead.total_seconds():+.0f} s"


def disk() -> Finding:
    """There is room for what comes in: below half a gigabyte mail is better refused."""
    free = shutil.disk_usage(settings().instance).free
    short = [] if free >= LEAST_FREE else [f"{free // 2**20} MB free"]
    return found("disk", "the instance folder has 512 MB to spare", short)


def writable() -> Finding:
    """A small row and a small file can be stored, as `/readyz` tries it too."""
    room.forget()
    wrong = room.problem()
    return found("disk", "a row and a file can be stored", [wrong] if wrong else [])


def published() -> Finding:
    """Holidays are published for the next 90 days: a note, since promises go on by the plain week."""
    day = (now() + PUBLISHED_FOR).date()
    ends = [
        f"{code} until {calendar.covered[1]}"
        for code, calendar in load_calendars().items()
        if calendar.covered and calendar.covered[1] < day
    ]
    return found("calendars", "each calendar is published for 90 days", ends, notable=True)


def beyond() -> Finding:
    """Open promises whose due time lies past the published days: a note, they are provisional."""
    past = (
        select(Ticket.number)
        .join(Promise, Promise.of(Ticket))
        .where(Promise.state.in_(("running", "paused")), Promise.provisional)
        .where(Ticket.status.not_in(ENDED))
        .order_by(Ticket.id, Promise.id)
    )
    promise = "no open promise runs past the published days"
    return found("calendars", promise, db.session.scalars(past), notable=True)


def database_file() -> Finding:
    """The database's own check of its pages (SQLite), or no more than 90 % of its connections in use."""
    if db.engine.dialect.name == "sqlite":
        told = db.session.scalars(text("PRAGMA quick_check(5)")).all()
        return found("database", "the database file is whole", [w for w in told if w != "ok"])
    return found("database", "PostgreSQL has connections to spare", _crowded())


def _crowded() -> list[str]:
    used = db.session.scalar(select(func.count()).select_from(text("pg_stat_activity"))) or 0
    most = int(db.session.scalar(text("SHOW max_connections")) or 0)
    return [f"{used} of {most} used"] if used > 0.9 * most else []


CHECKS: tuple[Callable[[], Finding], ...] = (
    clocks,
    disk,
    writable,
    published,
    beyond,
    database_file,
)
