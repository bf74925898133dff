"""What a mail carries besides its words: names, types and bytes of each attachment."""

from __future__ import annotations

import mimetypes
import unicodedata
from dataclasses import dataclass, replace

from .charsets import tidy
from .encoded_words import decode_words
from .headers import read_headers
from .mime import Part
from .tnef import SIGNATURE, WrappedFile, unwrap

MAX_NAME = 200  # characters; the ending is kept
_TYPE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+/")
_KNOWN_NAMES = {
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "message/feedback-report": "feedback-report.txt",
    "text/rfc822-headers": "headers.txt",
    "text/html": "document.html",
    "text/plain": "document.txt",
    "text/calendar": "invite.ics",
    "application/pdf": "document.pdf",
    "application/pgp-signature": "signature.asc",
    "application/ms-tnef": "winmail.dat",
    "application/pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m",
}
_ENDINGS = {
    "image/jpg": ".jpg",
    "image/jpeg": ".jpg",
    "image/pjpeg": ".jpg",
    "audio/mpeg": ".mp3",
    "video/quicktime": ".mov",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail. `mime` is what the sender says; `inline` means that the HTML shows it."""

    name: str
    mime: str
    size: int
    content: bytes
    content_id: str = ""
    inline: bool = False


def read_attachment(part: Part) -> Attachment:
    """The part as a file, with a name even when it has none of its own."""
    content = part.content()
    mime = _clean_type(part.mime)
    name = clean_name(own_name(part)) or _invented_name(part, mime, content)
    return Attachment(name, mime, len(content), content, content_id(part))


def read_attachments(part: Part) -> list[Attachment]:
    """The part as a file; before a winmail.dat stand the files that it wraps."""
    whole = read_attachment(part)
    if not whole.content.startswith(SIGNATURE):
        return [whole]
    return [*(_unwrapped(file) for file in unwrap(whole.content)), whole]


def _unwrapped(file: WrappedFile) -> Attachment:
    name = clean_name(file.name) or "unknown.dat"
    mime = file.mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Attachment(name, _clean_type(mime), len(file.content), file.content, file.content_id)


def own_name(part: Part) -> str:
    """The file name that the sender gave, '' when there is none."""
    named = part.disposition.get("filename") or part.disposition.get("name")
    return (named or part.kind.get("name") or part.kind.get("filename")).strip()


def content_id(part: Part) -> str:
    """The name by which the mail's HTML shows this part; '' without one."""
    return part.headers.plain("content-id").strip().strip("<>").strip()


def clean_name(name: str) -> str:
    """A name that is safe on every system: no folders, no control characters, not too long."""
    name = unicodedata.normalize("NFC", name)
    name = " ".join(tidy(name).split()) if not name.isprintable() else name.strip()
    if "\\" in name or name.startswith(("/", "../")):
        name = name.replace("\\", "/").rpartition("/")[2]
    name = name.replace("/", "_").strip("\"' ").lstrip(".")
    if len(name) <= MAX_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: MAX_NAME - 12]}.{ending[:10]}" if dot else name[:MAX_NAME]


def with_distinct_names(attachments: list[Attachment]) -> list[Attachment]:
    """The same attachments; of those with an equal name the later ones get a number."""
    seen: set[str] = set()
    named = []
    for attachment in attachments:
        name = _free_name(attachment.name, seen)
        seen.add(name)
        named.append(replace(attachment, name=name))
    return named


def _free_name(name: str, taken: set[str]) -> str:
    """The number stands before the first dot, so that `a.tar.gz` keeps its double ending."""
    stem, dot, ending = name.partition(".")
    number = 0
    free = name
    while free in taken:
        number += 1
        free = f"{stem}{number}{dot}{ending}"
    return free


def _clean_type(mime: str) -> str:
    odd = not mime.isascii() or not _TYPE_LETTERS.issuperset(mime) or mime.count("/") != 1
    return "application/octet-stream" if odd or len(mime) > 120 else mime


def _invented_name(part: Part, mime: str, content: bytes) -> str:
    described = clean_name(part.headers.text("content-description"))
    if mime == "message/rfc822":
        return f"{_subject(content) or described or 'Mail'}.eml"
    if described and (mime.startswith("message/") or _looks_like_file(described)):
        return described if _looks_like_file(described) else f"{described}.txt"
    from_id = clean_name(content_id(part).partition("@")[0])
    if _looks_like_file(from_id):
        return from_id
    return _KNOWN_NAMES.get(mime) or _name_by_type(mime) or from_id or "file"


def _name_by_type(mime: str) -> str:
    main = mime.partition("/")[0]
    ending = _ENDINGS.get(mime) or mimetypes.guess_extension(mime) or ""
    return f"{main}{ending}" if main in ("image", "video", "audio") else ""


def _looks_like_file(name: str) -> bool:
    stem, _, ending = name.rpartition(".")
    return bool(stem) and 2 <= len(ending) <= 4 and ending.isalnum() and not ending.isdigit()


def _subject(content: bytes) -> str:
    headers, _ = read_headers(content, 0, len(content))
    return clean_name(decode_words(headers.raw("subject"), headers.charset))
