"""Printed forms: give `render` a `Form` of plain strings, get an A4 PDF.

The renderer draws the strings and the one QR code it is given, nothing else. It knows no HTML,
follows no address and opens no file that data could name, so a hostile ticket prints as text.

    form.py      what a form is made of (frozen dataclasses, the interface)
    words.py     the few words the renderer adds itself
    typeface.py  the typeface: widths, and what it cannot draw
    line_breaks.py  text into lines by the Chinese and the Latin rules
    boxes.py     rows, tables and signature places as boxes of lines
    layout.py    boxes onto pages
    marks.py     what stands on a page: words, rules, seals, squares
    qr.py        QR codes as squares or as an SVG path
    pdf.py       marks to PDF
"""

from datetime import datetime
from importlib import import_module

from helpdesk.paper.form import Block, Cell, Form, Place, Row, Signatures, TableBlock
from helpdesk.paper.qr import qr_svg_path


def render(form: Form, created_at: datetime | None = None) -> bytes:
    """The form as an A4 PDF with its type embedded, the same bytes for the same form and time.

    The libraries for it are loaded here: they weigh 25 MB, and most processes never print.
    """
    printed: bytes = import_module("helpdesk.paper.pdf").render(form, created_at)
    return printed
