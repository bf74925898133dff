"""The one statement that a case is read with: the ticket, and beside it its newest messages, this reader's
draft, files, promises, who assists, and the person's other tickets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select, union_all
from sqlalchemy.orm import joinedload

from helpdesk.agents.rights import Actor
from helpdesk.calls.models import Interaction, Recording, Stay
from helpdesk.core.beside import Beside
from helpdesk.core.events import Event
from helpdesk.customers.models import Person
from helpdesk.notices.models import Notice
from helpdesk.promises.models import Promise
from helpdesk.tickets import news, queries, sight, ticket_rows
from helpdesk.tickets.models import Assist, Attachment, Extension, Message, Ticket

MOST_OTHERS = 60
PAGE = 100  # messages at once

_asked = Ticket.__table__.alias("asked")
_ID = select(_asked.c.id).where(_asked.c.number == bindparam("number")).scalar_subquery()
_SAID = select(
    *(Message.id, Message.kind, Message.public, Message.channel, Message.author, Message.agent_id),
    *(Message.body, Message.quoted, (Message.html != "").label("html"), Message.language),
    *(Message.data, Message.held_until, Message.at),
).where(Message.ticket_id == _ID)
_PAGE = (
    _SAID.where(Message.kind != "draft", Message.id < bindparam("before"))
    .order_by(Message.id.desc())
    .limit(PAGE + 1)
)
_DRAFT = (
    _SAID.where(Message.kind == "draft", Message.agent_id == bindparam("reader"))
    .order_by(Message.id.desc())
    .limit(1)
)
_OF_THESE = Attachment.message_id.in_(
    union_all(*(select(each.subquery().c.id) for each in (_PAGE, _DRAFT)))
)
_FILES = Beside(
    select(
        *(Attachment.id, Attachment.key, Attachment.name, Attachment.size, Attachment.scan),
        Attachment.message_id,
    )
    .where(Attachment.ticket_id == _ID, _OF_THESE)
    .order_by(Attachment.id)
)
_PROMISES = Beside(
    select(*(getattr(Promise, name) for name in ticket_rows.PROMISED))
    .where(Promise.subject_kind == Ticket.subject_kind, Promise.subject_id == _ID)
    .order_by(Promise.cycle, Promise.position, Promise.part)
)
_ASSISTS = Beside(select(Assist.__table__).where(Assist.ticket_id == _ID).order_by(Assist.at))
CALLED = Interaction, Stay, Recording  # what puts a call on a case
BESIDE = Beside(_PAGE), Beside(_DRAFT), _FILES, _PROMISES, _ASSISTS


@lru_cache(maxsize=500)
def _others(who: Actor) -> Beside:
    """The person's other tickets that this reader may see, newest first."""
    person = select(_asked.c.person_id).where(_asked.c.number == bindparam("number"))
    return Beside(
        select(
            *(Ticket.number, Ticket.subject, Ticket.status, Ticket.kind, Ticket.category_id),
            *(Ticket.received_at, Ticket.closed_at, Ticket.language),
        )
        .where(Ticket.person_id == person.scalar_subquery(), Ticket.number != bindparam("number"))
        .where(queries.known_with_person(who))
        .order_by(Ticket.id.desc())
        .limit(MOST_OTHERS)
    )


@lru_cache(maxsize=500)
def statement(who: Actor) -> Select[Any]:
    """What reads a case for `who`, given number, before (an id of a message) and reader (an id)."""
    other = Ticket.__table__.alias("other")
    tied = select(Ticket.id).where(queries.known_with_person(who)).correlate(None)

    def number_of(column: Any) -> Any:
        """The number of another case; none when this reader may not tie it to this one."""
        named = select(other.c.number).where(other.c.id == column)
        if not sight.sees_everybody(who):
            named = named.where(other.c.id.in_(tied), queries.tied_to_person(who))
        return named.scalar_subquery()

    return (
        queries.tickets(who)
        .where(Ticket.number == bindparam("number"))
        .options(joinedload(Ticket.person).joinedload(Person.addresses))
        .outerjoin(Extension, (Extension.ticket_id == Ticket.id) & (Extension.decision == ""))
        .add_columns(
            select(func.max(Event.seq)).where(Event.ticket_id == Ticket.id).scalar_subquery(),
            number_of(Ticket.merged_into_id),
            number_of(Ticket.repeat_of_id),
            *(Extension, news.about(who, Ticket.id)),
            exists().where(Notice.ticket_id == Ticket.id),
            or_(*(exists().where(each.ticket_id == Ticket.id) for each in CALLED)),
            *(each.column for each in (*BESIDE, _others(who))),
        )
        .limit(1)
        .execution_options(populate_existing=True)
    )


def read(values: Sequence[str], who: Actor) -> list[list[Any]]:
    """The rows beside the ticket, list by list in that order."""
    return [each.read(value) for each, value in zip((*BESIDE, _others(who)), values, strict=True)]
