"""Mails broken at random are read in time, without a crash.

The same mutations run by the thousand over the mails of other projects: `benchmarks/mail_fuzz`.
"""

import base64
import random
from time import process_time

import pytest

from benchmarks.mail_fuzz import MUTATIONS, mutant, run
from helpdesk.channels.email.reading.parser import parse

OWN = [
    "From: 王芳 <wang@a.example>\r\nSubject: =?gb2312?B?sfnP5A==?=\r\n\r\n冰箱还是坏的\r\n".encode(
        "gb18030"
    ),
    b"From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
    b"Content-Type: multipart/alternative; boundary=n\r\n\r\n--n\r\n\r\nwords\r\n--n\r\n"
    b"Content-Type: text/html; charset=big5\r\n\r\n<p>words<blockquote>old\r\n--n--\r\n--m\r\n"
    b"Content-Type: image/png; name*0*=utf-8''%E7; name*1*=%81%AF.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n",
    b"From: MAILER-DAEMON@mx.example\r\nSubject: Returned mail\r\nContent-Type: multipart/report; "
    b"report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\n<gone@a.example>:\r\n550 5.1.1 no\r\n"
    b"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\nFinal-Recipient: "
    b"rfc822; gone@a.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--x\r\nContent-Type: message/rfc822"
    b"\r\n\r\nMessage-ID: <1@b>\r\n\r\nold\r\n--x--\r\n",
    b"From: a@b.example\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
    b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Asia/Shanghai:20261201T090000\r\nSUMMARY:x\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n",
    b"From: a@b.example\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.b64encode(b"\x78\x9f\x3e\x22\x01\x00\x02\x02\x90\x06\x00\x0e\x00\x00\x00" + b"a" * 40),
    "From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n好的\r\n\r\n"
    '在 2026-11-01 09:30:00，"Desk" <desk@b.example> 写道：\r\n> 修好了吗\r\n-- \r\nAnn\r\n'.encode(),
]


def test_two_hundred_broken_mails_are_read_without_a_crash_and_each_in_two_seconds():
    found = run(OWN, seed=17, numbers=range(200))
    assert found.read == 200 and found.wrong == []


def test_a_broken_mail_can_be_made_again_by_its_number():
    assert mutant(OWN, 17, 5) == mutant(OWN, 17, 5) != mutant(OWN, 17, 6)


def test_a_crash_is_noted_with_the_number_that_repeats_it(monkeypatch):
    """The fuzzer itself must not be blind."""
    monkeypatch.setattr("benchmarks.mail_fuzz.parse", lambda raw: 1 / 0)
    assert [line.split(":")[0] for line in run(OWN, 1, range(7, 9)).wrong] == ["7", "8"]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_changes_some_mail(mutation):
    assert any(mutation(raw, random.Random(n)) != raw for raw in OWN for n in range(20))


STATUS = (
    b"Subject: failure notice\nContent-Type: multipart/report; boundary=x\n\n--x\n"
    b"Content-Type: message/delivery-status\n\n"
)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (STATUS, b"x "),
        (STATUS, b"550 "),
        (STATUS, b"a\n"),
        (b"Subject: ", b"=?"),
        (b"Subject: ", b"?="),
        (b"From: ", b"("),
        (b"To: ", b"a@b,"),
        (b"Content-Type: a/b; name", b"*0*=x;"),
        (b"Content-Type: text/html\n\n", b"<"),
        (b"Content-Type: text/html\n\n", b"<div>"),
        (b"Content-Type: text/html\n\n", b"&#"),
        (b"Subject: x\n\n", b"On x@b "),
        (b"Subject: x\n\n", b"From: a\n"),
        (b"Content-Type: text/calendar\n\n", b"BEGIN:VCALENDAR\n"),
    ],
)
def test_a_piece_that_repeats_without_end_is_read_in_time(head, piece):
    """300 KB: what grows with the square of the length takes far longer than this limit."""
    raw = head + piece * (300_000 // len(piece))
    begin = process_time()
    parse(raw)
    assert process_time() - begin < 5
