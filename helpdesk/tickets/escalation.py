"""The escalation chain: at which share of a clock who is told. Each step is taken once.

The unique row (response, level, cycle) is the guard: a second process, a restart or a late alarm
can't tell anybody twice (M20). Ended tickets never escalate (M21). After a long silence every missed
step gets its row with its true due time, and only the highest is told (F19).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.alarms import Ring, clear_alarms, on_alarms, set_alarm, set_alarms
from helpdesk.core.db import db, insert_new
from helpdesk.core.events import record
from helpdesk.setup import in_force
from helpdesk.tickets import responses
from helpdesk.tickets.lifecycle import ENDED, Status
from helpdesk.tickets.models import Escalation, Response, Ticket
from helpdesk.tickets.reminders import Case, remind
from helpdesk.tickets.responses import BREACH

__all__ = ["BREACH", "FORCED_SIGNING", "ROLE_NAMES", "ring"]
FORCED_SIGNING = "forced_signing"  # the alarm that signs for a department (tickets.timers)
SIGNING_CHAIN = "signing"
STEPS: Any = Escalation.__table__
TICKETS: Any = Ticket.__table__
REACHED = (
    update(TICKETS)
    .where(TICKETS.c.id == bindparam("ticket"))
    .values(escalation=bindparam("reached"), updated_at=bindparam("moment"))
)


@dataclass(frozen=True)
class Step:
    """One step of a promise's chain that is reached: its share, when it was due, who is told."""

    level: int
    due_at: datetime
    tell: tuple[str, ...]


@dataclass(frozen=True)
class Reached:
    """One promise, its ticket, and every step that is due and not taken, the highest last."""

    row: Response
    ticket: Row[Any]
    steps: tuple[Step, ...]

    @property
    def highest(self) -> Step:
        """The only step that people are told of."""
        return self.steps[-1]


@on_alarms(responses.ALARM)
def ring(alarms: Sequence[Ring]) -> list[Ring]:
    """Promises have reached their alarms' share: take these steps of the chain, all in one go.

    Returns the alarms whose ticket somebody is changing now; they ring again in a moment.
    """
    snapshot = in_force.current()
    due = {alarm.subject_id: alarm for alarm in alarms}
    tickets = _locked_tickets(list(due))
    rows = _running(list(due))
    mine = [row for row in rows if row.ticket_id in tickets]
    open_ = [row for row in mine if Status(tickets[row.ticket_id].status) not in ENDED]
    reached = [_reached(row, tickets[row.ticket_id], due[row.id], snapshot) for row in open_]
    _take(_not_taken_before([one for one in reached if one.steps]), snapshot)
    clear_alarms(responses.ALARM, [row.id for row in open_])
    set_alarms([alarm for row in open_ for alarm in responses.next_alarm(row, snapshot)])
    return [due[row.id] for row in rows if row.ticket_id not in tickets]


def _locked_tickets(response_ids: list[int]) -> dict[int, Row[Any]]:
    """The tickets behind these promises, locked. One that is being changed is left out: a verb holds
    its ticket and may want its alarm, so waiting here could wait for ever.
    """
    of_these = select(Response.ticket_id).where(Response.id.in_(response_ids))
    columns = ("id", "status", "severity", "department_id", "assignee_id", "escalation")
    query = select(*(TICKETS.c[name] for name in columns)).where(TICKETS.c.id.in_(of_these))
    rows = db.session.execute(query.order_by(TICKETS.c.id).with_for_update(skip_locked=True))
    return {row.id: row for row in rows}


def _running(response_ids: list[int]) -> Sequence[Response]:
    query = select(Response).where(Response.id.in_(response_ids), Response.state == "running")
    ordered = query.order_by(Response.id).execution_options(populate_existing=True)
    return db.session.scalars(ordered).all()


def _reached(row: Response, ticket: Row[Any], alarm: Ring, snapshot: in_force.Setup) -> Reached:
    """Every step up to now, each with its own due time; the row's level follows."""
    tells = {step.at: step.tell for step in snapshot.chains.get(row.chain, ())}
    due: list[dict[str, Any]] = [{"level": alarm.level, "due_at": alarm.due_at}]
    row.level = max(row.level, alarm.level)
    while (following := responses.next_alarm(row, snapshot)) and following[0]["due_at"] <= now():  # type: ignore[operator]
        due.append(following[0])
        row.level = int(following[0]["level"])  # type: ignore[call-overload]
    steps = [Step(one["level"], one["due_at"], tells.get(one["level"], ())) for one in due]
    return Reached(row, ticket, tuple(step for step in steps if step.tell))


def _not_taken_before(reached: Iterable[Reached]) -> list[Reached]:
    """Write each step's row; what comes back has only the steps that were new."""
    reached = list(reached)
    values = [_values(one, step) for one in reached for step in one.steps]
    new = {tuple(row) for row in insert_new(STEPS, values, STEPS.c.subject_id, STEPS.c.level)}
    left = [
        Reached(one.row, one.ticket, tuple(s for s in one.steps if (one.row.id, s.level) in new))
        for one in reached
    ]
    return [one for one in left if one.steps]


def _values(one: Reached, step: Step) -> dict[str, object]:
    return {
        "subject_kind": "response",
        "subject_id": one.row.id,
        "ticket_id": one.ticket.id,
        "level": step.level,
        "cycle": _run(one.row),
        "told": ",".join(step.tell) if step == one.highest else "",
        "due_at": step.due_at,
        "at": now(),
    }


def _run(row: Response) -> int:
    """Which run of the chain a step belongs to: the row's cycle, and anew when more time was granted
    (by the minute of the row's life at which that was: a column of its own would say no more).
    """
    if row.extended_at is None or row.started_at is None:
        return row.cycle
    minute = int((row.extended_at - row.started_at).total_seconds() // 60)
    return row.cycle + 100 * (minute + 1)


def _take(reached: Sequence[Reached], snapshot: in_force.Setup) -> None:
    for one in reached:
        one.row.warned_at = one.row.warned_at or now()
        if one.highest.level >= BREACH and not one.row.verdict:
            one.row.verdict = "missed"
        for step in one.steps:
            _note(one, step)
        _force(one, snapshot)
    db.session.flush()
    _mark_tickets(reached)
    remind([_case(one) for one in reached], snapshot)


def _mark_tickets(reached: Iterable[Reached]) -> None:
    """The highest share on the ticket, without its version: no form becomes stale by a warning."""
    levels: dict[int, int] = {}
    for one in reached:
        before = levels.get(one.ticket.id, one.ticket.escalation)
        levels[one.ticket.id] = max(before, one.highest.level)
    if levels:
        moment = now()
        rows = [{"ticket": i, "reached": at, "moment": moment} for i, at in sorted(levels.items())]
        db.session.connection().execute(REACHED, rows)


def _note(one: Reached, step: Step) -> None:
    record(
        "promise.breached" if step.level >= BREACH else "promise.warned",
        by=SYSTEM,
        ticket=one.ticket,
        promise=one.row.promise,
        level=step.level,
        told=",".join(step.tell) if step == one.highest else "",
        response=one.row.id,
        due_at=one.row.due_at.isoformat() if one.row.due_at else "",
        step_due_at=step.due_at.isoformat(),
    )


def _case(one: Reached) -> Case:
    department = one.ticket.department_id if one.row.owner == "department" else None
    return Case(
        kind="response",
        subject_id=one.row.id,
        ticket_id=one.ticket.id,
        notice_id=None,
        promise=one.row.promise,
        level=one.highest.level,
        cycle=_run(one.row),
        due_at=one.highest.due_at,
        severity=one.ticket.severity,
        roles=one.highest.tell,
        team=department,
        assignee_id=one.ticket.assignee_id,
    )


def _force(one: Reached, snapshot: in_force.Setup) -> None:
    """Not signed by the last step of the signing chain: it is signed for the department."""
    last = max((step.at for step in snapshot.chains.get(SIGNING_CHAIN, ())), default=0)
    if (one.row.promise, one.row.chain) == ("sign", SIGNING_CHAIN) and one.highest.level >= last:
        set_alarm(FORCED_SIGNING, one.ticket.id, now())
