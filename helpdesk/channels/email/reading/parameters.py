"""Values with parameters: Content-Type and Content-Disposition (RFC 2045, 2183, 2231).

File names come as quoted text, raw 8-bit bytes, encoded words in quotes, percent-encoded, or cut
into numbered pieces; sometimes in several of these at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from .charsets import decode
from .encoded_words import decode_words
from .seven_bit import has_escapes

MAX_PARAMETERS = 200
_HEX = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class Value:
    """The value in front (lower case) and its parameters by lower-case name."""

    main: str
    parameters: dict[str, str]

    def get(self, name: str) -> str:
        """The parameter's text, '' when it is missing."""
        return self.parameters.get(name, "")


@dataclass(slots=True)
class _Piece:
    number: int
    extended: bool
    data: bytes


def read_value(raw: bytes, charset: str | None = None) -> Value:
    """Reads `main; name=value; name*0*=...`, whatever is wrong with it."""
    if has_escapes(raw):  # their letters are written with quotes and semicolons, too
        raw, charset = decode(raw).encode(), "utf-8"
    main, *rest = _split(raw)
    # Some writers forget the semicolon: `multipart/mixed boundary=x`.
    main, *forgotten = main.split(maxsplit=1) or [b""]
    rest = [*(each for each in forgotten if b"=" in each), *rest]
    pieces: dict[str, list[_Piece]] = {}
    for entry in rest[:MAX_PARAMETERS]:
        name, equals, value = entry.partition(b"=")
        if equals:
            _collect(pieces, name.strip().lower(), _unquote(value.strip()))
    parameters = {name: _assemble(found, charset) for name, found in pieces.items()}
    return Value(decode(main).strip().strip('"').lower(), parameters)


def _split(raw: bytes) -> list[bytes]:
    """Pieces between semicolons outside quotes; an unclosed quote ends with the value."""
    pieces: list[bytes] = []
    quoted = escaped = False
    start = 0
    for at, byte in enumerate(raw):
        if escaped:
            escaped = False
        elif byte == 0x5C and quoted:
            escaped = True
        elif byte == 0x22:
            quoted = not quoted
        elif byte == 0x3B and not quoted:
            pieces.append(raw[start:at])
            start = at + 1
    return [*pieces, raw[start:]]


def _unquote(value: bytes) -> bytes:
    if not value.startswith(b'"'):
        return value
    inner = value[1:-1] if len(value) > 1 and value.endswith(b'"') else value[1:]
    if b"\\" not in inner:
        return inner
    return inner.replace(b'\\"', b'"').replace(b"\\\\", b"\\")


def _collect(pieces: dict[str, list[_Piece]], name: bytes, value: bytes) -> None:
    """Sorts `name`, `name*`, `name*1` and `name*1*` into the pieces of one parameter."""
    extended = name.endswith(b"*")
    base, _, number = name.rstrip(b"*").partition(b"*")
    order = int(number) if number.isdigit() and len(number) < 5 else 0
    key = base.decode("ascii", "replace").strip()
    pieces.setdefault(key, []).append(_Piece(order, extended, value))


def _assemble(pieces: list[_Piece], charset: str | None) -> str:
    # `filename` and `filename*` may stand side by side: the extended one knows its charset.
    if any(piece.extended for piece in pieces) and not any(piece.number for piece in pieces):
        pieces = [piece for piece in pieces if piece.extended][:1]
    pieces = sorted(pieces, key=lambda piece: piece.number)
    if not any(piece.extended for piece in pieces):
        return _plain(b"".join(_without_doubles(pieces)), charset)
    label, pieces[0].data = _charset_of(pieces[0].data)
    parts = [unquote_to_bytes(each.data) if each.extended else each.data for each in pieces]
    return decode(b"".join(parts), label or charset, charset)


def _without_doubles(pieces: list[_Piece]) -> list[bytes]:
    """A parameter given twice in full counts once; numbered pieces follow each other."""
    seen: dict[int, bytes] = {}
    for piece in pieces:
        seen.setdefault(piece.number, piece.data)
    return list(seen.values())


def _charset_of(data: bytes) -> tuple[str | None, bytes]:
    """`utf-8'en'name` -> the charset and the rest."""
    label, first, rest = data.partition(b"'")
    _, second, value = rest.partition(b"'")
    if not first or not second or len(label) > 40:
        return None, data
    return label.decode("ascii", "replace") or None, value


def _plain(data: bytes, charset: str | None) -> str:
    if b"=?" in data:
        return decode_words(data, charset)
    if _is_percent_encoded(data):
        return decode(unquote_to_bytes(data), None, charset)
    return decode(data, None, charset)


def _is_percent_encoded(data: bytes) -> bool:
    """Some programs write UTF-8 bytes as %XX without saying so; then no other % is there."""
    marks = data.count(b"%")
    if not marks or not data.isascii():
        return False
    pairs = [data[at + 1 : at + 3] for at, byte in enumerate(data) if byte == 0x25]
    if not all(len(pair) == 2 and _HEX.issuperset(pair) for pair in pairs):
        return False
    return any(byte > 127 for byte in unquote_to_bytes(data)) or b"%20" in data
