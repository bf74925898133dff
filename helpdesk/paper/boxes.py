"""Rows, tables and signature places as boxes of lines, ready to be set on pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

from helpdesk.paper.form import Block, Row, Signatures, TableBlock
from helpdesk.paper.line_breaks import lines
from helpdesk.paper.marks import LEFT, RIGHT
from helpdesk.paper.typeface import MM_PER_POINT, one_line
from helpdesk.paper.words import word, words

PAD_X, PAD_Y = 1.6, 1.1
LABEL, VALUE, BIG, SMALL, STRIP = 7.5, 10.5, 13.0, 9.0, 9.5
LEADING = 1.46
ROW_HEIGHT, SIGN_HEIGHT, FOOT = 10.6, 27.0, 7.0
SEAL_RADIUS = 7.5
# More lines than 200 pages hold; what comes after could never be printed.
MOST_LINES = 14_000
# A band whose text is shorter than this moves whole to the next page; a longer one is divided.
WHOLE = 100.0


def leading(points: float) -> float:
    """The height of a line of type, in millimetres."""
    return points * MM_PER_POINT * LEADING


@dataclass(frozen=True, slots=True)
class Box:
    """One cell: lines of label and text, and for a signature place its foot and seal."""

    width: float
    label: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    points: float = VALUE
    bold: bool = False
    foot: tuple[str, ...] = ()
    seal: tuple[str, ...] = ()

    @property
    def head_height(self) -> float:
        """Millimetres above the first line of text."""
        return PAD_Y + len(self.label) * leading(LABEL)

    @property
    def height(self) -> float:
        """Millimetres for all that is in it."""
        body = self.head_height + len(self.text) * leading(self.points) + PAD_Y
        return body + (FOOT if self.foot else 0)

    def split(self, room: float) -> tuple["Box", "Box"]:
        """What fits in `room` mm of height, and the rest; the foot goes with the rest."""
        fits = max(0, int((room - self.head_height - PAD_Y) / leading(self.points)))
        first = replace(self, text=self.text[:fits], foot=(), seal=())
        return first, replace(self, text=self.text[fits:])


@dataclass(frozen=True, slots=True)
class Band:
    """Boxes side by side over the whole width."""

    boxes: tuple[Box, ...]
    least: float = 0.0

    @property
    def height(self) -> float:
        """Millimetres of its tallest box, or its least height."""
        return max(self.least, self.text_height)

    @property
    def text_height(self) -> float:
        """Millimetres of its tallest box."""
        return max(box.height for box in self.boxes)

    @property
    def first_part(self) -> float:
        """The room it needs to begin on a page: all of it, or two lines if it is divided."""
        if self.text_height <= WHOLE:
            return self.height
        return max(box.head_height + 2 * leading(box.points) + PAD_Y for box in self.boxes)

    def split(self, room: float) -> tuple["Band", "Band"]:
        """The part of the band that fits in `room` mm, and the rest."""
        parts = [box.split(room) for box in self.boxes]
        rest = tuple(second for _, second in parts)
        least = SIGN_HEIGHT if any(box.foot for box in rest) else 0.0
        return Band(tuple(first for first, _ in parts), room), Band(rest, least)


@dataclass(frozen=True, slots=True)
class Section:
    """A title strip, the bands below it, and the band that repeats on each new page."""

    title: Band | None
    bands: Iterator[Band]
    header: Band | None = None


def sections(blocks: Sequence[Block | TableBlock | Signatures], language: str) -> list[Section]:
    """One section for each block of the form."""
    return [_section(block, language) for block in blocks]


def _section(block: Block | TableBlock | Signatures, language: str) -> Section:
    title = _strip(block.title)
    match block:
        case Block():
            return Section(title, (_row(row, block.columns) for row in block.rows))
        case TableBlock():
            header = _texts(block.headers, block.widths, bold=True, most=3)
            bands = (_texts(row, block.widths, bold=False) for row in block.rows)
            return Section(title, bands, header)
        case Signatures():
            return Section(title, _places(block, language))


def _box(
    width: float,
    text: str,
    points: float = VALUE,
    *,
    label: str = "",
    side: float = 0,
    bold: bool = False,
) -> Box:
    """A box whose texts are broken to its width, less `side` mm kept free on the right."""
    room = width - 2 * PAD_X
    return Box(
        width,
        tuple(islice(lines(label[:300], LABEL, room), 6)),
        tuple(islice(lines(text, points, room - side), MOST_LINES)),
        points,
        bold,
    )


def _strip(title: str) -> Band | None:
    return Band((_box(RIGHT - LEFT, title[:300], STRIP, bold=True),)) if title else None


def _row(row: Row, columns: int) -> Band:
    """The last cell takes the columns left over; too many are narrowed alike."""
    spans = [cell.span for cell in row.cells]
    spans[-1] += max(0, columns - sum(spans))
    unit = (RIGHT - LEFT) / sum(spans)
    boxes = tuple(
        _box(unit * span, cell.value, BIG if cell.big else VALUE, label=cell.label, bold=cell.big)
        for cell, span in zip(row.cells, spans, strict=True)
    )
    return Band(boxes, ROW_HEIGHT * max(cell.tall for cell in row.cells))


def _texts(
    texts: Sequence[str], widths: Sequence[float], *, bold: bool, most: int = MOST_LINES
) -> Band:
    """A table row. No column gets narrower than a character, whatever its share."""
    floor = 0.06 * sum(widths)
    shares = [max(floor, share) for share in widths]
    unit = (RIGHT - LEFT) / sum(shares)
    pairs = zip(texts, shares, strict=True)
    boxes = (_box(unit * share, text, SMALL, bold=bold) for text, share in pairs)
    return Band(tuple(replace(box, text=box.text[:most]) for box in boxes))


def _places(block: Signatures, language: str) -> Iterator[Band]:
    """Two places side by side; a last odd one has the whole width."""
    for left, right in zip_longest(block.places[::2], block.places[1::2]):
        pair = [place for place in (left, right) if place]
        width = (RIGHT - LEFT) / len(pair)
        yield Band(tuple(_place(place, width, language) for place in pair), SIGN_HEIGHT)


def _place(place: tuple[str, str, str, str], width: float, language: str) -> Box:
    role, name, opinion, date = place
    box = _box(width, opinion, SMALL, label=role, side=2 * SEAL_RADIUS + 2)
    half = width / 2 - PAD_X - 1
    colon = ": " if language == "en" else "："
    foot = tuple(
        one_line(f"{word(key, language)}{colon}{text}", SMALL, half)
        for key, text in (("signature", name), ("date", date))
    )
    return replace(box, foot=foot, seal=words("seal", language))
