"""Names of files from outside."""

from __future__ import annotations

import unicodedata
from email.message import Message
from email.utils import collapse_rfc2231_value
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpdesk.files import content_headers, tidy_name
from helpdesk.files.names import MOST_BYTES

NAMES = [
    # paths
    ("../../etc/passwd", "passwd"),
    ("..\\..\\windows\\system.ini", "system.ini"),
    ("/etc/shadow", "shadow"),
    ("C:\\Users\\张伟\\报修单.docx", "报修单.docx"),
    ("C:report.txt", "C_report.txt"),
    ("\\\\server\\share\\a.png", "a.png"),
    ("a/b/c.png", "c.png"),
    ("a\\b/c\\d.png", "d.png"),
    ("....//....//x.pdf", "x.pdf"),
    ("photo.png/", "file"),
    ("photo.png/..", "file"),
    ("..", "file"),
    (".", "file"),
    ("...", "file"),
    ("/", "file"),
    ("\\", "file"),
    ("", "file"),
    ("   ", "file"),
    (" . . ", "file"),
    ("~/.ssh/id_rsa", "id_rsa"),
    (".htaccess", "htaccess"),
    ("..%2f..%2fpasswd", "%2f.%2fpasswd"),
    ("%00.png", "%00.png"),
    ("file:///etc/passwd", "passwd"),
    ("a/\u202e/b.png", "b.png"),
    ("x/\u200b..\u200b/y.png", "y.png"),
    # control characters and headers
    ("a\0.png", "a.png"),
    ("a.png\0.exe", "a.png.exe"),
    ("a\r\nSet-Cookie: b.png", "a Set-Cookie_ b.png"),
    ("a\tb.png", "a b.png"),
    ("a\x7fb\x1b[31m.png", "ab[31m.png"),
    ('a".png', "a_.png"),
    ("a<b>c|d?e*f.png", "a_b_c_d_e_f.png"),
    ("a;b=c.png", "a;b=c.png"),
    ("a\u2028b\u2029.png", "a b.png"),
    # invisible and bidirectional
    ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ("\u2066evil\u2069.pdf", "evil.pdf"),
    ("re\u200bport\u200d.pdf", "report.pdf"),
    ("\ufeff报告.pdf", "报告.pdf"),
    ("soft\u00adhyphen.txt", "softhyphen.txt"),
    ("tag\U000e0041.txt", "tag.txt"),
    ("half\ud800.txt", "half.txt"),
    # Windows
    ("con", "_con"),
    ("NUL.txt", "_NUL.txt"),
    ("com1.log", "_com1.log"),
    ("console.log", "console.log"),
    ("evil.exe.", "evil.exe"),
    ("evil.exe ", "evil.exe"),
    ("evil.exe. . .", "evil.exe"),
    ("a.txt:stream.exe", "a.txt_stream.exe"),
    # letters that stay
    ("发票（最终版）.pdf", "发票（最终版）.pdf"),
    ("客戶投訴 2026年11月.xlsx", "客戶投訴 2026年11月.xlsx"),
    ("𠮷野家收据.jpg", "𠮷野家收据.jpg"),
    ("写真・データ.png", "写真・データ.png"),
    ("한글.txt", "한글.txt"),
    ("жалоба.doc", "жалоба.doc"),
    ("شكوى.pdf", "شكوى.pdf"),
    ("e\u0301te\u0301.png", "été.png"),
    ("\u212bngstro\u0308m.txt", "Ångström.txt"),
    ("smile 😀.png", "smile 😀.png"),
    ("ＡＢＣ／．．／x.png", "ＡＢＣ／．．／x.png"),
    ("two  spaces\u3000wide.txt", "two spaces wide.txt"),
    ("archive.tar.gz", "archive.tar.gz"),
    ("README", "README"),
    ("It's 100% ok & #1.txt", "It's 100% ok & #1.txt"),
]


def test_there_are_at_least_sixty_names() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize(("given_name", "kept"), NAMES)
def test_a_name_keeps_its_letters_and_loses_what_does_harm(given_name: str, kept: str) -> None:
    assert tidy_name(given_name) == kept


@example("0\r\x1b 0")  # a blank on each side of what nobody sees
@given(st.text(max_size=400))
def test_a_name_is_always_one_short_visible_path_part(name: str) -> None:
    kept = tidy_name(name)
    assert 0 < len(kept.encode()) <= MOST_BYTES
    assert Path(kept).name == kept
    assert not set(kept) & set('/\\\0\r\n"')
    assert unicodedata.is_normalized("NFC", kept)
    assert tidy_name(kept) == kept


@pytest.mark.parametrize("stem", ["a", "客户", "𠮷", "é"])
def test_a_long_name_is_cut_between_characters_and_keeps_its_extension(stem: str) -> None:
    kept = tidy_name(stem * 300 + ".pdf")
    assert kept.endswith(f"{stem[-1]}.pdf")
    assert MOST_BYTES - 8 < len(kept.encode()) <= MOST_BYTES


def test_a_very_long_ending_is_no_extension() -> None:
    assert len(tidy_name("a." + "x" * 300).encode()) == MOST_BYTES


def _read(header: str) -> tuple[str, str]:
    message = Message()
    message["Content-Disposition"] = header
    name = message.get_param("filename", header="content-disposition")
    return message.get_content_disposition() or "", collapse_rfc2231_value(name or "")


@pytest.mark.parametrize(("given_name", "kept"), NAMES)
def test_headers_carry_the_name_to_the_browser(given_name: str, kept: str) -> None:
    header = content_headers(given_name, "application/pdf")["Content-Disposition"]
    assert header.isascii()
    assert header.isprintable()
    encoded = header.partition("; filename*=")[2]
    assert _read(f"attachment; filename*={encoded}") == ("attachment", kept)


def test_old_clients_read_a_plain_name_with_the_right_extension() -> None:
    header = content_headers("发票.pdf", "application/pdf")["Content-Disposition"]
    assert header.startswith("attachment; filename=\"file.pdf\"; filename*=UTF-8''%E5%8F%91")
    assert 'filename="uber.pdf"' in content_headers("über.pdf", "")["Content-Disposition"]


@pytest.mark.parametrize("mime", ["image/png", "image/jpeg", "image/gif", "image/webp"])
def test_only_four_kinds_of_pictures_are_shown_in_the_page(mime: str) -> None:
    headers = content_headers("a", mime, inline=True)
    assert headers["Content-Disposition"].startswith("inline;")
    assert content_headers("a", mime)["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Type"] == mime


@pytest.mark.parametrize("mime", ["application/pdf", "image/bmp", "text/plain", "audio/mpeg"])
def test_other_types_are_downloads(mime: str) -> None:
    headers = content_headers("a", mime, inline=True)
    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Type"] == mime


@pytest.mark.parametrize(
    "mime",
    ["text/html", "image/svg+xml", "text/javascript", "", "x\r\ny: z", "application/xhtml+xml"],
)
def test_a_type_that_a_browser_could_run_is_sent_as_mere_bytes(mime: str) -> None:
    headers = content_headers("a.html", mime, inline=True)
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize("mime", ["image/png", "text/html"])
def test_every_file_is_sent_into_a_sandbox(mime: str) -> None:
    headers = content_headers("a", mime)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
