"""The journal and the outbox.

record() notes what happened; the last statements of the transaction number the events and write
one Delivery row per durable subscriber. The number is drawn from a row that stays locked until the
commit, so numbers become visible in their own order: who has seen N can never miss a smaller one.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    bindparam,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from helpdesk.clock import now
from helpdesk.core import jobs
from helpdesk.core.db import (
    JsonData,
    Model,
    UtcTime,
    before_commit,
    change_rows,
    db,
    insert_many,
    retrying,
    transaction,
)

log = logging.getLogger(__name__)
MAX_TRIES = 5
LEASE = timedelta(minutes=5)
UNSENT = ("waiting", "running")
DIED = "The program died each time while this was being delivered."


class Counter(Model):
    """A number that is drawn under its row's lock: no gap, no twin."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class Event(Model):
    """One thing that happened: who, when, to what, old and new. Never changed, never deleted."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_ticket", "ticket_id", "seq"),
        Index("ix_event_notice", "notice_id", "seq"),
        Index("ix_event_name_at", "name", "at"),
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    name: Mapped[str]
    ticket_id: Mapped[int | None]
    notice_id: Mapped[int | None]
    by_kind: Mapped[str]
    by_id: Mapped[int | None]
    by_name: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)


class Delivery(Model):
    """One thing to do because of one event: a mail, a request. Works as to-do and as record."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "state", "next_at"),
        Index("ix_delivery_order", "order_key", "state", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    event_seq: Mapped[int] = mapped_column(ForeignKey("event.seq"))
    subscriber: Mapped[str]
    order_key: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")  # waiting, running, done, dead, withdrawn
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcTime)
    error: Mapped[str | None]
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)


COLUMNS = tuple(column.name for column in Event.__table__.columns)
NOTE = insert(Event.__table__)  # type: ignore[arg-type]
OUTBOX: Any = Delivery.__table__
OURS = update(OUTBOX).where(  # what is set comes with the values
    OUTBOX.c.id == bindparam("turn_id"),
    OUTBOX.c.state == "running",
    OUTBOX.c.tries == bindparam("turn_tries"),
)


class By(Protocol):
    """Who does it: see helpdesk.agents.rights.Actor."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Subscriber:
    """A durable subscriber: a name that is kept in rows, the events it wants, what it does."""

    name: str
    wants: frozenset[str]
    handle: Callable[[Event], None]


_durable: dict[str, Subscriber] = {}
_on_commit: list[Callable[[Sequence[Event]], None]] = []


def durable(name: str, *wants: str) -> Callable[[Callable[[Event], None]], Callable[[Event], None]]:
    """Register a durable subscriber: at least once per event, in order within a ticket."""

    def register(handle: Callable[[Event], None]) -> Callable[[Event], None]:
        _durable[name] = Subscriber(name, frozenset(wants), handle)
        return handle

    return register


def on_commit(callback: Callable[[Sequence[Event]], None]) -> None:
    """Register what is told after a commit in this process; it may be lost in a crash."""
    _on_commit.append(callback)


def record(
    name: str,
    *,
    by: By,
    ticket: Any = None,
    notice: Any = None,
    deliver_at: datetime | None = None,
    **data: object,
) -> Event:
    """Note in the journal that `name` happened to a ticket or notice; `data` holds old and new.

    Nobody outside is told before `deliver_at`, and until then take_back() can stop it. Must be called
    inside transaction(); only verb modules call it.
    """
    session = db.session()
    assert session.info.get("writing"), "record() outside transaction()"
    noted = Event(
        at=now(),
        name=name,
        by_kind=by.kind,
        by_id=by.id,
        by_name=by.name,
        data=data,
        ticket_id=ticket.id if ticket is not None else None,
        notice_id=notice.id if notice is not None else None,
    )
    session.info.setdefault("events", []).append((noted, deliver_at or noted.at))
    return noted


@before_commit
def write_journal(session: Session) -> None:
    """Number and insert the transaction's events and their deliveries: its last statements."""
    recorded: list[tuple[Event, datetime]] = session.info.pop("events", [])
    if not recorded:
        return
    events = [noted for noted, _due in recorded]
    first = draw(session, "event", len(events))
    for offset, noted in enumerate(events):
        noted.seq = first + offset
    connection = session.connection()
    connection.execute(NOTE, [{name: getattr(noted, name) for name in COLUMNS} for noted in events])
    deliveries = [row for noted, due in recorded for row in _deliveries(noted, due)]
    insert_many(Delivery.__table__, deliveries)
    session.info["after_commit"].append(lambda: _tell(events, bool(deliveries)))


_DRAW = text(
    "INSERT INTO counter (name, value) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
)


def draw(session: Session, name: str, count: int = 1) -> int:
    """The next number of a counter (the first of `count`); its row stays locked until commit."""
    last: int = session.connection().execute(_DRAW, {"name": name, "count": count}).scalar_one()
    return last - count + 1


def last_seq() -> int:
    """The newest number of the journal."""
    return db.session.scalar(select(Counter.value).where(Counter.name == "event")) or 0


def _deliveries(noted: Event, due: datetime) -> Iterable[dict[str, Any]]:
    key = _order_key(noted)
    for subscriber in _durable.values():
        if noted.name in subscriber.wants:
            yield {
                "event_seq": noted.seq,
                "subscriber": subscriber.name,
                "next_at": due,
                "order_key": f"{subscriber.name}:{key}",
                "state": "waiting",
                "tries": 0,
            }


def _order_key(noted: Event) -> str:
    """What keeps its order: a ticket, else a notice; what concerns neither waits for nothing."""
    if noted.ticket_id:
        return f"t{noted.ticket_id}"
    return f"n{noted.notice_id}" if noted.notice_id else f"e{noted.seq}"


def _tell(events: Sequence[Event], deliveries: bool) -> None:
    for callback in _on_commit:
        try:
            callback(events)
        except Exception:
            log.exception("A listener failed after the commit; the journal has the event.")
    if deliveries:
        jobs.wake("deliver")


@jobs.job("deliver")
def deliver_due(limit: int = 100) -> int:
    """Work off what waits in the outbox; returns how many deliveries were tried."""
    tried = 0
    while tried < limit:
        claimed = retrying(lambda: _claim(20))
        for turn in claimed:
            _deliver(turn)
        tried += len(claimed)
        if not claimed:
            break
    return tried


@dataclass(frozen=True)
class Turn:
    """One claimed delivery: whoever claims it later has a higher number of tries."""

    id: int
    tries: int
    until: datetime  # the end of the lease
    subscriber: str
    event_seq: int


def _claim(limit: int) -> list[Turn]:
    """Take rows whose turn it is, the first of each ticket; the try counts before it runs.

    A row whose worker died is taken alone: if it is the row that kills workers, only its own tries
    are used up, and not those of the rows beside it.
    """
    moment = now()
    with transaction() as session:
        rows = session.scalars(
            select(Delivery)
            .where(*_has_its_turn(moment))
            .order_by(Delivery.next_at, Delivery.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Delivery)
            .execution_options(populate_existing=True)
        ).all()
        orphans = [row for row in rows if row.state == "running"]
        taken = orphans[:1] or rows
        for row in taken:
            row.tries += 1
            row.state = "running" if row.tries <= MAX_TRIES else "dead"
            row.error = row.error if row.state == "running" else row.error or DIED
            row.next_at = moment + LEASE
        return [
            Turn(row.id, row.tries, row.next_at, row.subscriber, row.event_seq)
            for row in taken
            if row.state == "running"
        ]


def _has_its_turn(moment: datetime) -> list[ColumnElement[bool]]:
    """It is due, and no earlier one of its ticket is left: what waits for that is not late."""
    earlier = aliased(Delivery)
    blocked = select(earlier.id).where(
        earlier.order_key == Delivery.order_key,
        earlier.id < Delivery.id,
        earlier.state.in_(UNSENT),
    )
    return [Delivery.state.in_(UNSENT), Delivery.next_at <= moment, ~blocked.exists()]


def late_since() -> datetime | None:
    """Since when the first delivery has its turn; None when none waits."""
    return db.session.scalar(select(func.min(Delivery.next_at)).where(*_has_its_turn(now())))


def _deliver(turn: Turn) -> None:
    if now() > turn.until - LEASE / 2 and not _set(turn, next_at=now() + LEASE):
        return  # those before it took so long that somebody else has it
    noted = db.session.get(Event, turn.event_seq)
    try:
        if noted is not None:
            handle = _subscriber(turn.subscriber).handle
            retrying(lambda: handle(noted))  # giving way is no failed try
        _set(turn, state="done", done_at=now(), error=None)
    except Exception as error:
        db.session.rollback()
        log.exception("Delivery %s (%s) failed", turn.id, turn.subscriber)
        _push_back(turn, f"{type(error).__name__}: {error}")


def _subscriber(name: str) -> Subscriber:
    """Raises LookupError for one that only a newer release knows: its row waits for that release."""
    if name not in _durable:
        raise LookupError(f"this program knows no subscriber {name}")
    return _durable[name]


def _set(turn: Turn, **values: object) -> bool:
    """Change the row while the turn is still ours; False when somebody else has claimed it.

    Run again when the database made it give way: what was delivered is not to be delivered again.
    """
    return retrying(lambda: _set_once(turn, values))


def _set_once(turn: Turn, values: dict[str, object]) -> bool:
    with transaction() as session:
        ours = {"turn_id": turn.id, "turn_tries": turn.tries}
        changed = session.connection().execute(OURS, values | ours)
    return bool(changed.rowcount)


def _push_back(turn: Turn, error: str) -> None:
    """Try again after 10 s, 40 s, 160 s ... with jitter; after MAX_TRIES a person looks at it."""
    pause = 10 * 4 ** (turn.tries - 1) * random.uniform(0.8, 1.2)
    state = "waiting" if turn.tries < MAX_TRIES else "dead"
    _set(turn, state=state, next_at=now() + timedelta(seconds=pause), error=error[:2000])


def take_back(seq: int) -> bool:
    """Inside the caller's transaction: nobody is told of this event any more.

    False, and nothing changes, when somebody was told or is being told now: the rows decide.
    """
    rows = db.session.scalars(
        select(Delivery)
        .where(Delivery.event_seq == seq)
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if any(row.state != "waiting" or row.tries for row in rows):
        return False
    for row in rows:
        row.state = "withdrawn"
    return True


def retry(delivery_id: int | None = None) -> None:
    """Put a dead delivery back into the outbox, now; without an id, all of them."""
    again = update(Delivery).where(Delivery.state == "dead")
    if delivery_id is not None:
        again = again.where(Delivery.id == delivery_id)
    with transaction():
        change_rows(again.values(state="waiting", tries=0, error=None, next_at=now()))
    jobs.wake("deliver")


@event.listens_for(Event, "before_update")
@event.listens_for(Event, "before_delete")
def _journal_is_final(_mapper: object, _connection: object, _target: Event) -> None:
    raise RuntimeError("The journal can't be edited.")
