"""Articles for the tests, in every state, walked there by the verbs."""

from __future__ import annotations

from typing import Any

from helpdesk.agents.rights import Actor, Role
from helpdesk.kb import lists
from helpdesk.kb.drafts import Draft
from helpdesk.kb.models import Article
from helpdesk.kb.seeding import make_article

WRITER = Actor(kind="agent", id=901, name="Zhang Wei", role=Role.AGENT)
REVIEWER = Actor(kind="agent", id=902, name="Chen Jie", role=Role.SUPERVISOR)
FRIDGE = {
    "code": "fridge-not-cold",
    "category": "fault",
    "visibility": "public",
    "title_zh": "冰箱不制冷怎么办",
    "body_zh": "请先检查**电源**和温控档位。\n\n1. 拔下插头\n2. 等五分钟",
    "title_en": "The fridge does not cool",
    "body_en": "Check the **plug** and the thermostat first.\n\n1. Pull the plug\n2. Wait five minutes",
}
STATES = ("draft", "review", "published", "expired")
VISIBILITIES = ("internal", "public")


def article(*, writer: Actor = WRITER, **more: Any) -> Article:
    """The fridge article, published for everybody unless `more` says otherwise."""
    return make_article(FRIDGE | more, by=writer, reviewer=REVIEWER)


def draft(**more: Any) -> Draft:
    """The content of the fridge article."""
    values = {name: value for name, value in FRIDGE.items() if name != "code"}
    return Draft(**(values | more))


def on_desk(who: Actor | None, words: str) -> list[str]:
    """The codes of what the desk's list holds of these words, drafts too."""
    asked = dict.fromkeys(lists.NARROWED_BY, "") | {"q": words}
    return [article.code for article in lists.listed(who, asked)[0]]


def one_of_each(word: str = "compressor") -> dict[tuple[str, str], Article]:
    """An article in each state for each kind of reader, all with the same word in their title."""
    return {
        (visibility, state): article(
            code=f"{visibility}-{state}",
            visibility=visibility,
            state=state,
            title_en=f"The {word} {visibility} {state}",
        )
        for visibility in VISIBILITIES
        for state in STATES
    }
