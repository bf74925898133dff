"""Every mail that reached us, raw, with what became of it; and the mailboxes that it comes through."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime

OUTCOMES = ("stored", "ticket", "reply", "ignored", "held", "quarantined")
FOR_PEOPLE = ("held", "quarantined")


class InboundMail(Model):
    """One raw mail, kept for ever, with its outcome.

    stored       not looked at yet; next_at says when somebody may take it up (again)
    ticket       opened ticket_id
    reply        joined ticket_id
    ignored      read and filed, nothing more: reason says why (a bounce, an out-of-office answer)
    held         understood, but a person decides: reason says why (a stranger, a loop)
    quarantined  not understood: reason says why, detail holds the cause

    The same mail in the same mailbox is one row, however often and by whatever way it is
    delivered: `identity` is the hash of what the sender wrote, without the marks of transport.
    """

    __tablename__ = "inbound_mail"
    __table_args__ = (
        UniqueConstraint("mailbox", "identity"),
        Index("ix_inbound_mail_identity", "identity", "id"),
        Index("ix_inbound_mail_outcome", "outcome", "id"),
        Index("ix_inbound_mail_from", "from_email", "received_at"),
        Index("ix_inbound_mail_day", "mailbox", "received_at"),
        Index("ix_inbound_mail_uid", "mailbox", "uid"),
        Index("ix_inbound_mail_ticket", "ticket_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox: Mapped[str] = mapped_column(default="support")
    door: Mapped[str] = mapped_column(default="pipe")  # pipe, imap, pop3, smtp, lmtp
    # The server's own name of it: UIDVALIDITY.UID, UIDL.
    uid: Mapped[str] = mapped_column(default="")
    identity: Mapped[str]
    sha256: Mapped[str]  # of the bytes as they are kept
    file_key: Mapped[str]
    size: Mapped[int]
    cut: Mapped[bool] = mapped_column(default=False)  # only its beginning: the rest was too large
    envelope_to: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcTime)  # at the server we fetched it from
    outcome: Mapped[str] = mapped_column(default="stored")
    reason: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    why: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)  # rule, header, match
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    from_email: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")  # hash of what it says: sees identical mails
    automatic: Mapped[bool] = mapped_column(default=False)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    decided_by: Mapped[str] = mapped_column(default="")

    @property
    def said(self) -> dict[str, Any]:
        """What was read off the mail, to be written with its outcome."""
        return {
            name: getattr(self, name) for name in ("from_email", "subject", "words", "automatic")
        }


class MailTally(Model):
    """How many mails a mailbox handed to us on a day, counted apart from the mails themselves.

    `taken` were new, `again` were there already. Written in the transaction that keeps the mail, so
    that `taken` must equal the rows of that day: the second entry of a double-entry book.
    """

    __tablename__ = "mail_tally"
    mailbox: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    taken: Mapped[int] = mapped_column(default=0)
    again: Mapped[int] = mapped_column(default=0)


class MailRelease(Model):
    """A sender whom a person let through the brake: mails from before `at` count no more."""

    __tablename__ = "mail_release"
    sender: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    by: Mapped[str] = mapped_column(default="")
