"""The header block of a mail or of one of its parts, read tolerantly.

Real mail has lines that are no headers in the middle of the block, folded lines that lost their
indent, names with blanks before the colon, and raw 8-bit bytes. None of them may end the block
early: then subject and sender would be shown as text.
"""

from __future__ import annotations

from dataclasses import dataclass

from .charsets import decode
from .encoded_words import decode_words

MAX_HEADERS = 2_000
MAX_HEADER_BYTES = 1_000_000
MAX_BLOCK_BYTES = 2_000_000  # what comes behind counts as body
_SHOWN_BYTES = 100_000  # of one header that people read
_LOOK_AHEAD = 60  # lines after a line that is no header in which a real one may come
_BEHIND_BLANKS = 4  # the same after a line of blanks, which mostly ends the block
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_KNOWN_NAMES = (
    "from to cc bcc subject date sender reply-to message-id in-reply-to references received"
    " return-path mime-version content-type content-transfer-encoding content-disposition"
    " content-id content-description delivered-to envelope-to precedence auto-submitted"
    " user-agent organization importance priority dkim-signature status lines"
)
_WELL_KNOWN = frozenset(_KNOWN_NAMES.split())


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers in their order, values as raw bytes; `charset` is what the mail itself uses."""

    fields: tuple[tuple[str, bytes], ...]
    charset: str | None = None

    def raw(self, name: str) -> bytes:
        """The first value that says something, b'' when the header is missing or empty."""
        return next((value for key, value in self.fields if key == name and value), b"")

    def text(self, name: str) -> str:
        """The first value for people: unfolded, encoded words and odd bytes decoded."""
        return decode_words(self.raw(name)[:_SHOWN_BYTES], self.charset)

    def plain(self, name: str) -> str:
        """The first value as written, without decoding encoded words: ids, addresses, types."""
        return decode(self.raw(name), None, self.charset)

    def all(self, name: str) -> list[str]:
        """Each value of a header that may come more than once, as written."""
        return [decode(value, None, self.charset) for key, value in self.fields if key == name]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def read_headers(data: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The headers in data[start:end] and where the body behind them begins."""
    end = min(end, start + MAX_BLOCK_BYTES)
    lines = _Lines(data, _skip_blank(data, start, end), end)
    fields: list[tuple[str, list[bytes]]] = []
    while lines.at < end and len(fields) < MAX_HEADERS:
        begin = lines.at
        line = lines.take()
        if not line or (not line.strip() and not _goes_on(lines, _BEHIND_BLANKS)):
            break
        split = _split_field(line)
        if split and not _is_folded(line):
            fields.append((split[0], [split[1]]))
        elif fields and (_is_folded(line) or _lost_its_indent(fields[-1][1], line)):
            fields[-1][1].append(line.strip())
        elif _is_envelope(line) or _goes_on(lines, _LOOK_AHEAD if fields else 1):
            _append_to_last(fields, line)
        else:
            lines.at = begin
            break
    return Headers(tuple((name, b" ".join(parts).strip()) for name, parts in fields)), lines.at


@dataclass(slots=True)
class _Lines:
    data: bytes
    at: int
    end: int

    def take(self) -> bytes:
        """The next line without its end, whichever of the three line ends it has."""
        limit = min(self.end, self.at + MAX_HEADER_BYTES)
        newline = self.data.find(b"\n", self.at, limit)
        stop = newline if newline >= 0 else limit
        lone = self.data.find(b"\r", self.at, stop)
        if 0 <= lone < stop - 1:
            stop, newline = lone, lone
        line = self.data[self.at : stop]
        self.at = stop + 1 if newline >= 0 else stop
        return line.rstrip(b"\r")


def _skip_blank(data: bytes, start: int, end: int) -> int:
    """A part may begin with its blank line; a whole mail may have some too many in front."""
    if start:
        return start
    if data.startswith(b"\xef\xbb\xbf"):
        start = 3
    return end - len(data[start:end].lstrip(b"\r\n"))


def _split_field(line: bytes) -> tuple[str, bytes] | None:
    name, colon, value = line.partition(b":")
    name = name.rstrip(b" \t")
    if not colon or not name or len(name) > 80 or not _NAME_BYTES.issuperset(name):
        return None
    return name.decode("ascii").lower(), value.strip()


def _is_folded(line: bytes) -> bool:
    return line[:1] in (b" ", b"\t")


def _lost_its_indent(value: list[bytes], line: bytes) -> bool:
    """A parameter like boundary=x belongs to the value above when that one ends with `;`."""
    name, equals, _ = line.partition(b"=")
    return bool(equals) and value[-1].endswith(b";") and _NAME_BYTES.issuperset(name.rstrip(b"*"))


def _is_envelope(line: bytes) -> bool:
    """The line that an mbox file puts before each mail."""
    return line.startswith((b"From ", b">From "))


def _goes_on(lines: _Lines, reach: int) -> bool:
    """Whether a line that is no header still lies in the header block: a known one follows.

    Before the first header only one such line is forgiven, so that a text without any headers
    is not searched for words that look like them.
    """
    ahead = _Lines(lines.data, lines.at, lines.end)
    for _ in range(reach):
        line = ahead.take()
        if not line.strip():
            return False
        split = _split_field(line)
        name = split[0] if split and not _is_folded(line) else ""
        if name in _WELL_KNOWN or name.startswith("x-"):
            return True
    return False


def _append_to_last(fields: list[tuple[str, list[bytes]]], line: bytes) -> None:
    """Most such lines are folded values that lost their indent on the way."""
    if fields and not _is_envelope(line):
        fields[-1][1].append(line.strip())
