"""API tokens: shown once when they are made, kept as SHA-256, ended by a click."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import select

from helpdesk.agents.change import odd_post
from helpdesk.agents.invitations import hashed
from helpdesk.agents.models import ApiToken
from helpdesk.agents.rights import VERBS, Actor, Role, require
from helpdesk.agents.scopes import INTAKE, SOON, Bounds
from helpdesk.clock import now
from helpdesk.core.db import db, locked, stored, transaction
from helpdesk.core.errors import FILL, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_

PREFIX = "hd_"  # so that a secret scanner can tell what it has found


def listed() -> Sequence[ApiToken]:
    """All tokens, the newest first, the ended ones last."""
    return db.session.scalars(
        select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
    ).all()


def add(
    name: str,
    role: str,
    by: Actor,
    department_id: int | None = None,
    bounds: Bounds = Bounds(),
) -> tuple[ApiToken, str]:
    """A new token and its text, which is not kept.

    Raises NotAllowed, or BadInput for an empty name, a role that nobody works in, a handler's
    token without a department, a scope that the role can't fill, a day that is over, an odd rate.
    """
    require(by, "people.edit")
    _check(name, role, department_id, bounds)
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction() as session:
        token = ApiToken(
            name=name.strip(),
            role=str(role),
            department_id=department_id,
            token_hash=hashed(text),
            scopes=list(bounds.scopes),
            expires_at=bounds.expires_at(),
            rate=bounds.rate,
        )
        session.add(token)
        session.flush()
        record(
            "token.added",
            by=by,
            token=token.id,
            who=token.name,
            role=token.role,
            scopes=token.scopes,
        )
    return token, text


def revoke(token_id: int, by: Actor) -> ApiToken:
    """End a token at once. Raises NotAllowed or NotFound."""
    require(by, "people.edit")
    with transaction():
        token = locked(stored(ApiToken, token_id, N_("There is no such token.")))
        if token.revoked_at is None:
            token.revoked_at = now()
            record("token.revoked", by=by, token=token.id, who=token.name)
    return token


def ending_soon() -> Sequence[ApiToken]:
    """Tokens in use whose last day comes within two weeks, the next first."""
    return db.session.scalars(
        select(ApiToken)
        .where(ApiToken.revoked_at.is_(None))
        .where(ApiToken.expires_at > now(), ApiToken.expires_at <= now() + SOON)
        .order_by(ApiToken.expires_at, ApiToken.id)
    ).all()


def _check(name: str, role: str, department_id: int | None, bounds: Bounds) -> None:
    errors = bounds.errors() | odd_post(role, department_id)
    if not name.strip():
        errors["name"] = FILL
    if not errors and INTAKE in bounds.scopes and Role(role) not in VERBS["ticket.open"]:
        errors["scopes"] = N_("This role opens no cases. Please pick another one for intake.")
    refuse(errors)
