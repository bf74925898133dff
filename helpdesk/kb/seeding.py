"""Articles for a new installation and for the demo, made by the real verbs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.kb import actions
from helpdesk.kb.drafts import Draft, Visibility
from helpdesk.kb.lifecycle import State
from helpdesk.kb.models import SHOWN, Article, KbCategory
from helpdesk.kb.shelves import DEFAULTS

WRITER = Actor(kind="system", id=None, name="Helpdesk", role=Role.SYSTEM)
REVIEWER = Actor(kind="system", id=0, name="Helpdesk", role=Role.SYSTEM)


def seed_categories() -> None:
    """The default categories, where there are none yet."""
    with transaction() as session:
        if session.scalar(select(KbCategory.id).limit(1)):
            return
        for position, (code, zh, en) in enumerate(DEFAULTS, 1):
            session.add(KbCategory(code=code, name_zh=zh, name_en=en, position=position))


def make_article(
    given: Mapping[str, Any], *, by: Actor = WRITER, reviewer: Actor = REVIEWER
) -> Article:
    """One article in the state that is asked for, walked there by the verbs.

    `given`: code, category (made when it is missing), visibility, state, title_zh, body_zh,
    title_en, body_en, expires_days (counted from now, or None). Raises BadInput.
    """
    with transaction():
        _ensure_category(given["category"])
        days = given.get("expires_days")
        texts = dict.fromkeys(SHOWN, "") | {"visibility": Visibility.INTERNAL}
        texts |= {name: given[name] for name in SHOWN if name in given}
        draft = Draft(**texts, expires_at=now() + timedelta(days=days) if days else None)
        article = actions.create(draft, by=by, code=given.get("code", ""))
        return _walk(article, given.get("state", State.PUBLISHED), by, reviewer)


def _walk(article: Article, state: str, by: Actor, reviewer: Actor) -> Article:
    if state == State.DRAFT:
        return article
    article = actions.submit(article, by=by)
    if state == State.REVIEW:
        return article
    article = actions.publish(article, by=reviewer)
    if state == State.PUBLISHED:
        return article
    return actions.expire(article, by=reviewer, comment=actions.EXPIRED)


def _ensure_category(code: str) -> None:
    if db.session.scalar(select(KbCategory.id).filter_by(code=code)) is None:
        db.session.add(KbCategory(code=code, name_zh=code, name_en=code, position=99))
        db.session.flush()
