"""What lies around the data: clocks, disk, published holidays, the database file itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.calendars import load_calendars
from helpdesk.core.db import db
from helpdesk.core.heartbeats import Heartbeat
from helpdesk.ops import storage
from helpdesk.ops.doctor.finding import Broken, check
from helpdesk.promises.models import Promise
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Ticket

MOST_SKEW = timedelta(seconds=5)
LEAST_FREE = 512 * 1024 * 1024
PUBLISHED_FOR = timedelta(days=90)
SQL_NOW = {
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
    "postgresql": "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
}


@check("clock", "all clocks agree to five seconds")
def clocks() -> Broken:
    """This process, the database, Redis and the other processes agree about the time."""
    return _skewed()


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
    except jobs.redis_error():  # another check says so
        return
    yield from _apart("Redis", datetime.fromtimestamp(seconds + micros / 1e6, UTC))


def _apart(who: str, at: datetime) -> Iterator[str]:
    ahead = at - now()
    if abs(ahead) > MOST_SKEW:
        yield f"{who} {ahead.total_seconds():+.0f} s"


@check("disk", "the instance folder has 512 MB to spare")
def disk() -> Broken:
    """There is room for what comes in: below half a gigabyte mail is better refused."""
    free = storage.free()
    return [] if free >= LEAST_FREE else [f"{free // 2**20} MB free"]


@check("disk", "a row and a file can be stored")
def writable() -> Broken:
    """A small row and a small file can be stored, as `/readyz` tries it too."""
    storage.forget()
    wrong = storage.problem()
    return [wrong] if wrong else []


@check("calendars", "each calendar is published for 90 days", notable=True)
def published() -> Broken:
    """Holidays are published for the next 90 days: a note, since promises go on by the plain week."""
    day = (now() + PUBLISHED_FOR).date()
    return [
        f"{code} until {calendar.covered[1]}"
        for code, calendar in load_calendars().items()
        if calendar.covered and calendar.covered[1] < day
    ]


@check("calendars", "no open promise runs past the published days", notable=True)
def beyond() -> Broken:
    """Open promises whose due time lies past the published days: a note, they are provisional."""
    return (
        select(Ticket.number)
        .join(Promise, Promise.of(Ticket))
        .where(Promise.state.in_(("running", "paused")), Promise.provisional)
        .where(Ticket.status.not_in(ENDED))
        .order_by(Ticket.id, Promise.id)
    )


@check("database", "the database is whole and has connections to spare")
def database_file() -> Broken:
    """The database's own check of its pages (SQLite), or no more than 90 % of its connections in use."""
    if db.engine.dialect.name == "sqlite":
        told = db.session.scalars(text("PRAGMA quick_check(5)")).all()
        return [words for words in told if words != "ok"]
    return _crowded()


def _crowded() -> list[str]:
    used = db.session.scalar(select(func.count()).select_from(text("pg_stat_activity"))) or 0
    most = int(db.session.scalar(text("SHOW max_connections")) or 0)
    return [f"{used} of {most} used"] if used > 0.9 * most else []
