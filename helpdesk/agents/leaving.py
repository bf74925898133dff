"""Who leaves, or changes what they may do, hands on what they hold: nothing stays with somebody who can't
work on it. Other parts register what people hold; agents.people runs them in its own transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, may
from helpdesk.core.db import db
from helpdesk.core.errors import bad_fields
from helpdesk.core.i18n import N_


@dataclass(frozen=True)
class Leaving:
    """Somebody in transition: `future` is who they will be, None for nobody any more; `heir` takes what
    they hold, None puts it back where it came from."""

    agent: Agent
    future: Actor | None
    heir: Agent | None = None


@dataclass(frozen=True)
class Part:
    """One kind of thing that people hold: its name, which would be taken, and the taking.

    `pass_on` runs inside the caller's transaction, in sets, and records each thing.
    """

    label: str  # a message id: what follows the number
    which: Callable[[Leaving], ColumnElement[bool]]
    pass_on: Callable[[Leaving, Actor], None]


_parts: list[Part] = []


def holds(part: Part) -> None:
    """Register what people hold."""
    _parts.append(part)


def held(leaving: Leaving) -> list[tuple[str, int]]:
    """What this person would have to hand on, by the name of its kind; empty for nothing."""
    parts = ((part.label, select(func.count()).where(part.which(leaving))) for part in _parts)
    return [(label, count) for label, query in parts if (count := db.session.scalar(query))]


def pass_on(leaving: Leaving, by: Actor) -> None:
    """Hand on what this person may not hold any more; inside the caller's transaction."""
    for part in _parts:
        part.pass_on(leaving, by)


def heir(agent_id: int | None, leaving: Agent) -> Agent | None:
    """The colleague who takes over; None for nobody. Raises BadInput for one who can't."""
    if not agent_id:
        return None
    found = db.session.get(Agent, agent_id)
    if (
        found is None
        or not found.active
        or found.id == leaving.id
        or not may(found.actor, "ticket.claim")
    ):
        raise bad_fields(heir=N_("This colleague can't take over. Please pick another one."))
    return found
