"""Every letter that we send, with what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime

OPEN = ("queued", "sending", "retry", "uncertain")
MAIL = "email"  # the medium that every colleague is reached by
LOST = ("failed", "bounced", "uncertain")  # red: somebody must look


class Envelope(Model):
    """One letter to one address because of one event, as its medium carries it.

    queued     waits for its turn             sending   a process is at it until next_at
    sent       its server took it             retry     it will be tried again at next_at
    failed     refused, or given up           bounced   taken, and then it came back
    uncertain  the line broke after it was handed over: perhaps delivered. It is sent once more under
               the same identity; after that a person decides
    kept       no server is set: it stays here to be read
    withdrawn  it was not needed for a case, and its recipient wants no such letter

    The unique row makes a repeated delivery harmless, and its identity (a mail's Message-ID, else the
    id) stays the same on every try, so that the receiver can drop a copy.
    """

    __tablename__ = "envelope"
    __table_args__ = (
        UniqueConstraint("event_seq", "purpose", "recipient"),
        Index("ix_envelope_due", "state", "next_at"),
        Index("ix_envelope_recipient", "recipient", "made_at"),
        Index("ix_envelope_domain", "domain", "made_at"),
        Index("ix_envelope_sent", "mailbox", "sent_at"),
        Index("ix_envelope_ticket", "ticket_id"),
        Index("ix_envelope_message_id", "message_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    event_seq: Mapped[int]
    purpose: Mapped[str]
    medium: Mapped[str] = mapped_column(default=MAIL, server_default=MAIL)
    recipient: Mapped[str]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    message_ref: Mapped[int | None] = mapped_column(ForeignKey("message.id"))  # whose words
    automatic: Mapped[bool] = mapped_column(default=True)
    internal: Mapped[bool] = mapped_column(default=False, server_default=false())  # to a colleague
    # No case needs it.
    optional: Mapped[bool] = mapped_column(default=False, server_default=false())
    subject: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    error: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)  # tries that may have delivered it
    # Put off: by its server, or by our own pace.
    refused: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    next_at: Mapped[datetime | None] = mapped_column(UtcTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # Of mail alone:
    domain: Mapped[str] = mapped_column(default="", server_default="")  # of the recipient
    mailbox: Mapped[str] = mapped_column(default="")  # which of our mailboxes sends it
    message_id: Mapped[str] = mapped_column(default="")
    in_reply_to: Mapped[str] = mapped_column(default="")
    thread: Mapped[list[Any]] = mapped_column(JsonData, default=list)  # the References header
    reply_to: Mapped[str] = mapped_column(default="")
    copies: Mapped[list[Any]] = mapped_column(JsonData, default=list, server_default="[]")  # in Cc
