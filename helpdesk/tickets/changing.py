"""The frame of every change of a ticket, be it a move or not: right, lock, and who may know of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.agents.rights import Actor, require
from helpdesk.core.db import locked, transaction
from helpdesk.tickets import queries
from helpdesk.tickets.models import Ticket


@contextmanager
def changing(ticket: Ticket, by: Actor, right: str = "") -> Iterator[Ticket]:
    """The ticket, locked until the end of the transaction that begins here.

    Raises NotAllowed without the `right`, where one is named; NotFound for who may not know of it.
    """
    if right:
        require(by, right)
    with transaction():
        ticket = locked(ticket)
        queries.require_visible(ticket, by)
        yield ticket
