"""Which parts of a mail are its words, and which are attachments.

The words are all text parts that are shown in the mail, joined in their order: some programs cut
one letter into text, picture, text. Everything else is an attachment, so nothing gets lost; a
text too long for a page is both: its beginning is shown, the whole is a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import escape
from urllib.parse import unquote

from .attachments import Attachment, content_id, own_name, read_attachments, with_distinct_names
from .html_text import html_to_text, tidy_lines
from .mime import MAX_TEXT, Part

_NEVER_WORDS = ("message/", "application/", "image/", "audio/", "video/", "font/", "model/")


@dataclass(slots=True)
class Words:
    """One piece of the letter, as plain text, as HTML, or as both; or a file that stands between
    pieces, which only a page can show there."""

    plain: str | None = None
    html: str | None = None
    file: Part | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The letter: `text` always, `html` when the sender wrote HTML, and its attachments.

    `plain` is the text as the sender's program wrote it, '' when there is only HTML.
    """

    text: str
    html: str | None
    plain: str
    attachments: tuple[Attachment, ...]


@dataclass(slots=True)
class _Found:
    words: list[Words] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


def read_body(root: Part) -> Body:
    """The words and attachments of a whole mail."""
    found = _Found()
    _collect(root, found)
    html = _join_html(found.words)
    plain = _join(words.plain for words in found.words)
    text = _join(_visible(words) for words in found.words)
    return Body(text, html, plain, _attachments(found.files, html))


def _collect(part: Part, found: _Found) -> None:
    if not part.children:
        _collect_leaf(part, found)
    elif part.mime == "multipart/alternative":
        _collect_alternative(part, found)
    elif part.mime == "multipart/related":
        _collect_related(part, found)
    else:
        for child in part.children:
            _collect(child, found)
    if part.wrapping and part.children:
        found.files.append(part)


def _collect_leaf(part: Part, found: _Found) -> None:
    if not _is_words(part):
        found.files.append(part)
        if part.disposition.main == "inline" and part.depth:
            found.words.append(Words(file=part))
        return
    text = part.text()
    if part.end - part.start > MAX_TEXT and len(part.content()) > MAX_TEXT:
        found.files.append(part)
    if text.strip():
        found.words.append(Words(html=text) if part.mime == "text/html" else Words(plain=text))


def _is_words(part: Part) -> bool:
    if part.disposition.main == "attachment" or part.mime.startswith(_NEVER_WORDS):
        return False
    if part.mime in ("text/plain", "text/html"):
        return not own_name(part) or _is_named_body(part)
    # A multipart whose boundary never comes is one text.
    return part.mime.startswith("multipart/")


def _is_named_body(part: Part) -> bool:
    """A mail that is nothing but one text may give it a name; it stays the letter."""
    return part.depth == 0 and not part.disposition.main


def _collect_alternative(part: Part, found: _Found) -> None:
    """Of the versions of one text: the best plain one and the best HTML one together."""
    versions = []
    for child in part.children:
        version = _Found()
        _collect(child, version)
        versions.append(version)
        found.files.extend(version.files)
    plain = next((v.words for v in versions if v.words and _join_html(v.words) is None), [])
    rich = next((v.words for v in reversed(versions) if _join_html(v.words) is not None), [])
    if plain and rich:
        text = _join(words.plain for words in plain)
        found.words.append(Words(plain=text, html=_join_html(rich)))
    else:
        found.words.extend(rich or plain)


def _collect_related(part: Part, found: _Found) -> None:
    """The first part is the letter, the others belong to it even when they are text."""
    root = next((child for child in part.children if _may_be_root(child)), None)
    for child in part.children:
        if child is root or child.children:
            _collect(child, found)
        else:
            found.files.append(child)


def _may_be_root(part: Part) -> bool:
    return part.is_multipart or part.mime.startswith("text/")


def _visible(words: Words) -> str | None:
    if words.plain is not None and words.plain.strip():
        return words.plain
    return html_to_text(words.html) if words.html is not None else None


def _join(pieces: Iterable[str | None]) -> str:
    texts = [text for text in pieces if text and text.strip()]
    return tidy_lines("\n\n".join(text.strip("\n") for text in texts))


def _join_html(pieces: list[Words]) -> str | None:
    """The pieces as one page: each stands apart, and files stand where the writer put them."""
    pages = [words.html for words in pieces if words.html is not None]
    if not pages:
        return None
    shown = _shown_ids("".join(pages))
    found = [_piece(words, shown) for words in pieces]
    kept = [each for each in found if each]
    return kept[0] if len(kept) == 1 else "\n".join(f"<div>{each}</div>" for each in kept)


def _piece(words: Words, shown: set[str]) -> str:
    if words.file is None:
        return words.html or _as_html(words.plain or "")
    mark = place_of(words.file)
    if not words.file.mime.startswith("image/"):
        return f"<p>[{escape(own_name(words.file))}]</p>" if own_name(words.file) else ""
    return f'<img src="cid:{escape(mark)}" alt="">' if mark.lower() not in shown else ""


def place_of(part: Part) -> str:
    """The Content-ID of a file, or one made up by where it stands in the mail."""
    return content_id(part) or f"at-{part.start}@this.mail"


def _as_html(text: str) -> str:
    return "<div>" + escape(text.strip()).replace("\n", "<br>\n") + "</div>"


def _attachments(files: list[Part], html: str | None) -> tuple[Attachment, ...]:
    shown = _shown_ids(html or "")
    read = [each for part in files for each in _placed(part, shown)]
    placed = [
        replace(each, inline=bool(each.content_id) and each.content_id.lower() in shown)
        for each in read
    ]
    return tuple(with_distinct_names(placed))


def _placed(part: Part, shown: set[str]) -> list[Attachment]:
    """The part's files; one that stands in the page without a Content-ID of its own gets ours."""
    mark = place_of(part)
    read = read_attachments(part)
    if mark.lower() not in shown or len(read) > 1:
        return read
    return [replace(each, content_id=mark) for each in read]


def _shown_ids(html: str) -> set[str]:
    """The Content-IDs that the HTML refers to."""
    lowered = html.lower()
    found = set()
    at = lowered.find("cid:")
    while at >= 0:
        end = at + 4
        while end < len(html) and html[end] not in "\"'<>) \n\t\\":
            end += 1
        found.add(unquote(lowered[at + 4 : end]))
        at = lowered.find("cid:", end)
    return found
