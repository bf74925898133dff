"""Who was told of what, and when they looked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime, index_where

UNSEEN = "seen_at IS NULL"


class News(Model):
    """One person was told of one event; seen_at is when they looked at its case or notice."""

    __tablename__ = "news"
    __table_args__ = (
        UniqueConstraint("agent_id", "event_seq"),
        Index("ix_news_agent", "agent_id", "id"),
        index_where(UNSEEN, "ix_news_unseen", "agent_id", "ticket_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    event_seq: Mapped[int]
    name: Mapped[str]  # of the event, see tickets.news
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)
