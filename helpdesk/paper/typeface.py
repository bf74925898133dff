"""The typeface of the forms: how wide its characters are, and which it lacks."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "fonts"
FONT_FILE = FONTS / "noto-sans-sc-0.4.3" / "NotoSansSC-Regular.ttf"
MARKS_FILE = FONT_FILE.with_name("NotoSansSC-LatinMarks.ttf")

MM_PER_POINT = 25.4 / 72
MISSING = "□"
# Marks that only alter the sign before them and have no shape of their own: variation
# selectors, joiners, soft hyphen, byte order mark, skin tones.
SILENT = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
DECOMPOSED = re.compile("\\w[\u0300-\u036f]{1,4}")
TAB = " " * 4
# Quotation marks and dots beside Latin letters; beside Han they are as wide as a Han character.
# Each looks only at the neighbour that no line break parts it from, so that a text is never
# wider on its line than it was when it was measured.
LATIN = re.compile("[!-~\u00a1-\u024f]")
MARKS = re.compile("([’”…]+)|[‘“]+")


@cache
def advances() -> dict[str, int]:
    """Thousandths of an em for every character that can be drawn; read once per process."""
    return _advances(FONT_FILE)


@cache
def mark_advances() -> dict[str, int]:
    """The same for the narrow marks of Latin text."""
    return _advances(MARKS_FILE)


def _advances(file: Path) -> dict[str, int]:
    with TTFont(file, lazy=True) as font:
        per_em, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
        return {
            chr(point): round(metrics[glyph][0] * 1000 / per_em)
            for point, glyph in font.getBestCmap().items()
        }


def width(text: str, points: float) -> float:
    """Millimetres that printable `text` takes at a size in points."""
    return sum(part_width(part, narrow, points) for part, narrow in parts(text))


def part_width(part: str, narrow: bool, points: float) -> float:
    """Millimetres that one piece of `parts` takes."""
    table = mark_advances() if narrow else advances()
    return sum(map(table.__getitem__, part)) * points * MM_PER_POINT / 1000


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces of one face: with True those set in the narrow marks."""
    start = 0
    for match in filter(_beside_latin, MARKS.finditer(text)):
        if match.start() > start:
            yield text[start : match.start()], False
        yield match.group(), True
        start = match.end()
    if start < len(text):
        yield text[start:], False


def _beside_latin(marks: re.Match[str]) -> bool:
    """Whether closing marks follow a Latin letter, or opening ones stand before one."""
    text, place = marks.string, marks.start() - 1 if marks[1] else marks.end()
    return 0 <= place < len(text) and LATIN.match(text, place) is not None


def printable(text: str) -> str:
    """`text` with one kind of line end and a visible box for all that cannot be drawn."""
    text = SILENT.sub("", LINE_ENDS.sub("\n", text).replace("\t", TAB))
    text = DECOMPOSED.sub(lambda match: unicodedata.normalize("NFC", match.group()), text)
    table = advances()
    return "".join(char if char == "\n" or _has_shape(char, table) else MISSING for char in text)


def _has_shape(char: str, table: dict[str, int]) -> bool:
    """Whether the character is in the typeface and is not an invisible control."""
    return char in table and unicodedata.category(char) not in ("Cc", "Cf", "Cs")


def one_line(text: str, points: float, room: float) -> str:
    """Printable `text` on one line of at most `room` mm, ended by … where it was longer."""
    text = " ".join(printable(text[:1000]).split())
    if width(text, points) <= room:
        return text
    while text and width(text + "…", points) > room:
        text = text[:-1]
    return text + "…"
