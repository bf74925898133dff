"""The frame of every move of an article: lock, table, change, state, journal; and its versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk import search
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.alarms import clear_alarms, set_alarm
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import BadInput
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.core.moves import Taking, taking
from helpdesk.kb.drafts import Draft
from helpdesk.kb.lifecycle import TABLE, Stand
from helpdesk.kb.models import BODIES, SHORT, SHOWN, Article, ArticleRevision

ALARM = "article.expire"
STEPS = {  # by the event: its sign and its words
    "article.create": ("plus", N_("Draft begun")),
    "article.edit": ("edit", N_("Text changed")),
    "article.submit": ("eye", N_("Review asked for")),
    "article.publish": ("check", N_("Published")),
    "article.send_back": ("arrow-back-up", N_("Sent back")),
    "article.revise": ("pencil", N_("New version begun")),
    "article.discard": ("trash", N_("New version dropped")),
    "article.expire": ("eye-off", N_("Taken offline")),
    "article.withdraw": ("eye-off", N_("Old version taken offline")),
    "article.end": ("calendar", N_("Other end set")),
}


REASON = N_("Please give a reason.")
Step = Taking[Actor]


@contextmanager
def step(
    article: Article, code: str, by: Actor, version: int | None, comment: str = ""
) -> Iterator[tuple[Article, Step]]:
    """Check the move on the locked row, let the verb change it, take the new state and record.

    Raises NotAllowed, Refused, BadInput for a missing reason, Conflict when the row has moved on.
    """
    TABLE.require_right(code, stand_of(article), by)
    with transaction():
        article = locked(article, version)
        move = TABLE.check(code, stand_of(article), by)
        comment = comment.strip() if move.needs else ""
        if "comment" in move.needs and not comment:
            raise BadInput(REASON, errors={"comment": REASON})
        with taking(article, move, by, {"comment": comment}, {}) as it:
            yield article, it
        note(code, article, by, **it.data)


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
    return Stand(article.status, article.live is not None)


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
    search.put(db.session(), "article", article.id, found_by(article))


def found_by(article: Article) -> list[str]:
    """The texts for that, both titles first."""
    titles = f"{article.title_zh}\n{article.title_en}"
    return [titles, article.body_zh, article.body_en]


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
        clear_alarms(ALARM, [article.id])
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
