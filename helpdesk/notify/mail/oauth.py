"""Speaks OAuth2 with a provider: the question to its user, and tokens for the answer (RFC 6749, 7636)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from authlib.common.errors import AuthlibBaseError

from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.errors import Refused
from helpdesk.notify.mail.grants import AUTHORITIES, MailGrant

TIMEOUT = 20  # seconds
LIFE = 3600  # seconds that a token lives when its provider does not say
OVER = ("invalid_grant", "invalid_client", "unauthorized_client", "interaction_required",
        "consent_required", "login_required", "access_denied")  # fmt: skip


class NoToken(ConnectionError):
    """There is no token to sign in with. `over`: only a person can change that."""

    def __init__(self, words: str, *, over: bool = False) -> None:
        super().__init__(words)
        self.over = over


@dataclass(frozen=True)
class Tokens:
    """What a provider gave. Some give a new refresh token each time, and the old one is dead then."""

    access: str
    refresh: str
    expires_at: datetime


def decrypted(stored: str) -> str:
    """A stored secret. Raises NoToken when the key has changed: then only new consent helps."""
    try:
        return encryption.decrypted(stored)
    except Refused:
        raise NoToken("the key of the stored tokens has changed", over=True) from None


def question(grant: MailGrant, redirect_uri: str, state: str, verifier: str) -> str:
    """The address at which the mailbox's owner gives leave; the code challenge is S256 of `verifier`."""
    asked = dict(AUTHORITIES[grant.authority].asked)
    with _session(grant, redirect_uri) as session:
        url, _state = session.create_authorization_url(
            grant.endpoint("authorize"), state=state, code_verifier=verifier, **asked
        )
    return str(url)


def redeemed(grant: MailGrant, redirect_uri: str, code: str, verifier: str) -> Tokens:
    """Tokens for the answer's code. Raises NoToken."""
    with _session(grant, redirect_uri) as session:
        return _asked(
            lambda: session.fetch_token(
                grant.endpoint("token"),
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        )


def renewed(grant: MailGrant) -> Tokens:
    """A new access token. Raises NoToken, `over` when the provider took the leave back."""
    with _session(grant, "") as session:
        return _asked(
            lambda: session.refresh_token(
                grant.endpoint("token"),
                refresh_token=decrypted(grant.refresh_token),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        )


def _session(grant: MailGrant, redirect_uri: str) -> Any:
    return import_module("helpdesk.notify.mail.web").session(
        grant.client_id,
        decrypted(grant.client_secret) or None,
        scope=grant.asks_for,
        redirect_uri=redirect_uri or None,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post" if grant.client_secret else "none",
    )


def _asked(call: Any) -> Tokens:
    try:
        told = call()
        access, refresh = str(told["access_token"]), str(told.get("refresh_token") or "")
        life = int(told.get("expires_in") or LIFE)
    except AuthlibBaseError as error:
        raise NoToken(
            f"{error.error}: {error.description}"[:400], over=error.error in OVER
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoToken(f"{type(error).__name__}: {error}"[:400]) from error
    return Tokens(access, refresh, now() + timedelta(seconds=life))
