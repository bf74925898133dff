"""Answers that somebody typed inside the quoted original: then nothing of the mail is folded.

They can be told by what the words above say ("see below in red"), by a colour of their own, or by
a quotation that stands deeper than the question above it. Each test takes one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .html_text import quotes_in
from .phrases import phrases
from .quote_lines import is_wrote

if TYPE_CHECKING:
    from lxml import html

MOST_WORDS = 400  # characters above the quote that may announce answers in it
_LEAST_TINT = 90  # by which a colour differs from grey
_MOST_COLOURED = 0.6  # of a quote's letters; a page that is coloured throughout answers nothing
_ANNOUNCED = phrases("answers", "inside")
# fmt: off
_NAMED = frozenset({
    "red", "crimson", "firebrick", "darkred", "blue", "mediumblue", "royalblue", "green",
    "darkgreen", "orange", "darkorange", "purple", "magenta", "fuchsia", "teal", "maroon", "brown",
})
# fmt: on


def has_answers(words: str, text: str, page: str | None) -> bool:
    """Whether what is left of a mail without its quotes, `words`, lacks answers that stand inside
    them; `text` and `page` are the whole mail."""
    if len(words) <= MOST_WORDS and any(each in words.lower() for each in _ANNOUNCED):
        return True
    return _answers_deeper(text) or (page is not None and _has_coloured(page))


def _answers_deeper(text: str) -> bool:
    """`> question` and right below `>> answer`. Older mail stands deeper too, but below a line
    that says who wrote it, or above what answers it."""
    above: list[str] = []
    for line in text.split("\n"):
        depth, words = _depth(line)
        if depth == 0 or not words:
            above = [] if depth == 0 else above
        elif depth == 1:
            above = [*above[-2:], words]
        else:
            joined = (" ".join(above[at:]) for at in range(len(above)))
            return bool(above) and not any(is_wrote(each, quote_follows=True) for each in joined)
    return False


def _depth(line: str) -> tuple[int, str]:
    bare = line.lstrip("> ")
    return line[: len(line) - len(bare)].count(">"), bare.strip()


def _has_coloured(page: str) -> bool:
    """Whether some words of a quote, but not most of them, have a colour of their own."""
    if "color" not in page.lower():
        return False
    for quote in quotes_in(page):
        whole = len("".join(str(quote.text_content()).split()))
        own = sum(_coloured_letters(each) for each in quote.iter("p", "span", "font", "div", "b"))
        if 0 < own < whole * _MOST_COLOURED:
            return True
    return False


def _coloured_letters(element: html.HtmlElement) -> int:
    if not _is_coloured(_colour(element)) or element.find(".//a") is not None:
        return 0
    return len("".join(str(element.text_content()).split()))


def _colour(element: html.HtmlElement) -> str:
    for rule in str(element.get("style", "")).lower().split(";"):
        name, _colon, value = rule.partition(":")
        if name.strip() == "color":
            return value.strip()
    return str(element.get("color", "")).strip().lower()


def _is_coloured(colour: str) -> bool:
    parts = _parts(colour)
    return colour in _NAMED or (bool(parts) and max(parts) - min(parts) >= _LEAST_TINT)


def _parts(colour: str) -> list[int]:
    """Red, green and blue of `#f00`, `#ff0000` and `rgb(255, 0, 0)`; [] for anything else."""
    digits = colour.removeprefix("#")
    try:
        if colour.startswith("#") and len(digits) in (3, 6):
            step = len(digits) // 3
            pieces = [digits[at : at + step] for at in range(0, len(digits), step)]
            return [int(each * (3 - step), 16) for each in pieces]
        if colour.startswith("rgb"):
            inside = colour.partition("(")[2].partition(")")[0].replace(",", " ").split()
            return [min(255, int(float(each))) for each in inside[:3]]
    except (ValueError, OverflowError):
        pass
    return []
