"""The journal.

record() notes what happened; the last statements of the transaction number the events and write them,
with what goes beside them (see outbox). The number is drawn from a row that stays locked until the
commit, so numbers become visible in their own order: who has seen N can never miss a smaller one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Index, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpdesk.clock import now
from helpdesk.core import along
from helpdesk.core.db import JsonData, Model, UtcTime, before_commit, db
from helpdesk.core.rows import Numbered, Rows, fresh, rows_of, write

log = logging.getLogger(__name__)
Noted = tuple["Event", datetime]  # and when somebody outside may be told


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


along.reads("seq", select(Counter.value).where(Counter.name == "event").scalar_subquery())
TABLE: Any = Event.__table__


class By(Protocol):
    """Who does it: see helpdesk.agents.rights.Actor."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


_on_commit: list[Callable[[Sequence[Event]], None]] = []
_beside: list[Callable[[Sequence[Noted]], Rows]] = []
_numbered = {TABLE.c.seq}


def beside(column: Any) -> Callable[[Callable[[Sequence[Noted]], Rows]], None]:
    """Register what gives rows that are written with the events. Each names its event in `column`, as
    the event is named there: by its place among them, before they get their numbers."""
    _numbered.add(column)
    return _beside.append


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

    Nobody outside is told before `deliver_at`, and until then outbox.take_back() can stop it. Must be called
    inside transaction(); only verb modules call it.
    """
    session = db.session()
    assert session.info.get("writing"), "record() outside transaction()"
    noted = fresh(
        Event,
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
def write_journal(
    session: Session, more: Iterable[Rows] = (), *numbered: Numbered
) -> Sequence[int]:
    """Number the transaction's events and write them, with what goes beside them: its last statement.

    What else is to be written last goes with them, and nothing after it: see rows.write().
    """
    recorded: list[Noted] = session.info.pop("events", [])
    if not recorded:
        return ()
    events = [noted for noted, _due in recorded]
    session.info["after_commit"].append(lambda: _tell(events))
    for place, noted in enumerate(events):
        noted.seq = place
    batch = [*more, *rows_of(events), *(rows(recorded) for rows in _beside)]
    mine = Numbered("event", len(events), frozenset(_numbered))
    *others, first = write(session, batch, *numbered, mine, last=True)
    for place, noted in enumerate(events):
        noted.seq = first + place
    return others


def last_seq() -> int:
    """The newest number of the journal."""
    return db.session.scalar(select(Counter.value).where(Counter.name == "event")) or 0


def seq_seen() -> int:
    """The newest number of the journal when this request began, or now: whatever is read after it
    has all that happened up to there."""
    return along.get("seq") or last_seq()


def _tell(events: Sequence[Event]) -> None:
    for callback in _on_commit:
        try:
            callback(events)
        except Exception:
            log.exception("A listener failed after the commit; the journal has the event.")


@event.listens_for(Event, "before_update")
@event.listens_for(Event, "before_delete")
def _journal_is_final(_mapper: object, _connection: object, _target: Event) -> None:
    raise RuntimeError("The journal can't be edited.")
