"""The escalation chain: at which share of a clock who is told. Each step is taken once.

The unique row (promise, level, cycle) is the guard: a second process, a restart or a late alarm
can't tell anybody twice. What has ended never escalates. After a long silence every missed step gets
its row with its true due time, and only the highest is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, clear_alarms, on_alarms, set_alarms
from helpdesk.core.db import db, insert_new
from helpdesk.core.events import record
from helpdesk.promises import policy, timing
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.policy import Snapshot
from helpdesk.promises.reminders import Due, Reached, remind
from helpdesk.promises.subjects import Standing, kinds
from helpdesk.promises.words import ALARM, BREACH

STEPS: Any = Escalation.__table__


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
    _take(_not_taken_before([one for one in reached if one.steps]), snapshot)
    clear_alarms(ALARM, [row.id for row in open_])
    set_alarms(timing.alarms_of(open_, snapshot))
    return [due[row.id] for row in rows if _about(row) not in found]


def _about(row: Promise) -> tuple[str, int]:
    return row.subject_kind, row.subject_id


def _locked(promise_ids: list[int]) -> dict[tuple[str, int], Standing]:
    """What these promises are about, locked, without what somebody is changing now."""
    about = select(Promise.subject_id).where(Promise.id.in_(promise_ids))
    return {
        (name, standing.id): standing
        for name, kind in kinds().items()
        for standing in kind.lock(about.where(Promise.subject_kind == name)).values()
    }


def _running(promise_ids: list[int]) -> Sequence[Promise]:
    query = select(Promise).where(Promise.id.in_(promise_ids), Promise.state == "running")
    ordered = query.order_by(Promise.id).execution_options(populate_existing=True)
    return db.session.scalars(ordered).all()


def _reached(row: Promise, subject: Standing, alarm: Ring, snapshot: Snapshot) -> Reached:
    """Every step up to now, each with its own due time; the row's level follows."""
    tells = {step.at: step.tell for step in snapshot.chains.get(row.chain, ())}
    due: list[dict[str, Any]] = [{"level": alarm.level, "due_at": alarm.due_at}]
    row.level = max(row.level, alarm.level)
    while (following := timing.next_alarm(row, snapshot)) and following[0]["due_at"] <= now():  # type: ignore[operator]
        due.append(following[0])
        row.level = int(following[0]["level"])  # type: ignore[call-overload]
    steps = [Due(one["level"], one["due_at"], tells.get(one["level"], ())) for one in due]
    return Reached(row, subject, tuple(step for step in steps if step.tell))


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


def _take(reached: Sequence[Reached], snapshot: Snapshot) -> None:
    for one in reached:
        one.row.warned_at = one.row.warned_at or now()
        if one.highest.level >= BREACH and not one.row.verdict:
            one.row.verdict = "missed"
        for step in one.steps:
            _note(one, step)
        kinds()[one.row.subject_kind].reached(one.row, one.highest.level, snapshot)
    db.session.flush()
    _keep_levels(reached)
    remind(reached, snapshot)


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
