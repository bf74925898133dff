"""Bytes to text, when the label is right, wrong, unknown or missing.

Labels lie in known ways: GB2312 text holds GBK characters, ISO-8859-1 text holds Windows ones.
So each label is read as the superset that people mean by it. Text never gets a U+FFFD here: a
byte that fits nowhere is shown as the Western character it would be.
"""

from __future__ import annotations

import codecs
import unicodedata
from functools import lru_cache

from .hanzi import guess_east_asian, likelihood
from .seven_bit import has_escapes, read_escapes, read_hz, read_utf7

# What a codec means in practice: the superset of the named set.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
}
# Labels that Python does not know, by the codec that is meant.
_FURTHER_LABELS = {
    "cp1252": "iso88591",
    "gb18030": "gb-2312 gb_2312-80 iso-gb2312 cn-gb",
    "cp950": "big-5 cn-big5 big5-eten",
    "cp932": "windows-31j",
    # of Chinese the escapes tell which set it is
    "iso2022_jp_ext": "cp50220 cp50221 cp50222 iso-2022-jp-ms iso-2022-cn iso-2022-cn-ext",
    "iso8859_8": "iso-8859-8-i iso-8859-8-e",
    "utf-8": "utf8mb4 unicode-1-1-utf-8",
}
_FURTHER = {label: codec for codec, labels in _FURTHER_LABELS.items() for label in labels.split()}
# A second set that real mail with this label uses now and then.
_COUSINS = {"cp950": "big5hkscs", "cp932": "euc_jp"}
# Every byte string is valid in these, so success proves nothing.
_ANYTHING_GOES = frozenset({"cp1252", "cp1250", "cp1254", "iso8859_2", "iso8859_15", "cp437"})
_WIDE = frozenset({"gb18030", "cp950", "cp949", "cp932"})
_SINGLE_BYTE = ["cp1252", "cp1251", "koi8_r", "cp1250", "cp1253", "cp1255", "cp1256", "cp874"]
_NOT_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESS_LIMIT = 16_384  # bytes that a guess looks at
_LOOKED_AT = 4_096  # bytes of a page; browsers look at 1,024, and mail programs put more in front
_ENDS = b" \t\r\n\"'>;/?"


def decode(data: bytes, label: str | None = None, hint: str | None = None) -> str:
    """The text of `data`. `label` is the charset that it is said to have, `hint` one that the
    rest of the mail uses. Never raises, never invents U+FFFD."""
    text = tidy(_decode(data, label, hint))
    # This set writes accents as letters of their own; everybody else joins them.
    return unicodedata.normalize("NFC", text) if "1258" in (label or "") else text


@lru_cache(maxsize=512)
def codec_for(label: str | None) -> str | None:
    """The Python codec meant by a charset label, None when nobody knows the label."""
    plain = (label or "").strip().strip("\"'").lower().partition("*")[0]
    for name in (plain, plain.removeprefix("x-"), plain.replace("cp-", "cp"), _short(plain)):
        codec = _FURTHER.get(name) or _python_codec(name)
        if codec:
            return _MEANT.get(codec, codec)
    return None


def tidy(text: str) -> str:
    """The text without what no database and no JSON takes: NUL, lone surrogates, controls."""
    if text.isprintable():
        return text
    return text.translate(_DROPPED).encode("utf-8", "ignore").decode("utf-8")


def _decode(data: bytes, label: str | None, hint: str | None) -> str:
    codec = codec_for(label)
    if data.isascii() or (has_escapes(data) and (codec or "").startswith("iso2022")):
        return _seven_bit(data, codec or "")
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _loose(data.removeprefix(codecs.BOM_UTF8), name)
    if codec and codec not in _ANYTHING_GOES:
        return _by_label(data, codec)
    return _guess(data, codec, codec_for(hint))


def _seven_bit(data: bytes, codec: str) -> str:
    """ASCII, or one of the sets that write everything in its bytes, whatever the label says."""
    if has_escapes(data) or codec.startswith("iso2022"):
        return read_escapes(data, is_korean=codec == "iso2022_kr")
    if codec.replace("_", "-").startswith(("utf-7", "utf-16", "utf-32")):
        return _by_label(data, codec)
    found = read_hz(data, is_labelled=codec == "hz") if b"~{" in data else None
    if found is None and b"+" in data:
        found = read_utf7(data)
    return found if found is not None else data.decode("ascii")


def _by_label(data: bytes, codec: str) -> str:
    text = _strict(data, codec)
    if text is None and codec in _COUSINS:
        text = _strict(data, _COUSINS[codec])
    if text is None:
        text = _strict(data, "utf-8")
    if text is None and _mostly_utf8(data[:_GUESS_LIMIT]):
        return _loose(data, "utf-8")
    if text is None and _looks_broken(data, codec):
        text = _guess_codec(data, codec)
    return text if text is not None else _loose(data, codec)


def _looks_broken(data: bytes, codec: str) -> bool:
    """Whether the label is plainly wrong: not one cut character but many misfits."""
    sample = data[:_GUESS_LIMIT]
    odd = sample.decode(codec, "replace").count("\ufffd")
    high = sum(byte > 127 for byte in sample)
    return odd * 12 > high if odd > 2 else odd * 3 > high


def _guess(data: bytes, codec: str | None, hint: str | None) -> str:
    text = _strict(data, "utf-8")
    if text is not None and not _reads_better(data, hint):
        return text
    return _guess_codec(data, codec, hint)


def _reads_better(data: bytes, hint: str | None) -> bool:
    """Some short GBK words are valid UTF-8 too; then the mail's other parts decide."""
    return hint in _WIDE and len(data) < 64 and likelihood(data, hint) > 0.5


def _guess_codec(data: bytes, codec: str | None, hint: str | None = None) -> str:
    sample = data[:_GUESS_LIMIT]
    east = guess_east_asian(sample, hint, enough=0.12 if codec is None else 0.25)
    if east:
        return _loose(data, east)
    if _mostly_utf8(sample):
        return _loose(data, "utf-8")
    if codec is None and hint and _strict(data, hint) is not None:
        return _loose(data, hint)
    return _loose(data, codec if codec in _ANYTHING_GOES else _single_byte(sample))


def _mostly_utf8(sample: bytes) -> bool:
    """UTF-8 with a few foreign bytes in it: letters of three bytes do not come about by chance."""
    high = sum(byte > 127 for byte in sample)
    text = sample.decode("utf-8", "replace")
    return text.count("\ufffd") * 4 < high and any("\u0800" <= each < "\ufffd" for each in text)


def _single_byte(sample: bytes) -> str:
    """Cyrillic, Greek and the like; Western unless there is enough text to say otherwise."""
    if sum(byte > 127 for byte in sample) < 32:
        return "cp1252"
    from charset_normalizer import from_bytes  # few mails leave so much open

    best = from_bytes(sample, cp_isolation=_SINGLE_BYTE, preemptive_behaviour=False).best()
    return best.encoding if best is not None else "cp1252"


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _loose(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec, "helpdesk-western")
    except (UnicodeError, ValueError):
        return data.decode("latin-1")


def _western(error: UnicodeError) -> tuple[str, int]:
    """Shows one misfit byte as Windows would; a character cut off at the end is dropped."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    cut_off = error.end >= len(error.object) and "incomplete" in error.reason
    if cut_off:
        return "", error.end
    byte = error.object[error.start : error.start + 1]
    return byte.decode("cp1252", "ignore"), error.start + 1


def _short(name: str) -> str:
    plain = name.replace("_", "-").removeprefix("x-")
    return plain.removeprefix("windows-").removeprefix("cp").strip("-")


def _python_codec(name: str) -> str | None:
    windows = f"cp{name}" if name.isdigit() else name
    try:
        info = codecs.lookup(windows)
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True)
    return info.name if is_text and info.name not in _NOT_TEXT else None


def declared_charset(page: bytes) -> str:
    """What `<meta charset>` (or the XML declaration) names; '' for none, for one that nobody
    knows, and for UTF-16, which a page that can be read so far is not in."""
    head = page[:_LOOKED_AT].lower()
    found = [*_after(head, b"<?xml", b"encoding=")[:1], *_after(head, b"<meta", b"charset=")]
    names = (each.decode("ascii", "replace") for each in found)
    return next((name for name in names if _is_usable(name)), "")


def _after(head: bytes, tag: bytes, name: bytes) -> list[bytes]:
    """The values of this attribute, or part of one, in the elements that begin so."""
    values = []
    for piece in head.split(tag)[1:]:
        _before, found, value = piece.partition(b">")[0].partition(name)
        if found:
            values.append(_first_word(value.lstrip(b" \t\"'")))
    return values


def _first_word(value: bytes) -> bytes:
    stop = next((at for at, byte in enumerate(value) if byte in _ENDS), len(value))
    return value[:stop]


def _is_usable(name: str) -> bool:
    codec = codec_for(name) or ""
    return bool(codec) and not codec.replace("_", "-").startswith(("utf-16", "utf-32"))


_DROPPED = dict.fromkeys(set(range(32)) - {9, 10, 13} | {127, 0xFEFF})
codecs.register_error("helpdesk-western", _western)
