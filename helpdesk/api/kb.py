"""Knowledge over the API: ranked articles."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from helpdesk.agents.rights import require
from helpdesk.api import read, shapes
from helpdesk.api.auth import api_actor, with_token
from helpdesk.api.tickets import bp
from helpdesk.errors import BadInput
from helpdesk.i18n import N_, language
from helpdesk.kb import feedback, queries, suggest
from helpdesk.kb.models import LANGUAGES, Article
from helpdesk.web import settings

MOST = 50
LONGEST_QUERY = 200


@bp.get("/kb/search")
@with_token
def kb_search() -> Response:
    """Published articles that hold every word of `q`, the best first: {items}.

    Titles and excerpts come in `language` where there is a version in it.
    """
    require(api_actor(), "article.read")
    words, wanted = _words(), _language()
    limit = read.number_argument("limit", 20, MOST) or 20
    found = queries.search(api_actor(), words, wanted, limit)
    if not found:
        feedback.note_miss(words, wanted)
    return jsonify({"items": [_item(article, wanted) for article in found]})


def _words() -> str:
    words = request.args.get("q", "").strip()[:LONGEST_QUERY]
    if not words:
        raise BadInput(read.LOOK, errors={"q": N_("Please fill this in.")})
    return words


def _language() -> str:
    asked = request.args.get("language", "")
    if asked and asked not in LANGUAGES:
        raise BadInput(
            read.LOOK, errors={"language": N_("Please pick one of the offered choices.")}
        )
    return asked or language()


def _item(article: Article, wanted: str) -> dict[str, Any]:
    shown = suggest.suggestion(article, wanted, settings().base_url)
    return {
        "code": article.code,
        "url": shown.address,
        "title": shown.title,
        "excerpt": shown.excerpt,
        "language": shown.language,
        "languages": list(article.languages),
        "category": article.category,
        "visibility": article.visibility,
        "state": article.state,
        "expires_at": shapes.time(article.expires_at),
        "updated_at": shapes.time(article.updated_at),
    }
