"""Who waited in vain: a case, one more note on it, and a call back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select, text

from helpdesk.agents.rights import SYSTEM
from helpdesk.calls.models import Call, PhoneCallback, PhoneQueue, Recording, Stay
from helpdesk.calls.opening import opened, shown
from helpdesk.calls.words import DIALLED, UNSERVED, WANTS_A_CALL, StayState
from helpdesk.clock import now
from helpdesk.core.alarms import set_alarm
from helpdesk.core.db import db
from helpdesk.core.i18n import gettext, in_language, when
from helpdesk.settings import settings
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket

CALL_BACK = "call.back"
MOST_CALLS = 3  # to who is owed one
MERGED = timedelta(hours=4)  # missed calls of one number within it are one case


def missed() -> ColumnElement[bool]:
    """The condition that a stay leaves somebody to be called, and nobody has taken it up yet."""
    gave_up = (Stay.state == StayState.ABANDONED) & (Stay.waited > PhoneQueue.short_abandon)
    unserved = (Stay.state == StayState.LEFT) & Stay.reason.in_(UNSERVED)
    return Stay.ticket_id.is_(None) & or_(gave_up, unserved)


def left_word() -> ColumnElement[bool]:
    """The condition that a recording is a message for us that is on no case yet."""
    return Recording.voicemail & Recording.ticket_id.is_(None)


def heed(call: Call, message: Recording, ticket: Ticket | None) -> Ticket:
    """Somebody left a message: it is on the case of its call, else on a new one of its own."""
    with in_language(settings().language):
        given = {"number": shown(call.number), "at": when(message.at)}
        body = (
            gettext("%(number)s left a message (%(at)s); it can be heard beside the case.") % given
        )
        subject = gettext("Missed call from %(number)s, with a message") % given
    found = ticket or opened(call, f":{message.seq}", said={"subject": subject, "body": body})
    message.ticket_id = found.id
    actions.note(found, by=SYSTEM, body=body)
    return found


def take_up(
    call: Call, stay: Stay, terms: PhoneQueue, ticket: Ticket | None, *, alone: bool = False
) -> Ticket:
    """Somebody waited in vain: a case, or one more note on that of the same number, unless this call
    stands `alone`."""
    found = ticket or (None if alone else _before(call, stay))
    words = _words(call, stay, terms)
    if found is None:
        found, stay.opened = opened(call, f":{stay.seq}", said=words), True
    stay.ticket_id = found.id
    actions.note(found, by=SYSTEM, body=words["body"])
    if stay.reason in WANTS_A_CALL and call.number:
        _call_back(call, stay, found)
    return found


def _before(call: Call, stay: Stay) -> Ticket | None:
    """The open case of a missed call of this number that began within MERGED of this one."""
    if not call.number or stay.ended_at is None:
        return None
    _wait_for_others(call.number)
    since, until = stay.ended_at - MERGED, stay.ended_at + MERGED
    return db.session.scalar(
        select(Ticket)
        .join(Stay, Stay.ticket_id == Ticket.id)
        .join(Call, Call.id == Stay.call_id)
        .where(Call.number == call.number, Stay.opened, Stay.ended_at.between(since, until))
        .where(Ticket.closed_at.is_(None))
        .order_by(Stay.ended_at.desc())
        .limit(1)
    )


def _wait_for_others(number: str) -> None:
    """Two who miss calls of one number at this moment make one case; SQLite has one writer anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        words = {"words": f"missed:{number}"}
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:words))"), words)


def _words(call: Call, stay: Stay, terms: PhoneQueue) -> dict[str, str]:
    """What a colleague reads: who called, when, and how long they waited where."""
    assert stay.ended_at is not None
    with in_language(settings().language):
        given = {
            "number": shown(call.number),
            "seconds": round(stay.waited or 0),
            "queue": terms.name or terms.code,
            "at": when(stay.ended_at),
        }
        if stay.state == StayState.ABANDONED:
            body = gettext(
                "%(number)s waited %(seconds)s seconds for “%(queue)s” and gave up (%(at)s)."
            )
        elif stay.reason not in WANTS_A_CALL:
            body = gettext("%(number)s called while “%(queue)s” was closed (%(at)s).")
        else:
            body = gettext(
                "%(number)s waited %(seconds)s seconds for “%(queue)s” and is to be called back (%(at)s)."
            )
        return {"subject": gettext("Missed call from %(number)s") % given, "body": body % given}


def _call_back(call: Call, stay: Stay, ticket: Ticket) -> None:
    """One call is owed, with the place of the first stay, however often the caller tried."""
    same = (PhoneCallback.number == call.number, PhoneCallback.state == "due")
    if db.session.scalar(select(PhoneCallback.id).where(*same).limit(1)) is not None:
        return
    row = PhoneCallback(
        stay_id=stay.id,
        ticket_id=ticket.id,
        queue_id=stay.queue_id,
        number=call.number,
        place_at=stay.joined_at,
        next_at=stay.ended_at or now(),
    )
    db.session.add(row)
    db.session.flush()
    if DIALLED.fullmatch(call.number):
        set_alarm(CALL_BACK, row.id, max(row.next_at, now()))  # it may be heard of late
