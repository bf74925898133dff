"""QR codes (ISO/IEC 18004, error correction M) as rectangles for paper, as a path for SVG."""

from collections.abc import Iterator
from itertools import groupby

import segno
from segno.encoder import DataOverflowError

Run = tuple[int, int, int]


def runs(text: str) -> tuple[list[Run], int]:
    """The dark runs (column, row, length) of the code and its side in modules, no quiet zone.

    Nothing to say, or more than a code can hold, gives no runs and side 0.
    """
    if not text:
        return [], 0
    try:
        matrix = segno.make_qr(text.encode("utf-8", "replace").decode(), error="m").matrix
    except DataOverflowError:
        return [], 0
    return list(_dark(matrix)), len(matrix)


def _dark(matrix: tuple[bytearray, ...]) -> Iterator[Run]:
    for row, modules in enumerate(matrix):
        column = 0
        for dark, group in groupby(modules):
            length = len(list(group))
            if dark:
                yield column, row, length
            column += length


def qr_svg_path(text: str) -> tuple[str, int]:
    """The `d` of one SVG path and the side of its square view box, quiet zone of 4 included."""
    dark, side = runs(text)
    path = "".join(f"M{x + 4} {y + 4}h{length}v1h-{length}z" for x, y, length in dark)
    return path, side + 8 if side else 0
