"""Files inside Outlook's winmail.dat come out under their names."""

import base64
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.channels.email.reading.parser import parse
from helpdesk.channels.email.reading.tnef import SIGNATURE, unwrap

BEGIN, TITLE, DATA, PROPERTIES, CODEPAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x9007


def attribute(name: int, value: bytes, level: int = 2) -> bytes:
    checksum = struct.pack("<H", sum(value) & 0xFFFF)
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + checksum


def tnef(*attributes: bytes) -> bytes:
    return SIGNATURE + b"\x01\x00" + b"".join(attributes)


def padded(value: bytes) -> bytes:
    return value + b"\x00" * (-len(value) % 4)


def text_property(identifier: int, text: str) -> bytes:
    value = text.encode("utf-16-le") + b"\x00\x00"
    return struct.pack("<HHII", 0x1F, identifier, 1, len(value)) + padded(value)


def properties(*entries: bytes) -> bytes:
    return struct.pack("<I", len(entries)) + b"".join(entries)


def test_each_file_has_its_name_and_bytes():
    data = tnef(
        attribute(BEGIN, b""), attribute(TITLE, b"a.txt\x00"), attribute(DATA, b"one"),
        attribute(BEGIN, b""), attribute(DATA, b"two"), attribute(TITLE, b"b.txt\x00"),
    )  # fmt: skip
    assert [(file.name, file.content) for file in unwrap(data)] == [
        ("a.txt", b"one"),
        ("b.txt", b"two"),
    ]


def test_the_long_unicode_name_outranks_the_short_one():
    named = properties(
        struct.pack("<HHI", 0x03, 0x0E20, 5),
        struct.pack("<HHII", 0x1E, 0x3704, 1, 8) + b"PLAN~1\x00\x00",
        text_property(0x3707, "照明计划.pdf"),
        text_property(0x370E, "Application/PDF"),
        text_property(0x3712, "<one@x>"),
    )
    (file,) = unwrap(
        tnef(attribute(BEGIN, b""), attribute(TITLE, b"PLAN~1\x00"), attribute(PROPERTIES, named))
    )
    assert (file.name, file.mime, file.content_id) == ("照明计划.pdf", "application/pdf", "one@x")


def test_a_short_name_is_read_in_the_stated_codepage():
    data = tnef(
        attribute(CODEPAGE, struct.pack("<II", 936, 0), level=1),
        attribute(BEGIN, b""),
        attribute(TITLE, "计划.txt".encode("gbk") + b"\x00"),
    )
    assert unwrap(data)[0].name == "计划.txt"


def test_named_and_many_valued_properties_are_stepped_over():
    by_number = struct.pack("<HH", 0x03, 0x8001) + b"g" * 16 + struct.pack("<III", 0, 7, 9)
    by_text = (
        struct.pack("<HH", 0x0B, 0x8002)
        + b"g" * 16
        + struct.pack("<II", 1, 6)
        + b"ab\x00\x00cd\x00\x00"
    )
    by_text += struct.pack("<I", 1)
    many = struct.pack("<HHI", 0x1003, 0x0E21, 2) + struct.pack("<II", 1, 2)
    named = properties(by_number, by_text, many, text_property(0x3707, "x.txt"))
    assert unwrap(tnef(attribute(BEGIN, b""), attribute(PROPERTIES, named)))[0].name == "x.txt"


def test_an_embedded_object_is_the_content_when_there_is_no_other():
    value = b"i" * 16 + b"inner"
    entry = struct.pack("<HHII", 0x0D, 0x3701, 1, len(value)) + padded(value)
    assert (
        unwrap(tnef(attribute(BEGIN, b""), attribute(PROPERTIES, properties(entry))))[0].content
        == b"inner"
    )


def test_a_mail_shows_the_files_and_keeps_the_wrapping():
    wrapped = base64.b64encode(
        tnef(attribute(BEGIN, b""), attribute(TITLE, b"a.txt\x00"), attribute(DATA, b"x"))
    )
    raw = (
        b"From: a@b.example\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + wrapped
    )
    found = parse(raw).attachments
    assert [(each.name, each.mime) for each in found] == [
        ("a.txt", "text/plain"),
        ("winmail.dat", "application/ms-tnef"),
    ]


def test_a_nameless_file_gets_a_name():
    data = tnef(attribute(DATA, b"x"))
    raw = b"Content-Type: application/ms-tnef\r\n\r\n" + data
    assert [each.name for each in parse(raw).attachments] == ["unknown.dat", "winmail.dat"]


@pytest.mark.parametrize("data", [b"", b"x", SIGNATURE, SIGNATURE + b"\x01\x00" + b"\xff" * 40])
def test_what_is_no_winmail_holds_no_files(data):
    assert unwrap(data) == []


def test_garbage_behind_the_files_is_ignored():
    assert len(unwrap(tnef(attribute(BEGIN, b""), attribute(DATA, b"x")) + b"garbage" * 9)) == 1


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([BEGIN, TITLE, DATA, PROPERTIES, CODEPAGE]), st.binary(max_size=60)
        )
    )
)
def test_no_bytes_inside_make_it_raise(entries):
    unwrap(tnef(*(attribute(name, value) for name, value in entries)))
