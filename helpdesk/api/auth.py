"""Bearer tokens: only their SHA-256 is in the database. Their scopes, their last day, their pace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import g, request
from sqlalchemy import bindparam, select, update

from helpdesk.agents.invitations import hashed
from helpdesk.agents.models import ApiToken, Program
from helpdesk.agents.rights import Actor
from helpdesk.agents.scopes import CALLS, INTAKE, KB, METRICS, READ, STATISTICS, WORK
from helpdesk.clock import now
from helpdesk.core import along
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.errors import NotAllowed, NotFound, NotSignedIn
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_
from helpdesk.core.limits import Paces
from helpdesk.tickets.models import Ticket

USED_EVERY = timedelta(hours=1)  # how fresh "last used" is kept
WRONG_A_MINUTE = 30  # tokens that nobody has, from one network address
OPENED_BY_IT = "api.show"  # what INTAKE opens only for the cases of the same token
OPENED_BY: dict[str, set[str]] = {  # by endpoint; all others: READ for reading, WORK for the rest
    "api.create": {INTAKE, WORK},
    OPENED_BY_IT: {READ, INTAKE},
    "api.statistics": {READ, STATISTICS},
    "api.kb_search": {READ, KB},
    "api.meta": {INTAKE, READ, WORK, STATISTICS, KB},
    "api.call_events": {CALLS, WORK},
    "api.call_advice": {CALLS, READ},
    "api.call_case_state": {CALLS, READ},
    "health.metrics": {METRICS},
}
_asker = along.Asker(
    select(
        *(ApiToken.id, ApiToken.name, ApiToken.role, ApiToken.department_id, ApiToken.scopes),
        *(ApiToken.rate, ApiToken.expires_at, ApiToken.used_at, ApiToken.revoked_at),
    ).where(ApiToken.token_hash == bindparam("token_hash")),
    Program,
    "version",
)
paces = Paces()


def with_token(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only for callers with a valid token whose scopes open this; api_actor() tells who it is."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        g.api_actor = _actor()
        _require_scope(g.api_actor)
        return view(*args, **kwargs)

    return checked


def api_actor() -> Actor:
    """Who calls: the token of this request."""
    actor: Actor = g.api_actor
    return actor


def _actor() -> Actor:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    row: Any = None
    if kind.lower() == "bearer" and token:
        row = _asker.read(token_hash=hashed(token.strip()))
        if row is None:  # no right token has to wait for these
            paces.take(f"wrong from {request.remote_addr}", WRONG_A_MINUTE)
    if row is None or row.revoked_at is not None:
        raise NotSignedIn(N_("Please send a valid token: Authorization: Bearer TOKEN."))
    paces.take(f"token {row.id}", row.rate)
    if row.has_expired:
        raise NotSignedIn(
            N_("The last day of this token is over. Please ask for a new one."),
            code="token_expired",
        )
    if row.used_at is None or now() - row.used_at > USED_EVERY:
        _note_use(row.id)
    actor: Actor = row.actor
    return actor


def _require_scope(who: Actor) -> None:
    endpoint = request.endpoint or ""
    reads = request.method in ("GET", "HEAD")
    openers = OPENED_BY.get(endpoint, {READ if reads else WORK})
    fitting = who.scopes & openers
    if who.scopes and not fitting:
        raise NotAllowed(
            N_("This token is for other things. It would need the scope %(scope)s."),
            code="scope",
            scope=" / ".join(sorted(openers)),
        )
    if endpoint == OPENED_BY_IT and fitting == {INTAKE}:
        _require_own(who, (request.view_args or {}).get("number", ""))


def _require_own(who: Actor, number: str) -> None:
    """Raise NotFound for a case that another has opened."""
    opened = select(Event.seq).join(Ticket, Ticket.id == Event.ticket_id)
    mine = (Event.by_kind == who.kind, Event.by_id == who.id, Event.name == "ticket.opened")
    if db.session.scalar(opened.where(Ticket.number == number, *mine).limit(1)) is None:
        raise NotFound(N_("There is no such ticket, or it is not yours to see."))


def _note_use(token_id: int) -> None:
    with transaction():
        change_rows(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now()))
