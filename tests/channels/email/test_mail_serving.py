"""The built-in receiver: 250 only after the commit, 451 while nothing can be stored."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import files
from helpdesk.channels.email import keeping
from helpdesk.channels.email.cli import serve
from helpdesk.channels.email.deciding.inbound import process_stored
from helpdesk.channels.email.fetching import serving
from helpdesk.channels.email.fetching.serving import receiving
from helpdesk.channels.email.models import InboundMail
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import Busy
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.mails import count, mail


@pytest.fixture
def door(app: Flask) -> Iterator[tuple[str, int]]:
    with receiving(app, "127.0.0.1", 0) as where:
        yield where


def hand(where: tuple[str, int], raw: bytes, *to: str, sender: str = "x@example.com") -> object:
    with smtplib.SMTP(*where, timeout=60) as client:
        return client.sendmail(sender, to or ("support@example.net",), raw)


def rows() -> list[InboundMail]:
    db.session.rollback()
    return list(db.session.scalars(select(InboundMail).order_by(InboundMail.id)))


def test_a_mail_is_kept_before_it_is_answered_for(app: Flask, door: tuple[str, int]) -> None:
    """When 250 has come, the raw mail is there."""
    hand(door, mail())
    [row] = rows()
    assert (row.door, row.outcome, row.envelope_to) == ("smtp", "stored", "support@example.net")
    assert b"Return-Path: <x@example.com>" in keeping.raw_of(row)
    process_stored()
    assert count(Ticket) == 1


@pytest.mark.parametrize("fault", ["database", "disk"])
def test_while_nothing_can_be_stored_the_sender_is_asked_to_come_again(
    app: Flask, door: tuple[str, int], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """451, and when it comes again, it is there once."""

    def down(*_args: object, **_more: object) -> None:
        raise Busy("down")

    broken = (keeping, "transaction") if fault == "database" else (files, "store")
    monkeypatch.setattr(*broken, down)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        hand(door, mail())
    assert refused.value.smtp_code == 451
    assert rows() == []
    monkeypatch.undo()
    hand(door, mail())
    hand(door, mail())
    assert len(rows()) == 1


def test_a_mail_over_the_limit_is_refused_at_the_door(
    app: Flask, door: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIZE (RFC 1870): refused before it is sent, and refused when the size was a lie."""
    with smtplib.SMTP(*door, timeout=60) as client:
        client.ehlo()
        assert int(client.esmtp_features["size"]) == settings().max_mail_bytes
        assert client.mail("x@example.com", [f"SIZE={settings().max_mail_bytes + 1}"])[0] == 552


def test_lmtp_answers_once_for_each_recipient(app: Flask, door: tuple[str, int]) -> None:
    """RFC 2033: one answer per recipient, on the same port."""
    with socket.create_connection(door, timeout=60) as line:
        talk = line.makefile("rwb")

        def say(words: bytes) -> bytes:
            talk.write(words + b"\r\n")
            talk.flush()
            answer = talk.readline()
            while answer[3:4] == b"-":
                answer = talk.readline()
            return answer

        talk.readline()
        assert say(b"LHLO mta").startswith(b"250")
        say(b"MAIL FROM:<x@example.com>")
        say(b"RCPT TO:<support@example.net>")
        say(b"RCPT TO:<sales@example.net>")
        say(b"DATA")
        first = say(mail().replace(b"\n", b"\r\n") + b"\r\n.")
        assert first.startswith(b"250") and talk.readline().startswith(b"250")
    assert {row.door for row in rows()} == {"lmtp"}


def test_the_recipient_decides_the_mailbox_and_a_reply_address_the_ticket(
    app: Flask, door: tuple[str, int]
) -> None:
    """The envelope carries the token, even when no header does."""
    with transaction() as session:
        session.add(Mailbox(name="sales", address="sales@example.net", kind="smtp"))
    ticket = make.ticket()
    tag = mail_ids.reply_tag(ticket.number, settings().secret_key)
    hand(door, mail("per Umschlag", To=""), f"Sales+{tag}@example.net")
    process_stored()
    [row] = rows()
    assert (row.mailbox, row.outcome, row.ticket_id) == ("sales", "reply", ticket.id)


def test_it_listens_on_this_machine_only_unless_told_otherwise() -> None:
    [told] = [each for each in serve.params if each.name == "host"]
    assert told.default == "127.0.0.1"


@contextmanager
def no_recipients_left() -> Iterator[None]:
    before, serving.MOST_RECIPIENTS = serving.MOST_RECIPIENTS, 2
    yield
    serving.MOST_RECIPIENTS = before


def test_the_number_of_recipients_has_an_end(app: Flask, door: tuple[str, int]) -> None:
    with no_recipients_left():
        refused = hand(door, mail(), "a@example.net", "b@example.net", "c@example.net")
    assert list(refused) == ["c@example.net"]
