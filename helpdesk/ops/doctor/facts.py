"""What is worth knowing and is neither right nor wrong: ages, sizes, editions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.channels.email.models import FOR_PEOPLE, InboundMail
from helpdesk.clock import now
from helpdesk.core import migrating, seals
from helpdesk.core.alarms import Alarm
from helpdesk.core.calendars import load_calendars
from helpdesk.core.db import db
from helpdesk.core.events import last_seq
from helpdesk.core.outbox import Delivery
from helpdesk.ops import storage
from helpdesk.promises.models import Promise
from helpdesk.tickets.models import Ticket

Fact = tuple[str, str]
MB = 2**20


def schema() -> Iterator[Fact]:
    """Which migration the tables are at."""
    yield "schema version", ", ".join(migrating.here()) or "none"


def oldest() -> Iterator[Fact]:
    """How long the first of everything that waits has waited."""
    waiting = {
        "oldest unsent delivery": select(func.min(Delivery.next_at)).where(
            Delivery.state.in_(("waiting", "running"))
        ),
        "oldest dead delivery": select(func.min(Delivery.next_at)).where(Delivery.state == "dead"),
        "oldest overdue alarm": select(func.min(Alarm.due_at)).where(
            Alarm.parked.is_(False), Alarm.due_at <= now()
        ),
        "oldest parked alarm": select(func.min(Alarm.due_at)).where(Alarm.parked),
        "oldest mail in quarantine": select(func.min(InboundMail.received_at)).where(
            InboundMail.outcome.in_(FOR_PEOPLE)
        ),
    }
    for name, query in waiting.items():
        yield name, _age(db.session.scalar(query))


def _age(at: datetime | None) -> str:
    if at is None:
        return "none"
    seconds = max(0, int((now() - at).total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    words = ((days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s"))
    return " ".join(f"{n} {unit}" for n, unit in words if n) or "0 s"


def calendars() -> Iterator[Fact]:
    """Which years each calendar is published for."""
    for code, calendar in load_calendars().items():
        until = f"{calendar.covered[0]} to {calendar.covered[1]}" if calendar.covered else "always"
        yield f"calendar {code}", f"version {calendar.version}, {until}"


def sizes() -> Iterator[Fact]:
    """How much there is."""
    for name, model in (("tickets", Ticket), ("promises", Promise), ("mails", InboundMail)):
        yield name, str(db.session.scalar(select(func.count()).select_from(model)) or 0)
    sealed = seals.latest()
    yield "journal", f"{last_seq()} rows, sealed up to {sealed.last_seq if sealed else 0}"
    yield "free on disk", f"{storage.free() // MB} MB"


def database() -> Iterator[Fact]:
    """What the database tells of itself without being asked to work for it."""
    if db.engine.dialect.name == "sqlite":
        pages = {name: int(_told(f"PRAGMA {name}")) for name in SQLITE}
        size = pages["page_count"] * pages["page_size"] // MB
        spare = pages["freelist_count"] * pages["page_size"] // MB
        release, journal = _told("SELECT sqlite_version()"), _told("PRAGMA journal_mode")
        yield "SQLite", f"{release}, journal {journal}"
        yield "database size", f"{size} MB, {spare} MB of it free"
        return
    yield "PostgreSQL", _told("SHOW server_version")
    yield "database size", f"{int(_told(PG_SIZE)) // MB} MB"
    yield "connections", f"{_told(PG_CONNECTIONS)} of {_told('SHOW max_connections')}"
    yield "oldest open transaction", f"{_told(PG_OLDEST)} s"
    yield "dead rows", _told(PG_DEAD)


SQLITE = ("page_count", "page_size", "freelist_count")
PG_SIZE = "SELECT pg_database_size(current_database())"
PG_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
PG_OLDEST = """SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start))::int, 0)
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"""
PG_DEAD = """SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables"""


def _told(query: str) -> str:
    return str(db.session.scalar(text(query)))


FACTS: tuple[Callable[[], Iterator[Fact]], ...] = (schema, oldest, calendars, sizes, database)


def gathered() -> dict[str, str]:
    """Every fact by its name, in the order in which they are printed."""
    return {name: value for ask in FACTS for name, value in _known(ask)}


def _known(ask: Callable[[], Iterator[Fact]]) -> Iterator[Fact]:
    """What can be known: tables that are missing are a finding of the checks, and keep no other back."""
    try:
        yield from ask()
    except SQLAlchemyError:
        db.session.rollback()
