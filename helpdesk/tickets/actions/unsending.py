"""Words to a customer can be taken back for a few seconds: they are stored and count at once, only
their way out waits, so neither a closed browser nor a killed program loses an answer.

Who was faster is decided by the outbox: what no longer waits there has gone out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from helpdesk import files, promises, search
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.db import after_commit, change_rows, db, locked
from helpdesk.core.errors import NotFound, Refused
from helpdesk.core.events import Event, record
from helpdesk.core.i18n import N_
from helpdesk.core.outbox import take_back
from helpdesk.setup import in_force
from helpdesk.tickets import queries
from helpdesk.tickets.changing import changing
from helpdesk.tickets.models import Attachment, Message, Sending, Ticket

SURE = timedelta(seconds=2)  # longer than taking back can last: no customer sees it vanish
SENT = ("message.staff", "ticket.reply", "ticket.answer_directly")
HARMLESS = (
    "message.note",
    "mail.lost",
)  # what may come after the words and changes nothing of theirs
NONE = N_("There is no such message.")
LATE = N_("It is too late to take it back: it has gone out to the customer.")
NEWER = N_("Something newer happened on this ticket, so the answer can't be taken back any more.")


@dataclass(frozen=True)
class How:
    """How words go out: after `hold`, out of a draft, of whose files `keep` go along, and with
    copies to the addresses of `cc`."""

    hold: timedelta = timedelta(0)
    draft: int | None = None
    keep: tuple[int, ...] = ()
    cc: tuple[str, ...] = ()


AT_ONCE = How()


def before(ticket: Ticket, how: How) -> dict[str, Any]:
    """What the words are about to move, to be put back when they are taken back."""
    if not how.hold:
        return {}
    times = {name: getattr(ticket, name) for name in ("replied_at", "waiting_since")}
    plain = {name: at.isoformat() if at else None for name, at in times.items()}
    return plain | {"status": ticket.status, "rows": promises.remembered(ticket)}


def held(
    ticket: Ticket, message: Message, how: How, was: dict[str, Any], mode: str
) -> datetime | None:
    """Let the words wait; returns until when, None when they go at once."""
    if not how.hold:
        return None
    until = now() + how.hold
    message.held_until, message.data = until + SURE, message.data | {"mode": mode}
    earlier = delete(Sending).where(Sending.ticket_id == ticket.id, Sending.until < now())
    change_rows(earlier)
    db.session.add(Sending(message_id=message.id, ticket_id=ticket.id, until=until, before=was))
    return until


def unsend(ticket: Ticket, *, by: Actor, message_id: int) -> Message:
    """Take one's own words back: they are a draft again, and ticket and promises as before.

    Raises NotFound, or Refused when they have gone out or something newer stands on them.
    """
    with changing(ticket, by) as ticket:
        message = _own(ticket, by, message_id)
        if message.kind == "draft":
            return message  # a second click
        sending = db.session.get(Sending, message.id)
        if sending is None or now() > sending.until:
            raise Refused(LATE, code="too_late")
        noted = _newest(ticket)
        if noted is None or noted.data.get("message") != message.id or noted.name not in SENT:
            raise Refused(NEWER, code="newer_messages")
        if not take_back(noted.seq):
            raise Refused(LATE, code="too_late")
        old = ticket.status
        _as_before(ticket, sending.before)
        _to_draft(message)
        db.session.delete(sending)
        record(
            "ticket.unsend", by=by, ticket=ticket, message=message.id, old=old, new=ticket.status
        )
    return message


def _own(ticket: Ticket, by: Actor, message_id: int) -> Message:
    """The message, locked, when it is this colleague's. Raises NotFound."""
    message = db.session.get(Message, message_id)
    if message is None or message.ticket_id != ticket.id or by.kind != "agent":
        raise NotFound(NONE)
    if message.agent_id != by.id:
        raise NotFound(NONE)
    return locked(message)


def _newest(ticket: Ticket) -> Event | None:
    """What happened last that the words may have a part in."""
    query = select(Event).where(Event.ticket_id == ticket.id, Event.name.not_in(HARMLESS))
    return db.session.scalars(query.order_by(Event.seq.desc()).limit(1)).first()


def _as_before(ticket: Ticket, was: dict[str, Any]) -> None:
    for name in ("replied_at", "waiting_since"):
        setattr(ticket, name, datetime.fromisoformat(was[name]) if was[name] else None)
    ticket.status, ticket.updated_at = was["status"], now()
    promises.as_remembered(ticket, was["rows"], in_force.current())


def _to_draft(message: Message) -> None:
    """The words are their author's alone again; nobody finds the ticket by them."""
    message.kind, message.public, message.held_until = "draft", False, None
    mine = update(Attachment).where(Attachment.message_id == message.id)
    db.session.execute(mine.values(public=False))
    db.session.flush()
    ticket = db.session.get_one(Ticket, message.ticket_id)
    search.put(db.session(), "ticket", ticket.id, queries.found_by(ticket))


def use_up(ticket: Ticket, message: Message, how: How, by: Actor) -> None:
    """Inside the caller's transaction: the draft has become this message, with the files to keep."""
    if how.draft is None:
        return
    draft = db.session.get(Message, how.draft)
    if draft is None or draft.kind != "draft" or draft.ticket_id != ticket.id:
        return  # used up in another window
    if draft.agent_id == by.id:
        _move_files(draft, message, how.keep)
        _drop(draft)


def _move_files(draft: Message, message: Message, keep: tuple[int, ...]) -> None:
    moving = update(Attachment).where(Attachment.message_id == draft.id, Attachment.id.in_(keep))
    db.session.execute(moving.values(message_id=message.id, public=message.public))


def throw_away(ticket: Ticket, *, by: Actor, message_id: int) -> None:
    """Forget words that were taken back, with their files. Raises NotFound."""
    with changing(ticket, by) as ticket:
        draft = _own(ticket, by, message_id)
        if draft.kind != "draft":
            raise NotFound(NONE)
        _drop(draft)


def _drop(draft: Message) -> None:
    """Its number stays, empty: the journal names it, and no later message may have it."""
    left = select(Attachment).where(Attachment.message_id == draft.id)
    for row in db.session.scalars(left.execution_options(populate_existing=True)).all():
        after_commit(lambda key=row.key: files.remove(key))  # type: ignore[misc]
        db.session.delete(row)
    draft.body, draft.agent_id = "", None
