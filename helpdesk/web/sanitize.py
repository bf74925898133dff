"""The only home of HTML: what comes from a mail, an article or a text becomes safe to show.

Everything else in the project hands text to the templates and lets them escape it; only this
module may say that a string is markup. An allow-list decides, never a list of known attacks.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from helpdesk.core.html_depth import shallow

MAX_HTML = 2_000_000  # characters; a longer body is cut, the raw mail keeps the rest
MAX_LINKS = 5_000
MOST_SIGNS = 100  # for emphasis, on end
LONG_RUNS = re.compile(r"_{101,}|\*{101,}|~{101,}")
OUR_FILES = "/files/"  # the one place that articles may show images from


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_INLINE = _set(
    "a abbr b bdi bdo br cite code del dfn em font i ins kbd mark q s samp small span strike"
    " strong sub sup time tt u var wbr"
)
_BLOCK = _set(
    "blockquote caption center col colgroup dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6"
    " hr img li ol p pre table tbody td tfoot th thead tr ul"
)
_TAGS = _INLINE | _BLOCK
# Their content is no text for people: it goes together with the tag.
_GONE_WITH_CONTENT = _set(
    "applet audio base canvas embed frame frameset head iframe link math meta noembed"
    " noframes object script select style svg template textarea title video xmp"
)
_CELL = {"align", "valign", "colspan", "rowspan", "width", "height", "bgcolor"}
_MAIL_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "size", "face"},
    "table": {"border", "cellpadding", "cellspacing", "width", "align", "bgcolor"},
    "td": _CELL,
    "th": _CELL,
    "p": {"align"},
    "div": {"align"},
    "tr": {"align", "valign", "bgcolor"},
    "col": {"span", "width"},
    "ol": {"start", "type"},
}
_ARTICLE_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "ol": {"start"},
}
# Nothing here can move an element, load a file, hide text or draw over the page.
_STYLE_PROPERTIES = _set(
    "background-color border border-bottom border-collapse border-color border-left border-radius"
    " border-right border-spacing border-style border-top border-width color font-family font-size"
    " font-style font-weight line-height list-style-type padding padding-bottom padding-left"
    " padding-right padding-top text-align text-decoration text-indent vertical-align"
    " white-space width"
)
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_LINK_REL = "noopener noreferrer nofollow"
_STYLE_TRICKS = ("(", "\\", "<", "@", "/*", "javascript", "expression")

Attribute = Callable[[str, str, str], str | None]


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """Markup that is safe to show, and how many remote images were left out of it."""

    html: Markup
    blocked_images: int


class _MailAttributes:
    """Decides each attribute of a mail and counts the images that it takes away."""

    def __init__(self, cid_urls: Mapping[str, str], show_remote: bool) -> None:
        self.cid_urls = {_cid_key(cid): url for cid, url in cid_urls.items()}
        self.show_remote = show_remote
        self.blocked = 0
        self.links = 0

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return self._image(value.strip())
        if attribute == "href":
            return self._link(value)
        if attribute == "style":
            return _safe_style(value)
        return value

    def _image(self, address: str) -> str | None:
        scheme, _, rest = address.partition(":")
        if scheme.lower() == "cid":
            return self.cid_urls.get(_cid_key(rest))
        if scheme.lower() == "https" and self.show_remote:
            return _web_address(address)
        if scheme.lower() in ("http", "https") or address.startswith(("//", "\\\\")):
            self.blocked += 1
        return None

    def _link(self, address: str) -> str | None:
        self.links += 1
        return _safe_link(address) if self.links <= MAX_LINKS else None


def clean_mail_html(
    html: str, cid_urls: Mapping[str, str] | None = None, *, show_remote: bool = False
) -> CleanHtml:
    """What may be shown of a mail's HTML body.

    `cid_urls` gives the address of each attachment by its Content-ID; an image that is not in it
    is dropped. Remote images are left out and counted, unless the reader asked for them
    (`show_remote`); even then only https is fetched.
    """
    decide = _MailAttributes(cid_urls or {}, show_remote)
    return CleanHtml(_clean(html, _MAIL_ATTRIBUTES, decide), decide.blocked)


def clean_article_html(html: str) -> Markup:
    """What may be shown of a knowledge article: no styles, images only from our own files."""
    return _clean(html, _ARTICLE_ATTRIBUTES, _article_attribute)


def markdown_to_html(text: str) -> Markup:
    """An article's Markdown as safe HTML; HTML written inside the Markdown is shown as text."""
    return clean_article_html(markdown().render(_short_runs(text.replace("\x00", "")[:MAX_HTML])))


def _short_runs(text: str) -> str:
    """No more than a hundred *, _ or ~ on end: their pairing takes time by the square of them."""
    return LONG_RUNS.sub(lambda run: run.group()[:MOST_SIGNS], text)


def own_words(text: str) -> Markup:
    """A text of our own catalogue, which may be shown as it is; values filled in are escaped."""
    return Markup(text)  # noqa: S704 - nobody else writes the catalogue


@lru_cache(maxsize=200, typed=True)
def text_to_html(text: str) -> Markup:
    """A plain message as safe HTML: paragraphs, line breaks, and links that can be clicked."""
    clean = "\n".join(text.replace("\x00", "")[:MAX_HTML].splitlines())
    paragraphs = (part.strip("\n") for part in clean.split("\n\n"))
    return Markup("\n").join(_paragraph(part) for part in paragraphs if part.strip())


def _clean(html: str, attributes: dict[str, set[str]], decide: Attribute) -> Markup:
    # Our own addresses are relative, so relative ones pass nh3; `decide` drops all others.
    cleaned = nh3.clean(
        shallow(html.replace("\x00", "")[:MAX_HTML]),
        tags=set(_TAGS),
        clean_content_tags=set(_GONE_WITH_CONTENT),
        attributes=attributes,
        attribute_filter=decide,
        strip_comments=True,
        link_rel=_LINK_REL,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes=_LINK_SCHEMES | {"cid"},
        filter_style_properties=set(_STYLE_PROPERTIES),
    )
    return Markup(cleaned)  # noqa: S704 - the one place where cleaned HTML becomes markup


def _article_attribute(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if _is_ours(value, OUR_FILES) else None
    if attribute == "href":
        return value if _is_ours(value, "/", "#") else _safe_link(value)
    return value


def _is_ours(address: str, *beginnings: str) -> bool:
    """Whether the address is a plain path on this site, without tricks that lead elsewhere."""
    path = unquote(address)
    odd = any(ord(letter) <= 32 or letter in '\\"<>' for letter in path)
    return path.startswith(beginnings) and not odd and "//" not in path and ".." not in path


def _safe_link(address: str) -> str | None:
    """The address when a click on it leads out of the house, None for all that could run code."""
    bare = "".join(character for character in address if ord(character) > 32)
    scheme, colon, rest = bare.partition(":")
    if not colon or scheme.lower() not in _LINK_SCHEMES:
        return None
    return _web_address(bare) if scheme.lower().startswith("http") else f"{scheme}:{rest}"


def _web_address(address: str) -> str | None:
    try:
        host = urlsplit(address).netloc
    except ValueError:
        return None
    return address if host and "\\" not in address else None


def _safe_style(value: str) -> str | None:
    """The declarations without functions, escapes and comments: those can load or run things."""
    kept = [part for part in entities.unescape(value).split(";") if _is_harmless(part)]
    return ";".join(kept) or None


def _is_harmless(declaration: str) -> bool:
    name, _, value = declaration.lower().partition(":")
    value = value.strip()
    if value.startswith(("rgb(", "rgba(")):
        value = value.partition("(")[2]
    allowed = name.strip() in _STYLE_PROPERTIES
    return allowed and not any(trick in value for trick in _STYLE_TRICKS)


def _cid_key(cid: str) -> str:
    return unquote(cid).strip().strip("<>").lower()


@lru_cache(maxsize=1)
def markdown() -> MarkdownIt:
    """What reads the Markdown of articles."""
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
        ["table", "strikethrough"]
    )


def _paragraph(text: str) -> Markup:
    lines = (Markup(" ").join(map(_word, line.split(" "))) for line in text.split("\n"))
    return Markup("<p>{}</p>").format(Markup("<br>\n").join(lines))


def _word(word: str) -> Markup | str:
    start = min((at for at in (word.find("https://"), word.find("http://")) if at >= 0), default=-1)
    if start < 0:
        return word
    end = _end_of_address(word, start)
    address = _web_address(word[start:end])
    if address is None:
        return word
    link = Markup('<a href="{0}" rel="{1}" target="_blank">{0}</a>').format(address, _LINK_REL)
    return Markup("{}{}{}").format(word[:start], link, word[end:])


def _end_of_address(word: str, start: int) -> int:
    """Where the address ends: before brackets, Chinese text, or the sentence's punctuation."""
    end = start
    while end < len(word) and 32 < ord(word[end]) < 127 and word[end] not in "<>\"'`{}|\\^":
        end += 1
    while end > start and word[end - 1] in ".,;:!?)]":
        end -= 1
    return end
