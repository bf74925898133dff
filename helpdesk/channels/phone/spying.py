"""Listening to a talk, whispering to its agent, joining in: what the telephone system can, for who may,
and who did it stands in the journal."""

from __future__ import annotations

from helpdesk.agents import people
from helpdesk.agents.models import Agent
from helpdesk.agents.rights import require
from helpdesk.calls import commands, telephones
from helpdesk.calls.registry import Can, able
from helpdesk.calls.telephones import Doing
from helpdesk.core.db import transaction
from helpdesk.core.errors import NotFound, Refused
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.settings import settings

NAMES = {
    "listen": N_("Listen"),
    "whisper": N_("Whisper"),
    "barge": N_("Join in"),
}


def is_possible() -> bool:
    """Whether the telephone system of this installation can do it."""
    phone = settings().phone
    return phone is not None and able(phone.name, Can.SPY)


def begin(by: Agent, agent_id: int, how: str) -> None:
    """Ring `by`, who then hears the agent's talk. Raises NotAllowed; NotFound for a way or a person that
    is none; Refused for who does not talk; BadInput for who has no telephone."""
    require(by.actor, "call.spy")
    if how not in NAMES or not is_possible():
        raise NotFound(N_("This telephone system can't do that."))
    agent = people.found(agent_id)
    talking = {each.agent_id for each in telephones.of(telephones.now_there(), "", Doing.TALKING)}
    if agent.id == by.id or agent.id not in talking:
        raise Refused(N_("There is no talk to listen to: it has ended, or it is your own."))
    with transaction():
        commands.spy(by, agent, how)
        record("call.spied", by=by.actor, agent=agent.id, how=how)
