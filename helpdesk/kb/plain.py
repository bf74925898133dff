"""An article's Markdown as plain text: for an answer, an excerpt, a list. Pure."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def plain(body: str) -> str:
    """The words in their order: paragraphs apart, list marks kept, addresses after their words."""
    return _written(body).text()


def excerpt(body: str, most: int = 140) -> str:
    """The beginning in one line, cut at `most` characters; tables only where there is no sentence."""
    blocks = _written(body[: most * 12]).blocks
    sentences = [words for words, kind in blocks if kind != "row"]
    words = " ".join(" ".join(sentences or [words for words, _kind in blocks]).split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _written(body: str) -> _Writer:
    writer = _Writer()
    for token in _parser().parse(body):
        writer.take(token)
    return writer


class _Writer:
    """Gathers blocks: words, and whether they are a plain text, a list item or a table's row."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, str]] = []
        self.counters: list[int | None] = []
        self.cells: list[str] = []
        self.mark = ""
        self.in_row = False

    def take(self, token: Token) -> None:
        if token.type == "inline":
            self._inline(_words(token.children or []))
        elif token.type in ("fence", "code_block"):
            self._add(token.content.rstrip("\n"))
        elif token.type in ("tr_open", "tr_close"):
            self._row(token.type == "tr_open")
        elif token.type == "list_item_open":
            self.mark = self._next_mark()
        elif token.type in ("ordered_list_open", "bullet_list_open"):
            self.counters.append(_first_number(token))
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            self.counters.pop()

    def _inline(self, words: str) -> None:
        if self.in_row:
            self.cells.append(words)
        else:
            self._add(words)

    def _row(self, opens: bool) -> None:
        if not opens:
            self.blocks.append((" | ".join(self.cells), "row"))
        self.in_row, self.cells = opens, []

    def _next_mark(self) -> str:
        indent = "  " * (len(self.counters) - 1)
        number = self.counters[-1]
        if number is None:
            return f"{indent}- "
        self.counters[-1] = number + 1
        return f"{indent}{number}. "

    def _add(self, words: str) -> None:
        if words.strip():
            self.blocks.append((f"{self.mark}{words}", "item" if self.mark else ""))
            self.mark = ""

    def text(self) -> str:
        """Items and rows follow each other line by line, all else stands apart."""
        written: list[str] = []
        before = ""
        for words, kind in self.blocks:
            if written:
                written.append("\n" if kind and kind == before else "\n\n")
            written.append(words)
            before = kind
        return "".join(written)


def _first_number(token: Token) -> int | None:
    return int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None


def _words(tokens: list[Token]) -> str:
    written: list[str] = []
    known: set[str] = set()  # what was written: an address that is its own words is told once
    address = ""
    for token in tokens:
        if token.type in ("text", "code_inline"):
            written.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            written.append("\n")
        elif token.type == "link_open":
            address = str(token.attrs.get("href", ""))
        elif token.type == "link_close" and address and address not in known:
            written.append(f" ({address})")
        known.update(written[-1:])
    return "".join(written)
