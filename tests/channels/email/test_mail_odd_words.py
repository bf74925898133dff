"""Mails whose labels, numbers and headers lie: read right, kept apart, and never obeyed."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.core.db import db
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.mail.mime import message_of
from helpdesk.notify.models import Envelope
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.mails import mail, our_id, said


@pytest.mark.parametrize("label", ["gb2312", "GB2312", "x-gbk", "iso-gb2312", "unknown-8bit"])
@pytest.mark.parametrize("written", ["gb18030", "utf-8"])
def test_a_wrong_chinese_label_is_stored_with_readable_text(
    app: Flask, label: str, written: str
) -> None:
    """Declared GB2312, in truth GB18030 (letters that GB2312 lacks) or UTF-8; header too."""
    words = "镕基路的冰箱𠮷修了三次，请尽快处理。"
    head = f'From: a@example.com\nContent-Type: text/plain; charset="{label}"\nSubject: '
    raw = head.encode() + f"{words}\nMessage-ID: <{label}@x>\n\n{words}\n".encode(written)
    row = deliver(raw)
    assert (row.outcome, row.subject) == ("ticket", words)
    message = db.session.scalars(select(Message)).one()
    assert (message.body, db.session.get_one(Ticket, row.ticket_id).subject) == (words, words)


def test_an_unreadable_mail_stands_in_the_list_with_its_raw_copy(
    app: Flask, client: FlaskClient
) -> None:
    """A review list, and every byte behind a link."""
    raw = b"\x00\x00\x00"
    row = deliver(raw)
    make.sign_in(client, make.agent())
    listed = client.get("/mail?outcome=quarantined").get_data(as_text=True)
    assert f'href="/mail/{row.id}"' in listed and "be read as a mail" in listed
    assert client.get(f"/mail/{row.id}/raw").data == raw


def test_two_different_mails_with_one_message_id_are_two_messages(app: Flask) -> None:
    """Also when both answer a ticket of ours; the number of a mail proves nothing."""
    ticket = make.ticket()
    for words in ("eins", "zwei"):
        deliver(mail(words, In_Reply_To=our_id(ticket), **{"Message-ID": "<same@dhl.example>"}))
    assert [each for each in said(ticket) if each in ("eins", "zwei")] == ["eins", "zwei"]
    for words in ("drei", "vier"):
        deliver(mail(words, From="p@example.com", **{"Message-ID": "<one@dhl.example>"}))
    bodies = db.session.scalars(select(Message.body)).all()
    assert {"drei", "vier"} <= set(bodies)


def test_a_line_break_in_a_mails_words_never_makes_a_header_of_ours(app: Flask) -> None:
    """Encoded breaks in subject, name and address; what we send has one line each."""
    evil = "=?utf-8?q?Hilfe=0D=0ABcc:_all=40example.org?="
    raw = f"From: {evil} <wang@example.com>\nReply-To: a@b\r\nSubject: {evil}\n\nwords\n".encode()
    row = deliver(raw)
    assert row.outcome == "ticket" and "\n" not in row.subject + row.from_email
    deliver_due()
    for sent in db.session.scalars(select(Envelope)):
        names = [name.lower() for name in message_of(sent).keys()]  # noqa: SIM118
        head = message_of(sent).as_bytes().split(b"\n\n")[0]
        assert "bcc" not in names and b"\nBcc:" not in head
