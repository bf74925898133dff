"""Seven-bit sets are read without a label, with a wrong one, and in raw headers (case 01)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from helpdesk.channels.email.reading.charsets import decode
from helpdesk.channels.email.reading.parser import parse
from tests.help.mails import case

SAID = "ルーターの再起動が毎晩起きます。確認をお願いします。"
FOLDER = "01-jis-no-charset"
LABELS = [None, "", "us-ascii", "utf-8", "iso-8859-1", "gb2312", "x-nobody-knows"]
TEXTS = {
    "iso2022_jp": SAID,
    "iso2022_jp_2": "ルーター",
    "iso2022_jp_3": "ルーター①㈱の件",
    "iso2022_jp_2004": "ルーター①㈱の件",
    "iso2022_jp_ext": "丂乇の件",  # JIS X 0212
    "iso2022_kr": "한국어 메일입니다. 환불해 주세요",
    "hz": "退款还没有到账，请尽快处理。",
    "utf-7": "退款还没有到账，请尽快处理。1+1",
}


@pytest.mark.parametrize("name", ["input.eml", "v1-raw-subject.eml", "v2-html-meta-only.eml"])
def test_case_01_japanese_is_read_by_its_own_escapes(shared: Path, name: str) -> None:
    read = parse(case(shared, f"{FOLDER}/{name}"))
    assert read.text == SAID
    assert read.subject == ("ルーターの件" if "subject" in name else "Router")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("codec", list(TEXTS))
def test_no_label_is_needed_and_a_wrong_one_does_no_harm(codec: str, label: str | None) -> None:
    assert decode(TEXTS[codec].encode(codec), label) == TEXTS[codec]


@pytest.mark.parametrize("label", ["iso-2022-jp", "iso-2022-jp-ms", "cp50221", None, "us-ascii"])
def test_letters_that_nec_added_are_read(label: str | None) -> None:
    """① is row 13, 髙 one of the letters of IBM that NEC took over."""
    raw = b"\x1b$B" + bytes([0x2D, 0x21, 0x2D, 0x6A, 0x7C, 0x62]) + b"\x1b(B-\x1b(I1\x1b(B"
    assert decode(raw, label) == "①㈱髙-ｱ"


@pytest.mark.parametrize("label", ["iso-2022-cn", None, "gb2312"])
def test_chinese_by_shift_out_is_read(label: str | None) -> None:
    gb = bytes(byte & 0x7F for byte in "退款".encode("gb2312"))
    assert decode(b"\x1b$)A\x0e" + gb + b"\x0f ok", label) == "退款 ok"


def test_a_korean_part_may_leave_out_the_announcement() -> None:
    raw = "환불".encode("iso2022_kr").replace(b"\x1b$)C", b"")
    assert decode(raw, "iso-2022-kr") == "환불"


@pytest.mark.parametrize("word", ["投诉", "退款", "冰箱不制冷"])
@pytest.mark.parametrize("codec", ["hz", "utf-7"])
def test_short_subjects_are_read_too(word: str, codec: str) -> None:
    raw = b"From: a@b.example\nSubject: Re: " + word.encode(codec) + b"\n\nx"
    assert parse(raw).subject == f"Re: {word}"


def test_raw_names_of_senders_and_files_keep_their_letters() -> None:
    """Quotes, commas and brackets are bytes of these letters."""
    name = 'すぬ"、（）'.replace('"', "").encode("iso2022_jp")
    raw = b"From: " + name + b" <sato@a.example>, b@c.example\nTo: x@y.example\n"
    raw += b'Content-Type: image/png; name="' + "見積り書.png".encode("iso2022_jp") + b'"\n\nx'
    read = parse(raw)
    assert (read.from_email, read.from_name) == ("sato@a.example", "すぬ、（）")
    assert [each.name for each in read.attachments] == ["見積り書.png"]


def test_a_line_begins_in_ascii_even_when_the_escape_back_is_missing() -> None:
    assert decode(b"\x1b$B%k!<\nSerial 12-A") == "ルー\nSerial 12-A"


@pytest.mark.parametrize(
    "text",
    [
        "a ~{foo~} b", "~{NAME~}", "~{HELLO~}", "(format t \"~{~a ~}\" list)", "~/~{ab~}", "~{~}",
        "+ADw-script+AD4-", "C++-code and +foo-bar", "+86-13800001234", "x + y", "+Xyz- +orders-",
        "call +1-555-0101 or a+b@c.de", "user+support-eu@a.example", "1+1-1", "+-", "a+b-c",
        "--- a/x.py\n+++ b/x.py\n+import os-\n",
    ],
)  # fmt: skip
def test_plain_text_that_only_looks_so_stays_as_it_is(text: str) -> None:
    assert decode(text.encode()) == text
    assert decode(text.encode(), "utf-8") == text


def test_colours_of_a_terminal_are_no_letters() -> None:
    assert decode(b"\x1b[31mred\x1b(B\x1b[m") == "[31mred(B[m"


@pytest.mark.parametrize(
    ("declares", "codec", "text"),
    [
        ('<meta charset="koi8-r">', "koi8_r", "Сломалась дверь, помогите"),
        ("<meta charset=windows-1251 >", "cp1251", "Дверь"),
        ('<META content="text/html; charset=gb2312" http-equiv=Content-Type>', "gbk", "门坏了"),
        ('<meta charset="shift_jis">', "cp932", "扉が壊れた"),
        ('<?xml version="1.0" encoding="koi8-r"?>', "koi8_r", "Дверь"),
        ('<meta name="a" content="b"><meta charset=iso-8859-2>', "iso8859_2", "dveře"),
    ],
)
@pytest.mark.parametrize("header", ["text/html", "text/html; charset=us-ascii"])
def test_a_page_says_its_charset_itself(header: str, declares: str, codec: str, text: str) -> None:
    page = f"{declares}<p>{text}</p>".encode(codec)
    raw = f"From: a@b.example\nContent-Type: {header}\n\n".encode() + page
    assert parse(raw).text == text


def test_the_header_counts_more_than_the_page_and_utf16_is_not_believed() -> None:
    head = b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n"
    assert parse(head + "<meta charset=koi8-r><p>门坏了</p>".encode()).text == "门坏了"
    bare = b"From: a@b.example\nContent-Type: text/html\n\n"
    assert parse(bare + "<meta charset=utf-16><p>门坏了</p>".encode()).text == "门坏了"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_a_label(codec: str) -> None:
    assert decode("门坏了，请处理".encode(codec), "iso-8859-1") == "门坏了，请处理"


@pytest.mark.parametrize(
    "unit", [b"\x1b$B", b"\x1b$B%k", b"~{VP~}", b"~{", b"+ZwA-", b"+", b"\x1b", b"\x0e", b"<meta "]
)
def test_a_long_hostile_text_costs_no_more_than_its_length(unit: bytes) -> None:
    begin = time.perf_counter()
    decode(unit * (1_000_000 // len(unit)))
    parse(b"From: a@b.example\nContent-Type: text/html\n\n" + unit * (300_000 // len(unit)))
    assert time.perf_counter() - begin < 20


def test_a_plus_inside_a_run_of_utf7_is_one_of_its_letters() -> None:
    text = "您维修好了吗，请问"
    data = text.encode("utf-7")
    assert data.count(b"+") > 1 and decode(data) == text
