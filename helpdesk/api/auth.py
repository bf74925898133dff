"""Bearer tokens: only their SHA-256 is in the database."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import g, request
from sqlalchemy import bindparam, select, update

from helpdesk.agents.models import ApiToken
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.db import db, transaction
from helpdesk.errors import NotSignedIn
from helpdesk.i18n import N_

PREFIX = "hd_"
FIND = select(ApiToken).where(ApiToken.token_hash == bindparam("token_hash"))
USED_EVERY = timedelta(hours=1)  # how fresh "last used" is kept


def new_token() -> tuple[str, str]:
    """A fresh token (256 bit) and the hash that is kept of it."""
    token = PREFIX + secrets.token_urlsafe(32)
    return token, digest(token)


def digest(token: str) -> str:
    """The SHA-256 of a token, in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def with_token(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only for callers with a valid token; api_actor() tells who it is."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        g.api_actor = _actor()
        return view(*args, **kwargs)

    return checked


def api_actor() -> Actor:
    """Who calls: the token of this request."""
    actor: Actor = g.api_actor
    return actor


def _actor() -> Actor:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    row = None
    if kind.lower() == "bearer" and token:
        row = db.session.scalar(FIND, {"token_hash": digest(token.strip())})
    if row is None or row.revoked_at is not None:
        raise NotSignedIn(N_("Please send a valid token: Authorization: Bearer TOKEN."))
    if row.used_at is None or now() - row.used_at > USED_EVERY:
        _note_use(row.id)
    return row.actor


def _note_use(token_id: int) -> None:
    with transaction() as session:
        session.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id)
            .values(used_at=now())
            .execution_options(synchronize_session=False)
        )
