"""One raw mail becomes one ParsedMail, whatever is wrong."""

import base64
import json
import time
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.channels.email.reading.attachments import clean_name
from helpdesk.channels.email.reading.parser import MAX_BYTES, Unreadable, parse

PNG = base64.b64encode(b"\x89PNG picture").decode()


def mail(body: str, **headers: str) -> bytes:
    named = {"From": "Ann <ann@a.example>", "Subject": "Lamp", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([*lines, "", body]).encode()


def part(body: str, **headers: str) -> str:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body])


def multipart(kind: str, *parts: str, boundary: str = "b0", **headers: str) -> bytes:
    joined = "".join(f"--{boundary}\r\n{each}\r\n" for each in parts)
    content_type = f'multipart/{kind}; boundary="{boundary}"'
    return mail(f"preamble\r\n{joined}--{boundary}--\r\n", Content_Type=content_type, **headers)


def nested(kind: str, *parts: str, boundary: str) -> str:
    joined = "".join(f"--{boundary}\r\n{each}\r\n" for each in parts)
    return part(f"{joined}--{boundary}--", Content_Type=f"multipart/{kind}; boundary={boundary}")


TEXT = part("Hello", Content_Type="text/plain")
HTML = part("<p>Hello <b>there</b></p>", Content_Type="text/html")
FILE = part(PNG, Content_Type="image/png; name=lamp.png", Content_Transfer_Encoding="base64")


def names(parsed):
    return [attachment.name for attachment in parsed.attachments]


def test_a_plain_mail_gives_its_fields():
    parsed = parse(
        mail(
            "The lamp is broken.\r\n",
            To="Desk <desk@c.example>, b@c.example",
            Cc="c@c.example",
            Reply_To="other@a.example",
            Delivered_To="desk+1@c.example",
            Message_ID="<1@a.example>",
            In_Reply_To="<0@c.example>",
            References="<00@c.example> <0@c.example>",
            Date="Thu, 12 Jun 2025 14:05:00 +0800",
            Received="from x by y; Thu, 12 Jun 2025 14:05:09 +0800",
        )
    )
    assert (parsed.from_email, parsed.from_name) == ("ann@a.example", "Ann")
    assert [a.email for a in parsed.to] == ["desk@c.example", "b@c.example"]
    assert [a.email for a in parsed.cc] == ["c@c.example"]
    assert [a.email for a in parsed.reply_to] == ["other@a.example"]
    assert parsed.delivered_to == ("desk+1@c.example",)
    assert (parsed.subject, parsed.text, parsed.html) == ("Lamp", "The lamp is broken.", None)
    assert (parsed.message_id, parsed.in_reply_to) == ("1@a.example", "0@c.example")
    assert parsed.references == ("00@c.example", "0@c.example")
    assert parsed.date == datetime(2025, 6, 12, 6, 5, tzinfo=UTC)
    assert parsed.received_at == datetime(2025, 6, 12, 6, 5, 9, tzinfo=UTC)
    assert not parsed.auto_submitted and not parsed.is_bounce and parsed.defects == ()


def test_the_topmost_received_header_tells_when_the_mail_came_to_us():
    raw = (
        b"Received: by us; Thu, 12 Jun 2025 10:00:00 +0000\r\n"
        b"Received: by them; Thu, 12 Jun 2025 09:00:00 +0000\r\nFrom: a@b.example\r\n\r\nx"
    )
    assert parse(raw).received_at == datetime(2025, 6, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Wed, 05 Sep 2018 29:24:05 +0700", "0", "1 1 1 1 1"]
)
def test_a_date_that_is_none_gives_none(date):
    assert parse(mail("x", Date=date)).date is None


def test_of_plain_and_html_versions_both_are_kept():
    parsed = parse(multipart("alternative", TEXT, HTML))
    assert parsed.text == "Hello" and "<b>there</b>" in parsed.html and not parsed.attachments


def test_html_alone_gives_its_visible_text():
    parsed = parse(multipart("alternative", part("\r\n", Content_Type="text/plain"), HTML))
    assert parsed.text == "Hello there"


def test_a_picture_between_two_texts_does_not_end_the_letter():
    parsed = parse(multipart("mixed", TEXT, FILE, part("Bye", Content_Type="text/plain")))
    assert parsed.text == "Hello\n\nBye" and names(parsed) == ["lamp.png"]


def test_html_before_and_after_a_file_is_one_letter():
    parsed = parse(multipart("mixed", HTML, FILE, part("<i>Bye</i>", Content_Type="text/html")))
    assert "Hello" in parsed.html and "<i>Bye</i>" in parsed.html


def test_plain_text_beside_html_is_escaped_when_they_are_joined():
    parsed = parse(multipart("mixed", HTML, part("a < b", Content_Type="text/plain")))
    assert "a &lt; b" in parsed.html


def test_a_picture_that_the_html_shows_is_inline_and_another_is_not():
    shown = part(
        PNG, Content_Type="image/png", Content_ID="<One@x>", Content_Transfer_Encoding="base64"
    )
    hidden = part(
        PNG, Content_Type="image/png", Content_ID="<two@x>", Content_Transfer_Encoding="base64"
    )
    page = part('<p>x<img src="cid:one%40x"></p>', Content_Type="text/html")
    parsed = parse(multipart("related", page, shown, hidden))
    assert [(a.content_id, a.inline) for a in parsed.attachments] == [
        ("One@x", True),
        ("two@x", False),
    ]
    assert names(parsed) == ["image.png", "image1.png"]


def test_text_in_a_related_part_is_a_file_and_not_the_letter():
    parsed = parse(multipart("related", HTML, part("<p>frame</p>", Content_Type="text/html")))
    assert "frame" not in parsed.text and names(parsed) == ["document.html"]


def test_a_calendar_version_becomes_a_file():
    invite = part("BEGIN:VCALENDAR", Content_Type="text/calendar; method=REQUEST")
    assert names(parse(multipart("alternative", TEXT, HTML, invite))) == ["invite.ics"]


def test_an_attached_text_is_a_file():
    attached = part(
        "log", Content_Type="text/plain", Content_Disposition="attachment; filename=a.log"
    )
    parsed = parse(multipart("mixed", TEXT, attached))
    assert parsed.text == "Hello" and names(parsed) == ["a.log"]


def test_a_named_text_without_disposition_is_a_file():
    parsed = parse(multipart("mixed", TEXT, part("log", Content_Type="text/plain; name=a.log")))
    assert parsed.text == "Hello" and names(parsed) == ["a.log"]


def test_a_forwarded_mail_is_one_file_with_its_subject_as_name():
    inner = "Subject: =?utf-8?B?6Lev54Gv?=\r\nFrom: x@y.example\r\n\r\ninner words"
    parsed = parse(multipart("mixed", TEXT, part(inner, Content_Type="message/rfc822")))
    assert parsed.text == "Hello" and names(parsed) == ["路灯.eml"]
    assert b"inner words" in parsed.attachments[0].content


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Content_Type": "message/delivery-status"}, "delivery-status.txt"),
        ({"Content_Type": "text/rfc822-headers"}, "headers.txt"),
        ({"Content_Type": "application/ms-tnef"}, "winmail.dat"),
        ({"Content_Type": "application/x-strange"}, "file"),
        ({"Content_Type": "video/quicktime"}, "video.mov"),
        ({"Content_Type": "image/jpeg", "Content_ID": "<photo.jpg@x>"}, "photo.jpg"),
        (
            {"Content_Type": "message/delivery-status", "Content_Description": "Report"},
            "Report.txt",
        ),
        ({"Content_Type": "application/pdf", "Content_Description": "plan.pdf"}, "plan.pdf"),
        ({"Content_Type": "message/rfc822"}, "Mail.eml"),
    ],
)
def test_nameless_parts_get_a_name(headers, name):
    assert names(parse(multipart("mixed", TEXT, part("x", **headers)))) == [name]


def test_equal_names_become_distinct():
    parsed = parse(multipart("mixed", TEXT, FILE, FILE, FILE))
    assert names(parsed) == ["lamp.png", "lamp1.png", "lamp2.png"]


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("C:\\Users\\ann\\plan.pdf", "plan.pdf"),
        ("/etc/passwd", "passwd"),
        ("../../x.sh", "x.sh"),
        ("a/b.txt", "a_b.txt"),
        ("a\r\nb.txt", "a b.txt"),
        (".htaccess", "htaccess"),
        ("e\u0301.txt", "é.txt"),
        ("x" * 400 + ".pdf", "x" * 188 + ".pdf"),
        ("x" * 400, "x" * 200),
        ("", ""),
    ],
)
def test_file_names_are_safe_on_every_system(name, clean):
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("base64", "aGVs\r\nbG8=", b"hello"),
        ("base64", "aGVsbG8", b"hello"),
        ("base64", "a!G V*sbG8====", b"hello"),
        ("Base64 ", "aGVsbG8=", b"hello"),
        ("quoted-printable", "h=65llo=\r\n", b"hello"),
        ("x-uuencode", "begin 644 a\r\n%:&5L;&\\ \r\n`\r\nend", b"hello"),
        ("8bit", "hello", b"hello"),
        ("martian", "hello", b"hello"),
    ],
)
def test_transfer_encodings_are_undone_even_when_sloppy(encoding, body, content):
    attached = part(
        body, Content_Type="application/x-a; name=a", Content_Transfer_Encoding=encoding
    )
    assert parse(multipart("mixed", TEXT, attached)).attachments[0].content == content


def test_an_encrypted_mail_keeps_its_parts_whole():
    parsed = parse(
        multipart(
            "encrypted",
            part("Version: 1", Content_Type="application/pgp-encrypted"),
            part("-----BEGIN", Content_Type="application/octet-stream; name=encrypted.asc"),
        )
    )
    assert parsed.text == "" and names(parsed) == ["file", "encrypted.asc"]


def test_a_multipart_whose_boundary_never_comes_is_shown_as_text():
    parsed = parse(mail("just words", Content_Type="multipart/mixed; boundary=none"))
    assert parsed.text == "just words"


def test_a_missing_last_boundary_is_forgiven():
    raw = multipart("mixed", TEXT, FILE).replace(b"--b0--\r\n", b"")
    assert names(parse(raw)) == ["lamp.png"]


def test_a_boundary_inside_a_line_is_no_boundary():
    parsed = parse(multipart("mixed", part("see --b0 there", Content_Type="text/plain")))
    assert parsed.text == "see --b0 there"


@pytest.mark.parametrize(
    ("headers", "email"),
    [
        ({"From": "<>", "Reply_To": "r@x.example"}, "r@x.example"),
        ({"From": "Group: ;", "Sender": "s@x.example"}, "s@x.example"),
        ({"From": "", "Return_Path": "<p@x.example>"}, "p@x.example"),
        ({"From": "nobody"}, ""),
    ],
)
def test_the_sender_is_found_elsewhere_when_from_names_nobody(headers, email):
    assert parse(mail("x", **headers)).from_email == email


def test_the_new_words_come_from_the_plain_version():
    plain = part("Yes.\r\n\r\n> old", Content_Type="text/plain")
    assert parse(multipart("alternative", plain, HTML)).reply_text == "Yes."


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote">On Mon wrote:<blockquote>old</blockquote></div>',
        '<blockquote type="cite">old</blockquote>',
        '<div id="divRplyFwdMsg">From: x</div><div>old</div>',
        '<div id="appendonsend"></div><p>old</p>',
        '<div class="yahoo_quoted">old</div>',
        '<div id="isReplyContent">old</div>',
        '<div class="ntes-mailmaster-quote">old</div>',
        "<div><br></div><div>---------&nbsp;原始邮件&nbsp;---------</div><div>old</div>",
        '<div>发件人：&nbsp;<a href="mailto:d@c">服务台</a></div><div>发送时间：2025</div>'
        "<div>收件人：a</div><div>主题：x</div><div>old</div>",
    ],
)
def test_the_new_words_of_html_stand_outside_the_quote(quote):
    parsed = parse(mail(f"<div>Number 12</div>{quote}", Content_Type="text/html; charset=utf-8"))
    assert parsed.reply_text == "Number 12" and "old" in parsed.text


def test_the_subject_is_one_line_without_smuggled_headers():
    parsed = parse(mail("x", Subject="=?utf-8?Q?a=0D=0ABcc:_evil@x?="))
    assert "\n" not in parsed.subject and "\r" not in parsed.subject


def test_the_json_has_the_promised_keys_and_no_bytes():
    shown = parse(multipart("mixed", TEXT, FILE, To="b@c.example")).as_json()
    promised = (
        "from_email from_name to cc subject text html attachments message_id in_reply_to references"
        " auto_submitted reply_text"
    )
    assert set(promised.split()) <= set(shown)
    assert (
        shown["attachments"][0] | {"name": "lamp.png", "mime": "image/png", "size": 12}
        == (shown["attachments"][0])
    )
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\x00\x00", b" \t\n"])
def test_only_an_empty_mail_is_unreadable(raw):
    with pytest.raises(Unreadable, match="empty"):
        parse(raw)


@pytest.mark.parametrize("raw", [b"x", b":", b"--", b"\xff\xfe", b"From:", b"a: b\n\n", b"=?=?=?"])
def test_the_smallest_scraps_are_read(raw):
    assert parse(raw).from_email == ""


def test_a_mail_beyond_the_size_limit_is_read_up_to_it():
    parsed = parse(mail("word\r\n" * 10) + b"x" * MAX_BYTES)
    assert parsed.subject == "Lamp" and "too large" in parsed.defects


def test_more_parts_than_anybody_sends_are_left_out_and_named():
    parsed = parse(multipart("mixed", *[FILE] * 1_200))
    assert len(parsed.attachments) == 1_000 and "too many parts" in parsed.defects


def test_parts_inside_parts_end_at_a_depth():
    inner = TEXT
    for level in range(60):
        inner = nested("mixed", inner, boundary=f"n{level}x")
    parsed = parse(multipart("mixed", inner))
    assert "too many parts" in parsed.defects


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 20_000 + "deep words",
        "<table><tr><td>" * 3_000 + "deep words",
        "<p>deep words</p>" * 40_000,
    ],
)
def test_deep_or_long_html_keeps_its_words_and_is_read_in_time(body):
    start = time.process_time()
    parsed = parse(mail(body, Content_Type="text/html"))
    assert "deep words" in parsed.text and time.process_time() - start < 20


@pytest.mark.parametrize(
    "body",
    [
        "--b0\r\n" * 200_000,
        "--b0" * 400_000,
        "<" * 500_000,
        "&#" * 300_000,
        "<a " * 200_000,
        "cid:" * 300_000,
    ],
)
def test_hostile_bodies_are_read_in_time(body):
    start = time.process_time()
    parse(mail(body, Content_Type="multipart/mixed; boundary=b0"))
    parse(mail(body, Content_Type="text/html"))
    assert time.process_time() - start < 40


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=600))
def test_no_bytes_at_all_make_it_raise(raw):
    try:
        json.dumps(parse(raw).as_json()).encode()
    except Unreadable as refused:
        assert str(refused) == "empty"


PIECES = [
    b"From: ", b"Subject: ", b"Content-Type: ", b"multipart/mixed; boundary=x", b"text/html",
    b"\r\n",
    b"\n\n", b"--x", b"--x--", b"=?utf-8?B?", b"=?gbk?q?", b"?=", b"<a@b>", b"\xc4\xe3\xba\xc3",
    b"; name*0*=",
    b"charset=gb2312", b"base64", b"Content-Transfer-Encoding: ", b"<div>", b"\x00", b"\xff",
    b"(", b'"',
    b"message/rfc822", b"Date: ", b"9:30 wrote:", b"> ", b"On ", b"References: ", b"cid:",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=40))
def test_no_mixture_of_mail_pieces_makes_it_raise(pieces):
    try:
        json.dumps(parse(b"".join(pieces)).as_json()).encode()
    except Unreadable as refused:
        assert str(refused) == "empty"


@pytest.mark.parametrize("stated", ["boundary=other", "charset=utf-8", ""])
def test_a_boundary_that_nobody_states_is_found_in_the_body(stated):
    raw = multipart("mixed", TEXT, FILE).replace(b'boundary="b0"', stated.encode())
    parsed = parse(raw)
    assert parsed.text == "Hello" and names(parsed) == ["lamp.png"]


def test_a_text_too_long_for_a_page_is_also_a_file():
    parsed = parse(mail("word " * 500_000))
    assert len(parsed.text) < 2_000_001 and names(parsed) == ["document.txt"]
    assert parsed.attachments[0].size == 2_500_000


BIG = [
    b"Content-Type: text/html\r\n\r\n" + b"<p>hello world</p>\r\n" * 1_500_000,
    b"Content-Type: text/plain; charset=gbk\r\n\r\n" + "您好\r\n".encode("gbk") * 4_000_000,
    b"Subject: " + b"a\r\n b" * 4_000_000 + b"\r\n\r\nx",
    b"X-A: b\r\n" * 3_000_000,
    b"\xc4\xe3 " * 9_000_000,
    b"\n" * 30_000_000 + b"x",
]


@pytest.mark.parametrize("raw", BIG, ids=["html", "gbk", "folded", "headers", "junk", "blank"])
def test_a_large_mail_is_read_in_time(raw):
    start = time.process_time()
    parse(raw)
    assert time.process_time() - start < 40


@pytest.mark.parametrize("raw", [BIG[1], BIG[3]], ids=["gbk", "headers"])
def test_a_large_mail_takes_little_memory(raw):
    tracemalloc.start()
    parse(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000_000
