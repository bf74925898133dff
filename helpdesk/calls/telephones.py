"""What the agents' telephones do at this moment, read from members, pauses, rings and talks that last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk.agents import presence
from helpdesk.agents.models import Agent
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import Interaction, Leg, PhoneLine, PhoneQueue
from helpdesk.calls.words import WRAP_UP
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.i18n import N_
from helpdesk.core.named import Named
from helpdesk.core.rows import among

RINGS_FOR = timedelta(minutes=10)  # a ring that began earlier has ended, whoever did not say so


class Doing(Named):
    """What a telephone does, seen from a queue."""

    READY = "ready", N_("Ready for calls")
    RINGING = "ringing", N_("Ringing")
    TALKING = "talking", N_("Talking")
    WRAPPING = "wrapping", N_("Writing up")
    BREAK = "break", N_("On a break")
    OFF = "off", N_("Not signed on")


@dataclass(frozen=True)
class Telephone:
    """An agent with a telephone; `queue`: of the talk that lasts since `since`, "" for none. `chosen` is
    what they chose to be (see agents.presence), which `waits` for the end of a call."""

    agent_id: int
    name: str
    extension: str
    chosen: str
    waits: bool
    paused: str | None
    since: datetime | None
    queue: str
    rings: bool
    queues: frozenset[str]

    @property
    def doing(self) -> Doing:
        """What it does now: what is seen goes before what was chosen."""
        if self.since:
            return Doing.TALKING
        if self.rings:
            return Doing.RINGING
        if self.paused is None:
            return Doing.OFF
        if self.paused == WRAP_UP:
            return Doing.WRAPPING
        return Doing.BREAK if self.paused else Doing.READY

    def is_of(self, queue: str) -> bool:
        """Whether it counts for this queue: a talk for its own queue only, all else for each in which
        the agent sits. "" is every queue."""
        if not queue:
            return True
        return self.queue == queue if self.since and self.queue else queue in self.queues


def now_there() -> list[Telephone]:
    """All who have a telephone, or talk, by name: three statements."""
    sits: dict[int, set[str]] = {}
    for agent_id, code in db.session.execute(_SITS):
        sits.setdefault(agent_id, set()).add(code)
    talks = {row.agent_id: row for row in db.session.execute(_TALKS)}
    rang = select(Leg.id).where(
        Leg.agent_id == Agent.id, Leg.ended_at.is_(None), Leg.offered_at > now() - RINGS_FOR
    )
    query = _AGENTS.add_columns(rang.correlate(Agent).exists().label("rings"))
    query = query.where(PhoneLine.agent_id.is_not(None) | among(Agent.id, talks))
    return [
        _telephone(row, talks.get(row.id), sits.get(row.id, ()))
        for row in db.session.execute(query)
    ]


_SITS = select(PhoneMember.agent_id, PhoneMember.queue).where(PhoneMember.there)
_TALKS = (  # that last, the newest of an agent's at the end
    select(Interaction.agent_id, Interaction.began_at, PhoneQueue.code)
    .outerjoin(PhoneQueue, PhoneQueue.id == Interaction.queue_id)
    .where(Interaction.ended_at.is_(None), Interaction.agent_id.is_not(None))
    .order_by(Interaction.began_at, Interaction.id)
)
_AGENTS = (
    select(
        *(Agent.id, Agent.name, Agent.presence, Agent.presence_reason, Agent.presence_waits),
        *(PhoneLine.extension, PhoneLine.paused),
    )
    .select_from(Agent)
    .outerjoin(PhoneLine, PhoneLine.agent_id == Agent.id)
    .where(Agent.active)
    .order_by(Agent.name, Agent.id)
)


def _telephone(row: Any, talk: Any, queues: Iterable[str]) -> Telephone:
    return Telephone(
        agent_id=row.id,
        name=row.name,
        extension=row.extension or "",
        chosen=presence.words(row.presence, row.presence_reason),
        waits=row.presence_waits,
        paused=row.paused,
        since=talk.began_at if talk else None,
        queue=(talk.code or "") if talk else "",
        rings=bool(row.rings),
        queues=frozenset(queues),
    )


def of(found: Iterable[Telephone], queue: str, doing: str = "") -> list[Telephone]:
    """Those that count for a queue and do this; "" for whatever they do."""
    return [each for each in found if each.is_of(queue) and doing in ("", each.doing)]
