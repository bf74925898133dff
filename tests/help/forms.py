"""The public form as it is sent, and what is said to whoever filled it badly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select, table
from werkzeug.test import TestResponse

from helpdesk.core.db import Model, db

LANGUAGES = ("zh_Hans", "en")

FORM = {
    "subject": "冰箱不制冷",
    "body": "师傅来了三次。",
    "kind": "complaint",
    "category": "",
    "name": "王芳",
    "contact": "139 1234 5678",
}

# what counts tries and visits, and holds no word of anybody
APART = {"rate_limit", "heartbeat"}


def written() -> dict[str, int]:
    """How many rows every table holds."""
    db.session.rollback()
    return {
        name: db.session.scalar(select(func.count()).select_from(table(name))) or 0
        for name in Model.metadata.tables
        if name not in APART
    }


@contextmanager
def nothing_written() -> Iterator[None]:
    before = written()
    yield
    assert written() == before


def spoken(answer: TestResponse, status: int, language: str, zh: str, en: str) -> None:
    """The answer has this status and this sentence, and no line of a program."""
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    assert (zh if language == "zh_Hans" else en) in text
    assert "Traceback" not in text


def heard(language: str) -> dict[str, str]:
    return {"Accept-Language": language.replace("_Hans", "-CN")}
