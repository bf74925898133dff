"""Every list, count and search of articles. visible_to() is applied here and only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, select, true
from sqlalchemy.orm import defer, load_only

from helpdesk import search as index
from helpdesk.agents.rights import Actor, Role, may
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_
from helpdesk.kb.drafts import Visibility
from helpdesk.kb.models import BODIES, Article, ArticleRevision
from helpdesk.kb.step import STEPS

SHELF_PAGE = 100
ON_SHELF = 5
LIGHT = [defer(getattr(Article, name)) for name in BODIES]  # as lists need articles


def visible_to(who: Actor | None) -> ColumnElement[bool]:
    """The condition that an article may be known to `who`: one scope for all doors.

    Colleagues know of all articles, everybody else of what is published for everybody.
    """
    if who is not None and who.role is not Role.CUSTOMER and may(who, "article.read"):
        return true()
    return and_(Article.live.is_not(None), Article.visibility == Visibility.PUBLIC)


def readable(who: Actor | None) -> ColumnElement[bool]:
    """The same without drafts and what has expired: what may be told to others now."""
    return and_(visible_to(who), Article.live.is_not(None))


def by_code(code: str, who: Actor | None) -> Article:
    """One article. Raises NotFound when there is none, or `who` may not know of it."""
    found = db.session.scalar(select(Article).where(Article.code == code, visible_to(who)))
    if found is None:
        raise NotFound(N_("There is no such article, or it is not published any more."))
    return found


def revisions(article: Article) -> Sequence[ArticleRevision]:
    """All versions, newest first, without their bodies."""
    R = ArticleRevision
    light = load_only(R.number, R.title_zh, R.title_en, R.by_name, R.at)
    return db.session.scalars(
        select(R).where(R.article_id == article.id).options(light).order_by(R.number.desc())
    ).all()


def history(article: Article, most: int = 50) -> Sequence[Event]:
    """What happened to the article, newest first."""
    return db.session.scalars(
        select(Event)
        .where(Event.name.in_(STEPS), Event.data["article"].as_string() == article.code)
        .order_by(Event.seq.desc())
        .limit(most)
    ).all()


def search(
    who: Actor | None, q: str, language: str, limit: int = 20, *, prefix: bool = False
) -> list[Article]:
    """What is published and holds every word of `q`, the best first; at equal rank what is written
    in `language`."""
    found = index.ranked(q, "article", db.engine.dialect.name, prefix=prefix)
    return ranked(found, readable(who), language, limit)


def alike(
    who: Actor | None, text: str, language: str, limit: int = 5
) -> list[tuple[Article, float]]:
    """What is published and shares words with a text, with its rank, the best first."""
    found = index.alike(text, "article", db.engine.dialect.name).subquery()
    rows = db.session.execute(_by_rank(found, readable(who), language, limit, found.c.rank))
    return [(row[0], row[1]) for row in rows]


def ranked(
    found: Select[int, float],
    scope: ColumnElement[bool],
    language: str,
    limit: int,
    *options: Any,
) -> list[Article]:
    """What the index has found, within a scope, the best first; `options` say what is loaded."""
    query = _by_rank(found.subquery(), scope, language, limit)
    return list(db.session.scalars(query.options(*options)))


def _by_rank(
    ranks: Subquery, scope: ColumnElement[bool], language: str, limit: int, *more: Any
) -> Select[Any]:
    title = Article.title_zh if language == "zh_Hans" else Article.title_en
    return (
        select(Article, *more)
        .join(ranks, ranks.c.subject_id == Article.id)
        .where(scope)
        .order_by(ranks.c.rank.desc(), (title == "").asc(), Article.helped.desc(), Article.id)
        .limit(limit)
    )


def counts(*scope: ColumnElement[bool]) -> dict[str, int]:
    """How many articles of a scope lie in each category."""
    query = select(Article.category, func.count()).where(*scope).group_by(Article.category)
    return dict(db.session.execute(query).all())


def shelf(who: Actor | None, category: str) -> list[Article]:
    """The articles of one category that a reader finds, the most helpful first."""
    query = select(Article).options(*LIGHT).where(readable(who))
    query = query.where(Article.category == category)
    return list(db.session.scalars(query.order_by(*_by_help()).limit(SHELF_PAGE)))


def best_of_each(who: Actor | None) -> dict[str, list[Article]]:
    """The few most helpful articles of each category."""
    place = func.row_number().over(partition_by=Article.category, order_by=_by_help())
    top = select(Article.id, place.label("place")).where(readable(who)).subquery()
    query = (
        select(Article)
        .options(*LIGHT)
        .join(top, top.c.id == Article.id)
        .where(top.c.place <= ON_SHELF)
        .order_by(Article.category, top.c.place)
    )
    found: dict[str, list[Article]] = {}
    for article in db.session.scalars(query):
        found.setdefault(article.category, []).append(article)
    return found


def _by_help() -> tuple[ColumnElement[int], ...]:
    score = Article.helped - Article.not_helped
    return score.desc(), Article.id.desc()
