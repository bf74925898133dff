"""The desk's list of articles: views, filters, pages, counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from helpdesk import search as index
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_
from helpdesk.kb.lifecycle import State
from helpdesk.kb.models import Article, KbCategory
from helpdesk.kb.queries import LIGHT, ranked, visible_to

PAGE = 50
SOON = timedelta(days=30)
NARROWED_BY = ("q", "view", "category", "visibility", "lacks")


VIEWS = {
    "": N_("All"),
    State.DRAFT: N_("Drafts"),
    State.REVIEW: N_("To review"),
    State.PUBLISHED: N_("Published"),
    State.EXPIRED: N_("Expired"),
    "ending": N_("Ending soon"),
}


def listed(
    who: Actor | None, asked: Mapping[str, str], after: str = ""
) -> tuple[list[Article], str | None]:
    """A page of the desk's list, narrowed by what is asked of NARROWED_BY, and where the next page
    begins: last changed first, or the best first when words are asked for."""
    conditions = list(_conditions(asked))
    if asked["q"]:
        found = index.ranked(asked["q"], "article", db.engine.dialect.name, prefix=True)
        scope = and_(visible_to(who), *conditions)
        return ranked(found, scope, "", PAGE, *LIGHT), None
    query = select(Article).options(*LIGHT).where(visible_to(who), *conditions)
    if (last := whole(after)) is not None:
        query = query.where(_behind(last))
    order = (Article.updated_at.desc(), Article.id.desc())
    rows = list(db.session.scalars(query.order_by(*order).limit(PAGE + 1)))
    return rows[:PAGE], str(rows[PAGE - 1].id) if len(rows) > PAGE else None


def _behind(article_id: int) -> ColumnElement[bool]:
    place = select(Article.updated_at).where(Article.id == article_id).scalar_subquery()
    same = and_(Article.updated_at == place, Article.id < article_id)
    return or_(Article.updated_at < place, same)


def _conditions(asked: Mapping[str, str]) -> Iterator[ColumnElement[bool]]:
    if asked["view"]:
        yield _of_view(asked["view"])
    if asked["category"]:
        yield Article.category == asked["category"]
    if asked["visibility"]:
        yield Article.visibility == asked["visibility"]
    if asked["lacks"]:
        yield (Article.title_zh if asked["lacks"] == "zh_Hans" else Article.title_en) == ""


def _of_view(view: str) -> ColumnElement[bool]:
    if view == "ending":
        return and_(Article.live.is_not(None), Article.expires_at <= now() + SOON)
    return Article.status == view if view in set(State) else false()


def overview(who: Actor) -> tuple[dict[str, int], dict[str, KbCategory]]:
    """How many articles each view of the desk holds, and the categories in their order.

    One statement: the list has a budget.
    """
    views = [view for view in VIEWS if view]
    columns = [func.count().filter(_of_view(view)) for view in views]
    labelled = [column.label(f"view_{place}") for place, column in enumerate(columns)]
    counted = select(func.count().label("all"), *labelled).where(visible_to(who)).subquery()
    rows = db.session.execute(
        select(KbCategory, *counted.c)
        .select_from(counted)
        .outerjoin(KbCategory, true())
        .order_by(KbCategory.position, KbCategory.id)
    ).all()
    shelves = {row[0].code: row[0] for row in rows if row[0] is not None}
    return dict(zip(["", *views], rows[0][1:], strict=True)), shelves
