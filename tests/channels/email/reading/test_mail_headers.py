"""Header blocks, encoded words, parameters and addresses as real programs write them."""

import pytest

from helpdesk.channels.email.reading.addresses import Address, read_addresses
from helpdesk.channels.email.reading.encoded_words import decode_words
from helpdesk.channels.email.reading.headers import read_headers
from helpdesk.channels.email.reading.parameters import read_value


def headers_of(raw: bytes):
    headers, body = read_headers(raw, 0, len(raw))
    return headers, raw[body:]


def test_a_folded_header_is_one_line():
    headers, _ = headers_of(b"Subject: one\r\n two\r\n\tthree\r\n\r\nbody")
    assert headers.text("subject") == "one two three"


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_all_line_ends_are_understood(end):
    headers, body = headers_of(end.join([b"Subject: x", b"From: a@b", b"", b"body"]))
    assert headers.text("subject") == "x" and headers.has("from") and body.strip() == b"body"


def test_a_line_that_is_no_header_does_not_end_the_block():
    headers, body = headers_of(b"Subject: x\nthis line lost its indent\nFrom: a@b\n\nbody")
    assert headers.plain("from") == "a@b" and body == b"body"


def test_a_parameter_that_lost_its_indent_still_belongs_to_the_header_above():
    headers, body = headers_of(b'Content-Type: multipart/mixed;\nboundary="x"\n\n--x')
    assert headers.plain("content-type").endswith('boundary="x"') and body == b"--x"


def test_a_remark_above_the_first_header_is_skipped():
    headers, _ = headers_of(b"---- copy of the mail ----\nSubject: x\n\nbody")
    assert headers.text("subject") == "x"


def test_a_text_without_headers_is_all_body():
    headers, body = headers_of(b"Just words here\nand more: words\n")
    assert not headers.fields and body == b"Just words here\nand more: words\n"


def test_a_forgotten_blank_line_begins_the_body():
    _, body = headers_of(b"Subject: x\nFrom: a@b\nHello, my lamp is broken.\nPlease come.\n")
    assert body.startswith(b"Hello")


def test_mbox_lines_are_not_headers():
    headers, _ = headers_of(b"From a@b Thu Jan 1 00:00:00 2020\n>From c@d\nFrom: e@f\n\nx")
    assert headers.plain("from") == "e@f"


def test_blanks_before_the_colon_are_forgiven():
    assert headers_of(b"Subject : x\n\n")[0].text("subject") == "x"


def test_an_empty_first_value_gives_way_to_the_next():
    assert headers_of(b"Subject:\nSubject: x\n\n")[0].text("subject") == "x"


def test_a_header_of_endless_length_is_read_in_time():
    headers, _ = headers_of(b"Subject: " + b"x" * 3_000_000 + b"\nFrom: a@b\n\n")
    assert headers.has("subject")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?utf-8?B?5L2g5aW9?=", "你好"),
        (b"=?utf-8?B?5L2g5aW9", "你好"),
        (b"=?UTF-8?Q?=E4=BD?= =?UTF-8?Q?=A0?=", "你"),
        (b"=?gb2312?B?xOO6?= =?gb2312?B?ww==?=", "你好"),
        (b"=?utf-8?b?5L2g?==?utf-8?b?5aW9?=", "你好"),
        (b"=?utf-8?Q?Hi?=20there=3F?= you", "Hi? there? you"),
        (b"=?utf-8?Q?a b c?=", "a b c"),
        (b"=?utf-8*en?Q?a_b?=", "a b"),
        (b"=?x-unknown?Q?=C4=E3=BA=C3=A3=AC=C7=EB=CE=CA?=", "你好，请问"),
        (b"Re: =?utf-8?Q?=C3=A4?= and =?utf-8?Q?=C3=B6?=", "Re: ä and ö"),
        (b"a =? b", "a =? b"),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"=?utf-8?B?!!!?=", ""),
        (b"plain", "plain"),
        (b"", ""),
    ],
)
def test_encoded_words_are_read_as_their_writer_meant(value, text):
    assert decode_words(value) == text


def test_a_japanese_name_with_sloppy_padding_is_read():
    assert decode_words(b"=?ISO-2022-JP?B?GyRCO3ZMMzZJGyhC==?=") == "事務局"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"attachment; filename=plan.pdf", "plan.pdf"),
        (b'attachment; filename="my; plan.pdf"', "my; plan.pdf"),
        (b"attachment; filename=my plan.pdf", "my plan.pdf"),
        (b"attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A.doc", "报告.doc"),
        (b"attachment; filename*0*=utf-8''%E6%8A; filename*1*=%A5; filename*2=.doc", "报.doc"),
        (b'a/b; filename*1="b.doc"; filename*0="a"', "ab.doc"),
        (b"a/b; filename=x.txt; filename*=utf-8''y.txt", "y.txt"),
        (b'a/b; filename="=?utf-8?B?5oql5ZGK?=.doc"', "报告.doc"),
        (b'a/b; filename="%E6%8A%A5%E5%91%8A.doc"', "报告.doc"),
        (b'a/b; filename="100% sure.doc"', "100% sure.doc"),
        ('a/b; filename="报告.doc"'.encode("gbk"), "报告.doc"),
        (b'a/b; filename="unclosed.doc', "unclosed.doc"),
        (b"a/b; filename", ""),
        (b"a/b; filename*=gb2312''%B1%A8%B8%E6.doc", "报告.doc"),
    ],
)
def test_file_names_are_found_in_every_notation(value, name):
    assert read_value(value, "gbk").get("filename") == name


def test_the_main_value_is_lower_case_and_parameters_do_not_disturb_it():
    value = read_value(b"TEXT/Html ;; Charset=UTF-8;")
    assert value.main == "text/html" and value.get("charset") == "UTF-8"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a@b.example", [("a@b.example", "")]),
        (b'"Lee, Ann" <a@b>, Bo <c@d>', [("a@b", "Lee, Ann"), ("c@d", "Bo")]),
        (b"Lee, Ann <a@b>", [("a@b", "Lee, Ann")]),
        (b"a@b (Ann Lee)", [("a@b", "Ann Lee")]),
        (b"Ann (Sales) <a@b>", [("a@b", "Ann")]),
        (b"Team: a@b, c@d;", [("a@b", ""), ("c@d", "")]),
        (b"<Team>: ;", []),
        (b"undisclosed-recipients:;", []),
        (b"<>", []),
        (b"", []),
        (b"Ann a@b", [("a@b", "Ann")]),
        (b"< a @ b >", [("a@b", "")]),
        (b"'a@b' <a@b>", [("a@b", "")]),
        (b'"=?utf-8?Q?Lee=2C_Ann?=" <a@b>', [("a@b", "Lee, Ann")]),
        (b"=?utf-8?B?546L6Iqz?= <a@b>", [("a@b", "王芳")]),
        ("王芳 <a@b>".encode("gbk"), [("a@b", "王芳")]),
        (b"=?utf-8?Q?a=40b?=", [("a@b", "")]),
        (b"mailto:a@b", [("a@b", "")]),
        (b"a@b; c@d", [("a@b", ""), ("c@d", "")]),
        (b'"never closed <a@b>, <c@d>', [("a@b", "never closed"), ("c@d", "")]),
        (b'"a\\"b" <a@b>', [("a@b", 'a"b')]),
        (b"Firm <a@b>, LTD <c@d>", [("a@b", "Firm"), ("c@d", "LTD")]),
        (b"Ann <a@b", [("a@b", "Ann")]),
        (b'"two words"@b.example', [('"two words"@b.example', "")]),
    ],
)
def test_addresses_are_found_in_odd_headers(value, expected):
    found = read_addresses(value, "gbk")
    assert [(address.email, address.name) for address in found] == expected


@pytest.mark.parametrize("value", [b"," * 200_000, b"(" * 200_000, b"x, " * 60_000, b"<" * 200_000])
def test_hostile_address_headers_are_read_in_time(value):
    assert read_addresses(value) == ()


def test_an_address_reads_well():
    assert str(Address("a@b", "Ann")) == "Ann <a@b>" and str(Address("a@b")) == "a@b"


def test_a_line_of_blanks_inside_the_block_is_folding_and_not_its_end():
    headers, body = headers_of(b"Subject: one\r\n \r\n\ttwo\r\nFrom: a@b\r\n\r\nbody")
    assert headers.text("subject") == "one  two" and headers.has("from") and body == b"body"


def test_a_line_of_blanks_before_the_words_ends_the_block():
    assert headers_of(b"Subject: one\r\n  \r\nHello\r\n")[1].strip() == b"Hello"


def test_a_forgotten_semicolon_before_the_first_parameter_is_forgiven():
    value = read_value(b"multipart/mixed boundary=x")
    assert value.main == "multipart/mixed" and value.get("boundary") == "x"


def test_comments_inside_an_address_are_no_part_of_it():
    (found,) = read_addresses(b"Pete(A great fellow) <pete(his account)@silly.test(his host)>")
    assert found.email == "pete@silly.test"
