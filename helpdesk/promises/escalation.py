"""The escalation chain: at which share of a clock who is told. Each step is taken once.

The unique row (promise, level, cycle) is the guard: a second process, a restart or a late alarm
can't tell anybody twice. What has ended never escalates. After a long silence every missed step gets
its row with its true due time, and only the highest is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, alarm_row, clear_alarms, on_alarms, set_alarms
from helpdesk.core.db import db
from helpdesk.core.events import record
from helpdesk.core.rows import among, change_many, insert_new
from helpdesk.promises import policy, timing
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.reminders import Due, Reached, remind
from helpdesk.promises.subjects import Standing, kinds
from helpdesk.promises.words import ALARM, BREACH

STEPS: Any = Escalation.__table__
PROMISES: Any = Promise.__table__
_TOLD = "id subject_kind subject_id promise cycle owner chain level verdict warned_at"
_COUNTED = "started_at due_at limit calendar calendar_version pauses extended_at"  # see timing
READ = [PROMISES.c[name] for name in f"{_TOLD} {_COUNTED}".split()]


@on_alarms(ALARM)
def ring(alarms: Sequence[Ring]) -> list[Ring]:
    """Promises have reached their alarms' share: take these steps of the chain, all in one go.

    Returns the alarms whose subject somebody is changing now; they ring again in a moment.
    """
    snapshot = policy.current()
    due = {alarm.subject_id: alarm for alarm in alarms}
    found = _locked(list(due))
    rows = _running(list(due))
    mine = [row for row in rows if _about(row) in found]
    open_ = [row for row in mine if found[_about(row)].is_open]
    reached = [_reached(row, found[_about(row)], due[row.id], snapshot) for row in open_]
    taken = _not_taken_before([one for one in reached if one.steps])
    _keep(reached, {one.row.id: one.highest for one in taken})
    _take(taken, snapshot)
    return [due[row.id] for row in rows if _about(row) not in found]


def _about(row: Promise) -> tuple[str, int]:
    return row.subject_kind, row.subject_id


def _locked(promise_ids: list[int]) -> dict[tuple[str, int], Standing]:
    """What these promises are about, locked, without what somebody is changing now."""
    about = select(Promise.subject_id).where(among(Promise.id, promise_ids))
    return {
        (name, standing.id): standing
        for name, kind in kinds().items()
        for standing in kind.lock(about.where(Promise.subject_kind == name)).values()
    }


def _running(promise_ids: list[int]) -> Sequence[Promise]:
    """Those whose clock runs, as plain rows: what changes is written for the whole set."""
    query = select(*READ).where(among(PROMISES.c.id, promise_ids), PROMISES.c.state == "running")
    rows: Any = db.session.execute(query.order_by(PROMISES.c.id)).all()
    return cast("Sequence[Promise]", rows)


def _reached(row: Promise, subject: Standing, alarm: Ring, snapshot: Snapshot) -> Reached:
    """Every step up to now, each with its own due time, and the one that follows."""
    tells = {step.at: step.tell for step in snapshot.chains.get(row.chain, ())}
    level, due = max(row.level, alarm.level), [(alarm.level, alarm.due_at)]
    while (following := timing.next_step(row, level, snapshot)) and following[1] <= now():
        due.append(following)
        level = following[0]
    steps = tuple(Due(at, moment, tells[at]) for at, moment in due if tells.get(at))
    return Reached(row, subject, steps, level, following)


def _keep(reached: Sequence[Reached], new: Mapping[int, Due]) -> None:
    """How far each row's chain has gone, and when it rings next; `new` are the steps just taken."""
    rows = []
    for one in reached:
        row, step = one.row, new.get(one.row.id)
        warned = row.warned_at or (now() if step else None)
        verdict = row.verdict or ("missed" if step and step.level >= BREACH else "")
        rows.append({"id": row.id, "level": one.level, "warned_at": warned, "verdict": verdict})
    change_many(PROMISES, rows)
    clear_alarms(ALARM, [one.row.id for one in reached])
    further = [(one.row.id, one.following) for one in reached if one.following]
    set_alarms([alarm_row(ALARM, about, at, level=level) for about, (level, at) in further])


def _not_taken_before(reached: Iterable[Reached]) -> list[Reached]:
    """Write each step's row; what comes back has only the steps that were new."""
    reached = list(reached)
    values = [_values(one, step) for one in reached for step in one.steps]
    new = {tuple(row) for row in insert_new(STEPS, values, STEPS.c.promise_id, STEPS.c.level)}
    left = [
        Reached(one.row, one.subject, tuple(s for s in one.steps if (one.row.id, s.level) in new))
        for one in reached
    ]
    return [one for one in left if one.steps]


def _values(one: Reached, step: Due) -> dict[str, object]:
    return {
        "promise_id": one.row.id,
        "level": step.level,
        "cycle": one.run,
        "told": ",".join(step.tell) if step == one.highest else "",
        "due_at": step.due_at,
        "at": now(),
    }


def _take(taken: Sequence[Reached], snapshot: Snapshot) -> None:
    by_kind: dict[str, list[tuple[Promise, int]]] = defaultdict(list)
    for one in taken:
        by_kind[one.row.subject_kind].append((one.row, one.highest.level))
        for step in one.steps:
            _note(one, step)
    for name, steps in by_kind.items():
        kinds()[name].reached(steps, snapshot)
    _keep_levels(taken)
    remind(taken, snapshot)


def _keep_levels(reached: Iterable[Reached]) -> None:
    """The highest share that was reached on each subject."""
    levels: dict[str, dict[int, int]] = defaultdict(dict)
    for one in reached:
        of = levels[one.row.subject_kind]
        of[one.subject.id] = max(of.get(one.subject.id, one.subject.level), one.highest.level)
    for name, reached_now in levels.items():
        kinds()[name].keep_level(reached_now)


def _note(one: Reached, step: Due) -> None:
    about, more = kinds()[one.row.subject_kind].journal(one.row)
    record(
        f"{about}.breached" if step.level >= BREACH else f"{about}.warned",
        by=SYSTEM,
        level=step.level,
        told=",".join(step.tell) if step == one.highest else "",
        due_at=one.row.due_at.isoformat() if one.row.due_at else "",
        step_due_at=step.due_at.isoformat(),
        **{one.row.subject_kind: one.subject},  # type: ignore[arg-type]
        **more,
    )
