"""The ticket, its conversation and what hangs on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.agents.models import Agent, Department
from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime, index_where
from helpdesk.customers.models import Person
from helpdesk.files import StoredFile
from helpdesk.setup.models import Category

OPEN, CLOSED = "closed_at IS NULL", "closed_at IS NOT NULL"
MERGED, FROM_AN_AUTHORITY = "merged_into_id IS NOT NULL", "external_due_at IS NOT NULL"


class Ticket(Model):
    """One matter with one number to the end (一单到底)."""

    subject_kind: ClassVar[str] = "ticket"  # as promises name it
    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        # holds all that counting the open and the late ones asks for
        index_where(
            OPEN, "ix_ticket_open_due", "due_at", "id", "received_at", "merged_into_id", "closed_at"
        ),
        # holds all that the counts of the queue's views ask for
        index_where(
            OPEN,
            "ix_ticket_open_queue",
            "queue",
            "due_at",
            "id",
            "assignee_id",
            "status",
            "closed_at",
        ),
        index_where(OPEN, "ix_ticket_open_assignee", "assignee_id", "id"),
        Index("ix_ticket_department_status", "department_id", "status", "id"),
        Index("ix_ticket_status", "status", "id"),
        Index("ix_ticket_person", "person_id", "id"),
        Index("ix_ticket_received", "received_at", "id"),
        index_where(OPEN, "ix_ticket_open_received", "received_at", "id"),
        index_where(OPEN, "ix_ticket_open_waiting", "waiting_since", "id"),
        # lists by time, of all tickets too: few have these
        index_where("due_at IS NOT NULL", "ix_ticket_due", "due_at", "id"),
        index_where("waiting_since IS NOT NULL", "ix_ticket_waiting", "waiting_since", "id"),
        # without the open ones: those have indexes of their own
        index_where(CLOSED, "ix_ticket_closed", "closed_at", "id"),
        Index("ix_ticket_updated", "updated_at", "id"),
        # few cases have one
        index_where(FROM_AN_AUTHORITY, "ix_ticket_external_due", "external_due_at", "id"),
        # SQLite took it for the tickets that are not merged: all of them
        index_where(MERGED, "ix_ticket_merged", "merged_into_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="registered")
    severity: Mapped[str] = mapped_column(default="S3")
    channel: Mapped[str]
    external_id: Mapped[str | None]
    subject: Mapped[str]
    language: Mapped[str] = mapped_column(default="zh_Hans")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    place: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    contact_kind: Mapped[str] = mapped_column(default="")  # phone, email: where it came from
    contact: Mapped[str] = mapped_column(default="")  # the comparable writing
    contact_extension: Mapped[str] = mapped_column(default="")
    contact_name: Mapped[str] = mapped_column(default="")  # as the customer gave it
    contact_proven_at: Mapped[datetime | None] = mapped_column(UtcTime)
    contact_proven_by: Mapped[str] = mapped_column(default="")  # see ContactAddress.proven_by
    contact_others: Mapped[list[str]] = mapped_column(JsonData, default=list)  # given beside it
    reply_to: Mapped[str] = mapped_column(default="")  # where mails of this case go, "" is nowhere
    settled: Mapped[bool] = mapped_column(default=False)  # whose case it is: nobody needs to say
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    queue: Mapped[str] = mapped_column(default="dispatch")  # a department's code, or dispatch
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    offer_reason: Mapped[str] = mapped_column(default="")
    route_rule: Mapped[str] = mapped_column(default="")
    route_reason: Mapped[str] = mapped_column(default="")
    confidential: Mapped[bool] = mapped_column(default=False)
    anonymous: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)  # see casefile.FIELDS
    cycle: Mapped[int] = mapped_column(default=1)  # 2 and more after a rework or reopening
    returns: Mapped[int] = mapped_column(default=0)
    urges: Mapped[int] = mapped_column(default=0)
    urged_at: Mapped[datetime | None] = mapped_column(UtcTime)
    escalation: Mapped[int] = mapped_column(default=0)  # the highest level reached, in per cent
    repeat_of_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    registered_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcTime)  # the customer waits for us
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)  # the next running promise
    external_due_at: Mapped[datetime | None] = mapped_column(UtcTime)  # an authority's deadline
    hold_reason: Mapped[str] = mapped_column(default="")
    hold_until: Mapped[datetime | None] = mapped_column(UtcTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    track_salt: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    category: Mapped[Category | None] = relationship(lazy="raise_on_sql")
    department: Mapped[Department | None] = relationship(lazy="raise_on_sql")
    assignee: Mapped[Agent | None] = relationship(lazy="raise_on_sql")
    __mapper_args__ = {"version_id_col": version}


class Message(Model):
    """One piece of the conversation: the customer's words, our answer, or an internal note."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_ticket", "ticket_id", "id"),
        Index("ix_message_message_id", "message_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]  # customer, staff, note, system, draft (taken back: its author's alone)
    public: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str] = mapped_column(default="web")
    author: Mapped[str] = mapped_column(default="")
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    body: Mapped[str]
    quoted: Mapped[str] = mapped_column(default="")  # what a mail repeated: folded, never deleted
    html: Mapped[str] = mapped_column(default="")  # the mail's own HTML, as it came
    language: Mapped[str] = mapped_column(default="zh_Hans")
    message_id: Mapped[str | None]  # RFC 5322, ours or theirs
    data: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)
    held_until: Mapped[datetime | None] = mapped_column(UtcTime)  # no customer sees it before
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Sending(Model):
    """Words to a customer that can be taken back for a few seconds, with what they moved."""

    __tablename__ = "sending"
    __table_args__ = (Index("ix_sending_ticket", "ticket_id"),)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    until: Mapped[datetime] = mapped_column(UtcTime)
    before: Mapped[dict[str, Any]] = mapped_column(JsonData)  # see actions.unsending


class Attachment(Model):
    """A file of a message or notice; the bytes lie under a random key."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_ticket", "ticket_id"),
        Index("ix_attachment_notice", "notice_id"),
        index_where("scan = ''", "ix_attachment_not_scanned", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    public: Mapped[bool] = mapped_column(default=False)  # the customer may download it
    name: Mapped[str]
    mime: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    content_id: Mapped[str] = mapped_column(default="")
    scan: Mapped[str] = mapped_column(
        default="", server_default=""
    )  # "" (not scanned), clean, infected
    scanned_at: Mapped[datetime | None] = mapped_column(UtcTime)  # when the scanner was asked
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)

    @classmethod
    def of(cls, file: StoredFile, **where: Any) -> Attachment:
        """The row of a stored file; `where` says what it belongs to."""
        names = ("key", "name", "mime", "size", "sha256", "content_id")
        return cls(**{name: getattr(file, name) for name in names}, **where)


class Assist(Model):
    """An assisting department (协办); the lead stays the ticket's own."""

    __tablename__ = "assist"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), primary_key=True)
    task: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str] = mapped_column(default="")  # who wrote it, by the own name
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Extension(Model):
    """A department's request for more time on the customer's resolve promise, and its decision."""

    __tablename__ = "extension"
    __table_args__ = (Index("ix_extension_ticket", "ticket_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    reason: Mapped[str]
    wanted_at: Mapped[datetime] = mapped_column(UtcTime)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    decision: Mapped[str] = mapped_column(default="")  # granted, refused
    decided_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Link(Model):
    """A typed tie between two tickets: repeat_of, group_of, related."""

    __tablename__ = "link"
    from_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class Merging(Model):
    """A merge with what the ticket was before, so that it can be undone for a while."""

    __tablename__ = "merging"
    __table_args__ = (Index("ix_merging_ticket", "ticket_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    into_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    by_name: Mapped[str]
    status: Mapped[str]
    waiting_since: Mapped[datetime | None] = mapped_column(UtcTime)
    rows: Mapped[dict[str, list[str]]] = mapped_column(JsonData)  # response id: [state, verdict]
    called: Mapped[bool] = mapped_column(default=False)  # a follow-up call was to be made
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    undone_at: Mapped[datetime | None] = mapped_column(UtcTime)


class IdempotencyKey(Model):
    """What a caller's Idempotency-Key, or the hidden key of a form, made: the same key gives the same."""

    __tablename__ = "idempotency_key"
    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # that it opened
    made_id: Mapped[int | None]  # the message, notice or ticket that another request made or moved
    at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)
