"""An article's Markdown as plain text: for an answer, an excerpt, a list. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from markdown_it.tree import SyntaxTreeNode

from helpdesk.web.sanitize import markdown

MOST_KEPT = 300  # texts: every search tells the same ones


@lru_cache(maxsize=MOST_KEPT)
def plain(body: str) -> str:
    """The words in their order: paragraphs apart, list marks kept, addresses after their words.

    Items and rows follow each other line by line, all else stands apart.
    """
    written, before = "", ""
    for words, kind in _blocks(_read(body)):
        apart = "\n" if kind and kind == before else "\n\n"
        written, before = f"{written}{apart if written else ''}{words}", kind
    return written


@lru_cache(maxsize=MOST_KEPT)
def excerpt(body: str, most: int = 140) -> str:
    """The beginning in one line, cut at `most` characters; tables only where there is no sentence."""
    blocks = list(_blocks(_read(body[: most * 12])))
    sentences = [words for words, kind in blocks if kind != "row"]
    words = " ".join(" ".join(sentences or [words for words, _kind in blocks]).split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _read(body: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(markdown().parse(body))


def _blocks(node: SyntaxTreeNode, indent: str = "") -> Iterator[tuple[str, str]]:
    """Words, and whether they are a plain text (''), a list's 'item' or a table's 'row'."""
    for child in node.children:
        if child.type == "tr":
            yield " | ".join(_words(cell.children[0]) for cell in child.children), "row"
        elif child.type in ("bullet_list", "ordered_list"):
            yield from _items(child, indent)
        elif child.type in ("inline", "fence", "code_block"):
            words = _words(child) if child.type == "inline" else child.content.rstrip("\n")
            if words.strip():
                yield words, ""
        else:
            yield from _blocks(child, indent)


def _items(items: SyntaxTreeNode, indent: str) -> Iterator[tuple[str, str]]:
    """The first words of each item behind its mark; what else stands in it stands apart."""
    first = int(items.attrs.get("start", 1))
    for number, item in enumerate(items.children, first):
        mark = f"{indent}{number}. " if items.type == "ordered_list" else f"{indent}- "
        for words, kind in _blocks(item, indent + "  "):
            yield (f"{mark}{words}", "item") if mark and not kind else (words, kind)
            mark = ""


def _words(inline: SyntaxTreeNode) -> str:
    written: list[str] = []
    known: set[str] = set()  # what was written: an address that is its own words is told once
    address = ""
    for token in (inline.token and inline.token.children) or ():
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
