"""The types of files we take in forms, known by their extension and by their first bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from helpdesk.files.markup import is_page

HEAD = 8192  # bytes looked at
UNKNOWN = "application/octet-stream"
INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_LAYER_3 = (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2)

Fits = Callable[[bytes], bool]
_MIME = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")


@dataclass(frozen=True)
class Kind:
    """A type: what we call it in headers, and whether the first bytes of a file fit it."""

    mime: str
    fits: Fits


def _starts(*beginnings: bytes) -> Fits:
    return lambda head: head.startswith(beginnings)


def _riff(name: bytes) -> Fits:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == name


def _boxes(*brands: bytes) -> Fits:
    """ISO media files name their brand in the first box."""
    return lambda head: head[4:8] == b"ftyp" and (not brands or head[8:12] in brands)


def _movie(head: bytes) -> bool:
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def _pdf(head: bytes) -> bool:
    return b"%PDF-" in head[:1024]


def _mp3(head: bytes) -> bool:
    """An ID3 tag, or the first frame of MPEG 1, 2 or 2.5, layer III."""
    return head[:3] == b"ID3" or head[:2] in [bytes((0xFF, each)) for each in _LAYER_3]


def _bitmap(head: bytes) -> bool:
    return head[:2] == b"BM" and head[6:10] == b"\0\0\0\0"


def _text(head: bytes) -> bool:
    """Text in any encoding that is not a page."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return not is_page(head.decode("utf-16", "ignore"))
    return b"\0" not in head and not is_page(head.decode("utf-8-sig", "replace"))


_OLE = _starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_ZIP = _starts(b"PK\x03\x04", b"PK\x05\x06")
_HEIC = _boxes(b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"

KINDS: dict[str, Kind] = {
    "png": Kind("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": Kind("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": Kind("image/jpeg", _starts(b"\xff\xd8\xff")),
    "gif": Kind("image/gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": Kind("image/webp", _riff(b"WEBP")),
    "bmp": Kind("image/bmp", _bitmap),
    "heic": Kind("image/heic", _HEIC),
    "pdf": Kind("application/pdf", _pdf),
    "doc": Kind("application/msword", _OLE),
    "xls": Kind("application/vnd.ms-excel", _OLE),
    "ppt": Kind("application/vnd.ms-powerpoint", _OLE),
    "docx": Kind(f"{_OFFICE}.wordprocessingml.document", _ZIP),
    "xlsx": Kind(f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
    "pptx": Kind(f"{_OFFICE}.presentationml.presentation", _ZIP),
    "odt": Kind(f"{_ODF}.text", _ZIP),
    "ods": Kind(f"{_ODF}.spreadsheet", _ZIP),
    "txt": Kind("text/plain", _text),
    "log": Kind("text/plain", _text),
    "csv": Kind("text/csv", _text),
    "json": Kind("application/json", _text),
    "xml": Kind("application/xml", _text),
    "eml": Kind("message/rfc822", _text),
    "msg": Kind("application/vnd.ms-outlook", _OLE),
    "zip": Kind("application/zip", _ZIP),
    "7z": Kind("application/x-7z-compressed", _starts(b"7z\xbc\xaf\x27\x1c")),
    "rar": Kind("application/vnd.rar", _starts(b"Rar!\x1a\x07")),
    "mp3": Kind("audio/mpeg", _mp3),
    "wav": Kind("audio/wav", _riff(b"WAVE")),
    "m4a": Kind("audio/mp4", _boxes()),
    "ogg": Kind("audio/ogg", _starts(b"OggS")),
    "amr": Kind("audio/amr", _starts(b"#!AMR")),
    "mp4": Kind("video/mp4", _boxes()),
    "mov": Kind("video/quicktime", _movie),
}
_MIMES = frozenset(kind.mime for kind in KINDS.values())


def extension_of(name: str) -> str:
    """The extension in lower case without its dot, or ""."""
    return PurePosixPath(name).suffix[1:].lower()


def accepted_extensions() -> str:
    """What a file field's `accept` attribute takes: .png,.jpg and so on."""
    return ",".join(f".{extension}" for extension in KINDS)


def kind_of(name: str, head: bytes) -> Kind | None:
    """The kind that both name and first bytes agree on; a picture is known without a name."""
    named = KINDS.get(extension_of(name))
    if named:
        return named if named.fits(head) else None
    return next((kind for kind in KINDS.values() if kind.mime in INLINE and kind.fits(head)), None)


def mime_as_told(told: str) -> str:
    """A sender's word for content that we do not know, unless it claims one that we would trust."""
    mime = told.partition(";")[0].strip().lower()
    return mime if _MIME.fullmatch(mime) and mime not in _MIMES else UNKNOWN


def mime_to_send(mime: str) -> str:
    """The type for a download: ours, or one that no browser opens."""
    return mime if mime in _MIMES else UNKNOWN


def extension_for(mime: str) -> str:
    """The extension, with its dot, for a type that came without a name; "" if not known."""
    return next((f".{extension}" for extension, kind in KINDS.items() if kind.mime == mime), "")
