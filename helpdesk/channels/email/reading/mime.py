"""A mail as a tree of parts. Parts are ranges of the one raw mail, so depth costs no memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from .charsets import codec_for, declared_charset, decode
from .flowed import unflow
from .headers import Headers, read_headers
from .parameters import Value, read_value
from .smime import MOST, is_wrapped, unwrap
from .transfer import undo_encoding

MAX_PARTS = 1_000
MAX_DEPTH = 30
MAX_TEXT = 2_000_000  # bytes of one text part that are read as words
_GUESS_LIMIT = 20_000  # bytes in which a boundary that nobody stated is looked for


@dataclass(slots=True)
class Part:
    """One part: its headers, its type, and where its body lies in the raw mail."""

    raw: bytes
    headers: Headers
    start: int
    end: int
    depth: int
    default: str
    kind: Value
    disposition: Value
    children: list[Part] = field(default_factory=list)
    wrapping: str = ""  # of S/MIME: signed, compressed, encrypted; its children were inside

    @property
    def mime(self) -> str:
        return self.kind.main

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    def content(self) -> bytes:
        """The body with its transfer encoding undone, as well as that is possible."""
        return undo_encoding(self.raw[self.start : self.end], self.encoding())

    def text(self) -> str:
        """The body of a text part as text, with plain line ends, up to MAX_TEXT bytes."""
        data = self.content()[:MAX_TEXT]
        text = decode(data, self.label(data), self.headers.charset)
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return unflow(text, self.kind) if self.mime == "text/plain" else text

    def label(self, data: bytes | None = None) -> str:
        """The charset that the part is said to have. Of HTML the page itself may say it, where the
        header says nothing, or that bytes are ASCII which are not. `data` is its content."""
        said = self.kind.get("charset")
        if self.mime != "text/html" or not (said == "" or codec_for(said) == "cp1252"):
            return said
        content = self.content()[:MAX_TEXT] if data is None else data
        counts = not said or not content.isascii()
        return (declared_charset(content) if counts else "") or said

    def encoding(self) -> str:
        words = self.headers.plain("content-transfer-encoding").lower().split()
        return words[0].strip("\"';") if words else ""

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the mail."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


@dataclass(slots=True)
class _Reader:
    """Counts parts over the whole tree; a mail with too many keeps the first ones."""

    raw: bytes
    left: int = MAX_PARTS
    room: int = MOST  # bytes that may still come out of wrappings
    cut: bool = False

    def read(self, start: int, end: int, depth: int, default: str) -> Part:
        headers, body = read_headers(self.raw, start, end)
        kind = _kind(headers, default)
        disposition = read_value(headers.raw("content-disposition"))
        part = Part(self.raw, headers, body, end, depth, default, kind, disposition)
        if kind.main.startswith("multipart/"):
            self._read_children(part, depth)
        elif is_wrapped(kind, disposition.get("filename") or kind.get("name")):
            self._open(part, depth)
        return part

    def _open(self, part: Part, depth: int) -> None:
        """What S/MIME wrapped stands below the part, which stays a file all the same."""
        if self.left <= 0 or self.room <= 0 or depth >= MAX_DEPTH:
            self.cut = True
            return
        part.wrapping, inside = unwrap(part.content(), self.room)
        if not inside.strip():
            return
        reader = _Reader(inside, self.left - 1, self.room - len(inside))
        child = reader.read(0, len(inside), depth + 1, "text/plain")
        if child.mime == "message/rfc822":  # its headers are signed along (RFC 8551, 3.1)
            child = reader.read(child.start, child.end, depth + 1, "text/plain")
        part.children.append(child)
        self.left, self.room, self.cut = reader.left, reader.room, self.cut or reader.cut

    def _read_children(self, part: Part, depth: int) -> None:
        default = "message/rfc822" if part.mime == "multipart/digest" else "text/plain"
        for start, end in _find_parts(part):
            if self.left <= 0 or depth >= MAX_DEPTH:
                self.cut = True
                return
            self.left -= 1
            part.children.append(self.read(start, end, depth + 1, default))


def read_tree(raw: bytes) -> tuple[Part, bool]:
    """The mail as a tree, and whether parts beyond the limits were left out of it."""
    reader = _Reader(raw)
    root = reader.read(0, len(raw), 0, "text/plain")
    charset = _mail_charset(root)
    if charset:
        for part in root.walk():
            _read_with_charset(part, charset)
    return root, reader.cut


def _mail_charset(root: Part) -> str | None:
    """The most telling charset that the mail names anywhere: raw header bytes will be in it."""
    named = [label for part in root.walk() if (label := part.label())]
    telling = [label for label in named if codec_for(label) not in ("cp1252", "utf-8", None)]
    return next(iter(telling + named), None)


def _read_with_charset(part: Part, charset: str) -> None:
    part.headers = replace(part.headers, charset=charset)
    part.kind = _kind(part.headers, part.default)
    part.disposition = read_value(part.headers.raw("content-disposition"), charset)


def _kind(headers: Headers, default: str) -> Value:
    kind = read_value(headers.raw("content-type"), headers.charset)
    words = kind.main.split()
    main = words[0] if words else default
    return Value(main if "/" in main else _named(main), kind.parameters)


def split_parts(raw: bytes, start: int, end: int, boundary: str) -> Iterator[tuple[int, int]]:
    """Where each part between the boundary lines begins and ends; a missing end is forgiven."""
    mark = b"--" + boundary.strip().encode("utf-8", "ignore")
    if len(mark) < 3:
        return
    begin: int | None = None
    for line_start, line_end, closing in _boundary_lines(raw, start, end, mark):
        if begin is not None:
            yield begin, max(begin, _without_line_end(raw, line_start))
        begin = line_end
        if closing:
            return
    if begin is not None and begin < end:
        yield begin, end


def _find_parts(part: Part) -> list[tuple[int, int]]:
    """The parts between the stated boundary, else between what looks like one."""
    area = part.raw, part.start, part.end
    stated = list(islice(split_parts(*area, part.kind.get("boundary")), MAX_PARTS + 1))
    return stated or list(islice(split_parts(*area, _guess_boundary(*area)), MAX_PARTS + 1))


def _guess_boundary(raw: bytes, start: int, end: int) -> str:
    """The first line that begins with two dashes and stands directly above part headers."""
    for line in raw[start : min(end, start + _GUESS_LIMIT)].split(b"\n--")[:50]:
        mark, newline, following = line.partition(b"\n")
        if newline and following[:8].lower() == b"content-" and b" " not in mark.strip():
            return mark.strip().removeprefix(b"--").decode("utf-8", "ignore")
    return ""


def _named(word: str) -> str:
    """`text` or `html` alone, as some programs write."""
    return {"text": "text/plain", "html": "text/html"}.get(word, "application/octet-stream")


def _boundary_lines(
    raw: bytes, start: int, end: int, mark: bytes
) -> Iterator[tuple[int, int, bool]]:
    at = raw.find(mark, start, end)
    while at >= 0:
        after = at + len(mark)
        if at > start and raw[at - 1] not in b"\r\n":
            at = raw.find(mark, after, end)
            continue
        newline = raw.find(b"\n", after, end)
        line_end = newline + 1 if newline >= 0 else end
        rest = raw[after : min(line_end, after + 200)].strip()
        if rest in (b"", b"--"):
            yield at, line_end, rest == b"--"
        at = raw.find(mark, line_end, end)


def _without_line_end(raw: bytes, at: int) -> int:
    """The line end before a boundary belongs to the boundary."""
    if raw[at - 1 : at] == b"\n":
        at -= 1
    return at - 1 if raw[at - 1 : at] == b"\r" else at
