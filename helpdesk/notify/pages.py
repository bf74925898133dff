"""An answer as HTML, beside its plain text: the same words, with links, the quote marked, pictures in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import render_template

QUOTED = ">"


@dataclass(frozen=True)
class Picture:
    """A picture in the mail; cid without its brackets."""

    cid: str
    name: str


def html_of(text: str, language: str, pictures: Sequence[Picture] = ()) -> str:
    """The text as a page: paragraphs, and what stands behind > as a quotation."""
    blocks = [
        (
            quoted,
            _paragraphs([line.removeprefix(QUOTED).strip() if quoted else line for line in lines]),
        )
        for quoted, lines in groupby(text.strip().split("\n"), _is_quoted)
    ]
    return render_template(
        "mail/page.html", blocks=blocks, pictures=pictures, language=language.replace("_", "-")
    )


def _is_quoted(line: str) -> bool:
    return line.startswith(QUOTED)


def _paragraphs(lines: Sequence[str]) -> list[list[str]]:
    """The lines, cut where one is empty."""
    parts = groupby(lines, lambda line: bool(line.strip()))
    return [list(each) for is_text, each in parts if is_text]
