"""The outbox: what is to be done outside because of what happened, at least once and in order.

A row is written with its event. Who works it off claims a hundred at a time, no two of one ticket.
Subscribers that have a writer are worked off together: each handles its event without writing, then
all that they made and all ends are one transaction. The others end one by one.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, case, func, select, tuple_, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from helpdesk.clock import now
from helpdesk.core import events, jobs, options
from helpdesk.core.db import (
    Model,
    UtcTime,
    after_commit,
    change_rows,
    db,
    retrying,
    transaction,
)
from helpdesk.core.events import Event, Noted
from helpdesk.core.rows import Rows

log = logging.getLogger(__name__)
MAX_TRIES = 5
LEASE = timedelta(minutes=5)
SET = 100  # claimed at once
UNSENT = ("waiting", "running")
DIED = "The program died each time while this was being delivered."
Handle = Callable[[Event], Any]


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


OUTBOX: Any = Delivery.__table__


@dataclass(frozen=True)
class Subscriber:
    """A durable subscriber: a name that is kept in rows, the events it wants, what it does.

    `reading` is given all events of a set and gives what handles each of them: what they need is
    read once. `write` is given all that was handled, inside the transaction that ends the set.
    """

    name: str
    wants: frozenset[str]
    reading: Callable[[Sequence[Event]], Handle]
    write: Callable[[list[Any]], None] | None = None


_durable: dict[str, Subscriber] = {}


def durable(name: str, *wants: str) -> Callable[[Handle], Handle]:
    """Register a durable subscriber: at least once per event, in order within a ticket."""

    def register(handle: Handle) -> Handle:
        subscribe(Subscriber(name, frozenset(wants), lambda _events: handle))
        return handle

    return register


def subscribe(subscriber: Subscriber) -> None:
    """Register a durable subscriber, e.g. one that writes in sets."""
    _durable[subscriber.name] = subscriber


@events.beside(OUTBOX.c.event_seq)
def deliveries(recorded: Sequence[Noted]) -> Rows:
    """One row for each event and subscriber, written with the events."""
    rows = [row for noted, due in recorded for row in _deliveries(noted, due)]
    if rows:
        after_commit(lambda: jobs.wake("deliver"))
    return Rows(OUTBOX, rows)


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
    return f"n{noted.notice_id}" if noted.notice_id else f"e{secrets.token_hex(8)}"


@jobs.job("deliver")
def deliver_due(limit: int = SET) -> int:
    """Work off what waits in the outbox; returns how many deliveries were tried."""
    tried = 0
    while tried < limit and (claimed := retrying(lambda: _claim(min(SET, limit)))):
        _deliver(claimed)
        tried += len(claimed)
    return tried


@dataclass(frozen=True)
class Turn:
    """One claimed delivery: whoever claims it later has a higher number of tries."""

    id: int
    tries: int
    until: datetime  # the end of the lease
    subscriber: str
    event_seq: int

    @property
    def needs_time(self) -> bool:
        """Half of the lease is over."""
        return now() > self.until - LEASE / 2


def _claim(limit: int) -> list[Turn]:
    """Take rows whose turn it is, the first of each ticket; the try counts before it runs.

    A row whose worker died is taken alone: if it is the row that kills workers, only its own tries
    are used up, and not those of the rows beside it.
    """
    moment = now()
    with transaction() as session:
        rows = session.execute(
            select(*OUTBOX.c)
            .where(*_has_its_turn(moment))
            .order_by(OUTBOX.c.next_at, OUTBOX.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=OUTBOX)
        ).all()
        orphans = [row for row in rows if row.state == "running"]
        taken = orphans[:1] or rows
        if not taken:
            return []
        over = OUTBOX.c.tries >= MAX_TRIES
        session.execute(
            update(OUTBOX)
            .where(OUTBOX.c.id.in_([row.id for row in taken]))
            .values(
                tries=OUTBOX.c.tries + 1,
                state=case((over, "dead"), else_="running"),
                error=case((over, func.coalesce(OUTBOX.c.error, DIED)), else_=OUTBOX.c.error),
                next_at=moment + LEASE,
            )
        )
    return [
        Turn(row.id, row.tries + 1, moment + LEASE, row.subscriber, row.event_seq)
        for row in taken
        if row.tries < MAX_TRIES
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


@dataclass(frozen=True)
class Made:
    """What one turn is to write, and with whose writer."""

    turn: Turn
    write: Callable[[list[Any]], None]
    what: Any


@options.read_once()
def _deliver(claimed: Sequence[Turn]) -> None:
    """Work off one set; one that fails is tried again by itself and holds nobody else up."""
    handle_of = _reader(claimed)
    made: list[Made] = []
    for turn in claimed:
        if made and made[0].turn.needs_time:
            _finish(made)
            made = []
        if turn.needs_time and not _set(turn, next_at=now() + LEASE):
            continue  # those before it took so long that somebody else has it
        try:
            subscriber = _subscriber(turn.subscriber)
            what = retrying(handle_of(subscriber, turn))  # giving way is no failed try
            if subscriber.write is None:
                _set(turn, state="done", done_at=now(), error=None)
            else:
                made.append(Made(turn, subscriber.write, what))
        except Exception as error:
            _push_back(turn, error)
    _finish(made)


def _reader(claimed: Sequence[Turn]) -> Callable[[Subscriber, Turn], Callable[[], Any]]:
    """What gives the work of a turn; what a subscriber's turns of this set need was read once."""
    query = select(Event).where(Event.seq.in_({turn.event_seq for turn in claimed}))
    noted = {row.seq: row for row in db.session.scalars(query)}
    mine: dict[str, list[Event]] = defaultdict(list)
    for turn in claimed:
        mine[turn.subscriber].append(noted[turn.event_seq])

    @cache
    def handle(subscriber: Subscriber) -> Handle:
        try:
            return subscriber.reading(mine[subscriber.name])
        except Exception:  # one of them can't be read: each alone
            db.session.rollback()
            return lambda event: subscriber.reading([event])(event)

    return lambda subscriber, turn: partial(handle(subscriber), noted[turn.event_seq])


def _subscriber(name: str) -> Subscriber:
    """Raises LookupError for one that only a newer release knows: its row waits for that release."""
    if name not in _durable:
        raise LookupError(f"this program knows no subscriber {name}")
    return _durable[name]


def _finish(made: Sequence[Made]) -> None:
    """Write what was made and note the ends, all or nothing; when that fails, each by itself."""
    if not made:
        return
    try:
        retrying(lambda: _write(made))
    except Exception as error:
        if len(made) == 1:
            _push_back(made[0].turn, error)
            return
        db.session.rollback()
        for each in made:
            _finish([each])


def _write(made: Sequence[Made]) -> None:
    with transaction():
        ours = _end([each.turn for each in made])
        written: dict[Callable[[list[Any]], None], list[Any]] = defaultdict(list)
        for each in made:
            if each.turn.id in ours:
                written[each.write].append(each.what)
        for write, what in written.items():
            write(what)


def _end(turns: Sequence[Turn]) -> set[int]:
    """Note that these are done; gives the ids of those that were still ours."""
    still = tuple_(OUTBOX.c.id, OUTBOX.c.tries).in_([(turn.id, turn.tries) for turn in turns])
    done = update(OUTBOX).where(still, OUTBOX.c.state == "running")
    done = done.values(state="done", done_at=now(), error=None)
    return set(db.session.scalars(done.returning(OUTBOX.c.id)))


def _set(turn: Turn, **values: object) -> bool:
    """Change the row while the turn is still ours; False when somebody else has claimed it.

    Run again when the database made it give way: what was delivered is not to be delivered again.
    """
    return retrying(lambda: _set_once(turn, values))


def _set_once(turn: Turn, values: dict[str, object]) -> bool:
    ours = (OUTBOX.c.id == turn.id, OUTBOX.c.state == "running", OUTBOX.c.tries == turn.tries)
    with transaction():
        changed = change_rows(update(OUTBOX).where(*ours).values(values))
    return bool(changed.rowcount)


def _push_back(turn: Turn, error: Exception) -> None:
    """Try again after 10 s, 40 s, 160 s ... with jitter; after MAX_TRIES a person looks at it."""
    db.session.rollback()
    log.error("Delivery %s (%s) failed", turn.id, turn.subscriber, exc_info=error)
    pause = 10 * 4 ** (turn.tries - 1) * random.uniform(0.8, 1.2)
    state = "waiting" if turn.tries < MAX_TRIES else "dead"
    words = f"{type(error).__name__}: {error}"[:2000]
    _set(turn, state=state, next_at=now() + timedelta(seconds=pause), error=words)


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
