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


def reading(texts: Texts, tongue: str) -> Reading:
    """One language version with its Markdown made safe HTML."""
    return Reading(tongue, texts.title(tongue), markdown_to_html(texts.body(tongue)))


def readings(texts: Texts, wanted: str) -> list[Reading]:
    """What is shown: one language version, or all that there are for 'both'."""
    if wanted == BOTH:
        return [reading(texts, tongue) for tongue in texts.languages]
    return [reading(texts, texts.best(wanted))]


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
