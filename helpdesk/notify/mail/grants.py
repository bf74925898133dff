"""The leave to use a mailbox without its password (OAuth2), and the providers that give it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import Model, UtcTime
from helpdesk.core.i18n import N_


class Authority(NamedTuple):
    """Who gives leave: where its owner is asked, where tokens are fetched, what we ask for."""

    code: str
    name: str
    authorize: str = ""
    token: str = ""
    scope: str = ""
    asked: tuple[tuple[str, str], ...] = ()  # further parameters of the question
    where: str = ""  # where an administrator makes the client id and its secret


AUTHORITIES = {
    each.code: each
    for each in (
        Authority(
            "google",
            N_("Google (Gmail, Workspace)"),
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://mail.google.com/",
            (("access_type", "offline"), ("prompt", "consent")),
            N_(
                "On console.cloud.google.com: APIs & Services, Credentials, make an OAuth client of the "
                "kind “Web application” with the address above, and copy its id and secret here."
            ),
        ),
        Authority(
            "microsoft",
            N_("Microsoft 365"),
            "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
            "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
            "https://outlook.office.com/IMAP.AccessAsUser.All "
            "https://outlook.office.com/POP.AccessAsUser.All "
            "https://outlook.office.com/SMTP.Send offline_access",
            (("prompt", "select_account"),),
            N_(
                "On entra.microsoft.com: App registrations, New registration, platform “Web” with the "
                "address above; then make a client secret. Copy the application id, the secret and the "
                "directory (tenant) id here."
            ),
        ),
        Authority(
            "own",
            N_("Your own sign-in server"),
            where=N_("Its administrator makes a client with the address above and tells the rest."),
        ),
    )
}


class MailGrant(Model):
    """The leave for one mailbox. Its secret and tokens are encrypted, as passwords are.

    Without a refresh token nobody has given leave yet. over_since says that the provider took it
    back. While refreshing_until lies ahead, one process (refreshing_by) fetches a new token and the
    others wait. state_hash and verifier belong to a question that is not answered yet.
    """

    __tablename__ = "mail_grant"
    id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), primary_key=True, autoincrement=False)
    authority: Mapped[str]
    tenant: Mapped[str] = mapped_column(default="")
    authorize_url: Mapped[str] = mapped_column(default="")  # of an own server; else AUTHORITIES
    token_url: Mapped[str] = mapped_column(default="")
    scope: Mapped[str] = mapped_column(default="")
    client_id: Mapped[str]
    client_secret: Mapped[str] = mapped_column(default="")
    refresh_token: Mapped[str] = mapped_column(default="")
    access_token: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    given_at: Mapped[datetime | None] = mapped_column(UtcTime)
    over_since: Mapped[datetime | None] = mapped_column(UtcTime)
    over_why: Mapped[str] = mapped_column(default="")
    refreshing_by: Mapped[str] = mapped_column(default="")
    refreshing_until: Mapped[datetime | None] = mapped_column(UtcTime)
    state_hash: Mapped[str] = mapped_column(default="")
    verifier: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    asked_by: Mapped[int | None]

    @property
    def is_given(self) -> bool:
        """Whether we may sign in by it."""
        return bool(self.refresh_token) and self.over_since is None

    def endpoint(self, which: str) -> str:
        """The address of 'authorize' or 'token' at its provider."""
        own = self.authorize_url if which == "authorize" else self.token_url
        known = getattr(AUTHORITIES[self.authority], which)
        return own or str(known).replace("{tenant}", self.tenant or "organizations")

    @property
    def asks_for(self) -> str:
        """The scope that we ask for."""
        return self.scope or AUTHORITIES[self.authority].scope
