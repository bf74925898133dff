"""Calls and what they consist of; no rules live here.

What folding writes is keyed by (call, number of the event that began it). Columns that people or the
program's own verbs write stand last, and folding leaves them alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, UtcTime, index_where


class PhoneQueue(Model):
    """A queue that callers wait in, and its terms, in seconds. `code` is what providers call it."""

    __tablename__ = "phone_queue"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    calendar: Mapped[str] = mapped_column(default="")  # opening hours; "" is always open
    threshold: Mapped[int] = mapped_column(default=20)  # answered within it: kept
    short_abandon: Mapped[int] = mapped_column(default=5)  # who gave up within it was not lost
    wrap_up: Mapped[int] = mapped_column(default=30)  # at most, after a call
    announces: Mapped[bool] = mapped_column(default=False)  # says that it records, and asks
    recording_days: Mapped[int] = mapped_column(default=0, server_default="0")  # 0: no end
    codes: Mapped[str] = mapped_column(default="")  # the part of the tree of WrapUpCode; "" is all
    skills: Mapped[str] = mapped_column(default="")  # wanted of agents, the most needed first
    most_times: Mapped[int] = mapped_column(default=3)  # as long as a VIP anybody waits, at most
    closed_until: Mapped[datetime | None] = mapped_column(UtcTime)  # by a supervisor's hand
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class PhoneLine(Model):
    """An agent's telephone: by this extension providers name the agent."""

    __tablename__ = "phone_line"
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    extension: Mapped[str] = mapped_column(unique=True)
    paused: Mapped[str | None]  # why it gets no calls, "" where it does; None: nobody has said
    sip_user: Mapped[str] = mapped_column(default="")  # in the browser; "" for one on a desk
    sip_secret: Mapped[str] = mapped_column(default="")  # encrypted, see core.encryption


class Call(Model):
    """One call from beginning to end, through all transfers. `number` is the outside party's, "" of
    an anonymous one; `person_id` whose it is, where it is exactly one customer's."""

    __tablename__ = "phone_call"
    __table_args__ = (
        UniqueConstraint("provider", "external_id"),
        Index("ix_phone_call_started", "started_at", "id"),
        Index("ix_phone_call_number", "number", "started_at"),
        Index("ix_phone_call_person", "person_id", "id"),
        Index("ix_phone_call_touched", "touched_at"),
        index_where("ended_at IS NULL", "ix_phone_call_lasting", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str]
    external_id: Mapped[str]  # the provider's name for it
    direction: Mapped[str] = mapped_column(default="in")  # in, out
    state: Mapped[str] = mapped_column(default="ringing")
    caller: Mapped[str] = mapped_column(default="")
    called: Mapped[str] = mapped_column(default="")
    number: Mapped[str] = mapped_column(default="")
    named: Mapped[bool] = mapped_column(default=False)  # who calls was said, be it "anonymous"
    topic: Mapped[str] = mapped_column(default="")  # what was chosen in the menu,
    language: Mapped[str] = mapped_column(default="")  # and in which language
    consent: Mapped[bool | None]  # to being recorded, as the caller said
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    about: Mapped[str] = mapped_column(default="")  # the number of the case that it is made for
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    reason: Mapped[str] = mapped_column(default="")  # why it ended
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    blocked: Mapped[bool] = mapped_column(
        default=False, server_default=false()
    )  # see BlockedCaller
    touched_at: Mapped[datetime] = mapped_column(UtcTime, default=now)  # when news of it came


class CallEvent(Model):
    """What a provider said, as it came: never changed, the truth for every recount."""

    __tablename__ = "phone_event"
    __table_args__ = (
        UniqueConstraint("provider", "external_id", "seq"),
        Index("ix_phone_event_call", "call_id"),
        Index("ix_phone_event_at", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str]
    external_id: Mapped[str]
    seq: Mapped[int] = mapped_column(BigInteger)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("phone_call.id"))
    event: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcTime)
    caller: Mapped[str] = mapped_column(default="")
    called: Mapped[str] = mapped_column(default="")
    queue: Mapped[str] = mapped_column(default="")
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JsonData, default=dict)
    received_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Stay(Model):
    """One stay of a call in a queue; a call that is transferred to a queue has a second one."""

    __tablename__ = "phone_stay"
    __table_args__ = (
        UniqueConstraint("call_id", "seq"),
        Index("ix_phone_stay_queue", "queue_id", "joined_at"),
        Index("ix_phone_stay_joined", "joined_at"),
        Index("ix_phone_stay_ticket", "ticket_id"),
        index_where("state = 'waiting'", "ix_phone_stay_waiting", "queue_id", "joined_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("phone_call.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    queue_id: Mapped[int] = mapped_column(ForeignKey("phone_queue.id"))
    state: Mapped[str] = mapped_column(default="waiting")
    joined_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)  # of the waiting
    waited: Mapped[float | None]  # seconds, when it has ended
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))  # who answered
    reason: Mapped[str] = mapped_column(default="")  # why it was left; see PhoneCallback
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # of a missed call
    opened: Mapped[bool] = mapped_column(default=False)  # that case began with this stay


class Leg(Model):
    """One telephone that rang for a call, and what came of it: ringing, answered, missed, gone."""

    __tablename__ = "phone_leg"
    __table_args__ = (
        UniqueConstraint("call_id", "seq"),
        Index("ix_phone_leg_agent", "agent_id", "offered_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("phone_call.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("phone_queue.id"))
    state: Mapped[str] = mapped_column(default="ringing")
    offered_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)  # of the ringing
    reason: Mapped[str] = mapped_column(default="")  # busy, declined ... as the provider says


class Interaction(Model):
    """One talk of an agent with the other party, and the case that it is on."""

    __tablename__ = "interaction"
    __table_args__ = (
        UniqueConstraint("call_id", "seq"),
        Index("ix_interaction_agent", "agent_id", "began_at"),
        Index("ix_interaction_ticket", "ticket_id"),
        Index("ix_interaction_score", "score", "id"),
        index_where("ended_at IS NULL", "ix_interaction_lasting", "agent_id"),
        index_where("score <= 2 AND score_read_at IS NULL", "ix_interaction_low", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("phone_call.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("phone_queue.id"))
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    held: Mapped[float] = mapped_column(default=0.0)  # seconds on hold, of pairs that are complete
    held_at: Mapped[datetime | None] = mapped_column(UtcTime)  # on hold since
    transferred: Mapped[bool] = mapped_column(default=False)  # ended by handing the call on
    wrapped_at: Mapped[datetime | None] = mapped_column(UtcTime)  # as the provider says
    score: Mapped[int | None]  # what the caller said of it, 1 to 5
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    offered: Mapped[bool] = mapped_column(default=False)  # it was open before: another may fit
    judged: Mapped[bool] = mapped_column(default=False)  # the score stands in the case's history
    score_read_at: Mapped[datetime | None] = mapped_column(UtcTime)  # by who leads, if it is low
    code: Mapped[str] = mapped_column(default="")  # of the wrap-up form
    note: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime | None] = mapped_column(UtcTime)  # the form, or its time was up
    next_at: Mapped[datetime | None] = mapped_column(UtcTime)  # of the next step


class Recording(Model):
    """A recording that a provider has. A job fetches it; its file (an Attachment) belongs to no case, so
    that nothing gives it away but recordings/hearing.py. A `voicemail` has a case of its own."""

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("call_id", "seq"),
        Index("ix_recording_ticket", "ticket_id"),
        Index("ix_recording_kept", "state", "queue_id", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("phone_call.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("phone_queue.id"))
    url: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcTime)
    voicemail: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[str] = mapped_column(default="waiting")  # kept, failed, deleted, unwanted
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcTime)  # looked for again; None: at once
    size: Mapped[int | None] = mapped_column(BigInteger)  # when it was last looked at
    seconds: Mapped[float | None]  # how long it is, where its file says so
    problem: Mapped[str] = mapped_column(default="")
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # of a voicemail
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))


class PhoneCallback(Model):
    """A caller who is to be called: by the place that the stay had, at most three times."""

    __tablename__ = "phone_callback"
    __table_args__ = (
        UniqueConstraint("stay_id"),
        Index("ix_phone_callback_due", "state", "next_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(ForeignKey("phone_stay.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("phone_queue.id"))
    number: Mapped[str]
    place_at: Mapped[datetime] = mapped_column(UtcTime)  # since when the caller waits
    next_at: Mapped[datetime] = mapped_column(UtcTime)
    attempts: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="due")  # due, reached, unreachable, dropped
