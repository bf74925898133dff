"""The frame of every move of an article: lock, table, change, state, journal; and its versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk import search
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.alarms import clear_alarm, set_alarm
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.kb import lifecycle
from helpdesk.kb.drafts import Draft
from helpdesk.kb.lifecycle import Move, Stand
from helpdesk.kb.models import BODIES, SHORT, SHOWN, Article, ArticleRevision

ALARM = "article.expire"
STEP_NAMES = {
    "article.create": N_("Draft begun"),
    "article.edit": N_("Text changed"),
    "article.submit": N_("Review asked for"),
    "article.publish": N_("Published"),
    "article.send_back": N_("Sent back"),
    "article.revise": N_("New version begun"),
    "article.discard": N_("New version dropped"),
    "article.expire": N_("Taken offline"),
    "article.withdraw": N_("Old version taken offline"),
    "article.end": N_("Other end set"),
}
STEP_ICONS = {
    "article.create": "plus",
    "article.edit": "edit",
    "article.submit": "eye",
    "article.publish": "check",
    "article.send_back": "arrow-back-up",
    "article.revise": "pencil",
    "article.discard": "trash",
    "article.expire": "eye-off",
    "article.withdraw": "eye-off",
    "article.end": "calendar",
}


@dataclass
class Step:
    """One move in progress; `data` goes into the journal beside old and new state."""

    article: Article
    move: Move
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def step(
    article: Article, code: str, by: Actor, version: int | None, comment: str = ""
) -> Iterator[Step]:
    """Check the move on the locked row, let the verb change it, take the new state and record.

    Raises what lifecycle.check() does, and Conflict when the row has moved on.
    """
    lifecycle.allowed(code, by)
    with transaction():
        article = locked(article, version)
        taken = Step(article, lifecycle.check(code, stand_of(article), by, comment))
        old = article.state
        yield taken
        article.state = taken.move.to or old
        article.updated_at = now()
        if comment:
            taken.data["comment"] = comment.strip()
        note(code, article, by, old=old, new=article.state, **taken.data)


def note(name: str, article: Article, by: Actor, **data: Any) -> None:
    """Tell the journal; who owns the article stands in the event, so that the owner can be told."""
    title = article.title_zh or article.title_en
    record(
        f"article.{name}",
        by=by,
        article=article.code,
        title=title,
        owner=article.owner_id,
        revision=article.newest,
        **data,
    )


def stand_of(article: Article) -> Stand:
    """What the table of moves must know of this article."""
    return Stand(article.state, article.live is not None)


def revision(article: Article, number: int | None = None) -> ArticleRevision:
    """One version of an article, the newest when no number is given."""
    wanted = article.newest if number is None else number
    return db.session.scalars(
        select(ArticleRevision).filter_by(article_id=article.id, number=wanted)
    ).one()


def writers(article: Article) -> list[tuple[str, int | None]]:
    """Who wrote the newest version and those since the last one that was approved."""
    number = ArticleRevision.number
    rows = db.session.execute(
        select(ArticleRevision.by_kind, ArticleRevision.by_id).where(
            ArticleRevision.article_id == article.id,
            (number > article.approved) | (number == article.newest),
        )
    )
    return [(row.by_kind, row.by_id) for row in rows]


def keep(article: Article, draft: Draft, by: Actor) -> None:
    """Keep this content as the article's newest version."""
    db.session.add(
        ArticleRevision(
            article_id=article.id,
            number=article.newest,
            by_kind=by.kind,
            by_id=by.id,
            by_name=by.name,
            at=now(),
            **draft.values(),
        )
    )


def show(article: Article, texts: Draft | ArticleRevision) -> None:
    """Let the article say this."""
    for name in SHOWN:
        setattr(article, name, getattr(texts, name))


def index(article: Article) -> None:
    """What is shown is what is found; both titles weigh more than both texts."""
    titles = f"{article.title_zh}\n{article.title_en}"
    search.put(db.session(), "article", article.id, [titles, article.body_zh, article.body_en])


def go_online(article: Article, texts: ArticleRevision) -> None:
    """Readers see this version from now on, until its end."""
    article.live = article.approved = texts.number
    article.published_at = now()
    show(article, texts)
    plan_end(article, texts.expires_at)
    index(article)


def go_offline(article: Article) -> None:
    """Readers see nothing of it any more."""
    article.live = None
    plan_end(article, None)


def plan_end(article: Article, expires_at: datetime | None) -> None:
    """Ring when its time is over, or never."""
    article.expires_at = expires_at
    if expires_at is None:
        clear_alarm(ALARM, article.id)
    else:
        set_alarm(ALARM, article.id, expires_at)


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Old and new of the short fields; of the bodies which have changed (the versions keep them)."""
    short = [name for name in SHORT if before[name] != after[name]]
    return {
        "old": {name: before[name] for name in short},
        "new": {name: after[name] for name in short},
        "bodies": [name for name in BODIES if before[name] != after[name]],
        "end": iso(after["expires_at"]),
    }


def iso(at: datetime | None) -> str | None:
    """A time for the journal."""
    return at.isoformat() if at else None
