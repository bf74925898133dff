"""Who may hear which topic, and in which room: one room holds only readers with equal rights."""

from __future__ import annotations

from dataclasses import replace

from helpdesk.agents.rights import Actor, require, scope
from helpdesk.core.errors import NotAllowed, NotFound
from helpdesk.core.i18n import N_
from helpdesk.setup import in_force
from helpdesk.tickets import queries


def require_topic(topic: str, who: Actor) -> None:
    """Raise unless `who` may hear this topic: the same rights as the page behind it."""
    kind, _, name = topic.partition(":")
    if kind == "queue":
        _require_queue(name, who)
    elif kind == "ticket":
        queries.by_number(name, who)
    elif topic in ("wallboard", "team"):
        require(who, "wallboard.read")
    elif topic not in ("me", "phone", "phones"):
        raise NotFound(N_("There is no such live page."))


def _require_queue(code: str, who: Actor) -> None:
    seen = scope(who)
    unit = in_force.current().unit(code)
    if not (seen.everything or (unit is not None and unit.id in seen.department_ids)):
        raise NotAllowed(N_("This queue belongs to another department."))


def standing(who: Actor) -> Actor:
    """Everything about a reader but who it is: two with the same standing see the same."""
    return replace(who, id=None, name="")


def room_of(topic: str, who: Actor) -> str:
    """The room of those who hear this topic with the standing of `who`; 'me' and 'phone' are heard
    alone."""
    whose = f"{topic}:{who.id}" if topic in ("me", "phone") else topic
    return f"{whose}|{standing(who)}"
