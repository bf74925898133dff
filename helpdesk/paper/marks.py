"""What can stand on a page. Lengths in millimetres from the top left corner, type in points."""

from dataclasses import dataclass, field

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0  # A4, ISO 216
MARGIN = 15.0
TOP, BOTTOM = 12.0, 281.0
LEFT, RIGHT = MARGIN, PAGE_WIDTH - MARGIN
HAIR, LINE, FRAME = 0.15, 0.2, 0.45


@dataclass(frozen=True, slots=True)
class Words:
    """One line of type on its baseline."""

    x: float
    y: float
    text: str
    points: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    weight: float = LINE


@dataclass(frozen=True, slots=True)
class Ring:
    """The dashed circle that waits for a seal."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Squares:
    """Filled rectangles (x, y, width, height): the QR code."""

    parts: tuple[tuple[float, float, float, float], ...]


Mark = Words | Rule | Ring | Squares


@dataclass(slots=True)
class Sheet:
    """The marks of one sheet."""

    marks: list[Mark] = field(default_factory=list)


def frame(x: float, y: float, to_x: float, to_y: float, weight: float) -> list[Mark]:
    """The four sides of a box."""
    return [
        Rule(x, y, to_x, y, weight),
        Rule(x, to_y, to_x, to_y, weight),
        Rule(x, y, x, to_y, weight),
        Rule(to_x, y, to_x, to_y, weight),
    ]
