"""The kept sums follow the journal: whatever happened to a case, it is told anew and its old facts
are taken out of the sums. So every verb is followed, and doing it twice changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import delete, func, insert, literal, select, tuple_

from helpdesk.clock import now
from helpdesk.core import background
from helpdesk.core.db import JsonData, UtcTime, change_rows, db, transaction
from helpdesk.core.events import Counter as Drawn
from helpdesk.core.events import Event, last_seq
from helpdesk.core.i18n import company_zone
from helpdesk.core.rows import insert_many, insert_new
from helpdesk.statistics import facts, measures, telling
from helpdesk.statistics.models import CaseFact, DaySum, Folded
from helpdesk.tickets.models import Ticket

SHAPE = 2  # counts up when facts.py or telling.py tells something else of the same rows
BATCH = 300  # events in one transaction
FILL = 50  # cases that are first read or turn in it: SQLite's other writers wait for no more
PAUSE = 2.0  # seconds between two looks at the journal
CHUNK = 500
UNTOLD = datetime(1970, 1, 1, tzinfo=UTC)  # when cases turn that were never told
KEY = (DaySum.by, DaySum.key, DaySum.level, DaySum.first, DaySum.last)
COLUMNS = (*(each.key for each in KEY), "counts")
Sums = dict[facts.Key, Counter[str]]


def edition() -> str:
    """What the sums depend on beside the cases: the days' zone and what the measures declare."""
    return f"{SHAPE} {crc32(repr(measures.parts()).encode()):x} {company_zone().key}"


_LOOK = select(
    *Folded.__table__.columns,
    select(Drawn.value).where(Drawn.name == "event").scalar_subquery().label("last"),
    select(func.min(CaseFact.turns_at)).scalar_subquery().label("turns_at"),
)


class Standing(NamedTuple):
    """Up to which moment the sums are told (None before they are filled); whether something is left."""

    at: datetime | None
    behind: bool


def look() -> Standing:
    """How far the sums are now, in one statement."""
    moment = now()
    row = db.session.execute(_LOOK).one_or_none()
    if row is None or row.at is None or row.edition != edition():
        return Standing(None, True)
    behind = row.seq != (row.last or 0) or bool(row.turns_at and row.turns_at < moment)
    return Standing(row.at if behind else moment, behind)


def fold() -> int:
    """Bring the sums up to this moment, one batch of cases; returns how many were told anew.

    Nothing happens while another process is at it.
    """
    with transaction() as session:
        insert_new(Folded.__table__, [{"id": 1, "edition": "", "seq": 0}])
        state = session.scalar(
            select(Folded)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if state is None:
            return 0
        if state.edition != edition():
            _begin_anew(state)
        moment = now()
        ids, left = _changed(state, moment)
        _tell_anew(sorted(ids), moment)
        if not left:
            state.at = moment
    return len(ids)


def _begin_anew(state: Folded) -> None:
    """Empty the sums; all cases are left to be told, which they are as if their promises ran out."""
    state.edition, state.seq, state.at = edition(), last_seq(), None
    for model in (CaseFact, DaySum):
        change_rows(delete(model))
    untold = select(Ticket.id, literal({}, JsonData), literal(UNTOLD, UtcTime))
    change_rows(insert(CaseFact).from_select(["ticket_id", "told", "turns_at"], untold))


def _changed(state: Folded, moment: datetime) -> tuple[set[int], bool]:
    """The next cases that the sums tell wrongly or not at all; whether some are left for later."""
    events = select(Event.seq, Event.ticket_id).where(Event.seq > state.seq)
    named = db.session.execute(events.order_by(Event.seq).limit(BATCH)).all()
    turned = select(CaseFact.ticket_id).where(CaseFact.turns_at < moment)
    found = db.session.scalars(turned.order_by(CaseFact.turns_at).limit(FILL)).all()
    state.seq = named[-1].seq if named else state.seq
    ids = {*(row.ticket_id for row in named if row.ticket_id), *found}
    return ids, len(named) == BATCH or len(found) == FILL


def _tell_anew(ids: Sequence[int], moment: datetime) -> None:
    """Replace what the sums hold of these cases by what they tell now."""
    if not ids:
        return
    known = select(CaseFact.ticket_id, CaseFact.told).where(CaseFact.ticket_id.in_(ids))
    before: dict[int, Any] = dict(db.session.execute(known).all())
    after = {fact["ticket_id"]: fact for fact in telling.told(ids, moment)}
    sums: Sums = defaultdict(Counter)
    for id_ in ids:
        old, new = before.get(id_, {}), after.get(id_, {}).get("told", {})
        for sign, told in ((-1, old), (1, new)) if old != new else ():
            for key, numbers in facts.rows(told):
                facts.add(sums[key], numbers, sign)
    _write(sums)
    change_rows(delete(CaseFact).where(CaseFact.ticket_id.in_(ids)))
    insert_many(CaseFact.__table__, list(after.values()))


def _write(sums: Sums) -> None:
    """Add these numbers to the rows of the sums."""
    keys = iter([key for key, numbers in sums.items() if numbers])
    while chunk := list(islice(keys, CHUNK)):
        mine = tuple_(*KEY).in_(chunk)
        for row in db.session.execute(select(DaySum.counts, *KEY).where(mine)):
            facts.add(sums[row[1:]], row.counts)
        change_rows(delete(DaySum).where(mine))
        found = [(*key, sums[key]) for key in chunk if sums[key]]
        insert_many(DaySum.__table__, [dict(zip(COLUMNS, row, strict=True)) for row in found])


def _round() -> float:
    """One batch; returns the seconds until the next look."""
    done = fold() if look().behind else 0
    if not look().behind:
        return PAUSE
    return background.BREATH if done else background.TICK / 5  # another process is at it


@background.also
def _loop() -> background.Loop:
    return background.Loop("figures", _round)
