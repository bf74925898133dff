"""Labels of a form in one language, or Chinese and English together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from helpdesk.core.i18n import N_, gettext, in_language, zone
from helpdesk.paper import Block, Cell, Row
from helpdesk.setup import in_force
from helpdesk.setup.names import category_name

LANGUAGES = ("zh_Hans", "en", "both")


def asked_language(asked: str | None, reader: str, case: str = "") -> str:
    """The language of a form: as asked, else the reader's, or both when the case has another."""
    if asked in LANGUAGES:
        return str(asked)
    return "both" if case and case != reader else reader


PRINTED_BY = N_("Printed by")


class Speech:
    """Says a message id in the form's language: speech("Problem") -> "问题 Problem"."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.languages = ("zh_Hans", "en") if language == "both" else (language,)

    def __call__(self, text: str, **params: object) -> str:
        return self._each(lambda: gettext(text, **params))

    def _each(self, say: object) -> str:
        parts: list[str] = []
        for language in self.languages:
            with in_language(language):
                part = say()  # type: ignore[operator]
            if part and part not in parts:
                parts.append(part)
        return " ".join(parts)

    def department(self, department_id: int | None) -> str:
        """A department's name, '' for none."""
        unit = in_force.current().departments.get(department_id or 0)
        names = [unit.names[language] for language in self.languages] if unit else []
        return " ".join(dict.fromkeys(names))

    def category(self, category_id: int | None) -> str:
        """A category with those above it."""
        return self._each(lambda: category_name(category_id))

    def cell(self, label: str, value: object = "", **shape: int | bool) -> Cell:
        """A ruled field with its name said."""
        return Cell(self(label), str(value or ""), **shape)  # type: ignore[arg-type]

    def block(self, title: str, *rows: Sequence[Cell], columns: int = 4) -> Block:
        """A titled group of ruled rows."""
        return Block(self(title), [Row(list(cells)) for cells in rows], columns)


def stamp(at: datetime | None) -> str:
    """A moment as forms write it, in the reader's zone: 2026-03-09 09:12."""
    return at.astimezone(zone()).strftime("%Y-%m-%d %H:%M") if at else ""


def stamped(text: str | None) -> str:
    """The same for a moment that was kept as text."""
    return stamp(datetime.fromisoformat(text)) if text else ""


def date(at: datetime | None) -> str:
    """The day alone."""
    return stamp(at)[:10]
