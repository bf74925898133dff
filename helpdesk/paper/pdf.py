"""Marks to PDF."""

from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import TextMode

from helpdesk.paper.form import Form
from helpdesk.paper.layout import lay_out
from helpdesk.paper.marks import Mark, Ring, Rule, Squares, Words
from helpdesk.paper.typeface import FONT_FILE, MARKS_FILE, one_line, part_width, parts

FAMILY, MARKS = "paper", "marks"
PDF_LANGUAGES = {"en": "en", "zh_Hans": "zh-Hans", "both": "zh-Hans"}
# The one weight is thickened by an outline of this share of its size.
BOLD_OUTLINE = 0.03


def render(form: Form, created_at: datetime | None = None) -> bytes:
    """The form as an A4 PDF with its type embedded.

    The same form and `created_at` give the same bytes; without a date it is the present one.
    """
    pdf = _document(form, created_at)
    for page in lay_out(form):
        pdf.add_page()
        for mark in page.marks:
            _mark(pdf, mark)
    return bytes(pdf.output())


def _document(form: Form, created_at: datetime | None) -> FPDF:
    pdf = FPDF(format="A4", unit="mm")
    pdf.alias_nb_pages(None)  # type: ignore[arg-type]  # else a ticket that says {nb} is altered
    pdf.set_auto_page_break(False)
    pdf.set_title(one_line(f"{form.title} {form.number}", 1, 200))
    pdf.set_lang(PDF_LANGUAGES[form.language])
    pdf.add_font(FAMILY, "", FONT_FILE)
    pdf.add_font(MARKS, "", MARKS_FILE)
    if created_at:
        pdf.set_creation_date(created_at)
    return pdf


def _mark(pdf: FPDF, mark: Mark) -> None:
    match mark:
        case Words():
            _words(pdf, mark)
        case Rule():
            pdf.set_line_width(mark.weight)
            pdf.line(mark.x, mark.y, mark.to_x, mark.to_y)
        case Ring():
            _ring(pdf, mark)
        case Squares():
            _squares(pdf, mark)


def _words(pdf: FPDF, mark: Words) -> None:
    if not mark.bold:
        _set(pdf, mark)
        return
    thick: dict[str, Any] = {"text_mode": TextMode.FILL_STROKE}
    with pdf.local_context(line_width=mark.points * BOLD_OUTLINE, **thick):
        _set(pdf, mark)


def _set(pdf: FPDF, mark: Words) -> None:
    """Write the parts of a line one after the other, each in its face."""
    x = mark.x
    for part, narrow in parts(mark.text):
        pdf.set_font(MARKS if narrow else FAMILY, size=mark.points)
        pdf.text(x, mark.y, part)
        x += part_width(part, narrow, mark.points)


def _ring(pdf: FPDF, mark: Ring) -> None:
    pdf.set_line_width(0.15)
    pdf.set_dash_pattern(dash=1, gap=1)
    pdf.circle(mark.x, mark.y, mark.radius)
    pdf.set_dash_pattern()


def _squares(pdf: FPDF, mark: Squares) -> None:
    pdf.set_fill_color(0)
    for x, y, width, height in mark.parts:
        pdf.rect(x, y, width, height, style="F")
