"""The mailboxes that we read and write through, and how each of them does."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import Model, UtcTime, db
from helpdesk.customers.addresses import comparable
from helpdesk.settings import settings

LONGEST_AWAY = timedelta(minutes=10)  # `mail fetch --once` from a timer may come that seldom


class Mailbox(Model):
    """One address of ours. kind: imap, pop3 (we fetch), smtp (mail is brought to us), send (out only).

    Mails that lay there before connected_at answer nobody by themselves. uid_validity and last_uid
    are IMAP's: every UID up to last_uid is kept here. The lease keeps two fetchers apart.
    """

    __tablename__ = "mailbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # as in `flask mail deliver --mailbox NAME`
    address: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    language: Mapped[str] = mapped_column(default="")
    sender_name: Mapped[str] = mapped_column(default="")
    signature_zh: Mapped[str] = mapped_column(default="")
    signature_en: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="imap")
    host: Mapped[str] = mapped_column(default="")
    port: Mapped[int] = mapped_column(default=993)
    tls: Mapped[str] = mapped_column(default="tls")  # tls, starttls, none
    user: Mapped[str] = mapped_column(default="")
    secret: Mapped[str] = mapped_column(default="")  # encrypted, see core.encryption
    folder: Mapped[str] = mapped_column(default="INBOX")
    done_folder: Mapped[str] = mapped_column(default="")
    smtp_host: Mapped[str] = mapped_column(default="")
    smtp_port: Mapped[int] = mapped_column(default=465)
    smtp_tls: Mapped[str] = mapped_column(default="tls")
    proof_by: Mapped[str] = mapped_column(
        default="", server_default=""
    )  # see channels.email.deciding.proof
    per_minute: Mapped[int] = mapped_column(default=30, server_default="30")  # 0: no limit
    plus: Mapped[bool] = mapped_column(default=False)  # name+anything@ reaches it as well
    from_now: Mapped[bool] = mapped_column(default=False)  # leave what lay there before
    active: Mapped[bool] = mapped_column(default=True)
    connected_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    uid_validity: Mapped[int | None]
    last_uid: Mapped[int] = mapped_column(default=0)
    last_fetch: Mapped[datetime | None] = mapped_column(UtcTime)  # that went well
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    last_error: Mapped[str] = mapped_column(default="")
    leased_by: Mapped[str] = mapped_column(default="")
    leased_until: Mapped[datetime | None] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(default=1)

    def signature(self, language: str) -> str:
        """What stands below an answer, in this language."""
        return self.signature_zh if language == "zh_Hans" else self.signature_en

    @property
    def fetches(self) -> bool:
        """Whether we go and get the mail."""
        return self.kind in ("imap", "pop3")

    @property
    def attended_at(self) -> datetime:
        """When a fetcher was last there, or will have to be again: it holds the mailbox for minutes."""
        seen = (self.connected_at, self.last_fetch, self.leased_until, self.failing_since)
        return max(at for at in seen if at is not None)

    @property
    def unattended(self) -> bool:
        """Whether its mail is to be fetched and nobody comes for it."""
        return self.active and self.fetches and now() - self.attended_at > LONGEST_AWAY


def own_addresses() -> frozenset[str]:
    """Our addresses in comparable form."""
    return options.once("own addresses", _own_addresses)


def _own_addresses() -> frozenset[str]:
    named = db.session.scalars(select(Mailbox.address))
    return frozenset(filter(None, map(comparable, [settings().mail_from, *named])))


def without_plus(address: str) -> str:
    """The address without what stands behind a plus."""
    name, _at, host = address.rpartition("@")
    return f"{name.partition('+')[0]}@{host}"


def by_name(name: str) -> Mailbox | None:
    """The mailbox with this name."""
    return options.once(f"mailbox {name}", lambda: _by_name(name)) if name else None


def _by_name(name: str) -> Mailbox | None:
    return db.session.scalar(select(Mailbox).where(Mailbox.name == name))


def failing_seconds() -> float:
    """For how long the mailbox that has failed longest fails; 0 when all do well."""
    since = db.session.scalar(select(func.min(Mailbox.failing_since)).where(Mailbox.active))
    return (now() - since).total_seconds() if since else 0.0


def unattended() -> list[str]:
    """The names of the mailboxes that nobody fetches: they never fail, and never get their mail."""
    boxes = db.session.scalars(select(Mailbox).where(Mailbox.active).order_by(Mailbox.name))
    return [box.name for box in boxes if box.unattended]
