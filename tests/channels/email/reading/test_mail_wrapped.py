"""Mail that S/MIME signed opaquely shows its words and files; the wrapping is kept (case 15)."""

from __future__ import annotations

import time
import zlib
from base64 import encodebytes
from pathlib import Path

import pytest
from asn1crypto import cms

from helpdesk.channels.email.reading import sandbox
from helpdesk.channels.email.reading.parser import ParsedMail, parse
from helpdesk.channels.email.reading.sandbox import parse_safely
from helpdesk.channels.email.reading.smime import unwrap
from tests.help.mails import case

TYPE = 'application/pkcs7-mime; smime-type={kind}; name="smime.p7m"'
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n\r\n暖气停了。\r\n".encode()
DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED = bytes.fromhex("06092a864886f70d010702")


def der(inside: bytes) -> bytes:
    """Signed by nobody: what is read here is the content alone."""
    signed = cms.SignedData({
        "version": "v1", "digest_algorithms": [], "signer_infos": [],
        "encap_content_info": {"content_type": "data", "content": inside},
    })  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()


def ber(inside: bytes, step: int = 40) -> bytes:
    """The same without lengths, the content in pieces, as Outlook writes it."""
    pieces = b"".join(
        bytes((4, len(piece))) + piece
        for piece in (inside[at : at + step] for at in range(0, len(inside), step))
    )
    head = b"0\x80" + SIGNED + b"\xa0\x800\x80\x02\x01\x011\x000\x80" + DATA + b"\xa0\x80\x24\x80"
    return head + pieces + b"\0\0" * 3 + b"1\0" + b"\0\0" * 3


def mail(content: bytes, kind: str = TYPE.format(kind="signed-data")) -> bytes:
    head = f"From: ann@a.example\r\nSubject: Heating\r\nContent-Type: {kind}\r\n"
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(content)


def seen(read: ParsedMail) -> tuple[str, str, list[str]]:
    kind = read.protection.kind if read.protection else ""
    return read.text, kind, [each.name for each in read.attachments]


def test_case_15_the_words_are_shown_as_signed_and_the_wrapping_is_a_file(shared: Path) -> None:
    raw = case(shared, "15-opaque-smime/input.eml")
    words = "The heating in flat 12 has been off since Friday. 暖气停了。"
    assert seen(parse(raw)) == (words, "signed", ["smime.p7m"])


@pytest.mark.parametrize("wrap", [der, ber])
@pytest.mark.parametrize(
    "kind",
    [
        TYPE.format(kind="signed-data"),
        'application/x-pkcs7-mime; name="smime.p7m"',
        'application/octet-stream; name="smime.p7m"',
        "Application/PKCS7-MIME",
    ],
)
def test_every_writing_of_it_is_opened(wrap, kind: str) -> None:  # type: ignore[no-untyped-def]
    assert seen(parse(mail(wrap(PLAIN), kind))) == ("暖气停了。", "signed", ["smime.p7m"])


def test_files_and_pages_inside_come_along() -> None:
    inside = b"""Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain

Text
--y
Content-Type: text/html

<p>Page</p>
--y--
--x
Content-Type: application/pdf; name="bill.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--x--
"""
    read = parse(mail(ber(inside)))
    assert seen(read) == ("Text", "signed", ["bill.pdf", "smime.p7m"])
    assert read.html == "<p>Page</p>"


def test_signed_in_signed_and_a_signed_mail_with_its_headers_are_opened() -> None:
    twice = b"Content-Type: application/pkcs7-mime\r\n\r\n" + der(PLAIN)
    assert parse(mail(der(twice))).text == "暖气停了。"
    with_headers = b"Content-Type: message/rfc822\r\n\r\nSubject: Heating\r\n" + PLAIN
    assert parse(mail(der(with_headers))).text == "暖气停了。"


def test_a_compressed_mail_is_opened_and_a_bomb_is_not_blown_up() -> None:
    def packed(inside: bytes) -> bytes:
        data = cms.CompressedData({
            "version": "v0", "compression_algorithm": {"algorithm": "zlib"},
            "encap_content_info": {"content_type": "data", "content": zlib.compress(inside)},
        })  # fmt: skip
        return cms.ContentInfo({"content_type": "compressed_data", "content": data}).dump()

    assert seen(parse(mail(packed(PLAIN)))) == ("暖气停了。", "", ["smime.p7m"])
    assert len(unwrap(packed(bytes(10_000_000)), 1_000)[1]) == 1_000


def test_what_is_encrypted_stays_as_it_is_and_is_told_so() -> None:
    oid = bytes.fromhex("06092a864886f70d010703")
    sealed = b"0\x80" + oid + b"\xa0\x800\x00\0\0\0\0"
    assert seen(parse(mail(sealed, TYPE.format(kind="enveloped-data"))))[1:] == (
        "encrypted",
        ["smime.p7m"],
    )
    inside = b"Content-Type: application/pkcs7-mime; name=a.p7m\r\n\r\n" + sealed
    assert seen(parse(mail(der(inside))))[1] == "encrypted", "signed outside, sealed inside"


@pytest.mark.parametrize(
    "content", [b"", b"0", b"0\x80" * 9_999, b"MII!", der(PLAIN)[:-90], b"x" * 99]
)
def test_what_is_broken_stays_a_file(content: bytes) -> None:
    assert seen(parse(mail(content)))[2] == ["smime.p7m"]


def test_very_many_pieces_are_read_apart_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "parse", lambda raw: pytest.fail("read in this process"))
    assert parse_safely(mail(ber(PLAIN * 800, step=1))).text.startswith("暖气停了。")


def test_small_ones_cost_little() -> None:
    begin = time.perf_counter()
    parse(mail(ber(b"x" * 20_000, step=1)))
    assert time.perf_counter() - begin < 10
