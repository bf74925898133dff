"""Types of files, known by name and content together."""

from __future__ import annotations

import time

import pytest

from helpdesk.files.kinds import HEAD, KINDS, accepted_extensions, kind_of, mime_as_told
from tests.help.files import GOOD

PAGES = [
    b"<html><script>alert(1)</script>",
    b"  \n<!DOCTYPE html>",
    b"\xef\xbb\xbf<!doctype HTML><body>",
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
    b"<!-- a --><svg:svg onload=x>",
    b"<SCRIPT>alert(1)</SCRIPT>",
    b"<iframe src=x>",
    b"<img src=x onerror=y>",
    "<html>".encode("utf-16"),
]
PROGRAMS = [b"MZ\x90\0\x03\0\0\0", b"\x7fELF\x02\x01\x01\0", b"\xca\xfe\xba\xbe\0\0\0\x34"]


def test_every_accepted_type_has_a_sample() -> None:
    assert GOOD.keys() == KINDS.keys()
    assert accepted_extensions().split(",") == [f".{each}" for each in KINDS]


@pytest.mark.parametrize("extension", KINDS)
def test_name_and_content_that_agree_are_known(extension: str) -> None:
    assert kind_of(f"附件.{extension}", GOOD[extension]) is KINDS[extension]
    assert kind_of(f"A.B.{extension.upper()}", GOOD[extension]) is KINDS[extension]


@pytest.mark.parametrize("extension", KINDS)
@pytest.mark.parametrize("content", PAGES + PROGRAMS)
def test_pages_and_programs_do_not_pass_under_any_name(extension: str, content: bytes) -> None:
    assert kind_of(f"a.{extension}", content) is None


@pytest.mark.parametrize(
    "extension", ["html", "svg", "js", "exe", "sh", "bat", "php", "jar", "lnk"]
)
def test_names_outside_the_list_are_unknown(extension: str) -> None:
    assert kind_of(f"a.{extension}", b"anything") is None


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", "jpg"), ("a.pdf", "txt"), ("a.zip", "rar")]
)
def test_content_of_another_type_is_not_believed(name: str, content: str) -> None:
    assert kind_of(name, GOOD[content]) is None


def test_an_mp3_is_known_with_and_without_a_tag() -> None:
    assert kind_of("录音.mp3", b"\xff\xfb\x90\x44") is KINDS["mp3"]


def test_a_picture_is_known_without_a_name() -> None:
    assert kind_of("image001", GOOD["png"]) is KINDS["png"]
    assert kind_of("image001", GOOD["pdf"]) is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("application/x-thing; a=b", "application/x-thing"),
        ("Text/HTML", "text/html"),
        ("image/png", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("a/b\r\nc: d", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_told_type_is_kept_unless_it_is_odd_or_one_we_would_trust(told: str, kept: str) -> None:
    assert mime_as_told(told) == kept


@pytest.mark.parametrize("unit", ["<!---->", "<?xml>", " ", "<!--", "<", "a:", "<!doctype "])
def test_a_text_of_many_comments_is_judged_at_once(unit: str) -> None:
    """Sixty of them once kept the process busy for minutes."""
    text = (unit * 2000)[:HEAD] + "x"
    began = time.process_time()
    assert kind_of("notes.txt", text.encode()) is not None
    assert time.process_time() - began < 0.2


def test_a_page_behind_many_comments_is_still_a_page() -> None:
    assert kind_of("notes.txt", b"<!-- a -->\n" * 500 + b"<svg:script >") is None
