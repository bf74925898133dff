"""Boxes onto pages: one ruled grid that breaks where it must and says so in every header."""

from itertools import chain

from helpdesk.paper import boxes as b
from helpdesk.paper.form import Form
from helpdesk.paper.line_breaks import lines
from helpdesk.paper.marks import (
    BOTTOM,
    FRAME,
    LEFT,
    LINE,
    PAGE_WIDTH,
    RIGHT,
    TOP,
    Ring,
    Rule,
    Sheet,
    Squares,
    Words,
    frame,
)
from helpdesk.paper.qr import runs
from helpdesk.paper.typeface import MM_PER_POINT, one_line, width
from helpdesk.paper.words import word

MOST_PAGES = 200
QR_SIDE = 19.0
TITLE, SUBTITLE, NUMBER, NOTE = 17.0, 9.0, 10.0, 7.5


class _Full(Exception):
    """No further page may be begun."""


class Sheets:
    """The pages of one form while they are being set."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.pages = [Sheet()]
        self.grid_top = self.y = _head(form, self.pages[0])

    @property
    def room(self) -> float:
        """Millimetres left above the footer."""
        return BOTTOM - self.y

    def section(self, section: b.Section) -> None:
        """Set a block: its title never stands alone at the foot of a page."""
        bands = iter(section.bands)
        first = next(bands, None)
        lead = [band for band in (section.title, section.header) if band]
        if self.room < sum(band.height for band in lead) + (first.first_part if first else 0):
            self.turn()
        self.pages[-1].marks.append(Rule(LEFT, self.y, RIGHT, self.y, FRAME))
        for band in lead:
            self.put(band)
        for band in chain([first] if first else [], bands):
            self.band(band, section.header)

    def band(self, band: b.Band, header: b.Band | None) -> None:
        """Set a row, on as many pages as it needs."""
        while band.height > self.room:
            if band.text_height > b.WHOLE and self.room >= band.first_part:
                part, band = band.split(self.room)
                self.put(part)
            self.turn()
            if header:
                self.put(header)
        self.put(band)

    def turn(self) -> None:
        """Close the grid and begin the next page."""
        self.close()
        if len(self.pages) == MOST_PAGES:
            raise _Full
        self.pages.append(Sheet())
        self.grid_top = self.y = _running_head(self.form, self.pages[-1])

    def close(self) -> None:
        """Draw the frame around what stands on the page."""
        if self.y > self.grid_top:
            self.pages[-1].marks += frame(LEFT, self.grid_top, RIGHT, self.y, FRAME)

    def put(self, band: b.Band) -> None:
        """Draw a band that fits, with its rules."""
        marks, x, end = self.pages[-1].marks, LEFT, self.y + band.height
        for box in band.boxes:
            marks += _box_marks(box, x, self.y, end)
            x += box.width
            if x < RIGHT - 0.1:
                marks.append(Rule(x, self.y, x, end))
        marks.append(Rule(LEFT, end, RIGHT, end, LINE))
        self.y = end


def lay_out(form: Form) -> list[Sheet]:
    """The pages of the form, at most MOST_PAGES; a longer one ends with a note that says so."""
    sheets, note = Sheets(form), ""
    try:
        for section in b.sections(form.blocks, form.language):
            sheets.section(section)
        sheets.close()
    except _Full:
        note = word("cut", form.language, pages=MOST_PAGES)
    for place, page in enumerate(sheets.pages, 1):
        _foot(form, page, word("page", form.language, page=place, pages=len(sheets.pages)))
    if note:
        sheets.pages[-1].marks.append(Words(LEFT, BOTTOM + 3.6, note, NOTE, bold=True))
    return sheets.pages


def _baseline(y: float, points: float) -> float:
    """Where type stands in a line that begins at `y`; the face rises 0.88 em above it."""
    size = points * MM_PER_POINT
    return y + (size * (b.LEADING - 1)) / 2 + size * 0.88


def _box_marks(box: b.Box, x: float, y: float, end: float) -> list[Words | Ring]:
    marks: list[Words | Ring] = []
    line_y, left = y + b.PAD_Y, x + b.PAD_X
    for text in box.label:
        marks.append(Words(left, _baseline(line_y, b.LABEL), text, b.LABEL))
        line_y += b.leading(b.LABEL)
    for text in box.text:
        marks.append(Words(left, _baseline(line_y, box.points), text, box.points, box.bold))
        line_y += b.leading(box.points)
    if box.foot:
        marks += _sign_marks(box, x, end)
    return marks


def _sign_marks(box: b.Box, x: float, end: float) -> list[Words | Ring]:
    """The seal place above, and the line for name and date along the lower edge."""
    name, date = box.foot
    base = end - b.PAD_Y - 1.2
    middle = x + box.width - b.PAD_X - b.SEAL_RADIUS
    seal_y = base - b.FOOT - b.SEAL_RADIUS + 1.6
    points, above = b.LABEL - 1, len(box.seal) * b.leading(b.LABEL - 1) / 2
    return [
        Words(x + b.PAD_X, base, name, b.SMALL),
        Words(x + box.width / 2 + b.PAD_X, base, date, b.SMALL),
        Ring(middle, seal_y, b.SEAL_RADIUS),
        *(
            Words(
                middle - width(text, points) / 2,
                _baseline(seal_y - above + place * b.leading(points), points),
                text,
                points,
            )
            for place, text in enumerate(box.seal)
        ),
    ]


def _head(form: Form, page: Sheet) -> float:
    """The head of the first page; returns where the grid begins."""
    side = QR_SIDE if _qr(form, page) else 0.0
    y = TOP + 2
    y = _centred(page, form.title, TITLE, y, 2, bold=True)
    y = _centred(page, form.subtitle, SUBTITLE, y + 0.5, 3, bold=False)
    y = max(y + 1.5, TOP + side + 1.0)
    if form.number:
        text = one_line(f"{word('number', form.language)} {form.number}", NUMBER, 120)
        place = RIGHT - width(text, NUMBER)
        page.marks.append(Words(place, _baseline(y, NUMBER), text, NUMBER, bold=True))
        y += b.leading(NUMBER) + 0.6
    return y


def _centred(page: Sheet, text: str, points: float, y: float, most: int, *, bold: bool) -> float:
    """Lines in the middle of the page, clear of the QR code; returns the y below them."""
    room = PAGE_WIDTH - 2 * (PAGE_WIDTH - RIGHT + QR_SIDE + 3)
    for line, _ in zip(lines(text[:300], points, room), range(most), strict=False):
        x = (PAGE_WIDTH - width(line, points)) / 2
        page.marks.append(Words(x, _baseline(y, points), line, points, bold))
        y += b.leading(points)
    return y


def _qr(form: Form, page: Sheet) -> bool:
    dark, side = runs(form.qr_text)
    if not side:
        return False
    module, x, y = QR_SIDE / side, RIGHT - QR_SIDE, TOP
    parts = ((x + c * module, y + r * module, n * module, module) for c, r, n in dark)
    page.marks.append(Squares(tuple(parts)))
    return True


def _running_head(form: Form, page: Sheet) -> float:
    """Title and number on each further page; returns where the grid begins."""
    number = one_line(f"{word('number', form.language)} {form.number}", SUBTITLE, 80)
    number = number if form.number else ""
    more = f"（{word('continued', form.language)}）" if form.language != "en" else " (continued)"
    room = RIGHT - LEFT - width(number + more, SUBTITLE) - 4
    title = one_line(form.title, SUBTITLE, room) + more
    y = _baseline(TOP, SUBTITLE)
    page.marks.append(Words(LEFT, y, title, SUBTITLE, bold=True))
    page.marks.append(Words(RIGHT - width(number, SUBTITLE), y, number, SUBTITLE, bold=True))
    return TOP + b.leading(SUBTITLE) + 1.2


def _foot(form: Form, page: Sheet, place: str) -> None:
    """The footer text on the left, page x of y on the right."""
    y = BOTTOM + 7.2
    text = one_line(form.footer, NOTE, RIGHT - LEFT - width(place, NOTE) - 6)
    page.marks.append(Words(LEFT, y, text, NOTE))
    page.marks.append(Words(RIGHT - width(place, NOTE), y, place, NOTE))
