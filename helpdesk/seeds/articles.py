"""The demo's knowledge base: articles in both languages, written and reviewed in their weeks."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import update

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, transaction
from helpdesk.kb.feedback import note_miss
from helpdesk.kb.models import Article
from helpdesk.kb.seeding import make_article
from helpdesk.seeds.content import load
from helpdesk.seeds.stories import Happening
from helpdesk.seeds.timeline import Timeline

REVIEWER, SECOND = "chen.jing", "ahmed.farouk"  # nobody approves own words
COUNTS = ("used", "helped", "not_helped")
MISSES = (
    ("滤芯多久换一次", "zh_Hans", 5),
    ("以旧换新补贴", "zh_Hans", 4),
    ("pair with voice assistant", "en", 3),
    ("企业团购折扣", "zh_Hans", 2),
)


def writing(timeline: Timeline, actors: dict[str, Actor]) -> list[Happening]:
    """The moments in which the articles are written, and go as far as the demo needs them."""
    return [
        Happening(timeline.at(given["at"]), (-1, place), partial(_write, given, actors))
        for place, given in enumerate(load("articles"))
    ]


def _write(given: dict[str, Any], actors: dict[str, Actor]) -> None:
    reviewer = SECOND if given["by"] == REVIEWER else REVIEWER
    make_article(given, by=actors[given["by"]], reviewer=actors[reviewer])


def count_readers() -> None:
    """How often each article was used and found helpful, and what was looked for in vain."""
    with transaction():
        for given in load("articles"):
            counts = {name: given[name] for name in COUNTS}
            db.session.execute(
                update(Article)
                .where(Article.code == given["code"])
                .values(counts)
                .execution_options(synchronize_session=False)
            )
        for query, language, times in MISSES:
            for _time in range(times):
                note_miss(query, language)
