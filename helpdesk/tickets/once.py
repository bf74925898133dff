"""One ticket per Idempotency-Key, whatever is retried, also when two requests come at once."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from helpdesk.agents.rights import Actor
from helpdesk.db import db, retrying, transaction
from helpdesk.errors import Refused
from helpdesk.i18n import N_
from helpdesk.tickets import responses
from helpdesk.tickets.intake import Intake, Opened, open_ticket
from helpdesk.tickets.models import IdempotencyKey, Ticket

LONGEST_KEY = 200  # as its column has it; of a longer one the digest is kept: no two are mixed up


def open_once(key: str, sent: dict[str, Any], intake: Intake, by: Actor) -> Opened:
    """The ticket that this caller's key made before, else a new one from `intake`.

    Raises Refused when the key came with another request (`sent`) before.
    """
    name = (f"{by.kind}:{by.id}", key if len(key) <= LONGEST_KEY else _digest(key))
    request_hash = _digest(json.dumps(sent, sort_keys=True))

    def work() -> Opened:
        with transaction() as session:
            known = session.get(IdempotencyKey, name, populate_existing=True)
            if known is not None:
                return _as_before(known, request_hash)
            opened = open_ticket(intake, by)
            session.add(_row(name, request_hash, opened.ticket))
            return opened

    return retrying(work)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _row(name: tuple[str, str], request_hash: str, ticket: Ticket) -> IdempotencyKey:
    actor, key = name
    return IdempotencyKey(actor=actor, key=key, request_hash=request_hash, ticket_id=ticket.id)


def _as_before(known: IdempotencyKey, request_hash: str) -> Opened:
    if known.request_hash != request_hash:
        raise Refused(
            N_("This Idempotency-Key was used for another request. Please use a new key."),
            code="key_reused",
        )
    ticket = db.session.get_one(Ticket, known.ticket_id)
    return Opened(ticket, list(responses.table(ticket)), new=False)
