"""Knowledge over the API: ranked articles."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from helpdesk.agents.rights import require
from helpdesk.api import inputs
from helpdesk.api.answers import ARTICLE, filled, page_of
from helpdesk.api.auth import api_actor
from helpdesk.api.operations import takes
from helpdesk.core.i18n import language
from helpdesk.kb import feedback, queries, suggest
from helpdesk.kb.models import Article

LONGEST_QUERY = 200


@takes(
    "GET /kb/search",
    "Published articles that hold every word, the best first",
    query=inputs.ARTICLES,
    answer=page_of("Article"),
)
def kb_search(asked: dict[str, Any]) -> Response:
    """Published articles that hold every word of `q`, the best first: {items}.

    Titles and excerpts come in `language` where there is a version in it.
    """
    require(api_actor(), "article.read")
    words, wanted = asked["q"].strip()[:LONGEST_QUERY], asked.get("language") or language()
    limit = asked.get("limit") or 20
    found = queries.search(api_actor(), words, wanted, limit)
    if not found:
        feedback.note_miss(words, wanted)
    return jsonify({"items": [_item(article, wanted) for article in found]})


def _item(article: Article, wanted: str) -> dict[str, Any]:
    shown = suggest.suggestion(article, wanted)
    return filled(
        ARTICLE,
        article,
        url=shown.address,
        title=shown.title,
        excerpt=shown.excerpt,
        language=shown.language,
        state=article.status,
    )
