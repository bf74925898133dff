"""Very many published articles, in both languages."""

from __future__ import annotations

from datetime import datetime, timedelta

from benchmarks.load.bulk import Bulk
from benchmarks.load.writing import Writing
from helpdesk import search
from helpdesk.kb.drafts import Visibility
from helpdesk.kb.lifecycle import State
from helpdesk.kb.models import SHOWN, Article, ArticleRevision
from helpdesk.kb.shelves import DEFAULTS

LANGUAGES = ("zh_Hans", "en")
AUTHOR = "Helpdesk"
ARTICLE = (
    "id", "code", "state", "newest", "approved", "live", "owner_name", "reviewer_name",
    "published_at", "created_at", "updated_at", "used", "helped", "not_helped", "version", *SHOWN,
)  # fmt: skip
REVISION = ("article_id", "number", "by_kind", "by_name", "at", *SHOWN)


def make_articles(bulk: Bulk, writing: Writing, count: int, now: datetime) -> None:
    """So many articles of the last year: most for everybody, some for colleagues only."""
    first = bulk.first_id(Article)
    articles, revisions, found = [], [], []
    for id_ in range(first, first + count):
        shown = _shown(writing)
        at = now - timedelta(hours=writing.chance.randrange(1, 365 * 24))
        articles.append(_article(id_, at, writing, shown))
        revisions.append((id_, 1, "system", AUTHOR, at, *(shown[name] for name in SHOWN)))
        titles = f"{shown['title_zh']}\n{shown['title_en']}"
        found.append((id_, [titles, shown["body_zh"], shown["body_en"]]))
    bulk.write(Article, ARTICLE, articles)
    bulk.write(ArticleRevision, REVISION, revisions)
    search.put_many(bulk.session, "article", found)


def _article(id_: int, at: datetime, writing: Writing, shown: dict[str, str]) -> tuple[object, ...]:
    used = writing.chance.randrange(60)
    return (
        id_, f"load-{id_}", State.PUBLISHED.value, 1, 1, 1, AUTHOR, AUTHOR, at, at, at,
        used, used // 2, used // 9, 1, *(shown[name] for name in SHOWN),
    )  # fmt: skip


def _shown(writing: Writing) -> dict[str, str]:
    """The texts of one article, about one fault of one product."""
    _category, faults, products = writing.category()
    (_, zh), (_, en) = (writing.matter(language, faults, products) for language in LANGUAGES)
    is_public = writing.chance.random() < 0.8
    return {
        "title_zh": zh,
        "title_en": en,
        "body_zh": writing.guide("zh_Hans"),
        "body_en": writing.guide("en"),
        "category": writing.chance.choice(DEFAULTS)[0],
        "visibility": (Visibility.PUBLIC if is_public else Visibility.INTERNAL).value,
    }
