"""When each step of a notice is due, and who is told on the way there.

The limits are options that admins edit. The step that is due next is kept on the
notice as due_at with one alarm; overdue is computed from it and is never a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import Limit, WorkCalendar, after_pause, at_share, due_at, now
from helpdesk.core import options
from helpdesk.core.alarms import Ring, clear_alarms, on_alarm, set_alarm
from helpdesk.core.db import db
from helpdesk.core.events import record
from helpdesk.core.i18n import N_, P_
from helpdesk.notices.lifecycle import State
from helpdesk.notices.models import Notice
from helpdesk.promises import BREACH, dues
from helpdesk.promises.models import Escalation
from helpdesk.promises.policy import Step
from helpdesk.promises.reminders import Telling, remind
from helpdesk.setup import in_force

ALARM = "notice"
WATCH_ALARM = "notice_watch"
STEPS = ("containment", "plan", "done", "check")
STEP_NAMES = {
    "containment": N_("Containment"),
    "plan": N_("Plan"),
    "done": P_("rectification", "Done"),
    "check": N_("Re-inspection"),
}
_PLANNING = frozenset({State.ISSUED, State.OBJECTED, State.SIGNED, State.PLAN_REJECTED})
_WORKING = _PLANNING | {State.PLAN_SUBMITTED, State.IMPLEMENTING}


@dataclass(frozen=True)
class Due:
    """One step with its limit: when its clock began and when it ends."""

    step: str
    start: datetime
    at: datetime
    limit: str


def limit_of(level: str, step: str) -> str:
    """The limit in words ('3 wd'), or '' where this level has none for the step."""
    name = "notice_check" if step == "check" else f"notice_{level}_{step}"
    return str(options.get(name)) if name in options.DEFAULTS else ""


def due_after(notice: Notice, step: str, start: datetime) -> datetime | None:
    """When the step is due if its clock begins at `start`, on the department's calendar."""
    limit = notice.limits.get(step, "")
    if not limit:
        return None
    return due_at(start, Limit.parse(limit), calendar_of(notice), beyond="weekly")


def calendar_of(notice: Notice, snapshot: in_force.Setup | None = None) -> WorkCalendar:
    """The work calendar of the responsible department."""
    snapshot = snapshot or in_force.current()
    unit = snapshot.departments[notice.department_id]
    return snapshot.calendars[unit.calendar]


def begin(notice: Notice, start: datetime) -> None:
    """Start the clocks of an issued notice, with the limits that are in force now."""
    notice.round_at = start
    notice.limits = {step: limit_of(notice.level, step) for step in STEPS}
    notice.containment_due_at = due_after(notice, "containment", start)
    notice.plan_due_at = due_after(notice, "plan", start)
    notice.done_due_at = due_after(notice, "done", start)


def begin_round(notice: Notice, start: datetime, re_due: datetime, new_plan: bool) -> None:
    """Start the clocks of a further round: what is left is due at `re_due`."""
    plan = due_after(notice, "plan", start) if new_plan else None
    notice.round_at, notice.check_due_at = start, None
    notice.containment_due_at = None
    notice.plan_due_at = min(plan, re_due) if plan else None
    notice.done_due_at = re_due


def wait_for_reading(notice: Notice, submitted: datetime) -> None:
    """A plan comes back: the time it lay with the supervisor does not count."""
    if notice.plan_due_at:
        limit = Limit.parse(notice.limits["plan"])
        pause = (submitted, now())
        moved = after_pause(notice.plan_due_at, pause, limit, calendar_of(notice))
        notice.plan_due_at = max(notice.plan_due_at, moved)


def next_due(notice: Notice) -> Due | None:
    """The step that is due next, or None when nothing is."""
    return min(open_steps(notice), key=lambda due: due.at, default=None)


def open_steps(notice: Notice) -> list[Due]:
    """Every step whose clock runs now."""
    found = [_due(notice, step, at) for step, at in _running(notice)]
    return [due for due in found if due is not None]


def _running(notice: Notice) -> list[tuple[str, datetime | None]]:
    state = State(notice.status)
    if state is State.DONE_CLAIMED:
        return [("check", notice.check_due_at)]
    if state not in _WORKING:
        return []
    steps = [("done", notice.done_due_at)]
    if not notice.answer.get("containment"):
        steps.append(("containment", notice.containment_due_at))
    if state in _PLANNING:
        steps.append(("plan", notice.plan_due_at))
    return steps


def _due(notice: Notice, step: str, at: datetime | None) -> Due | None:
    if at is None or notice.round_at is None:
        return None
    claimed = notice.answer.get("claimed_at") if step == "check" else None
    start = datetime.fromisoformat(claimed) if claimed else notice.round_at
    return Due(step, start, at, notice.limits.get(step) or "1 cd")


def is_overdue(notice: Notice, moment: datetime | None = None) -> bool:
    """Whether the step that is next should have been taken by now."""
    return notice.due_at is not None and notice.due_at < (moment or now())


def left_of(notice: Notice, due: Due, snapshot: in_force.Setup | None = None) -> dues.Left | None:
    """What is left of the step's time in its own measure; None when it is over."""
    moment = now()
    if due.at < moment:
        return None
    return dues.left(due.at, Limit.parse(due.limit), calendar_of(notice, snapshot), moment)


def clock_of(
    notice: Notice, due: Due, state: str = "running", snapshot: in_force.Setup | None = None
) -> dues.Clock:
    """The step's due time as pages show it, worded as every promise to a customer is."""
    known = left_of(notice, due, snapshot)
    return dues.clock(due.at, state if known else "breached", known)


def overdue(moment: datetime | None = None) -> ColumnElement[bool]:
    """The same as a condition for lists and counts."""
    return Notice.due_at < (moment or now())


def follow(notice: Notice) -> None:
    """After every move: note the next due time and keep exactly one alarm for it."""
    clear_alarms(ALARM, [notice.id])
    due = next_due(notice)
    notice.due_at = due.at if due else None
    if due:
        _set_next(notice, due, 0)


def _cycle(notice: Notice, step: str) -> int:
    """The round, the extension and the step as one number: each has its own steps to tell."""
    return (notice.round * 10 + notice.extensions) * 10 + STEPS.index(step)


def _chain(notice: Notice) -> tuple[Step, ...]:
    return in_force.current().chains.get("critical" if notice.level == "major" else "standard", ())


def _set_next(notice: Notice, due: Due, level: int) -> None:
    """Ring at the first share of the chain above `level` that has not been told yet."""
    limit, calendar, cycle = Limit.parse(due.limit), calendar_of(notice), _cycle(notice, due.step)
    told = _told_level(notice, cycle)
    for step in _chain(notice):
        if step.at > max(level, told):
            moment = at_share(due.start, due.at, step.at / 100, limit, calendar)
            set_alarm(ALARM, notice.id, moment, level=step.at, cycle=cycle)
            return


def _told_level(notice: Notice, cycle: int) -> int:
    query = db.select(db.func.max(Escalation.level)).where(
        Escalation.subject_kind == "notice",
        Escalation.subject_id == notice.id,
        Escalation.cycle == cycle,
    )
    return db.session.scalar(query) or 0


@on_alarm(ALARM)
def ring(alarm: Ring) -> None:
    """The next step has used the alarm's share of its time: tell whom the chain names, once."""
    notice = db.session.get(
        Notice, alarm.subject_id, populate_existing=True, with_for_update={"of": Notice}
    )
    due = next_due(notice) if notice is not None else None
    if notice is None or due is None or _cycle(notice, due.step) != alarm.cycle:
        return
    told = next((",".join(s.tell) for s in _chain(notice) if s.at == alarm.level), "")
    if told and once(notice, alarm.level, alarm.cycle, told, alarm.due_at):
        _tell(notice, due, alarm, told)
    _set_next(notice, due, alarm.level)


def _tell(notice: Notice, due: Due, alarm: Ring, told: str) -> None:
    # without the version: a reminder must not make a form stale that somebody is filling in
    reached = max(notice.level_reached, alarm.level)
    db.session.execute(update(Notice).where(Notice.id == notice.id).values(level_reached=reached))
    record(
        "notice.breached" if alarm.level >= BREACH else "notice.warned",
        by=SYSTEM,
        notice=notice,
        step=due.step,
        level=alarm.level,
        told=told,
        round=notice.round,
        due_at=due.at.isoformat(),
        step_due_at=alarm.due_at.isoformat(),
    )
    remind([_case(notice, due, alarm, told)], in_force.current())


def _case(notice: Notice, due: Due, alarm: Ring, told: str) -> Telling:
    return Telling(
        kind="notice",
        subject_id=notice.id,
        ticket_id=notice.ticket_id,
        notice_id=notice.id,
        promise=due.step,
        level=alarm.level,
        cycle=alarm.cycle,
        due_at=alarm.due_at,
        severity="S2" if notice.level == "major" else "S3",
        roles=tuple(told.split(",")),
        team=notice.department_id,
        issuer_id=notice.issuer_id if alarm.level >= BREACH else None,
    )


def once(notice: Notice, level: int, cycle: int, told: str, due: datetime) -> bool:
    """Write that this step of the chain was taken; False when it was taken before."""
    row = Escalation(
        subject_kind="notice",
        subject_id=notice.id,
        ticket_id=notice.ticket_id,
        notice_id=notice.id,
        level=level,
        cycle=cycle,
        told=told,
        due_at=due,
        at=now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def escalate_failure(notice: Notice) -> str:
    """A failed re-inspection goes one level up: supervisor first, then the division leader.

    Level 0 in the row: not a share of a clock, but a failed round.
    """
    told = ("manager,supervisor", "division_leader", "general_manager")[min(notice.round, 3) - 1]
    once(notice, 0, notice.round, told, now())
    return told


def begin_watch(notice: Notice) -> None:
    """Watch the effect for the set number of days; then the notice closes by itself."""
    notice.watch_until = now() + timedelta(days=int(options.get("notice_watch_days")))
    set_alarm(WATCH_ALARM, notice.id, notice.watch_until)


def end_watch(notice: Notice) -> None:
    """No alarm any more: it closed, or it happened again."""
    clear_alarms(WATCH_ALARM, [notice.id])
