"""The kept sums follow the journal: whatever happened to a case, it is told anew and its old facts
are taken out of the sums. So every verb is followed, and doing it twice changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, case, delete, or_, select, true, tuple_

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core import background
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.events import Counter as Drawn
from helpdesk.core.events import Event, last_seq
from helpdesk.core.i18n import company_zone
from helpdesk.core.rows import insert_many, insert_new
from helpdesk.customers.models import Person
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.statistics import facts
from helpdesk.statistics.facts import DAY
from helpdesk.statistics.measures import BY_CODE
from helpdesk.statistics.models import CaseFact, CaseTime, DaySum, Folded
from helpdesk.tickets import ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Callback, Rating, Ticket

SHAPE = 1  # counts up when facts.py tells something else of the same rows
BATCH = 300  # events in one transaction
FILL = 50  # cases, while they are first read: SQLite's other writers wait for no more
PAUSE = 2.0  # seconds between two looks at the journal
CHUNK = 500
KEY = (DaySum.by, DaySum.level, DaySum.first, DaySum.last, DaySum.key)
Key = tuple[str, str, str, str, str]
Sums = dict[Key, Counter[str]]


def edition() -> str:
    """What the sums depend on beside the cases: the days' zone and what the measures declare."""
    declared = repr([(each.code, each.part) for each in _parts()]).encode()
    return f"{SHAPE} {crc32(declared):x} {company_zone().key}"


def _parts() -> list[Any]:
    return [each for each in BY_CODE.values() if each.source == "received"]


_LOOK = select(
    *Folded.__table__.columns,
    select(Drawn.value).where(Drawn.name == "event").scalar_subquery().label("last"),
    select(CaseFact.turns_at < bindparam("moment"))
    .order_by(CaseFact.turns_at.nulls_last())
    .limit(1)
    .scalar_subquery()
    .label("turned"),
)


@dataclass(frozen=True)
class Standing:
    """How far the sums are: usable at all, up to which moment, and whether something happened since."""

    usable: bool
    at: datetime | None
    behind: bool


def look() -> Standing:
    """How far the sums are now, in one statement."""
    moment = now()
    row = db.session.execute(_LOOK, {"moment": moment}).one_or_none()
    if row is None or not row.whole or row.edition != edition():
        return Standing(False, None, True)
    behind = row.seq != (row.last or 0) or bool(row.turned)
    return Standing(True, row.at if behind else moment, behind)


def fold() -> int:
    """Bring the sums up to this moment, one batch of cases; returns how many were told anew.

    Nothing happens while another process is at it.
    """
    with transaction() as session:
        insert_new(
            Folded.__table__, [{"id": 1, "edition": "", "seq": 0, "filled": 0, "whole": False}]
        )
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
    for model in (CaseFact, CaseTime, DaySum):
        change_rows(delete(model))
    state.edition, state.seq, state.filled, state.whole, state.at = (
        edition(),
        last_seq(),
        0,
        False,
        None,
    )


def _changed(state: Folded, moment: datetime) -> tuple[set[int], bool]:
    """The next cases that the sums tell wrongly or not at all; whether some are left for later."""
    named = db.session.execute(
        select(Event.seq, Event.ticket_id)
        .where(Event.seq > state.seq)
        .order_by(Event.seq)
        .limit(BATCH)
    ).all()
    turned = select(CaseFact.ticket_id).where(CaseFact.turns_at < moment)
    found = list(db.session.scalars(turned.order_by(CaseFact.turns_at).limit(BATCH)))
    missing = [] if state.whole else _missing(state)
    state.seq = named[-1].seq if named else state.seq
    ids = {*(row.ticket_id for row in named if row.ticket_id), *found, *missing}
    return ids, BATCH in (len(named), len(found)) or not state.whole


def _missing(state: Folded) -> Sequence[int]:
    later = select(Ticket.id).where(Ticket.id > state.filled)
    found = db.session.scalars(later.order_by(Ticket.id).limit(FILL)).all()
    state.whole = len(found) < FILL
    state.filled = found[-1] if found else state.filled
    return found


def _tell_anew(ids: Sequence[int], moment: datetime) -> None:
    """Replace what the sums hold of these cases by what they tell now."""
    if not ids:
        return
    known = select(CaseFact.ticket_id, CaseFact.told).where(CaseFact.ticket_id.in_(ids))
    before: dict[int, Any] = {row.ticket_id: row.told for row in db.session.execute(known)}
    after = {fact["ticket_id"]: fact for fact in told(ids, moment)}
    sums: Sums = defaultdict(Counter)
    for id_ in ids:
        old, new = before.get(id_, {}), after.get(id_, {}).get("told", {})
        if old != new:
            _exchange(sums, old, new)
    _write(sums)
    for model in (CaseFact, CaseTime):
        change_rows(delete(model).where(model.ticket_id.in_(ids)))
    insert_many(CaseFact.__table__, list(after.values()))
    insert_many(CaseTime.__table__, [row for fact in after.values() for row in _times(fact)])


def told(ids: Sequence[int], moment: datetime) -> Iterator[dict[str, Any]]:
    """What these cases tell now, as rows of CaseFact."""
    zone, rows, said = company_zone(), _promises(ids), _said(ids)
    for ticket in _tickets(ids):
        mine = rows.get(ticket.id, [])
        ahead = [row.due_at for row in mine if row.due_at and row.due_at >= moment]
        if ticket.due_at and ticket.due_at >= moment and not ticket.closed_at:
            ahead.append(ticket.due_at)
        answers = said.get(ticket.id, [])
        yield {
            "ticket_id": ticket.id,
            "told": {} if ticket.merged_into_id else _told(ticket, mine, answers, moment, zone),
            "turns_at": min(ahead, default=None),
        }


def _told(
    ticket: Any, rows: Iterable[Any], said: Iterable[str], moment: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    marks = {f"received.{each.code}": 1 for each in _parts() if getattr(ticket, f"is_{each.code}")}
    if ticket.escalation:
        marks[f"received.level_{ticket.escalation}"] = 1
    now_ = {} if ticket.closed_at else {"now.open": 1}
    return {
        "groups": {name: str(getattr(ticket, name) or "") for name in facts.GROUPS},
        "file": {name: value for name in facts.CASE_FILE if (value := ticket.facts.get(name))}
        | {"place": ticket.place, "level": ticket.level},
        "received": _day(ticket.received_at, zone),
        "closed": _day(ticket.closed_at, zone),
        "marks": marks | {f"said.{answer}": 1 for answer in said},
        "now": now_ | ({"now.overdue": 1} if ticket.is_late else {}),
        "rows": [
            [row.promise, _due(row, moment, zone), row.rank, row.taken]
            for row in rows
            if row.rank or row.taken is not None
        ],
    }


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat() if at else ""


def _due(row: Any, moment: datetime, zone: ZoneInfo) -> str:
    return _day(row.due_at, zone) if row.due_at and row.due_at < moment else ""


def _tickets(ids: Sequence[int]) -> Sequence[Any]:
    """The cases with what they are counted for: the measures' own filters say so."""
    wanted = {f"is_{each.code}": each.part for each in _parts()} | {"is_late": Filter(late="yes")}
    flags = [
        case((and_(true(), *ticket_lists.narrowing(part, SYSTEM)), True), else_=False).label(name)
        for name, part in wanted.items()
    ]
    columns = [
        Ticket.id, Ticket.received_at, Ticket.closed_at, Ticket.merged_into_id, Ticket.escalation,
        Ticket.due_at, Ticket.channel, Ticket.category_id.label("category"), Ticket.severity,
        Ticket.department_id.label("department"), Ticket.kind, Ticket.assignee_id.label("agent"),
        Ticket.place, Ticket.facts, Person.level,
    ]  # fmt: skip
    query = select(*columns, *flags).join(Person, Person.id == Ticket.person_id)
    return db.session.execute(query.where(Ticket.id.in_(ids))).all()


def _promises(ids: Sequence[int]) -> dict[int, list[Any]]:
    columns = (Promise.subject_id, Promise.promise, Promise.due_at, Promise.taken)
    query = select(*columns, verdicts.rank().label("rank")).where(
        Promise.subject_kind == Ticket.subject_kind,
        Promise.subject_id.in_(ids),
        or_(Promise.verdict != "dropped", Promise.taken.is_not(None)),
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(query.order_by(Promise.id)):
        found[row.subject_id].append(row)
    return found


def _said(ids: Sequence[int]) -> dict[int, list[str]]:
    """The last rating of each case, and how its present follow-up call stands."""
    rated = select(Rating.ticket_id, Rating.result).where(Rating.ticket_id.in_(ids))
    scores = {
        row.ticket_id: str(row.result) for row in db.session.execute(rated.order_by(Rating.id))
    }
    called = select(Callback.ticket_id, Callback.state).join(
        Ticket, Ticket.id == Callback.ticket_id
    )
    called = called.where(Callback.ticket_id.in_(ids), Callback.cycle == Ticket.cycle)
    found = {id_: [score] for id_, score in scores.items()}
    for row in db.session.execute(called):
        found.setdefault(row.ticket_id, []).append(row.state)
    return found


def _exchange(sums: Sums, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for sign, told_ in ((-1, old), (1, new)):
        for level in facts.LEVELS:
            for span, numbers in facts.added(told_, level).items():
                facts.add(sums["", level, *span, ""], numbers, sign)
                plain = {name: n for name, n in numbers.items() if "@" not in name}
                for by, key in told_["groups"].items():
                    facts.add(sums[by, level, *span, key], plain, sign)


def _write(sums: Sums) -> None:
    """Add these numbers to the rows of the sums."""
    keys = iter([key for key, numbers in sums.items() if numbers])
    while chunk := list(islice(keys, CHUNK)):
        mine = tuple_(*KEY).in_(chunk)
        for row in db.session.execute(select(*KEY, DaySum.counts, DaySum.times).where(mine)):
            key = tuple(row[:5])
            facts.add(sums[key], row.counts)  # type: ignore[index]
            for code, steps in row.times.items():
                facts.add(sums[key], {f"{code}#{step}": n for step, n in steps.items()})  # type: ignore[index]
        change_rows(delete(DaySum).where(mine))
        insert_many(DaySum.__table__, [_row(key, sums[key]) for key in chunk if sums[key]])


def _row(key: Key, numbers: Counter[str]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    times: dict[str, Counter[str]] = defaultdict(Counter)
    for name, number in numbers.items():
        if "@" in name:
            code, _at, taken = name.partition("@")
            facts.add(times[code], {str(facts.step_of(int(taken))): number})
        elif "#" in name:
            code, _at, step = name.partition("#")
            facts.add(times[code], {step: number})
        else:
            counts[name] = number
    return dict(zip(("by", "level", "first", "last", "key"), key, strict=True)) | {
        "counts": counts,
        "times": {code: dict(steps) for code, steps in times.items() if steps},
    }


def _times(fact: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for (first, last), numbers in facts.added(fact["told"], DAY).items():
        for name, number in numbers.items():
            if "@" in name:
                code, _at, taken = name.partition("@")
                yield {
                    "ticket_id": fact["ticket_id"], "code": code, "first": first, "last": last,
                    "taken": int(taken), "number": number,
                }  # fmt: skip


def _round() -> float:
    """One batch; returns the seconds until the next look."""
    done = fold() if look().behind else 0
    if not look().behind:
        return PAUSE
    return background.BREATH if done else background.TICK / 5  # another process is at it


@background.also
def _loop() -> background.Loop:
    return background.Loop("figures", _round)
