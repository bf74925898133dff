"""Types of files, known by name and content together (M38)."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from helpdesk.files.kinds import HEAD, KINDS, accepted_extensions, kind_of, mime_as_told

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
FTYP = b"\0\0\0\x18ftyp"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return buffer.getvalue()


ZIP = _zip()
GOOD = {
    "png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "jpeg": b"\xff\xd8\xff\xe1Exif",
    "gif": b"GIF89a\x01\0\x01\0",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "bmp": b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0",
    "heic": FTYP + b"heic\0\0\0\0mif1",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "doc": OLE,
    "xls": OLE,
    "ppt": OLE,
    "docx": ZIP,
    "xlsx": ZIP,
    "pptx": ZIP,
    "odt": ZIP,
    "ods": ZIP,
    "txt": "退款说明\n1 < 2".encode(),
    "log": b"12:00 <info> started\x1b[0m",
    "csv": "编号,姓名\n1,张伟\n".encode("gb18030"),
    "json": b'{"a": "<html>"}',
    "xml": b'<?xml version="1.0"?><order id="1"/>',
    "eml": b"From: a@example.com\r\nSubject: x\r\n\r\n<html></html>",
    "msg": OLE,
    "zip": ZIP,
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04",
    "rar": b"Rar!\x1a\x07\x01\0",
    "mp3": b"ID3\x04\0\0",
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "m4a": FTYP + b"M4A \0\0\0\0",
    "ogg": b"OggS\0\x02",
    "amr": b"#!AMR\n<",
    "mp4": FTYP + b"isom\0\0\2\0",
    "mov": FTYP + b"qt  \0\0\0\0",
}
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
def test_m38_name_and_content_that_agree_are_known(extension: str) -> None:
    assert kind_of(f"附件.{extension}", GOOD[extension]) is KINDS[extension]
    assert kind_of(f"A.B.{extension.upper()}", GOOD[extension]) is KINDS[extension]


@pytest.mark.parametrize("extension", KINDS)
@pytest.mark.parametrize("content", PAGES + PROGRAMS)
def test_m38_pages_and_programs_do_not_pass_under_any_name(extension: str, content: bytes) -> None:
    assert kind_of(f"a.{extension}", content) is None


@pytest.mark.parametrize(
    "extension", ["html", "svg", "js", "exe", "sh", "bat", "php", "jar", "lnk"]
)
def test_m38_names_outside_the_list_are_unknown(extension: str) -> None:
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
