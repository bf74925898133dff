"""Knowledge: articles with every version of their texts, categories, and searches that failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import Model, TwoNames, UtcTime
from helpdesk.kb.drafts import Visibility
from helpdesk.kb.lifecycle import SIGNS, UNFINISHED, State

LANGUAGES = ("zh_Hans", "en")
BODIES = ("body_zh", "body_en")
SHORT = ("title_zh", "title_en", "category", "visibility")
SHOWN = (*SHORT, *BODIES)


class KbCategory(TwoNames, Model):
    """A shelf of articles. `code` is short and never changes."""

    __tablename__ = "kb_category"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class Texts:
    """What one version of an article says, and for whom it is meant."""

    title_zh: Mapped[str] = mapped_column(default="")
    body_zh: Mapped[str] = mapped_column(Text, default="")
    title_en: Mapped[str] = mapped_column(default="")
    body_en: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(default="")
    visibility: Mapped[str] = mapped_column(default=Visibility.INTERNAL)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has: those with a title, so that lists need no bodies."""
        return tuple(code for code in LANGUAGES if self.title(code))

    def title(self, language: str) -> str:
        """The title in exactly this language, or ''."""
        return self.title_zh if language == "zh_Hans" else self.title_en

    def body(self, language: str) -> str:
        """The Markdown in exactly this language, or ''."""
        return self.body_zh if language == "zh_Hans" else self.body_en

    def best(self, wanted: str) -> str:
        """The wanted language when there is a version in it, else the one that there is."""
        found = self.languages
        return wanted if wanted in found or not found else found[0]


class Article(Texts, Model):
    """An article as it is shown: the version that readers see, or the first draft before there is one.

    `newest` is the number of the newest version, whose state is `state`; `approved` that of the last
    one that was published; `live` that of the one that readers see, None while there is none.
    """

    __tablename__ = "article"
    __table_args__ = (
        Index("ix_article_changed", "updated_at", "id"),
        Index("ix_article_state", "state", "updated_at"),
        Index("ix_article_shelf", "category", "visibility", "live"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column("state", default=State.DRAFT)
    newest: Mapped[int] = mapped_column(default=1)
    approved: Mapped[int] = mapped_column(default=0)
    live: Mapped[int | None]
    owner_id: Mapped[int | None]
    owner_name: Mapped[str] = mapped_column(default="")
    reviewer_name: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    used: Mapped[int] = mapped_column(default=0)
    helped: Mapped[int] = mapped_column(default=0)
    not_helped: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__: dict[str, Any] = {"version_id_col": version}

    @property
    def sign(self) -> tuple[str, str]:
        """Tone and icon of the state."""
        return SIGNS[State(self.status)]

    @property
    def is_unfinished(self) -> bool:
        """Whether the newest version is still being written or looked at."""
        return self.status in UNFINISHED

    @property
    def valid_until(self) -> datetime | None:
        """The last second at which it holds: its day is the one that people write down."""
        return self.expires_at - timedelta(seconds=1) if self.expires_at else None


class ArticleRevision(Texts, Model):
    """One version of an article: who wrote it, when, and until when it shall hold."""

    __tablename__ = "article_revision"
    __table_args__ = (UniqueConstraint("article_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    number: Mapped[int]
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    by_kind: Mapped[str]
    by_id: Mapped[int | None]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)

    def values(self) -> dict[str, Any]:
        """The content by name, as drafts.Draft takes it."""
        return {name: getattr(self, name) for name in (*SHOWN, "expires_at")}


class KbMiss(Model):
    """A search that found nothing, with how often and when last: what should be written next."""

    __tablename__ = "kb_miss"
    __table_args__ = (UniqueConstraint("query", "language"), Index("ix_kb_miss_count", "count"))
    id: Mapped[int] = mapped_column(primary_key=True)
    query: Mapped[str]
    language: Mapped[str]
    count: Mapped[int] = mapped_column(default=1)
    last_at: Mapped[datetime] = mapped_column(UtcTime)
