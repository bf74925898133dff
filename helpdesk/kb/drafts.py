"""What a writer hands over: the content of one version, checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from helpdesk.core.errors import PICK, BadInput, bad_fields, refuse
from helpdesk.core.given import tidy
from helpdesk.core.i18n import N_
from helpdesk.core.named import Named

MOST_TITLE = 160
MOST_BODY = 60_000
LONGEST_CODE = 60
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Addresses below /kb that are pages of their own.
TAKEN = frozenset({"new", "preview", "suggest", "related", "searches", "categories", "manage"})


class Visibility(Named):
    """Who may read what is published: colleagues only, or everybody."""

    INTERNAL = "internal", N_("For colleagues only")
    PUBLIC = "public", N_("For everybody")


@dataclass(frozen=True)
class Draft:
    """The content of one version, in Chinese and English side by side; bodies are Markdown."""

    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    category: str
    visibility: str
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("title_zh", "body_zh", "title_en", "body_en"):
            object.__setattr__(self, name, tidy(getattr(self, name)))

    def values(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def check(draft: Draft, categories: Mapping[str, object]) -> None:
    """Raise BadInput with a sentence for each field that is wrong."""
    errors = dict(_text_errors(draft))
    if not draft.title_zh.strip() and not draft.title_en.strip():
        errors.setdefault("title_zh", N_("Please give a title, in Chinese or in English."))
    if draft.category not in categories:
        errors["category"] = PICK
    if draft.visibility not in set(Visibility):
        errors["visibility"] = PICK
    refuse(errors)


def _text_errors(draft: Draft) -> list[tuple[str, str]]:
    found = []
    for tongue in ("zh", "en"):
        title, body = getattr(draft, f"title_{tongue}"), getattr(draft, f"body_{tongue}")
        if len(title) > MOST_TITLE:
            found.append((f"title_{tongue}", N_("This title is too long: 160 characters at most.")))
        if len(body) > MOST_BODY:
            found.append((f"body_{tongue}", N_("This is too long: 60,000 characters at most.")))
        if body.strip() and not title.strip():
            found.append((f"title_{tongue}", N_("Please give a title to this text.")))
    return found


def check_complete(texts: Any) -> None:
    """Raise BadInput unless each language that has a title has a text too: before a review."""
    lacking = [
        f"body_{tongue}"
        for tongue in ("zh", "en")
        if getattr(texts, f"title_{tongue}") and not getattr(texts, f"body_{tongue}").strip()
    ]
    if lacking:
        sentence = N_("One language has a title without a text. Please write it first.")
        raise BadInput(sentence, errors=dict.fromkeys(lacking, sentence))


def slug(title: str) -> str:
    """A short address from an English title: 'Fridge warm?' -> 'fridge-warm'; '' if there is none."""
    words = re.findall(r"[a-z0-9]+", title.lower().replace("'", ""))
    kept = ""
    for word in words:
        if len(kept) + len(word) >= LONGEST_CODE:
            break
        kept = f"{kept}-{word}" if kept else word
    return kept


def check_code(code: str) -> None:
    """Raise BadInput unless it can stand in an address."""
    if len(code) > LONGEST_CODE or not CODE.fullmatch(code) or code in TAKEN:
        sentence = N_("Please use small letters, digits and hyphens, such as fridge-not-cold.")
        raise bad_fields(code=sentence)
