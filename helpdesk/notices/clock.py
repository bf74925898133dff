"""Which promises a notice carries, whose they are and until when; helpdesk.promises runs their clocks.

Each round has a promise for every step. The limits are options that admins edit, and a promise keeps
the one that was in force at the issue. Only the step that is due next rings: the notice names it as
`next`, and its due_at. Overdue is computed from that and is never a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case

from helpdesk import promises
from helpdesk.clock import Limit, after_pause, now
from helpdesk.core import options
from helpdesk.core.alarms import clear_alarms, set_alarm, set_alarms
from helpdesk.core.db import db
from helpdesk.core.i18n import N_, P_
from helpdesk.core.rows import entity, insert_new
from helpdesk.notices.lifecycle import ENDED, Level, State
from helpdesk.notices.models import Notice
from helpdesk.promises import keeping, rows, running, timing
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.policy import Terms
from helpdesk.promises.subjects import SubjectKind, register
from helpdesk.promises.words import ALARM, OPEN
from helpdesk.setup import in_force

WATCH_ALARM = "notice_watch"
STEPS = ("containment", "plan", "done", "check")
STEP_NAMES = {
    "containment": N_("Containment"),
    "plan": N_("Plan"),
    "done": P_("rectification", "Done"),
    "check": N_("Re-inspection"),
}
_PLANNING = (State.ISSUED, State.OBJECTED, State.SIGNED, State.PLAN_REJECTED)
_RUNNING: dict[str, tuple[str, ...]] = {  # the steps whose clocks run, by the state of the notice
    **dict.fromkeys(_PLANNING, ("containment", "plan", "done")),
    **dict.fromkeys((State.PLAN_SUBMITTED, State.IMPLEMENTING), ("containment", "done")),
    State.DONE_CLAIMED: ("check",),
}
_ANY_DAY = "1 cd"  # the measure of a time that a supervisor set where the options name no limit


def limit_of(level: str, step: str) -> str:
    """The limit in words ('3 wd'), or '' where this level has none for the step."""
    name = "notice_check" if step == "check" else f"notice_{level}_{step}"
    return str(options.get(name)) if options.is_declared(name) else ""


def begin(notice: Notice, start: datetime) -> None:
    """Promise the steps of an issued notice, with the limits that are in force now."""
    limits = {step: limit_of(notice.level, step) for step in STEPS}
    _promise(notice, start, {step: limit for step, limit in limits.items() if limit}, {})


def begin_round(notice: Notice, start: datetime, re_due: datetime, new_plan: bool) -> None:
    """Promise the steps of a further round: what is left is due at `re_due`."""
    known = {row.promise: row.limit for row in promises.table(notice)}
    limits = {"done": _ANY_DAY} | {step: known[step] for step in ("done", "check") if step in known}
    if new_plan and "plan" in known:
        limits["plan"] = known["plan"]
    _promise(notice, start, limits, {"done": re_due, "plan": re_due})


def _promise(
    notice: Notice, start: datetime, limits: Mapping[str, str], ends: Mapping[str, datetime]
) -> None:
    """A row for each of these steps; `ends` names a time that is not counted, or the latest one."""
    snapshot = in_force.current()
    chain = "critical" if notice.level == Level.MAJOR else "standard"
    for step, limit in limits.items():
        row = rows.new_row(notice, Terms(step, limit, "department", chain), snapshot)
        row.position = STEPS.index(step)
        if step != "check":
            timing.begin(row, snapshot, start)
            assert row.due_at
            end = ends.get(step, row.due_at)
            row.due_at = end if step == "done" else min(row.due_at, end)
        db.session.add(entity(row))
    db.session.flush()


def wait_for_reading(notice: Notice, submitted: datetime) -> None:
    """A plan comes back: the time it lay with the supervisor does not count."""
    row = steps(notice).get("plan")
    if row is not None and row.due_at:
        calendar = in_force.current().calendars[row.calendar]
        moved = after_pause(row.due_at, (submitted, now()), Limit.parse(row.limit), calendar)
        row.due_at = max(row.due_at, moved)


def grant(notice: Notice, until: datetime) -> datetime | None:
    """More time for the work; returns until when it was before."""
    row = steps(notice).get("done")
    before = row.due_at if row is not None else None
    if row is not None:
        running.grant(row, until, in_force.current())
    return before


def steps(notice: Notice) -> dict[str, Promise]:
    """The promises of this round by step."""
    return {row.promise: row for row in promises.table(notice) if row.cycle == notice.round}


def due_of(notice: Notice, step: str) -> datetime | None:
    """When this step of the round is due, or was."""
    row = steps(notice).get(step)
    return row.due_at if row is not None else None


def met_at(notice: Notice, step: str) -> datetime | None:
    """When this step of the round was taken."""
    if step == "plan" and notice.status == State.PLAN_REJECTED:
        return None
    told: Any = {
        "containment": notice.answer.get("contained_at"),
        "plan": notice.answer.get("submitted_at"),
        "done": notice.answer.get("claimed_at"),
        "check": notice.check.get("verified_at"),
    }[step]
    return datetime.fromisoformat(told) if told else None


def is_overdue(notice: Notice, moment: datetime | None = None) -> bool:
    """Whether the step that is next should have been taken by now."""
    return notice.due_at is not None and notice.due_at < (moment or now())


def overdue(moment: datetime | None = None) -> ColumnElement[bool]:
    """The same as a condition for lists and counts."""
    return Notice.due_at < (moment or now())


def follow(notice: Notice) -> None:
    """After every move: the clocks stand as the state says, and the step that is next rings."""
    found, snapshot = list(steps(notice).values()), in_force.current()
    for row in found:
        _stand(row, notice, snapshot)
    ticking = [row for row in found if row.state == "running" and row.due_at]
    following = min(ticking, key=lambda row: row.due_at or now(), default=None)
    clear_alarms(ALARM, [row.id for row in found])
    set_alarms(promises.alarms_of([following] if following else [], snapshot))
    notice.next = following
    promises.note_next_due(notice, found)


def _stand(row: Promise, notice: Notice, snapshot: in_force.Setup) -> None:
    """Kept, running or no longer running, as the notice is now."""
    met = met_at(notice, row.promise)
    if met is not None:
        if row.state in OPEN and row.started_at:
            keeping.keep([row], met, "", "", snapshot)
    elif row.promise in _RUNNING.get(notice.status, ()):
        if row.state == "pending":
            timing.begin(row, snapshot, met_at(notice, "done") or now())
        elif row.state == "met":  # a plan that came back
            row.state, row.verdict, row.met_at, row.taken = "running", "", None, None
    elif row.started_at or notice.status == State.WITHDRAWN:
        keeping.drop([row])


def escalate_failure(notice: Notice) -> str:
    """A failed re-inspection goes one level up: supervisor first, then the division leader.

    Level 0 in the row: not a share of a clock, but a failed round.
    """
    told = ("manager,supervisor", "division_leader", "general_manager")[min(notice.round, 3) - 1]
    row = steps(notice).get("check")
    if row is not None:
        moment = now()
        taken = {"promise_id": row.id, "level": 0, "cycle": row.cycle, "told": told}
        insert_new(Escalation.__table__, [taken | {"due_at": moment, "at": moment}])
    return told


def begin_watch(notice: Notice) -> None:
    """Watch the effect for the set number of days; then the notice closes by itself."""
    notice.watch_until = now() + timedelta(days=int(options.get("notice_watch_days")))
    set_alarm(WATCH_ALARM, notice.id, notice.watch_until)


def end_watch(notice: Notice) -> None:
    """No alarm any more: it closed, or it happened again."""
    clear_alarms(WATCH_ALARM, [notice.id])


def _journal(row: Promise) -> tuple[str, dict[str, Any]]:
    """A step of a notice's chain is "notice.warned" or "notice.breached"."""
    return "notice", {"step": row.promise, "round": row.cycle}


register(
    SubjectKind(
        Notice,
        ended=ENDED,
        severity=case((Notice.level == Level.MAJOR, "S2"), else_="S3"),
        told="issuer_id",
        level="level_reached",
        journal=_journal,
        recounts=False,  # a notice keeps the days that it named, whatever a calendar says later
        touched=False,
    )
)
