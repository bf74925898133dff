"""Senders and recipients, out of address headers that are often not quite right.

Handwritten scanner: display names with unquoted commas, groups, comments, missing brackets and
blanks inside brackets all give an address as long as something with an @ is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from .charsets import decode, tidy
from .encoded_words import decode_words
from .seven_bit import has_escapes

MAX_ADDRESSES = 500
MAX_HEADER = 100_000  # bytes of one address header that are read
_LONGEST_NAME = 250


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: `email` as it is written, `name` for people, '' when there is none."""

    email: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email


def read_addresses(value: bytes, charset: str | None = None) -> tuple[Address, ...]:
    """All mailboxes of a header value, in order; entries without an address are left out."""
    found: list[Address] = []
    pending = b""
    if has_escapes(value):  # their letters are written with quotes, commas and brackets, too
        value, charset = decode(value).encode(), "utf-8"
    for entry in _split(value[:MAX_HEADER]):
        address = _read_entry(pending + entry, charset)
        if address is None:
            # A comma in an unquoted name: "Smith, John <j@x>" is one entry, not two.
            pending = pending + entry + b"," if len(pending) < _LONGEST_NAME else b""
            continue
        found.append(address)
        pending = b""
        if len(found) >= MAX_ADDRESSES:
            break
    return tuple(found)


def _split(value: bytes) -> list[bytes]:
    """Entries between commas and semicolons that stand outside quotes, brackets and comments."""
    entries: list[bytes] = []
    state = _Scan()
    start = 0
    for at, byte in enumerate(value):
        if state.step(byte) and byte in b",;":
            entries.append(value[start:at])
            start = at + 1
    if state.quoted or state.depth or state.bracket:
        return entries + _split_bluntly(value[start:])
    return [*entries, value[start:]]


def _split_bluntly(value: bytes) -> list[bytes]:
    """A quote or bracket that never ends must not swallow the other recipients."""
    return value.replace(b";", b",").split(b",")


@dataclass(slots=True)
class _Scan:
    """Knows whether a byte stands outside of quotes, comments and angle brackets."""

    quoted: bool = False
    escaped: bool = False
    depth: int = 0
    bracket: bool = False

    def step(self, byte: int) -> bool:
        if self.escaped:
            self.escaped = False
            return False
        if byte == 0x5C:
            self.escaped = True
            return False
        if byte == 0x22 and not self.depth:
            self.quoted = not self.quoted
        elif not self.quoted:
            self._count(byte)
        return not (self.quoted or self.depth or self.bracket)

    def _count(self, byte: int) -> None:
        if byte == 0x28:
            self.depth += 1
        elif byte == 0x29:
            self.depth = max(0, self.depth - 1)
        elif byte in b"<>":
            self.bracket = byte == 0x3C


def _read_entry(entry: bytes, charset: str | None) -> Address | None:
    entry = _without_group_name(entry.strip())
    opening = entry.rfind(b"<")
    closing = entry.find(b">", opening)
    if opening >= 0:
        inside = entry[opening + 1 : closing if closing > opening else len(entry)]
        email = _clean_email(inside)
        if "@" in email:
            return Address(email, _clean_name(_without_comment(entry[:opening]), charset, email))
    return _read_bare(entry, charset)


def _without_comment(phrase: bytes) -> bytes:
    """`Name (remark)` is the name; a remark alone, or one in quotes, stays."""
    name, opening, _ = phrase.rstrip().partition(b"(")
    is_comment = opening and phrase.rstrip().endswith(b")") and b'"' not in phrase
    return name if is_comment and name.strip() else phrase


def _read_bare(entry: bytes, charset: str | None) -> Address | None:
    """`a@b`, `a@b (Name)` and `Name a@b`."""
    comment = b""
    opening = entry.find(b"(")
    if opening >= 0 and entry.find(b"@") < opening:
        comment = entry[opening + 1 :].rpartition(b")")[0]
        entry = entry[:opening]
    if b"=?" in entry and b"@" not in entry:
        entry = decode_words(entry, charset).encode("utf-8", "ignore")
    words = [word for word in _words(entry) if b"@" in word]
    if not words:
        return None
    email = _clean_email(words[0])
    if email.startswith("@") or email.endswith("@"):
        return None
    name = comment or entry.replace(words[0], b"", 1)
    return Address(email, _clean_name(name, charset, email))


def _words(entry: bytes) -> list[bytes]:
    """Words between blanks; a quoted local part stays in one piece."""
    if entry.startswith(b'"') and b'"@' in entry:
        return [entry.strip()]
    return entry.replace(b"<", b" ").replace(b">", b" ").split()


def _without_group_name(entry: bytes) -> bytes:
    """`Team: a@b` names a group; what counts is the mailbox in it."""
    name, colon, rest = entry.partition(b":")
    is_group = colon and not any(byte in b'"<@(=' for byte in name)
    return rest.strip() if is_group else entry


def _clean_email(raw: bytes) -> str:
    text = decode_words(raw, "utf-8") if b"=?" in raw else raw.decode("utf-8", "replace")
    email = tidy(text).strip().strip("<>'").removeprefix("mailto:")
    if '"' in email:
        return email.strip()
    while "(" in email and ")" in email.partition("(")[2]:
        before, _, rest = email.partition("(")
        email = before + rest.partition(")")[2]
    return "".join(email.split()).rstrip(",;")


def _clean_name(raw: bytes, charset: str | None, email: str) -> str:
    name = decode_words(raw.strip(), charset).strip()
    name = name.strip("<>,; \t").strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    name = " ".join(name.replace('\\"', '"').replace("\\\\", "\\").split())
    name = name.strip('"').strip() if name.count('"') % 2 or name.startswith('"') else name
    return "" if name.strip("'\"").lower() == email.lower() else name
