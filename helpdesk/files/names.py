"""Names of files from outside: kept as their owners wrote them, minus what could do harm."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from helpdesk.files.kinds import INLINE, mime_to_send

MOST_BYTES = 180  # of UTF-8; file systems take 255
MOST_EXTENSION = 20
NAMELESS = "file"

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (zero width, bidirectional), surrogates
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ -]+")
# RFC 5987 attr-char, beyond letters and digits.
_UNQUOTED = "!#$&+-.^_`|~"


def _visible(text: str) -> str:
    spaced = re.sub(r"\s", " ", text)
    seen = "".join(each for each in spaced if unicodedata.category(each) not in _UNSEEN)
    return re.sub(r" +", " ", seen)


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension.encode()) > MOST_EXTENSION:
        return name, ""
    return stem, dot + extension


def _cut(name: str) -> str:
    stem, extension = _split(name)
    room = MOST_BYTES - len(extension.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + extension


def tidy_name(name: str | None) -> str:
    """The name without path, control and invisible characters, at most 180 bytes of UTF-8.

    Letters of every script stay as they are (in NFC). What is left empty is called "file".
    """
    seen = unicodedata.normalize("NFC", _visible(name or ""))
    last = re.split(r"[/\\]", seen)[-1]
    plain = _FORBIDDEN.sub("_", last).strip(" .")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return _cut(plain) or NAMELESS


def _plain(name: str) -> str:
    """The name for clients that read only ASCII."""
    stem, extension = _split(name)
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return (_NOT_PLAIN.sub("_", letters).strip(" .") or NAMELESS) + _NOT_PLAIN.sub("_", extension)


def content_headers(name: str, mime: str, *, inline: bool = False) -> dict[str, str]:
    """The headers to send a stored file with: RFC 6266 name, no guessing of types, a sandbox.

    Only PNG, JPEG, GIF and WebP are ever shown in the page; all else is a download.
    """
    shown, sent = tidy_name(name), mime_to_send(mime)
    way = "inline" if inline and sent in INLINE else "attachment"
    encoded = quote(shown, safe=_UNQUOTED)
    return {
        "Content-Type": sent,
        "Content-Disposition": f"{way}; filename=\"{_plain(shown)}\"; filename*=UTF-8''{encoded}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
