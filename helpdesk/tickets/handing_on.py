"""What colleagues hold of tickets, and how it goes on when they leave (see agents.leaving).

All in sets: five thousand cases take a few statements and one journal row each.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update

from helpdesk.agents.leaving import Leaving, Part, holds
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, may
from helpdesk.clock import now
from helpdesk.core.db import change_rows, db
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message, Ticket

AT_ONCE = 500  # rows of one statement


def _cases(leaving: Leaving) -> ColumnElement[bool]:
    """Open cases that this person holds and may not hold any more."""
    theirs = Ticket.closed_at.is_(None) & (Ticket.assignee_id == leaving.agent.id)
    if leaving.future is None or not may(leaving.future, "ticket.claim"):
        return theirs
    return theirs & ~queries.visible_to(leaving.future)


def _pass_cases(leaving: Leaving, by: Actor) -> None:
    """To the heir those that the heir may see, all others back to their queues."""
    taken = select(Ticket.id).where(_cases(leaving))
    if leaving.heir is not None:
        able = taken.where(queries.visible_to(leaving.heir.actor))
        _give(list(db.session.scalars(able)), leaving, leaving.heir, by)
    _give(list(db.session.scalars(taken)), leaving, None, by)


def _give(ids: list[int], leaving: Leaving, heir: Agent | None, by: Actor) -> None:
    for start in range(0, len(ids), AT_ONCE):
        moved = change_rows(
            update(Ticket)
            .where(Ticket.id.in_(ids[start : start + AT_ONCE]))
            .values(
                assignee_id=heir.id if heir else None,
                offer_reason="",
                updated_at=now(),
                version=Ticket.version + 1,
            )
            .returning(Ticket.id)
        )
        for row in moved.all():
            _note(row, leaving, heir, by)


def _note(row: Any, leaving: Leaving, heir: Agent | None, by: Actor) -> None:
    record(
        "ticket.handed_on",
        by=by,
        ticket=row,
        old=leaving.agent.id,
        new=heir.id if heir else None,
        who=leaving.agent.name,
        assignee=heir.name if heir else "",
    )


def _drafts(leaving: Leaving) -> ColumnElement[bool]:
    """Words that were taken back and not sent, on cases that this person may not work on any more."""
    mine = (Message.kind == "draft") & (Message.agent_id == leaving.agent.id)
    if leaving.future is None or not may(leaving.future, "ticket.message"):
        return mine
    gone = select(Ticket.id).where(~queries.visible_to(leaving.future))
    return mine & Message.ticket_id.in_(gone)


def _keep_drafts(leaving: Leaving, by: Actor) -> None:
    """They become internal notes, so that whoever takes the case reads what was about to be said."""
    kept = change_rows(
        update(Message)
        .where(_drafts(leaving))
        .values(kind="note", public=False)
        .returning(Message.id, Message.ticket_id)
    )
    for message_id, ticket_id in kept.all():
        ticket = db.session.get_one(Ticket, ticket_id)
        record("message.note", by=by, ticket=ticket, message=message_id)


holds(Part(N_("open cases, with their planned calls"), _cases, _pass_cases))
holds(Part(N_("unsent drafts"), _drafts, _keep_drafts))
