"""The same words of the same author within seconds are one message: a double click, a script's retry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from helpdesk import files as stored
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.given import tidy
from helpdesk.files import StoredFile
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.tickets.veil import veiled

WITHIN = timedelta(seconds=10)


def twin(
    ticket: Ticket, by: Actor, body: str, kind: str, files: tuple[StoredFile, ...]
) -> Message | None:
    """The message that `by` wrote just now with these words and files; the files of the second are let go.

    The caller holds the ticket's lock, so of two that come at once the second sees the first. The
    program's own notes tell of different things in the same words and are never one.
    """
    if by.kind == "system":
        return None
    mine = select(Message).where(
        Message.ticket_id == ticket.id,
        Message.at > now() - WITHIN,
        Message.kind == kind,
        Message.author == by.name,
        Message.agent_id.is_not_distinct_from(by.id if by.kind == "agent" else None),
        Message.body == as_kept(body),
    )
    found = db.session.scalars(mine.order_by(Message.id.desc()).limit(1)).first()
    if found is None or _prints(found) != prints_of(files):
        return None
    stored.drop(files)
    return found


def as_kept(body: str) -> str:
    """Words as a message keeps them."""
    return veiled(tidy(body))


def prints_of(files: Iterable[StoredFile]) -> list[str]:
    """What stands in these files; one that waited and was sent meanwhile is known by its key alone."""
    given = list(files)
    sent = [file.key for file in given if not file.sha256]
    query = select(Attachment.sha256).where(Attachment.key.in_(sent))
    known: Iterable[str] = db.session.scalars(query) if sent else ()
    return sorted([*(file.sha256 for file in given if file.sha256), *known])


def _prints(message: Message) -> list[str]:
    rows: Iterable[str] = db.session.scalars(
        select(Attachment.sha256).where(Attachment.message_id == message.id)
    )
    return sorted(rows)
