"""A stored mail can be read again after an upgrade, with a diff before anything changes."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.deciding import rereading
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading import parser
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.tickets import actions
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import factories as make
from tests.help.mails import our_id

RAW = (
    "From: Wang Fang <wang@a.example>\r\nTo: desk@b.example\r\nSubject: Fridge\r\n"
    "Message-ID: <re1@a.example>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n冰箱还是坏的\r\n"
    "--x\r\nContent-Type: text/plain; name=note.txt\r\nContent-Disposition: attachment\r\n\r\n"
    "second try\r\n--x--\r\n"
).encode()


@pytest.fixture
def row(app: Flask) -> InboundMail:
    """A mail that became a ticket."""
    found = deliver(RAW)
    assert found.outcome == "ticket"
    return found


def message_of(row: InboundMail) -> Message:
    return db.session.scalars(
        select(Message).where(Message.ticket_id == row.ticket_id).order_by(Message.id)
    ).first()


def read_worse_then(row: InboundMail) -> None:
    """As if an older edition had read it: other words, no file."""
    with transaction() as session:
        message = session.get_one(Message, message_of(row).id)
        message.body = "å†°ç®±"
        file = session.scalars(select(Attachment).where(Attachment.message_id == message.id)).one()
        session.delete(file)


def test_a_mail_that_reads_the_same_shows_no_difference(row: InboundMail) -> None:
    assert rereading.difference(row).changes == ()


def test_a_reply_with_a_quote_reads_the_same_too(row: InboundMail) -> None:
    quoted = "ok\r\n\r\nOn 1 Nov 2026 at 9:30, Desk <desk@b.example> wrote:\r\n> Is it repaired?"
    ours = our_id(db.session.get_one(Ticket, row.ticket_id))
    raw = f"From: wang@a.example\r\nSubject: Re: x\r\nIn-Reply-To: {ours}\r\n\r\n{quoted}"
    reply = deliver(raw.encode())
    assert reply.outcome == "reply" and rereading.difference(reply).changes == ()


def test_the_difference_names_each_part_and_changes_nothing(row: InboundMail) -> None:
    read_worse_then(row)
    found = rereading.difference(row)
    assert [change.part for change in found.changes] == ["body", "files"]
    assert ("-", "å†°ç®±") in found.changes[0].lines()
    assert ("+", "冰箱还是坏的") in found.changes[0].lines()
    assert message_of(row).body == "å†°ç®±"


def test_a_click_renews_the_message_and_loses_nothing_that_people_did(
    client: FlaskClient, row: InboundMail
) -> None:
    read_worse_then(row)
    lead = make.agent("Chen Jie", "supervisor")
    ticket = db.session.get_one(Ticket, row.ticket_id)
    actions.edit(ticket, by=lead.actor, subject="Fridge, third time")
    make.sign_in(client, make.agent("Root", "admin"))
    page = client.get(f"/mail/{row.id}/reading").get_data(as_text=True)
    assert "冰箱还是坏的" in page and "note.txt" in page
    assert client.post(f"/mail/{row.id}/reading").status_code == 303
    db.session.expire_all()
    message = message_of(row)
    assert message.body == "冰箱还是坏的" and message.data["read_before"]["body"] == "å†°ç®±"
    names = db.session.scalars(select(Attachment.name).where(Attachment.message_id == message.id))
    assert list(names) == ["note.txt"]
    assert db.session.get_one(Ticket, row.ticket_id).subject == "Fridge, third time"
    assert db.session.scalars(select(Event).where(Event.name == "message.reread")).one().by_name
    assert rereading.difference(row).changes == ()


def test_a_second_click_changes_nothing_more(client: FlaskClient, row: InboundMail) -> None:
    make.sign_in(client, make.agent("Root", "admin"))
    client.post(f"/mail/{row.id}/reading")
    assert db.session.scalars(select(Event).where(Event.name == "message.reread")).all() == []


def test_only_an_admin_reads_again_and_a_missing_mail_is_said(
    client: FlaskClient, row: InboundMail
) -> None:
    make.sign_in(client, make.agent("Zhang Wei"))
    assert client.get(f"/mail/{row.id}/reading").status_code == 403
    assert client.post(f"/mail/{row.id}/reading").status_code == 403
    make.sign_in(client, make.agent("Root", "admin"))
    assert client.get("/mail/999999/reading").status_code == 404


def test_a_mail_that_made_no_message_is_refused_kindly(app: Flask) -> None:
    held = deliver(b"Subject: nobody\r\n\r\nx")
    assert held.outcome not in ("ticket", "reply")
    assert rereading.difference(held) is None


def test_the_command_lists_what_would_change_and_never_changes_it(
    app: Flask, row: InboundMail
) -> None:
    run = app.test_cli_runner().invoke
    assert "0 mails would change." in run(args=["mail", "reparse", "--dry-run"]).output
    read_worse_then(row)
    done = run(args=["mail", "reparse", "--dry-run"])
    assert f"/mail/{row.id}/reading  body, files" in done.output
    assert "1 mails would change." in done.output and message_of(row).body == "å†°ç®±"
    assert run(args=["mail", "reparse"]).exit_code == 2


def test_a_parser_that_reads_more_shows_it_in_the_difference(
    row: InboundMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an upgrade does: the same bytes, another reading."""
    better = parser.parse(RAW)
    told = parser.ParsedMail(
        **{**{f: getattr(better, f) for f in better.__slots__}, "html": "<p>x"}
    )
    monkeypatch.setattr(rereading, "read_kept", lambda row: told)
    assert [change.part for change in rereading.difference(row).changes] == ["html"]
