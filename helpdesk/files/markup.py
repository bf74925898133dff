"""Whether a text is one that a browser would read as a page, and might run."""

from __future__ import annotations

from itertools import islice, takewhile

_RUNS = frozenset(
    [
        "html",
        "svg",
        "head",
        "body",
        "script",
        "iframe",
        "object",
        "embed",
        "img",
        "form",
        "meta",
        "link",
        "style",
    ]
)
_SKIPPED = (("<?xml", ">"), ("<!--", "-->"))


def is_page(text: str) -> bool:
    """True when the first thing in it, after declarations and comments, is a tag that may run.

    Reads each character a fixed number of times, whatever the text.
    """
    at = _after_spaces(text, 0)
    while (end := _after_skipped(text, at)) > at:
        at = _after_spaces(text, end)
    if text[at : at + 1] != "<":
        return False
    return _is_doctype(text, at + 1) or _is_running_tag(text, at + 1)


def _after_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _after_skipped(text: str, at: int) -> int:
    """Where the declaration or comment that begins here ends; `at` when none does."""
    for opening, closing in _SKIPPED:
        if text[at : at + len(opening)].lower() == opening:
            end = text.find(closing, at + len(opening))
            return end + len(closing) if end >= 0 else at
    return at


def _is_doctype(text: str, at: int) -> bool:
    word = "!doctype"
    if text[at : at + len(word)].lower() != word:
        return False
    name = _after_spaces(text, at + len(word))
    return name > at + len(word) and text[name : name + 4].lower().startswith(("html", "svg"))


def _is_running_tag(text: str, at: int) -> bool:
    """<script>, <svg/, <html lang=...: also with a prefix, as in <svg:script>."""
    name = "".join(takewhile(lambda c: c.isalnum() or c in "_:", islice(text, at, None))).lower()
    after = text[at + len(name) : at + len(name) + 1]
    if not after or not (after.isspace() or after in ">/"):
        return False
    return name.rpartition(":")[2] in _RUNS
