"""take(): the one door for what providers say of calls.

An event is kept as it came, once for each (provider, call, number); then its call is folded anew from all
that is kept of it, and what has changed is written. All of it is one transaction: who is told that an
event was taken can rely on it, and nothing of a set is taken when one of it is odd.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from helpdesk.calls import attending, blocking, cases, lifecycle
from helpdesk.calls.fields import NewEvent
from helpdesk.calls.folded import Folded, Whole, values
from helpdesk.calls.models import Call, CallEvent, Interaction, Leg, PhoneQueue, Recording, Stay
from helpdesk.calls.words import Happening
from helpdesk.clock import now
from helpdesk.core.db import after_commit, change_rows, retrying, transaction
from helpdesk.core.rows import among, change_many, insert_many, insert_new
from helpdesk.customers import people

CALLS: Any = Call.__table__
EVENTS: Any = CallEvent.__table__
QUEUES: Any = PhoneQueue.__table__
PARTS = {  # what a call is folded into -> its table, and what tells two rows of it apart
    "stays": (Stay.__table__, "queue_id"),
    "legs": (Leg.__table__, "agent_id"),
    "talks": (Interaction.__table__, "agent_id"),
    "recordings": (Recording.__table__, "url"),
}
Listener = Callable[[Sequence[int]], None]
_listeners: list[Listener] = []


def on_taken(listener: Listener) -> Listener:
    """Register what is told, after the commit, which calls have changed (ids). It may be lost in a crash."""
    _listeners.append(listener)
    return listener


class Taken(NamedTuple):
    """How many events were new, and the ids of the calls that they changed."""

    new: int
    calls: list[int]


def take(events: Sequence[NewEvent]) -> Taken:
    """Keep these events and bring their calls up to date; what was known already changes nothing."""
    return retrying(lambda: _take(events))


def _take(events: Sequence[NewEvent]) -> Taken:
    with transaction() as session:
        calls = _calls(session, events)
        new = _kept(events, calls)
        if changed := sorted({call_id for call_id in new if call_id}):
            _bring_up_to_date(session, changed)
        if new:
            after_commit(lambda: _tell(changed))
    return Taken(len(new), changed)


def _tell(changed: Sequence[int]) -> None:
    """What on_taken() registered is told."""
    for listener in _listeners:
        listener(changed)


def _calls(session: Session, events: Sequence[NewEvent]) -> dict[tuple[str, str], int]:
    """The ids of the calls that are spoken of, made where they are new, and locked in one order."""
    first: dict[tuple[str, str], NewEvent] = {}
    for each in events:
        if each.event != Happening.AGENT:
            first.setdefault((each.provider, each.call_id), each)
    if not first:
        return {}
    keys = sorted(first)
    new = [_new_call(first[key]) for key in keys]
    insert_new(CALLS, new)
    found: dict[tuple[str, str], int] = {}
    for provider, mine in groupby(keys, key=lambda key: key[0]):
        names = [name for _provider, name in mine]
        rows = session.execute(_LOCKING, {"provider": provider, "names": names})
        found |= {(provider, row.external_id): row.id for row in rows}
    return found


_LOCKING = (
    select(Call.id, Call.external_id)
    .where(
        Call.provider == bindparam("provider"),
        Call.external_id.in_(bindparam("names", expanding=True)),
    )
    .order_by(Call.id)
    .with_for_update()
)


def _new_call(said: NewEvent) -> dict[str, Any]:
    blank = values(Whole()) | {"started_at": said.at}
    named = {"provider": said.provider, "external_id": said.call_id, "touched_at": now()}
    return blank | named


def _kept(events: Sequence[NewEvent], calls: Mapping[tuple[str, str], int]) -> list[int | None]:
    """Keep what is new; gives the call of each new event."""
    at = now()
    rows = [
        {
            "provider": each.provider,
            "external_id": each.call_id,
            "seq": each.seq,
            "call_id": calls.get((each.provider, each.call_id)),
            "event": each.event,
            "at": each.at,
            "caller": each.caller,
            "called": each.called,
            "queue": each.queue,
            "agent_id": each.agent_id,
            "data": each.data,
            "received_at": at,
        }
        for each in events
    ]
    return [row.call_id for row in insert_new(EVENTS, rows, EVENTS.c.call_id)]


_SAID = select(
    *(EVENTS.c[name] for name in ("call_id", "seq", "event", "at", "caller", "called")),
    *(EVENTS.c[name] for name in ("queue", "agent_id", "data")),
)


def _bring_up_to_date(session: Session, call_ids: list[int]) -> None:
    """Fold these calls anew, write what has changed, and do what follows from it."""
    query = _SAID.where(among(EVENTS.c.call_id, call_ids)).order_by(EVENTS.c.call_id)
    said = session.execute(query).all()
    folded = {
        call_id: lifecycle.fold(list(mine))
        for call_id, mine in groupby(said, key=attrgetter("call_id"))
    }
    queues = _queues(session, folded.values())
    _write_calls(session, folded)
    for name, (table, twin) in PARTS.items():
        wanted = {
            (call_id, part.seq): _row(call_id, part, queues)
            for call_id, each in folded.items()
            for part in getattr(each, name)
        }
        _write(session, table, twin, call_ids, wanted)
    cases.follow(session, call_ids)
    attending.follow(session, call_ids)


def _row(call_id: int, part: Any, queues: Mapping[str, int]) -> dict[str, Any]:
    row = values(part) | {"call_id": call_id}
    if "queue" in row:
        row["queue_id"] = queues.get(row.pop("queue"))
    return row


def _queues(session: Session, folded: Iterable[Folded]) -> dict[str, int]:
    """The ids of the queues by their codes. One that nobody has set up begins with the usual terms:
    no caller is lost because of a name."""
    codes: set[str] = set()
    for each in folded:
        codes |= {
            part.queue
            for rows in (each.stays, each.legs, each.talks, each.recordings)
            for part in rows
        }
    codes.discard("")
    if not codes:
        return {}
    query = select(PhoneQueue.code, PhoneQueue.id).where(PhoneQueue.code.in_(sorted(codes)))
    found = _ids(session.execute(query))
    missing = sorted(codes - found.keys())
    if missing:
        insert_new(QUEUES, [_blank(QUEUES) | {"code": code, "name": code} for code in missing])
        found = _ids(session.execute(query))
    return found


def _ids(rows: Iterable[Any]) -> dict[str, int]:
    return {row.code: row.id for row in rows}


def _write_calls(session: Session, folded: Mapping[int, Folded]) -> None:
    """The calls themselves, each with whose it is when its number has become known."""
    query = select(CALLS).where(among(CALLS.c.id, list(folded)))
    held = {row.id: row._mapping for row in session.execute(query)}
    numbers = {
        each.call.number for id_, each in folded.items() if each.call.number != held[id_]["number"]
    } - {""}
    owners, refused = people.owners(numbers), blocking.among(numbers)
    at, changed = now(), []
    for id_, each in folded.items():
        row = values(each.call)
        row["person_id"] = owners.get(row["number"], held[id_]["person_id"])
        row["blocked"] = held[id_]["blocked"] or (
            row["direction"] == "in" and row["number"] in refused
        )
        changed.append(row | {"id": id_, "touched_at": at})
    change_many(CALLS, changed)


def _write(
    session: Session,
    table: Any,
    twin: str,
    call_ids: list[int],
    wanted: dict[tuple[int, int], dict[str, Any]],
) -> None:
    """Make the rows of these calls what was folded. A row whose beginning turned out to be another
    event keeps what hangs on it: it becomes the new one of the same agent, queue or address."""
    held = session.execute(select(table).where(among(table.c.call_id, call_ids))).all()
    rows = {(row.call_id, row.seq): row._asdict() for row in held}
    new = {key: row for key, row in wanted.items() if key not in rows}
    changed = [
        row | {"id": rows[key]["id"]}
        for key, row in wanted.items()
        if key in rows and any(rows[key][name] != value for name, value in row.items())
    ]
    gone = [row for key, row in rows.items() if key not in wanted]
    freed: dict[tuple[Any, Any], list[int]] = defaultdict(list)
    for old in gone:
        freed[old["call_id"], old[twin]].append(old["id"])
    for key, row in list(new.items()):
        ids = freed[row["call_id"], row[twin]]
        if ids:
            changed.append(new.pop(key) | {"id": ids.pop()})
    left = [id_ for ids in freed.values() for id_ in ids]
    if left:
        change_rows(delete(table).where(among(table.c.id, left)))
    change_many(table, changed)
    insert_many(table, [_blank(table) | row for row in new.values()])


def _blank(table: Any) -> dict[str, Any]:
    """The columns that folding leaves alone, as they are at first."""
    return {
        column.name: column.default.arg if column.default is not None else None
        for column in table.c
        if not column.primary_key
    }
