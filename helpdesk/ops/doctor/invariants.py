"""What must hold of the data at any time, whatever was killed when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from helpdesk.clock import now
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.events import MAX_TRIES, Delivery, Event
from helpdesk.files import location
from helpdesk.notices.models import Notice
from helpdesk.ops.doctor.finding import Finding, found
from helpdesk.promises import recompute
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.words import ALARM
from helpdesk.setup import in_force
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Attachment, Ticket

GRACE = timedelta(minutes=1)
SUBJECTS = (Ticket, Notice)  # whatever something is promised about
STATES = ("waiting", "running", "done", "dead", "withdrawn")


def _rows(query: Any) -> Iterable[str]:
    found_rows: Iterable[str] = db.session.scalars(query)
    return found_rows


def sources() -> Finding:
    """I1: what came in by a channel under one name became one ticket."""
    twice = (
        select(Ticket.external_id)
        .where(Ticket.external_id.is_not(None))
        .group_by(Ticket.channel, Ticket.external_id)
        .having(func.count() > 1)
    )
    return found("I1", "each source has one ticket", _rows(twice))


def opened() -> Finding:
    """I1: what the journal says was opened is there."""
    there = exists().where(Ticket.id == Event.ticket_id)
    gone = select(Event.seq).where(Event.name == "ticket.opened", ~there)
    return found("I1", "each case that was taken in is there", _rows(gone))


def escalations() -> Finding:
    """I2: a step of a chain is taken once."""
    key = (Escalation.promise_id, Escalation.level, Escalation.cycle)
    twice = select(Escalation.promise_id).group_by(*key).having(func.count() > 1)
    return found("I2", "each step of escalation was taken once", db.session.scalars(twice))


def due_alarms() -> Finding:
    """I3: what was due has rung."""
    late = select(Alarm.id).where(Alarm.parked.is_(False), Alarm.due_at < now() - GRACE)
    return found("I3", "no alarm is due and has not rung", db.session.scalars(late))


def parked_alarms() -> Finding:
    """Alarms that failed five times wait for a person: known, so a note."""
    parked = select(Alarm.id).where(Alarm.parked)
    return found("waiting", "no alarm waits for a person", db.session.scalars(parked), notable=True)


def silent_promises() -> Finding:
    """I3: a running promise with steps of its chain ahead has an alarm; of a notice's, the next one."""
    alarm = exists().where(Alarm.kind == ALARM, Alarm.subject_id == Promise.id)
    silent = (Promise.state == "running", _steps_ahead(), ~alarm)
    tickets = select(Ticket.number).join(Promise, Promise.of(Ticket))
    notices = select(Notice.number).join(Promise, Promise.id == Notice.next_id)
    rows = tickets.where(Ticket.status.not_in(ENDED), *silent).union_all(notices.where(*silent))
    return found("I3", "every running promise has its alarm", _rows(rows))


def homeless_promises() -> Finding:
    """I9: what a promise is about is there: no foreign key can say so, a kind has its own table."""
    there = [
        (Promise.subject_kind == model.subject_kind)
        & exists().where(model.id == Promise.subject_id)
        for model in SUBJECTS
    ]
    lost = select(Promise.id).where(~or_(false(), *there))
    return found("I9", "each promise is about a case that is there", db.session.scalars(lost))


def _steps_ahead() -> ColumnElement[bool]:
    chains = in_force.current().chains
    return or_(
        false(),
        *(
            (Promise.chain == code) & (Promise.level < max(step.at for step in steps))
            for code, steps in chains.items()
            if steps
        ),
    )


def recounts() -> Finding:
    """F14: an open promise was counted by the newest version of its calendar, or is about to be."""
    newest = [
        recompute.open_rows(code) & (Promise.calendar_version < calendar.version)
        for code, calendar in in_force.current().calendars.items()
    ]
    under_way = exists().where(Alarm.kind == recompute.ALARM)
    behind = select(Ticket.number).join(Promise, Promise.of(Ticket))
    return found(
        "F14",
        "every open promise is counted by the calendar in force",
        _rows(behind.where(or_(false(), *newest), ~under_way)),
    )


def outbox() -> Finding:
    """I4: each row of the outbox is sent, waits with its next try, or is known to be dead."""
    odd = select(Delivery.id).where(
        Delivery.state.not_in(STATES)
        | ((Delivery.state == "done") & Delivery.done_at.is_(None))
        | (Delivery.state.in_(("waiting", "running")) & (Delivery.tries > MAX_TRIES))
    )
    return found("I4", "each delivery is done, waits or is known dead", db.session.scalars(odd))


def dead_deliveries() -> Finding:
    """Deliveries that failed five times wait for a person: known, so a note."""
    dead = select(Delivery.id).where(Delivery.state == "dead")
    return found("waiting", "no delivery is dead", db.session.scalars(dead), notable=True)


def attachments() -> Finding:
    """I8: every attachment has its bytes."""
    rows = db.session.execute(select(Attachment.key, Attachment.size)).yield_per(1000)
    lost = (row.key for row in rows if not has_bytes(row.key, row.size))
    return found("I8", "every attachment has its bytes", lost)


def has_bytes(key: str, size: int) -> bool:
    """Whether the bytes of a stored file are there, all of them."""
    try:
        return location(key).stat().st_size == size
    except (NotFound, OSError):
        return False


def next_due() -> Finding:
    """A ticket or a notice shows the due time of its next running promise."""
    running = (
        select(func.min(Promise.due_at))
        .where(Promise.of(Ticket), Promise.state == "running")
        .scalar_subquery()
    )
    odd = select(Ticket.number).where(
        Ticket.status.not_in(ENDED), Ticket.due_at.is_distinct_from(running)
    )
    notices = select(Notice.number).outerjoin(Promise, Promise.id == Notice.next_id)
    odd_notices = notices.where(
        Notice.due_at.is_distinct_from(Promise.due_at) | (Promise.state != "running")
    )
    both = _rows(odd.union_all(odd_notices))
    return found("I9", "tickets and notices show the due time of their next promise", both)


def ended() -> Finding:
    """I9: a ticket has an end if, and only if, its status says so."""
    odd = select(Ticket.number).where(Ticket.closed_at.is_(None) == Ticket.status.in_(ENDED))
    return found("I9", "status and end agree", _rows(odd))


def promises_of_ended() -> Finding:
    """An ended ticket has no running clock."""
    running = (
        select(Ticket.number)
        .join(Promise, Promise.of(Ticket))
        .where(Ticket.status.in_(ENDED), Promise.state == "running")
    )
    return found("I9", "no clock runs on an ended ticket", _rows(running))


CHECKS: tuple[Callable[[], Finding], ...] = (
    sources,
    opened,
    escalations,
    due_alarms,
    silent_promises,
    homeless_promises,
    recounts,
    parked_alarms,
    outbox,
    dead_deliveries,
    attachments,
    next_due,
    ended,
    promises_of_ended,
)
