"""The categories of articles: a short list that supervisors keep."""

from __future__ import annotations

import re

from sqlalchemy import func, select

from helpdesk.agents.rights import Actor, require
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import FILL, Refused, refuse
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.kb.models import Article, KbCategory

CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MOST_NAME = 60
DEFAULTS = (
    ("start", "使用入门", "Getting started"),
    ("fault", "故障排除", "Troubleshooting"),
    ("delivery", "配送安装", "Delivery and installation"),
    ("billing", "费用退款", "Billing and refunds"),
    ("warranty", "保修服务", "Warranty and repair"),
    ("account", "账户与隐私", "Account and privacy"),
    ("internal", "内部规程", "How we work"),
)


def all_shelves() -> dict[str, KbCategory]:
    """The categories by code, in their order."""
    rows = db.session.scalars(select(KbCategory).order_by(KbCategory.position, KbCategory.id))
    return {row.code: row for row in rows}


def add(code: str, name_zh: str, name_en: str, *, by: Actor) -> KbCategory:
    """A new category at the end of the list. Raises NotAllowed, BadInput."""
    require(by, "article.publish")
    errors = _name_errors(name_zh, name_en)
    if not CODE.fullmatch(code):
        errors["code"] = N_("Please use small letters, digits and hyphens, such as delivery.")
    with transaction() as session:
        if code in all_shelves():
            errors["code"] = N_("There is such a category already.")
        refuse(errors)
        last = session.scalar(select(func.max(KbCategory.position))) or 0
        made = KbCategory(code=code, name_zh=name_zh, name_en=name_en, position=last + 1)
        session.add(made)
        record("article_category.add", by=by, category=code, name_zh=name_zh, name_en=name_en)
    return made


def rename(
    shelf: KbCategory, name_zh: str, name_en: str, *, by: Actor, version: int | None = None
) -> KbCategory:
    """Other names. Raises NotAllowed, BadInput, Conflict."""
    require(by, "article.publish")
    refuse(_name_errors(name_zh, name_en))
    with transaction():
        shelf = locked(shelf, version)
        old = {"name_zh": shelf.name_zh, "name_en": shelf.name_en}
        shelf.name_zh, shelf.name_en = name_zh, name_en
        new = {"name_zh": name_zh, "name_en": name_en}
        record("article_category.rename", by=by, category=shelf.code, old=old, new=new)
    return shelf


def remove(shelf: KbCategory, *, by: Actor) -> None:
    """Take an empty category away. Raises NotAllowed, and Refused while articles lie in it."""
    require(by, "article.publish")
    with transaction() as session:
        shelf = locked(shelf)
        if session.scalar(select(Article.id).filter_by(category=shelf.code).limit(1)):
            raise Refused(N_("Articles lie in this category. Move them first."))
        session.delete(shelf)
        record("article_category.remove", by=by, category=shelf.code)


def _name_errors(name_zh: str, name_en: str) -> dict[str, str]:
    errors = {}
    for name, value in (("name_zh", name_zh), ("name_en", name_en)):
        if not value.strip():
            errors[name] = FILL
        elif len(value) > MOST_NAME:
            errors[name] = N_("This is too long: 60 characters at most.")
    return errors
