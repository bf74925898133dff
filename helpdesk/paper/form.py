"""What a printed form is made of. Every text is plain and already in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_COLUMNS = 12
TALLEST = 20
LANGUAGES = ("en", "zh_Hans", "both")


@dataclass(frozen=True, slots=True)
class Cell:
    """A field: small name above, value below. An empty value leaves room for handwriting.

    `span` counts columns, `tall` the least height in rows; `big` sets the value larger.
    """

    label: str
    value: str = ""
    span: int = 1
    tall: int = 1
    big: bool = False

    def __post_init__(self) -> None:
        if self.span < 1 or not 1 <= self.tall <= TALLEST:
            raise ValueError(f"a cell spans at least one column, and 1 to {TALLEST} rows")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side; the last one takes the columns that are left."""

    cells: Sequence[Cell]

    def __post_init__(self) -> None:
        if not 1 <= len(self.cells) <= MOST_COLUMNS:
            raise ValueError(f"a row has 1 to {MOST_COLUMNS} cells")


@dataclass(frozen=True, slots=True)
class Block:
    """A titled group of rows on a grid of equal columns."""

    title: str
    rows: Sequence[Row]
    columns: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.columns <= MOST_COLUMNS:
            raise ValueError(f"a block has 1 to {MOST_COLUMNS} columns")


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A titled table; `widths` are shares of the page and its headers repeat on every page."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]

    def __post_init__(self) -> None:
        count = len(self.headers)
        if not 1 <= count <= MOST_COLUMNS or len(self.widths) != count:
            raise ValueError("a table has 1 to 12 headers and one width for each")
        if any(width <= 0 for width in self.widths):
            raise ValueError("every column of a table has a width")
        if any(len(row) != count for row in self.rows):
            raise ValueError("every row of a table has one text for each header")


class Place(NamedTuple):
    """Where someone signs; the empty parts are filled in by hand."""

    role: str
    name: str = ""
    opinion: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Signatures:
    """Signature places, two side by side, each with opinion, name, date and a seal place."""

    title: str
    places: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """One printed form. `language` (en, zh_Hans, both) is that of the words the renderer adds."""

    title: str
    subtitle: str = ""
    number: str = ""
    qr_text: str = ""
    blocks: Sequence[Block | TableBlock | Signatures] = field(default_factory=list)
    footer: str = ""
    language: str = "en"

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"the language of a form is one of {', '.join(LANGUAGES)}")
