"""The tree of parts, and the bytes behind transfer encodings."""

import pytest

from helpdesk.channels.email.reading.hanzi import guess_east_asian, likelihood
from helpdesk.channels.email.reading.mime import read_tree, split_parts, undo_encoding

MIXED = (
    b"Content-Type: multipart/mixed; boundary=a\n\n"
    b"--a\nContent-Type: multipart/alternative; boundary=b\n\n"
    b"--b\nContent-Type: text/plain\n\none\n"
    b"--b\nContent-Type: text/html\n\n<p>one</p>\n--b--\n"
    b"--a\nContent-Type: image/png\n\nPNG\n--a--\n"
)


def bodies(raw: bytes, boundary: str) -> list[bytes]:
    return [raw[start:end] for start, end in split_parts(raw, 0, len(raw), boundary)]


def test_the_tree_has_all_parts_in_order():
    root, cut = read_tree(MIXED)
    assert [part.mime for part in root.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
    ]
    assert not cut and [part.depth for part in root.walk()] == [0, 1, 2, 2, 1]


def test_the_line_end_before_a_boundary_belongs_to_the_boundary():
    assert bodies(b"--a\none\r\n--a\ntwo\n--a--\n", "a") == [b"one", b"two"]


def test_an_outer_boundary_ends_inner_parts_that_never_close():
    raw = MIXED.replace(b"--b--\n", b"")
    root, _ = read_tree(raw)
    assert [part.mime for part in root.walk()][-1] == "image/png"


def test_what_stands_before_and_behind_the_parts_is_no_part():
    assert bodies(b"before\n--a\none\n--a--\nbehind", "a") == [b"one"]


def test_blanks_behind_a_boundary_are_forgiven_and_other_text_is_not():
    assert bodies(b"--a  \none\n--ab\nstill one\n--a--", "a") == [b"one\n--ab\nstill one"]


def test_an_empty_boundary_gives_no_parts():
    assert bodies(b"--\none\n----\n", "") == []


def test_a_digest_holds_mails():
    raw = b"Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\ny\n--a--"
    root, _ = read_tree(raw)
    assert [part.mime for part in root.walk()] == ["multipart/digest", "message/rfc822"]


@pytest.mark.parametrize(
    ("stated", "mime"),
    [
        (b"TEXT/HTML", "text/html"),
        (b"html", "text/html"),
        (b"text", "text/plain"),
        (b"nonsense", "application/octet-stream"),
        (b"", "text/plain"),
        (b"text/plain (a remark)", "text/plain"),
    ],
)
def test_odd_types_are_read_as_they_were_meant(stated, mime):
    assert read_tree(b"Content-Type: " + stated + b"\n\nx")[0].mime == mime


def test_the_first_telling_charset_is_the_one_for_raw_header_bytes():
    raw = (
        b"Subject: x\nContent-Type: multipart/mixed; boundary=a; charset=utf-8\n\n"
        b"--a\nContent-Type: text/plain; charset=gb2312\n\ny\n--a--"
    )
    assert read_tree(raw)[0].headers.charset == "gb2312"


@pytest.mark.parametrize(
    ("encoding", "data", "plain"),
    [
        ("base64", b"////", b"\xff\xff\xff"),
        ("base64", b"aGVsbG8=aGVsbG8=", b"hellohello"),
        ("base64", b"a", b""),
        ("base64", b"", b""),
        ("base64", b"These are plain words that nobody ever encoded at all.", None),
        ("quoted-printable", b"a=3Db=\r\nc=ZZ", b"a=bc=ZZ"),
        ("uuencode", b"begin 644 x\n#86)C\n`\nend\n", b"abc"),
        ("", b"as it is", b"as it is"),
    ],
)
def test_broken_encodings_give_what_can_be_read(encoding, data, plain):
    assert undo_encoding(data, encoding) == (data if plain is None else plain)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("关于小区路灯的投诉", "gb18030"),
        ("關於社區路燈的投訴", "cp950"),
        ("가로등이 고장났습니다", "cp949"),
        ("街灯が壊れています", "cp932"),
        ("街灯が壊れています", "euc_jp"),
    ],
)
def test_east_asian_bytes_are_told_apart(text, codec):
    assert guess_east_asian(text.encode(codec)) == codec


@pytest.mark.parametrize("text", ["naïve", "Ñandú", "Übergröße", "plain"])
def test_western_bytes_are_not_east_asian(text):
    assert guess_east_asian(text.encode("cp1252")) is None


def test_a_hint_decides_between_equally_likely_sets():
    name = "田中".encode("euc_jp")
    assert guess_east_asian(name, "euc_jp") == "euc_jp"
    assert guess_east_asian(name, "gb18030") == "gb18030"


def test_impossible_bytes_are_not_likely_at_all():
    assert (
        likelihood(b"\xff\xff\xff\xff", "gb18030") == -1.0 and likelihood(b"abc", "gb18030") == -1.0
    )
