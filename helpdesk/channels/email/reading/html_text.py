"""The visible text of an HTML body, and of the part of it that is new."""

from __future__ import annotations

from functools import cache, partial
from html import unescape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .quote_lines import is_wrote

if TYPE_CHECKING:
    from lxml import html

MAX_HTML = 1_500_000  # characters that are laid out; a longer body is read without its layout
MAX_DEPTH = 180  # the HTML library drops all text below 256 levels
_DEEP_TAGS = ("<div", "<span", "<table", "<font", "<blockquote", "<ul", "<b>", "<i>")
_LINES = "p div br tr li h1 h2 h3 h4 h5 h6 table blockquote pre hr ul ol"
_LINE_TAGS = frozenset(_LINES.split())
_SILENT_TAGS = frozenset({"script", "style", "head", "title"})
# Where mail programs put the original; what stands inside is not new.
_QUOTE_CLASSES = ("gmail_quote", "yahoo_quoted", "ntes-mailmaster-quote", "moz-signature")
_QUOTE_IDS = ("isreplycontent", "isforwardcontent", "yahoo_quoted")
# From these elements on, everything to the end of the mail is the original.
_REST_IDS = ("divrplyfwdmsg", "appendonsend", "replyorforwardmessage", "x_divrplyfwdmsg")
_REST_MARK = "----- Original Message -----"


def html_to_text(body: str) -> str:
    """The text that a reader of the HTML sees, with its lines and tables. A page of pictures alone
    says what its title says."""
    if (tree := _tree(body)) is None:
        return _bare_text(body)
    return _lay_out(tree) or tidy_lines(str(tree.findtext(".//title") or ""))


def new_html_to_text(body: str) -> str:
    """The same without the elements in which mail programs put the quoted original."""
    if (tree := _tree(body)) is None:
        return _bare_text(body)
    _drop_quotes(tree)
    return _lay_out(tree)


def tidy_lines(text: str) -> str:
    """Text with plain blanks, no blanks at line ends and at most one empty line in a row."""
    lines = [line.rstrip() for line in text.replace("\xa0", " ").split("\n")]
    kept = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    return "\n".join(kept).strip("\n")


def _tree(body: str) -> html.HtmlElement | None:
    if len(body) > MAX_HTML or _depth(body) > MAX_DEPTH:
        return None
    declaration, end, rest = body.lstrip().partition("?>")
    content = rest if end and declaration.startswith("<?xml") else body
    try:
        return _lxml("html").document_fromstring(content) if content.strip() else None
    except (_lxml("etree").LxmlError, ValueError):
        return None


@cache
def _lxml(part: str) -> Any:
    """A part of the library, loaded with the first mail in HTML: most processes never read one."""
    return import_module(f"lxml.{part}")


@cache
def _layout() -> Any:
    """What lays a page out as text, loaded likewise."""
    config = import_module("inscriptis.model.config")
    strict = import_module("inscriptis.css_profiles").CSS_PROFILES["strict"]
    return partial(import_module("inscriptis").Inscriptis, config=config.ParserConfig(css=strict))


def _depth(body: str) -> int:
    """How deep the elements stand inside each other at most; unclosed ones count as deep."""
    lowered = body.lower()
    return sum(lowered.count(tag) - lowered.count(f"</{tag[1:]}") for tag in _DEEP_TAGS) + max(
        _nesting(lowered, tag) for tag in _DEEP_TAGS
    )


def _nesting(body: str, tag: str) -> int:
    closing = f"</{tag[1:]}"
    deepest = depth = at = 0
    opened, closed = body.find(tag), body.find(closing)
    while opened >= 0 or closed >= 0:
        is_opening = opened >= 0 and (closed < 0 or opened < closed)
        depth = depth + 1 if is_opening else max(0, depth - 1)
        deepest = max(deepest, depth)
        at = (opened if is_opening else closed) + 1
        opened = body.find(tag, at) if is_opening else opened
        closed = closed if is_opening else body.find(closing, at)
    return deepest


def _lay_out(tree: html.HtmlElement) -> str:
    try:
        return tidy_lines(_layout()(tree).get_text())
    except (RecursionError, ValueError, IndexError):
        return tidy_lines(str(tree.text_content()))


def quotes_in(body: str) -> list[html.HtmlElement]:
    """The elements that hold the quoted original, the outermost ones."""
    tree = _tree(body)
    return _quotes(tree) if tree is not None else []


def _drop_quotes(tree: html.HtmlElement) -> None:
    for element in list(tree.iter("div", "blockquote", "table", "hr", "span")):
        if str(element.get("id", "")).lower() in _REST_IDS:
            element.addprevious(_mark())
    for element in _quotes(tree):
        element.drop_tree()


def _quotes(tree: html.HtmlElement) -> list[html.HtmlElement]:
    """What mail programs marked as a quote. The quotation of a program says who wrote it, once in
    a mail, or ends the mail; another blockquote is the sender's own."""
    said = any(_has_wrote(each) for each in tree.iter("blockquote"))
    last = _last_elements(tree)
    found: list[html.HtmlElement] = []
    inside: set[html.HtmlElement] = set()
    for element in tree.iter("div", "blockquote", "table", "hr", "span"):
        if element in inside or element.getparent() is None or not _is_quote(element, said, last):
            continue
        found.append(element)
        inside.update(element.iterdescendants())
    return found


def _is_quote(element: html.HtmlElement, said: bool, last: set[html.HtmlElement]) -> bool:
    if element.tag == "blockquote":  # in Gmail a person's own one has the same class
        cite = element.get("type") == "cite"
        led_up_to = _text_above(element).rstrip().endswith((":", "："))
        ends = cite and element in last and not led_up_to
        return _has_wrote(element) or (cite and said) or ends
    classes = str(element.get("class", "")).lower().split()
    if any(name in classes for name in _QUOTE_CLASSES):
        return not _holds_own_words(element)
    return str(element.get("id", "")).lower() in _QUOTE_IDS


def _holds_own_words(element: html.HtmlElement) -> bool:
    """Gmail puts answers between quotes into the same element; then the lines decide."""
    return len(list(element.iter("blockquote"))) > 1 and bool((element.tail or "").strip())


def _has_wrote(element: html.HtmlElement) -> bool:
    """Whether 'X wrote:', with an address or a time, stands above the words or begins them."""
    opening = _lines(str(element.text_content())[:_LONGEST_LINE])[:_WROTE_LINES]
    beginnings = (" ".join(opening[: at + 1]) for at in range(len(opening)))
    above = _lines(_text_above(element)[-_LONGEST_LINE:])[-_WROTE_LINES:]
    endings = (" ".join(above[at:]) for at in range(len(above)))
    return any(is_wrote(each, quote_follows=False) for each in (*beginnings, *endings))


def _last_elements(tree: html.HtmlElement) -> set[html.HtmlElement]:
    """The elements in which the mail's last words stand."""
    last: html.HtmlElement | None = None
    for event, element in _lxml("etree").iterwalk(tree, events=("start", "end")):
        text = element.text if event == "start" else element.tail
        if text and text.strip() and element.tag not in _SILENT_TAGS:
            last = element if event == "start" else element.getparent()
    return set() if last is None else {last, *last.iterancestors()}


_LONGEST_LINE = 600  # characters beside a quote in which 'X wrote:' is looked for
_WROTE_LINES = 3


def _text_above(element: html.HtmlElement) -> str:
    """The nearest text in front of an element that stands on the same level."""
    before = element.getprevious()
    for _step in range(4):
        if before is None:
            return str(element.getparent().text or "") if element.getparent() is not None else ""
        text = str(before.text_content()) if isinstance(before.tag, str) else ""
        text += before.tail or ""
        if text.strip():
            return text
        before = before.getprevious()
    return ""


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _mark() -> html.HtmlElement:
    mark = _lxml("html").Element("p")
    mark.text = _REST_MARK
    return mark


def _bare_text(body: str) -> str:
    """The text between the tags, found by one pass: for bodies too large or too deep to lay out."""
    found: list[str] = []
    at, silent = 0, ""
    while at < len(body):
        opening = body.find("<", at)
        stop = opening if opening >= 0 else len(body)
        if not silent:
            found.append(body[at:stop])
        closing = body.find(">", stop)
        if opening < 0 or closing < 0:
            break
        name = body[opening + 1 : opening + 12].lower().split(">")[0].split(" ")[0].strip()
        silent = _still_silent(silent, name)
        found.append("\n" if name.strip("/") in _LINE_TAGS else "")
        at = closing + 1
    return tidy_lines(unescape("".join(found)))


def _still_silent(silent: str, name: str) -> str:
    if silent:
        return "" if name == f"/{silent}" else silent
    return name if name in _SILENT_TAGS else ""
