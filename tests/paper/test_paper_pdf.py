"""The PDF itself: text that can be read back, the same bytes twice, nothing fetched."""

import re
import shutil
import socket
import subprocess
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpdesk.paper import Block, Cell, Form, Row, qr_svg_path, render
from helpdesk.paper.qr import runs
from helpdesk.paper.typeface import FONT_FILE, MARKS_FILE
from tests.help.paper_samples import PRINTED_AT, complaint_form, rectification_notice

HOSTILE = (
    '<img src="file:///etc/passwd"><iframe src="http://169.254.169.254/"></iframe>'
    "<script>alert(1)</script> {nb} \\x28( ) Tj ET %PDF [link](file:///etc/shadow) **bold** "
)
needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext (poppler) is not on this machine"
)


def with_value(value: str) -> Form:
    return Form("Form", number="N-1", blocks=[Block("Block", [Row([Cell("Field", value)])])])


def read_back(pdf: bytes, tmp_path: Path) -> str:
    """The text of a PDF as another program reads it, without its white space."""
    (tmp_path / "form.pdf").write_bytes(pdf)
    command = ["pdftotext", "-raw", str(tmp_path / "form.pdf"), "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    return re.sub(r"\s+", "", done.stdout.decode())


@needs_pdftotext
def test_a_chinese_form_reads_back_word_for_word(tmp_path: Path) -> None:
    found = read_back(render(complaint_form(), PRINTED_AT), tmp_path)
    for text in ("客户投诉处理表", "编号2026-000412", "王芳", "质整〔2026〕12号", "盖章处"):
        assert text in found


@needs_pdftotext
def test_a_form_in_both_languages_reads_back_in_both(tmp_path: Path) -> None:
    found = read_back(render(rectification_notice(), PRINTED_AT), tmp_path)
    assert "Rectificationnotice" in found
    assert "举一反三（范围及结果）Samefaultelsewhere" in found
    assert "第2页共2页Page2of2" in found


@needs_pdftotext
def test_markup_addresses_and_pdf_operators_print_as_they_were_written(tmp_path: Path) -> None:
    """CVE-2026-22200: a ticket's HTML made the PDF writer of another desk read local files."""
    pdf = render(with_value(HOSTILE), PRINTED_AT)
    assert re.sub(r"\s+", "", HOSTILE) in read_back(pdf, tmp_path)
    assert b"/URI" not in pdf
    assert b"/JavaScript" not in pdf


def test_nothing_is_fetched_and_no_file_but_the_typeface_is_opened(monkeypatch) -> None:
    opened: list[str] = []
    real_open = open

    def watch(path, *args, **kwargs):
        opened.append(str(path))
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", watch)
    monkeypatch.setattr(socket, "socket", None)
    render(with_value(HOSTILE), PRINTED_AT)
    assert set(opened) <= {str(FONT_FILE), str(MARKS_FILE)}


@needs_pdftotext
def test_narrow_marks_read_back_in_their_place(tmp_path: Path) -> None:
    found = read_back(render(with_value("“It’s late…” 说“好”"), PRINTED_AT), tmp_path)
    assert "“It’slate…”说“好”" in found


@needs_pdftotext
def test_signs_that_cannot_be_drawn_print_as_a_box(tmp_path: Path) -> None:
    found = read_back(render(with_value("好👍\x00\x1b\ud800 ok"), PRINTED_AT), tmp_path)
    assert "好□□□□ok" in found


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\x00", "👍" * 50, "\u0301" * 99, "𫖯", "\uffff"]
)
def test_no_text_makes_the_renderer_fail(text: str) -> None:
    form = Form(text, text, text, text, [Block(text, [Row([Cell(text, text)])])], text, "both")
    assert render(form, PRINTED_AT).startswith(b"%PDF-")


def test_the_same_form_and_date_give_the_same_bytes() -> None:
    first = render(complaint_form(), PRINTED_AT)
    assert render(complaint_form(), PRINTED_AT) == first
    assert render(complaint_form(), PRINTED_AT + timedelta(days=1)) != first
    assert render(replace(complaint_form(), number="2026-000413"), PRINTED_AT) != first


def test_pages_are_a4_and_the_count_is_that_of_the_text() -> None:
    pdf = render(with_value("师傅上门三次仍未修好，" * 1819), PRINTED_AT)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == int(
        re.search(rb"/Count (\d+)", pdf).group(1)  # type: ignore[union-attr]
    )
    assert b"/MediaBox [0 0 595.28 841.89]" in pdf


def test_only_the_characters_in_use_travel_with_the_form() -> None:
    pdf = render(complaint_form(), PRINTED_AT)
    assert b"/FontFile2" in pdf
    assert len(pdf) < 200_000


def test_a_warm_form_is_drawn_in_a_moment() -> None:
    render(complaint_form(), PRINTED_AT)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        render(complaint_form(), PRINTED_AT)
        took.append(time.perf_counter() - began)
    assert min(took) < 10


def test_the_qr_path_covers_exactly_the_dark_modules() -> None:
    path, side = qr_svg_path("https://desk.example.org/t/2026-000412")
    dark, modules = runs("https://desk.example.org/t/2026-000412")
    assert side == modules + 8
    assert path.count("M") == len(dark)
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", path)
    assert path.startswith("M4 4h7v1h-7z")


def test_a_qr_that_cannot_be_made_is_an_empty_path() -> None:
    assert qr_svg_path("") == ("", 0)
    assert qr_svg_path("x" * 5000) == ("", 0)
