"""Low scores of callers: each waits until somebody who leads has read it, and that is noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ScalarSelect, false, func, select, true

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, may, require
from helpdesk.calls.models import Call, Interaction
from helpdesk.calls.queries import ANOTHER
from helpdesk.clock import now
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import NotFound
from helpdesk.core.events import record
from helpdesk.tickets.models import Ticket

LOW = 2  # a score of 1 or 2 of 5
MOST = 200
_UNREAD = (Interaction.score <= LOW, Interaction.score_read_at.is_(None))


def unread(who: Actor) -> Sequence[Any]:
    """The talks with a low score that nobody has read, the oldest first: (talk, call, agent's name,
    the case's number). Raises NotAllowed for who leads nobody."""
    require(who, "call.lead")
    query = select(Interaction, Call, Agent.name, Ticket.number).select_from(Interaction)
    query = query.join(Call).outerjoin(Agent, Agent.id == Interaction.agent_id)
    query = query.outerjoin(Ticket, Ticket.id == Interaction.ticket_id).where(*_UNREAD)
    return db.session.execute(query.order_by(Interaction.id).limit(MOST)).all()


def waiting(who: Actor) -> ScalarSelect[int]:
    """How many those are for who leads; of everybody else 0."""
    counted = select(func.count()).select_from(Interaction).where(*_UNREAD)
    return counted.where(true() if may(who, "call.lead") else false()).scalar_subquery()


def read(talk_id: int, by: Actor) -> Interaction:
    """It has been read; who is first is noted. Raises NotAllowed, NotFound."""
    require(by, "call.lead")
    talk = db.session.get(Interaction, talk_id)
    if talk is None or talk.score is None:
        raise NotFound(ANOTHER)
    with transaction():
        talk = locked(talk)
        if talk.score_read_at is None:
            talk.score_read_at = now()
            case = db.session.get(Ticket, talk.ticket_id) if talk.ticket_id else None
            record("call.score_read", by=by, ticket=case, call=talk.call_id, score=talk.score)
    return talk
