"""What comes in of a call and becomes a case, each with what leads up to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from helpdesk.calls import cases
from helpdesk.calls.models import Interaction
from helpdesk.clock import now
from helpdesk.core.db import db
from tests.help import factories as make
from tests.help import telephone as said
from tests.help.faults.crashing import Work


def _answered() -> Work:
    agent = make.agent("Zhang Wei")
    events = said.answered(agent.email)
    return lambda: said.take(*events)


def _moved() -> Work:
    first, second = make.agent("Zhang Wei"), make.agent("Li Na")
    said.take(*said.answered(first.email)[:5])
    moved = said.event("transferred", 40, agent=first.email, target=second.email)
    return lambda: said.take(moved)


def _abandoned() -> Work:
    events = said.abandoned(34)
    return lambda: said.take(*events)


def _abandoned_again() -> Work:
    said.take(*said.abandoned(34, began=now() - timedelta(hours=2)))
    events = said.abandoned(40, "c2")
    return lambda: said.take(*events)


def _unserved() -> Work:
    said.take(said.event("ringing"), said.event("queued", 3))
    left = said.event("left", 63, reason="timeout")
    return lambda: said.take(left)


def _another() -> Work:
    agent = make.agent("Zhang Wei")
    said.take(*said.answered(agent.email, "c1"), *said.answered(agent.email, "c2"))
    newest = select(Interaction).order_by(Interaction.id.desc()).limit(1)
    talk = db.session.scalars(newest).one()
    return lambda: cases.another(talk, by=agent.actor)


VERBS: dict[str, Callable[[], Work]] = {
    "answered": _answered,
    "moved": _moved,
    "abandoned": _abandoned,
    "abandoned again": _abandoned_again,
    "unserved": _unserved,
    "another": _another,
}
