"""What people and programs give us as text, read in one way: a whole number, or words."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 2**31 - 1  # no id, version or number of the journal is larger


def whole(text: object) -> int | None:
    """The number that the text says in plain digits; None for anything else, and for one that no
    row can have."""
    digits = str(text or "").strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(MOST)):
        return None
    found = int(digits)
    return found if found <= MOST else None


def wholes(texts: Iterable[object]) -> list[int]:
    """The numbers among the texts; what is none is left out."""
    return [found for each in texts if (found := whole(each)) is not None]


def tidy(text: str) -> str:
    """The text with plain line ends, without blanks around it and what no database keeps."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
