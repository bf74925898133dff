"""Telling people of steps: who, when by night, and one digest instead of a flood.

remind() writes a row for each person in the transaction of the step. tell_due() hands what is due to
the outbox once nothing more rings, so that a backlog of hours reaches a person as one mail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select

from helpdesk.agents import roster
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.agents.roster import Roster, RosterEntry
from helpdesk.clock import now, opens_at
from helpdesk.core.alarms import after_ringing, next_due
from helpdesk.core.db import db
from helpdesk.core.events import record
from helpdesk.core.rows import change_many, insert_new
from helpdesk.promises.models import Promise, Reminder
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.subjects import Standing
from helpdesk.promises.words import BREACH, DESK_CALENDAR, URGENT

MOST_SINGLE = 20  # more than these at once come as one digest
LONGEST_WAIT = timedelta(minutes=1)  # for the rest of a backlog; then what is there is told
TABLE: Any = Reminder.__table__
_READ = "id promise_id cycle level role promise due_at subject_kind subject_id"
READ = [TABLE.c[name] for name in _READ.split()]
Daylight = Callable[[RosterEntry], datetime]


class Due(NamedTuple):
    """One step of a promise's chain that is reached: its share, when it was due, who is told."""

    level: int
    due_at: datetime
    tell: tuple[str, ...]


@dataclass(frozen=True)
class Reached:
    """One promise, its subject, and every step that is due and not taken, the highest last."""

    row: Promise
    subject: Standing
    steps: tuple[Due, ...]
    level: int = 0  # how far its chain has gone, steps included that nobody is told of
    following: tuple[int, datetime] | None = None  # the next step, and its moment

    @property
    def highest(self) -> Due:
        """The only step that people are told of."""
        return self.steps[-1]

    @property
    def run(self) -> int:
        """Which run of the chain a step belongs to: the row's cycle, and anew when more time was granted
        (by the minute of the row's life at which that was: a column of its own would say no more).
        """
        row = self.row
        if row.extended_at is None or row.started_at is None:
            return row.cycle
        minute = int((row.extended_at - row.started_at).total_seconds() // 60)
        return row.cycle + 100 * (minute + 1)

    @property
    def urgent(self) -> bool:
        """Told day and night: severe cases, and broken promises."""
        return self.subject.severity in URGENT or self.highest.level >= BREACH


def remind(reached: Sequence[Reached], snapshot: Snapshot) -> None:
    """Write down who is told of each highest step, by the roster of this moment."""
    if reached:
        people, daylight = roster.at(), cache(partial(_by_daylight, snapshot=snapshot))
        insert_new(TABLE, [row for one in reached for row in _rows(one, people, daylight)])


def _rows(one: Reached, people: Roster, daylight: Daylight) -> list[dict[str, object]]:
    told: dict[int, tuple[RosterEntry, str]] = {}
    subject, breached = one.subject, one.highest.level >= BREACH
    team = subject.department_id if one.row.owner == "department" else None
    for role in one.highest.tell:
        for person in people.told(role, team, subject.assignee_id):
            told.setdefault(person.id, (person, role))
    issuer = people.stand_in(subject.issuer_id) if subject.issuer_id and breached else None
    if issuer is not None:
        told.setdefault(issuer.id, (issuer, "issuer"))
    step, moment = _step(one), now() if one.urgent else None
    return [
        step | {"agent_id": person.id, "role": role, "tell_at": moment or daylight(person)}
        for person, role in told.values()
    ]


def _step(one: Reached) -> dict[str, object]:
    """What the rows of all who are told of a step have in common."""
    return {
        "promise_id": one.row.id,
        "subject_kind": one.row.subject_kind,
        "subject_id": one.row.subject_id,
        "promise": one.row.promise,
        "level": one.highest.level,
        "cycle": one.run,
        "due_at": one.highest.due_at,
        "outcome": "",
    }


def _by_daylight(person: RosterEntry, snapshot: Snapshot) -> datetime:
    """The night rule: the next working minute of the person's own calendar."""
    unit = snapshot.departments.get(person.department_id or 0)
    code = unit.calendar if unit else DESK_CALENDAR
    return opens_at(now(), snapshot.calendars[code])


def next_telling() -> datetime | None:
    """When somebody is to be told next."""
    return db.session.scalar(next_telling_query())


def next_telling_query() -> Select[datetime]:
    """The first entry of the index of those who wait to be told."""
    query = select(Reminder.tell_at).where(Reminder.told_at.is_(None))
    return query.order_by(Reminder.tell_at).limit(1)


@after_ringing(next_telling)
def tell_due() -> int:
    """Tell everybody whose time has come, unless more is ringing; returns how many people."""
    first = next_telling()
    if first is None or first > now() or not _is_quiet(first):
        return 0
    due = select(Reminder.agent_id).where(*_due()).distinct()
    told = [_tell(agent_id) for agent_id in db.session.scalars(due).all()]
    return sum(told)


def _is_quiet(first: datetime) -> bool:
    """Nothing is due any more that may belong into the same digest; or it has taken too long."""
    ringing = next_due()
    return ringing is None or ringing > now() or first < now() - LONGEST_WAIT


def _due() -> tuple[ColumnElement[bool], ...]:
    return Reminder.told_at.is_(None), Reminder.tell_at <= now()


def _tell(agent_id: int) -> bool:
    """Hand what this person is due to the outbox; False when another process does."""
    query = select(*READ, Promise.state).outerjoin(Promise, Promise.id == Reminder.promise_id)
    query = query.where(Reminder.agent_id == agent_id, *_due())
    query = query.order_by(Reminder.due_at, Reminder.id)
    rows: Any = db.session.execute(query.with_for_update(skip_locked=True, of=Reminder)).all()
    worth = _worth_telling(rows)
    told = [row for row in rows if row.id in worth]
    digest = told[0].id if len(told) > MOST_SINGLE else None
    what = {"told_at": now(), "outcome": "digest" if digest else "told", "digest": digest}
    passed = what | {"outcome": "passed", "digest": None}
    change_many(TABLE, [{"id": row.id, **(what if row.id in worth else passed)} for row in rows])
    _record(told, agent_id, digest)
    return bool(rows)


def _worth_telling(rows: Iterable[Any]) -> set[int]:
    """Only the highest step of each promise, and a warning only while it can still be kept."""
    highest: dict[tuple[int, int], Any] = {}
    for row in rows:
        if row.state == "running" or (row.level >= BREACH and row.state == "met"):
            key = (row.promise_id, row.cycle)
            known = highest.get(key)
            if known is None or row.level > known.level:
                highest[key] = row
    return {row.id for row in highest.values()}


def _record(rows: Sequence[Any], agent_id: int, digest: int | None) -> None:
    """The events that the outbox turns into mails: one each, or one digest."""
    if not rows:
        return
    name = db.session.scalar(select(Agent.name).where(Agent.id == agent_id)) or ""
    if digest:
        record("staff.digest", by=SYSTEM, agent=agent_id, who=name, digest=digest, count=len(rows))
        return
    for row in rows:
        record(
            "staff.told",
            by=SYSTEM,
            agent=agent_id,
            who=name,
            reminder=row.id,
            step_due_at=row.due_at.isoformat(),
            **{name: getattr(row, name) for name in ("role", "promise", "level")},
            **{row.subject_kind: SimpleNamespace(id=row.subject_id)},  # type: ignore[arg-type]
        )
