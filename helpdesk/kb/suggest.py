"""Which articles may help with a text: for the agent's answer, and while a customer types."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk.agents.rights import Actor
from helpdesk.kb import queries
from helpdesk.kb.drafts import Visibility
from helpdesk.kb.models import Article
from helpdesk.kb.plain import excerpt, plain
from helpdesk.search.words import shared_terms, tokens
from helpdesk.settings import settings

FOR_AGENTS = 5
FOR_CUSTOMERS = 4
CANDIDATES = 20
LEAST_SHARE = 0.35  # of the best one's rank
HAN = re.compile(r"[\u3400-\u9fff]")
LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class Suggestion:
    """One article in the language of the customer, or in the one that it has."""

    code: str
    title: str
    excerpt: str
    language: str
    is_public: bool
    text: str
    address: str

    @property
    def answer(self) -> str:
        """What is put into an answer: title, text, and where it stands."""
        return f"{self.title}\n\n{self.text}\n\n{self.address}\n"

    @property
    def link(self) -> str:
        """Title and address alone."""
        return f"{self.title}\n{self.address}\n"


def for_agent(who: Actor, text: str, language: str) -> list[Suggestion]:
    """Up to five articles that share words with a ticket, the best first."""
    found = fitting(who, text, language)[:FOR_AGENTS]
    return [suggestion(article, language) for article in found]


def fitting(who: Actor | None, text: str, language: str) -> list[Article]:
    """What shares telling words of its title with a text: two, or one and is near the best.

    Long texts share some word with nearly everything; a title says what an article is about.
    """
    candidates = queries.alike(who, text, language, CANDIDATES)
    telling = {term[0].tokens[0] for term in shared_terms(text)}
    least = candidates[0][1] * LEAST_SHARE if candidates else 0
    found = []
    for article, rank in candidates:
        shared = telling.intersection(tokens(f"{article.title_zh}\n{article.title_en}"))
        if len(shared) > 1 or (shared and rank >= least):
            found.append(article)
    return found


def while_typing(text: str, language: str) -> list[Suggestion]:
    """Up to four public articles; nothing before two Han characters or three letters."""
    if not is_enough(text):
        return []
    found = queries.search(None, text, language, FOR_CUSTOMERS, prefix=True)
    if len(found) < FOR_CUSTOMERS:
        more = fitting(None, text, language)
        found += [article for article in more if article not in found]
    return [suggestion(each, language) for each in found[:FOR_CUSTOMERS]]


def is_enough(text: str) -> bool:
    """Two Han characters or three letters: less fits too much."""
    return len(HAN.findall(text)) >= 2 or len(LETTER.findall(text)) >= 3


def suggestion(article: Article, language: str) -> Suggestion:
    """The article as it is suggested to a reader of `language`."""
    tongue = article.best(language)
    body = article.body(tongue)
    return Suggestion(
        code=article.code,
        title=article.title(tongue),
        excerpt=excerpt(body),
        language=tongue,
        is_public=article.visibility == Visibility.PUBLIC,
        text=plain(body),
        address=f"{settings().base_url}/kb/{article.code}",
    )
