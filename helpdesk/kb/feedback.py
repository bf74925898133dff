"""What readers tell us: use, votes, and searches that found nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, select, update

from helpdesk.agents.rights import Actor, require
from helpdesk.clock import now
from helpdesk.core.db import change_rows, db, own_insert, transaction
from helpdesk.core.events import record
from helpdesk.kb.models import Article, KbMiss
from helpdesk.search import fold, tokens

LONGEST_MISS = 80
MOST_MISSES = 100
# A telephone number, an order number or a mail address tells about a person, not about a gap.
PERSONAL = re.compile(r"\d[\d\s().-]{5,}\d|@")


def count_use(article: Article, *, by: Actor) -> None:
    """A colleague has put the article into an answer. Raises NotAllowed."""
    require(by, "article.read")
    _add_one(article, "used")


def vote(article: Article, helped: bool) -> None:
    """A reader says whether it helped; the page sees to it that everybody says so once."""
    _add_one(article, "helped" if helped else "not_helped")


def _add_one(article: Article, counter: str) -> None:
    """Counted in the row itself, so that many at once are all counted; the version stays."""
    column = getattr(Article, counter)
    with transaction():
        change_rows(update(Article).where(Article.id == article.id).values({counter: column + 1}))


def note_miss(query: str, language: str) -> None:
    """Count a search that found nothing, unless it holds no word or tells about a person."""
    words = " ".join(fold(query.replace("\x00", "")).split())[:LONGEST_MISS]
    if not tokens(words) or PERSONAL.search(words):
        return
    first = own_insert(KbMiss).values(query=words, language=language, count=1, last_at=now())
    with transaction() as session:
        session.execute(
            first.on_conflict_do_update(
                index_elements=["query", "language"],
                set_={"count": KbMiss.count + 1, "last_at": now()},
            )
        )


def misses(who: Actor) -> Sequence[KbMiss]:
    """The searches that found nothing, the most frequent first. Raises NotAllowed."""
    require(who, "article.write")
    order = (KbMiss.count.desc(), KbMiss.last_at.desc(), KbMiss.id)
    return db.session.scalars(select(KbMiss).order_by(*order).limit(MOST_MISSES)).all()


def settle_miss(miss_id: int, *, by: Actor) -> None:
    """Take one off the list: it is written, or it never will be. Raises NotAllowed."""
    require(by, "article.write")
    with transaction() as session:
        miss = session.get(KbMiss, miss_id)
        if miss is not None:
            session.execute(delete(KbMiss).where(KbMiss.id == miss_id))
            record("article_search.settle", by=by, query=miss.query, count=miss.count)
