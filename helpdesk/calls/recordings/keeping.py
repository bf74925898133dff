"""The job that fetches recordings, and lets go of those that were kept long enough. It runs where alarms
ring, and holds no row while it reads a server: what it found is kept once, whoever was faster."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select

from helpdesk.agents.rights import SYSTEM, Actor
from helpdesk.calls.models import Call, Interaction, PhoneQueue, Recording, Stay
from helpdesk.calls.recordings.fetching import Growing, Unfetched, fetched
from helpdesk.clock import now
from helpdesk.core import background
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.events import record
from helpdesk.files import StoredFile, remove
from helpdesk.tickets.models import Attachment, Ticket

SETTLE = timedelta(seconds=3)  # of one size for so long: it is complete
CLAIMED = timedelta(minutes=10)  # longer than a fetch can take
PAUSES = [timedelta(seconds=30), *(timedelta(minutes=each) for each in (2, 10, 60, 360))]
LOOK = 2.0  # seconds between two looks for what is due


def fetch_due() -> int:
    """Look once at each recording of a call that is over and that waits; how many there were."""
    at = now()
    due = Recording.next_at.is_(None) | (Recording.next_at <= at)
    query = select(Recording.id).join(Call).where(Recording.state == "waiting", due)
    over = query.where(Call.ended_at.is_not(None)).order_by(Recording.id)
    ids = db.session.scalars(over.limit(background.BATCH)).all()
    db.session.commit()
    for id_ in ids:
        _look(id_)
    return len(ids)


@background.also
def loop() -> background.Loop:
    """Fetches recordings, in the timer process."""
    return background.Loop("recordings", _round)


def _round() -> float:
    return 0.0 if fetch_due() >= background.BATCH else LOOK


def _look(id_: int) -> None:
    claimed = _claim(id_)
    if claimed is None:
        return
    url, seen = claimed
    try:
        file, seconds = fetched(url, seen, f"call-{id_}")
    except Growing as growing:
        _wait(id_, growing.size)
    except Unfetched as failure:
        _put_off(id_, str(failure))
    else:
        _keep(id_, file, seconds)


def _claim(id_: int) -> tuple[str, int | None] | None:
    """Its address and the size that it had, for who looks at it now; None where nothing is to be done."""
    with transaction():
        row = locked(db.session.get_one(Recording, id_))
        if row.state != "waiting" or (row.next_at and row.next_at > now()):
            return None
        problem = _unwanted(row)
        if problem:
            row.state, row.problem = "unwanted", problem
            return None
        row.next_at = now() + CLAIMED
        return row.url, row.size


def _unwanted(row: Recording) -> str:
    """Why it may not be kept: nobody asked the caller, or the caller said no; "" where it may."""
    consent = db.session.get_one(Call, row.call_id, populate_existing=True).consent
    terms = db.session.get(PhoneQueue, row.queue_id) if row.queue_id else None
    if consent is False:
        return "declined"
    asked = consent or row.voicemail or (terms is not None and terms.announces)
    return "" if asked else "unannounced"


def _wait(id_: int, size: int) -> None:
    with transaction():
        row = locked(db.session.get_one(Recording, id_))
        row.size, row.next_at = size, now() + SETTLE


def _put_off(id_: int, problem: str) -> None:
    """It could not be had: after a longer and longer pause again, and at last no more."""
    with transaction():
        row = locked(db.session.get_one(Recording, id_))
        if row.state != "waiting":
            return
        row.tries, row.problem = row.tries + 1, problem
        if row.tries > len(PAUSES):
            row.state = "failed"
            _note("call.recording_failed", row, SYSTEM)
        else:
            row.next_at = now() + PAUSES[row.tries - 1]


def _keep(id_: int, file: StoredFile, seconds: float | None) -> None:
    """Now it has a file; one that has one already, or is not wanted any more, gets no second one."""
    kept = False
    try:
        with transaction() as session:
            row = locked(session.get_one(Recording, id_))
            if row.state == "waiting":
                made = Attachment.of(file)
                session.add(made)
                session.flush()
                row.attachment_id, row.state, row.problem = made.id, "kept", ""
                row.seconds, kept = seconds, True
                _note("call.recorded", row, SYSTEM)
    finally:
        if not kept:
            remove(file.key)


def _note(name: str, row: Recording, by: Actor, reason: str = "") -> None:
    record(name, by=by, ticket=case_of(row), call=row.call_id, recording=row.id, reason=reason)


def case_of(row: Recording) -> Ticket | None:
    """The case on which it stands: a message's own, else that of its call."""
    found = row.ticket_id
    for model in (Interaction, Stay):
        mine = (model.call_id == row.call_id, model.ticket_id.is_not(None))
        newest = select(model.ticket_id).where(*mine).order_by(model.id.desc()).limit(1)
        found = found or db.session.scalar(newest)
    return db.session.get(Ticket, found) if found else None


def delete(row: Recording, why: str, by: Actor) -> None:
    """Keep it no longer, or never: its row stays and says why. Must be called inside transaction();
    clear() then takes the file away."""
    row = locked(row)
    row.state, row.problem = "deleted", why
    _note("call.recording_deleted", row, by, reason=why)


@background.forgetting
def forget() -> int:
    """Delete what its queue keeps no longer, and take away the files of all that was deleted."""
    with transaction() as session:
        old = session.execute(
            select(PhoneQueue.id, PhoneQueue.recording_days).where(PhoneQueue.recording_days > 0)
        ).all()
        over = [
            (Recording.queue_id == queue_id) & (Recording.at < now() - timedelta(days=days))
            for queue_id, days in old
        ]
        query = select(Recording).where(Recording.state == "kept", or_(*over)) if over else None
        rows = session.scalars(query.limit(background.BATCH)).all() if query is not None else ()
        for row in rows:
            delete(row, "expired", SYSTEM)
    return max(len(rows), clear())


def clear() -> int:
    """Take away the files of recordings that are not to be had any more; how many that were. The file
    goes first: whatever is killed when, the next round finds what is left."""
    left = (Recording.state == "deleted", Recording.attachment_id.is_not(None))
    query = select(Recording, Attachment).join(Attachment).where(*left).limit(background.BATCH)
    found = db.session.execute(query).all()
    for _row, file in found:
        remove(file.key)
    with transaction() as session:
        for row, file in found:
            row = locked(row)
            row.attachment_id = None
            session.flush()
            session.delete(session.get(Attachment, file.id) or file)
    return len(found)
