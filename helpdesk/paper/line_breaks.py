"""Text into lines: Han breaks between any two characters, Latin between words.

Kinsoku (GB/T 15834, CLREQ 3.1): a line neither starts with a closing sign nor ends with an
opening one, so such signs stick to their neighbour.
"""

import re
from collections.abc import Iterator

from helpdesk.paper.typeface import advances, printable, width

NEVER_FIRST = "，。、；：？！）」』】》〉〕］｝’”…—～·％‰℃％!%),.:;?]}°"
NEVER_LAST = "（「『【《〈〔［｛‘“([{￥＄$¥"
HAN = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
WORD = rf"[^\s{HAN}—…“‘]+"
FIRST, LAST = re.escape(NEVER_FIRST), re.escape(NEVER_LAST)
# People type a space before a full-width sign; it is no place for a break either.
AFTER_SPACE = r"(?:\s+[，。、；：？！）」』】》〉〕］｝％][" + FIRST + "]*)*"
PIECE = re.compile(rf"\s+|[{LAST}]*(?:{WORD}|\S)[{FIRST}]*{AFTER_SPACE}")
# More signs than all pages of a form can hold; what comes after could never be printed.
MOST_SIGNS = 3_500_000


def lines(text: str, points: float, room: float) -> Iterator[str]:
    """The printable lines of `text` at a size in points, none wider than `room` mm.

    Lazy, so that a reader who has no more paper can stop. Empty text gives no line.
    """
    if not text:
        return
    for paragraph in printable(text[:MOST_SIGNS]).rstrip("\n").split("\n"):
        yield from _paragraph(paragraph.rstrip(), points, room)


def _paragraph(text: str, points: float, room: float) -> Iterator[str]:
    line, taken = "", 0.0
    for match in PIECE.finditer(text):
        for piece in _fitting(match.group(), points, room):
            size = width(piece, points)
            if line and taken + size > room:
                if line.strip():
                    yield line.rstrip()
                piece, line, taken = piece.lstrip(), "", 0.0
                size = width(piece, points)
            line, taken = line + piece, taken + size
    yield line.rstrip()


def _fitting(piece: str, points: float, room: float) -> Iterator[str]:
    """The piece itself, or its parts where it alone is wider than a line."""
    if len(piece) == 1 or width(piece, points) <= room:
        yield piece
        return
    table, scale = advances(), points * 25.4 / 72 / 1000
    start, taken = 0, 0.0
    for place, char in enumerate(piece):
        size = table[char] * scale
        if place > start and taken + size > room:
            yield piece[start:place]
            start, taken = place, 0.0
        taken += size
    yield piece[start:]
