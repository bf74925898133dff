"""What must hold of the data at any time, whatever was killed when."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from helpdesk.clock import now
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.events import Event
from helpdesk.core.outbox import MAX_TRIES, Delivery
from helpdesk.customers.models import ContactAddress
from helpdesk.customers.people import PROOFS
from helpdesk.files import location
from helpdesk.notices.models import Notice
from helpdesk.ops.doctor.finding import Broken, check
from helpdesk.promises import recompute
from helpdesk.promises.models import Escalation, Promise
from helpdesk.promises.words import ALARM
from helpdesk.setup import in_force
from helpdesk.tickets.lifecycle import ENDED
from helpdesk.tickets.models import Attachment, Ticket

GRACE = timedelta(minutes=1)
SUBJECTS = (Ticket, Notice)  # whatever something is promised about
STATES = ("waiting", "running", "done", "dead", "withdrawn")


@check("I1", "each source has one ticket")
def sources() -> Broken:
    """I1: what came in by a channel under one name became one ticket."""
    return (
        select(Ticket.external_id)
        .where(Ticket.external_id.is_not(None))
        .group_by(Ticket.channel, Ticket.external_id)
        .having(func.count() > 1)
    )


@check("I1", "each case that was taken in is there")
def opened() -> Broken:
    """I1: what the journal says was opened is there."""
    there = exists().where(Ticket.id == Event.ticket_id)
    return select(Event.seq).where(Event.name == "ticket.opened", ~there)


@check("I2", "each step of escalation was taken once")
def escalations() -> Broken:
    """I2: a step of a chain is taken once."""
    key = (Escalation.promise_id, Escalation.level, Escalation.cycle)
    return select(Escalation.promise_id).group_by(*key).having(func.count() > 1)


@check("I3", "no alarm is due and has not rung")
def due_alarms() -> Broken:
    """I3: what was due has rung."""
    return select(Alarm.id).where(Alarm.parked.is_(False), Alarm.due_at < now() - GRACE)


@check("waiting", "no alarm waits for a person", notable=True)
def parked_alarms() -> Broken:
    """Alarms that failed five times wait for a person: known, so a note."""
    return select(Alarm.id).where(Alarm.parked)


@check("I3", "every running promise has its alarm")
def silent_promises() -> Broken:
    """I3: a running promise with steps of its chain ahead has an alarm; of a notice's, the next one."""
    alarm = exists().where(Alarm.kind == ALARM, Alarm.subject_id == Promise.id)
    silent = (Promise.state == "running", _steps_ahead(), ~alarm)
    tickets = select(Ticket.number).join(Promise, Promise.of(Ticket))
    notices = select(Notice.number).join(Promise, Promise.id == Notice.next_id)
    return tickets.where(Ticket.status.not_in(ENDED), *silent).union_all(notices.where(*silent))


@check("I9", "each promise is about a case that is there")
def homeless_promises() -> Broken:
    """I9: what a promise is about is there: no foreign key can say so, a kind has its own table."""
    there = [
        (Promise.subject_kind == model.subject_kind)
        & exists().where(model.id == Promise.subject_id)
        for model in SUBJECTS
    ]
    return select(Promise.id).where(~or_(false(), *there))


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


@check("F14", "every open promise is counted by the calendar in force")
def recounts() -> Broken:
    """F14: an open promise was counted by the newest version of its calendar, or is about to be."""
    newest = [
        recompute.open_rows(code) & (Promise.calendar_version < calendar.version)
        for code, calendar in in_force.current().calendars.items()
    ]
    under_way = exists().where(Alarm.kind == recompute.ALARM)
    behind = select(Ticket.number).join(Promise, Promise.of(Ticket))
    return behind.where(or_(false(), *newest), ~under_way)


@check("I4", "each delivery is done, waits or is known dead")
def outbox() -> Broken:
    """I4: each row of the outbox is sent, waits with its next try, or is known to be dead."""
    return select(Delivery.id).where(
        Delivery.state.not_in(STATES)
        | ((Delivery.state == "done") & Delivery.done_at.is_(None))
        | (Delivery.state.in_(("waiting", "running")) & (Delivery.tries > MAX_TRIES))
    )


@check("waiting", "no delivery is dead", notable=True)
def dead_deliveries() -> Broken:
    """Deliveries that failed five times wait for a person: known, so a note."""
    return select(Delivery.id).where(Delivery.state == "dead")


@check("I8", "every attachment has its bytes")
def attachments() -> Broken:
    """I8: every attachment has its bytes."""
    rows = db.session.execute(select(Attachment.key, Attachment.size)).yield_per(1000)
    return (row.key for row in rows if not has_bytes(row.key, row.size))


def has_bytes(key: str, size: int) -> bool:
    """Whether the bytes of a stored file are there, all of them."""
    try:
        return location(key).stat().st_size == size
    except (NotFound, OSError):
        return False


@check("I9", "tickets and notices show the due time of their next promise")
def next_due() -> Broken:
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
    return odd.union_all(odd_notices)


@check("I9", "status and end agree")
def ended() -> Broken:
    """I9: a ticket has an end if, and only if, its status says so."""
    return select(Ticket.number).where(Ticket.closed_at.is_(None) == Ticket.status.in_(ENDED))


@check("I9", "no clock runs on an ended ticket")
def promises_of_ended() -> Broken:
    """An ended ticket has no running clock."""
    return (
        select(Ticket.number)
        .join(Promise, Promise.of(Ticket))
        .where(Ticket.status.in_(ENDED), Promise.state == "running")
    )


@check("addresses", "each address is claimed, or proven by something")
def proofs() -> Broken:
    """A proven address says by what and since when; a claimed one says neither."""
    odd = or_(
        (ContactAddress.proven_by != "") != ContactAddress.proven_at.is_not(None),
        ContactAddress.proven_by.not_in(tuple(PROOFS)),
    )
    return select(ContactAddress.id).where(odd)


@check("addresses", "each case says where it came from, and what proves it")
def contacts() -> Broken:
    """The same of the address that a case came from; one that came from none has nothing proven."""
    odd = or_(
        (Ticket.contact_proven_by != "") != Ticket.contact_proven_at.is_not(None),
        Ticket.contact_proven_by.not_in(tuple(PROOFS)),
        (Ticket.contact == "") & (Ticket.contact_proven_by != ""),
        (Ticket.contact == "") != (Ticket.contact_kind == ""),
    )
    return select(Ticket.number).where(odd)
