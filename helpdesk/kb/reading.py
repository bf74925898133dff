"""What the pages of the desk and those of everybody share: how an article is read."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, session

from helpdesk.core.i18n import language
from helpdesk.kb.models import LANGUAGES, Article, Texts
from helpdesk.web.sanitize import markdown_to_html

BOTH = "both"
VOTED = "kb_votes"
MOST_VOTES = 100  # what the cookie remembers


@dataclass(frozen=True)
class Reading:
    """One language version, ready to show."""

    language: str
    title: str
    html: str


def readings(texts: Texts, wanted: str) -> list[Reading]:
    """What is shown, its Markdown made safe HTML: one language version, or all that there are for
    'both'."""
    tongues = texts.languages if wanted == BOTH else (texts.best(wanted),)
    return [
        Reading(each, texts.title(each), markdown_to_html(texts.body(each))) for each in tongues
    ]


def wanted_language(*more: str) -> str:
    """The language asked for in the address, else the reader's."""
    asked = request.args.get("language", "")
    return asked if asked in (*LANGUAGES, *more) else language()


def has_voted(article: Article) -> bool:
    """Whether this browser has said already if the article helped."""
    return article.id in session.get(VOTED, ())


def remember_vote(article: Article) -> None:
    """This browser has said so."""
    session[VOTED] = [*session.get(VOTED, ()), article.id][-MOST_VOTES:]
