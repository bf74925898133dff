"""Every list, count and look-up of notices; the visible ones are told by queries alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select, true

from helpdesk.agents.rights import Actor, scope
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_
from helpdesk.notices.models import Notice
from helpdesk.tickets.models import Attachment, Ticket
from helpdesk.tickets.queries import tickets

_NUMBER = re.compile(r"(?:\D*)(\d{4})\D+(\d{1,9})\D*")


def slug(notice: Notice) -> str:
    """The notice in an address: 2026-12, or the bare id of a draft."""
    return f"{notice.year}-{notice.serial}" if notice.number else str(notice.id)


def visible_to(who: Actor | None) -> ColumnElement[bool]:
    """The condition that `who` may know of a notice: a department sees its own, once issued."""
    seen = scope(who)
    own = Notice.department_id.in_(seen.department_ids) & Notice.number.is_not(None)
    return true() if seen.everything else own


def notices(who: Actor | None) -> Select[Any]:
    """All notices that `who` may see."""
    return select(Notice).where(visible_to(who))


def by_number(text: str, who: Actor | None) -> Notice:
    """The notice by 2026-12, 质整〔2026〕12号 or a draft's id.

    Raises NotFound when there is none that `who` may see.
    """
    numbered = _NUMBER.fullmatch(text.strip())
    if numbered:
        found: ColumnElement[bool] = (Notice.year == int(numbered[1])) & (
            Notice.serial == int(numbered[2])
        )
    elif text.isascii() and text.isdigit() and len(text) < 10:
        found = Notice.id == int(text)
    else:
        raise _none()
    notice: Notice | None = db.session.scalar(notices(who).where(found))
    if notice is None:
        raise _none()
    return notice


def _none() -> NotFound:
    return NotFound(N_("There is no such notice, or it is not yours to see."))


def of_ticket(ticket: Ticket, who: Actor | None) -> Sequence[Notice]:
    """The notices about this ticket that `who` may see, oldest first."""
    query = notices(who).where(Notice.ticket_id == ticket.id).order_by(Notice.id)
    return db.session.scalars(query).all()


def case_of(notice: Notice, who: Actor | None) -> Ticket | None:
    """The case behind a notice, when there is one that `who` may know of."""
    if notice.ticket_id is None:
        return None
    query: Select[Any] = tickets(who).where(Ticket.id == notice.ticket_id)
    found: Ticket | None = db.session.scalar(query)
    return found


def history(notice: Notice) -> Sequence[Event]:
    """What happened to the notice, oldest first."""
    query = select(Event).where(Event.notice_id == notice.id).order_by(Event.seq)
    return db.session.scalars(query).all()


def files(notice: Notice) -> Sequence[Attachment]:
    """The evidence files of both sides."""
    query = select(Attachment).where(Attachment.notice_id == notice.id).order_by(Attachment.id)
    return db.session.scalars(query).all()


def following(notice: Notice, who: Actor | None) -> Sequence[Notice]:
    """The notices that were drafted because this one's problem happened again."""
    return db.session.scalars(notices(who).where(Notice.previous_id == notice.id)).all()
