"""Mail in: raw first, one row per mail, replies to their ticket, strangers held."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk import files
from helpdesk.channels.email.deciding import brakes, inbound
from helpdesk.channels.email.deciding.inbound import deliver, process_stored
from helpdesk.channels.email.keeping import LEASE, raw_of
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.customers.people import Asker
from helpdesk.settings import settings
from helpdesk.tickets import actions, mail_ids
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import factories as make


def mail(body: str = "冰箱还是不制冷。", charset: str = "utf-8", **headers: str) -> bytes:
    message = EmailMessage()
    given = {
        "From": "王芳 <wang.fang@example.com>",
        "To": "support@example.net",
        "Subject": "冰箱修了三次",
        "Message-ID": "<1@example.com>",
    } | headers
    for name, value in given.items():
        if value:
            message[name.replace("_", "-")] = value
    message.set_content(body, charset=charset)
    return message.as_bytes()


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def our_id(ticket: Ticket) -> str:
    return mail_ids.mail_id(ticket.number, "e1", settings().secret_key, "localhost")


def test_a_new_mail_becomes_one_ticket_with_its_words(app: Flask) -> None:
    """A new mail becomes one ticket."""
    row = deliver(mail())
    ticket = db.session.get_one(Ticket, row.ticket_id)
    assert (row.outcome, ticket.channel, ticket.subject, ticket.language) == (
        "ticket",
        "email",
        "冰箱修了三次",
        "zh_Hans",
    )
    assert db.session.scalar(select(Message.body)) == "冰箱还是不制冷。"


@pytest.mark.parametrize("charset", ["gbk", "gb18030", "big5", "utf-8"])
def test_chinese_charsets_arrive_readable(app: Flask, charset: str) -> None:
    deliver(mail("退款未到帳，請處理。" if charset == "big5" else "退款未到账，请处理。", charset))
    assert "退款未到" in db.session.scalar(select(Message.body))


def test_the_same_mail_delivered_twice_is_one_message(app: Flask) -> None:
    """The same mail fetched twice yields one message."""
    first, second = deliver(mail()), deliver(mail())
    assert first.id == second.id
    assert (count(InboundMail), count(Ticket), count(Message)) == (1, 1, 1)


def test_two_mails_with_one_message_id_and_other_words_are_two(app: Flask) -> None:
    deliver(mail("eins"))
    deliver(mail("zwei"))
    assert count(InboundMail) == 2


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
def test_a_reply_with_our_id_joins_its_ticket_and_no_other(app: Flask, header: str) -> None:
    """A reply with our header id is added to that ticket and to no other."""
    other, ticket = make.ticket(subject="另一个"), make.ticket()
    row = deliver(mail("还有发票", **{header: our_id(ticket)}))
    assert (row.outcome, row.ticket_id) == ("reply", ticket.id)
    words = select(Message.body).where(Message.ticket_id == ticket.id).order_by(Message.id)
    assert db.session.scalars(words).all()[-1] == "还有发票"
    assert len(db.session.scalars(select(Message).where(Message.ticket_id == other.id)).all()) == 1


def test_a_number_in_the_subject_leads_nowhere_without_proof_of_the_sender(app: Flask) -> None:
    """Whoever writes it, and whatever From says; the new case tells which one it names."""
    ticket = make.ticket()
    for sender in ("wang.fang@example.com", "eve@example.org"):
        row = deliver(mail("x", Subject=f"Re: x [{ticket.number}]", From=sender))
        assert (row.outcome, row.why["rule"]) == ("ticket", "claimed")
        assert row.why["number"] == ticket.number and row.ticket_id != ticket.id


def test_a_stranger_with_a_valid_id_is_held_for_an_agent(app: Flask) -> None:
    """A reply from an unknown sender with a valid token does not enter without approval."""
    ticket = make.ticket()
    row = deliver(mail("let me in", From="eve@example.org", In_Reply_To=our_id(ticket)))
    assert (row.outcome, row.reason, row.ticket_id) == ("held", "stranger", ticket.id)
    assert len(db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).all()) == 1


def test_an_id_that_we_never_made_leads_nowhere(app: Flask) -> None:
    ticket = make.ticket()
    forged = our_id(ticket).replace(".e1.", ".e2.")
    row = deliver(mail("forged", In_Reply_To=forged))
    assert row.outcome == "ticket"
    assert row.ticket_id != ticket.id


def test_a_reply_wakes_a_waiting_ticket_and_a_machines_reply_does_not(app: Flask) -> None:
    """Automatic mail reopens and resumes nothing."""
    ticket = make.ticket()
    with transaction():
        ticket = db.session.get_one(Ticket, ticket.id)
        ticket.status, ticket.closed_at = "closed", now()
    deliver(mail("I am away", In_Reply_To=our_id(ticket), Auto_Submitted="auto-replied"))
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == "closed"
    deliver(mail("It is broken again", In_Reply_To=our_id(ticket)))
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == "reopened"


def test_a_reply_to_a_merged_ticket_reaches_the_survivor(app: Flask) -> None:
    lost, kept = make.ticket(), make.ticket(subject="bleibt")
    actions.merge(lost, by=make.agent().actor, target=kept)
    deliver(mail("noch etwas", In_Reply_To=our_id(lost)))
    rows = select(Message.body).where(Message.ticket_id == kept.id).order_by(Message.id)
    said = db.session.scalars(rows).all()
    assert said[-1] == "noch etwas"


def test_attachments_come_along_with_chinese_names(app: Flask) -> None:
    """Chinese file names intact."""
    message = EmailMessage()
    message["From"], message["Subject"] = "wang.fang@example.com", "发票"
    message.set_content("见附件")
    message.add_attachment(
        b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="发票 2026.pdf"
    )
    deliver(message.as_bytes())
    row = db.session.scalar(select(Attachment))
    assert row.name == "发票 2026.pdf"
    with files.open_file(row.key) as stored:
        assert stored.read() == b"%PDF-1.4 x"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "unreadable"),
        (b"\x00\x00", "unreadable"),
        (mail(From=""), "no_sender"),
        (mail(From="not an address at all"), "no_sender"),
        (mail(From="helpdesk@localhost"), "no_sender"),
    ],
)
def test_what_can_not_be_understood_is_kept_raw_for_people(
    app: Flask, raw: bytes, reason: str
) -> None:
    row = deliver(raw)
    assert (row.outcome, row.reason) == ("quarantined", reason)
    assert raw_of(row) == raw
    assert count(Ticket) == 0


def test_a_mail_of_26_megabytes_is_kept_whole_and_opens_nothing(app: Flask) -> None:
    raw = mail() + b"x" * 26 * 1024 * 1024
    row = deliver(raw)
    assert (row.outcome, row.reason, row.size) == ("held", "too_large", len(raw))
    assert count(Ticket) == 0


def test_a_sender_in_a_loop_is_stopped_at_a_limit(app: Flask) -> None:
    """Identical mails from one sender stop at a limit."""
    rows = [deliver(mail(f"nr {n}")) for n in range(brakes.LOOP_MAILS + 3)]
    assert [(r.outcome, r.reason) for r in rows[-3:]] == [("held", "loop")] * 3
    assert count(Ticket) == brakes.LOOP_MAILS


def test_a_mail_that_breaks_our_own_code_is_kept_and_the_next_one_goes_through(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound.into_tickets, "open_tickets", lambda *_: 1 / 0)
    broken = deliver(mail("eins"))
    monkeypatch.undo()
    assert (broken.outcome, broken.reason) == ("quarantined", "error")
    assert "ZeroDivisionError" in broken.detail
    assert deliver(mail("zwei")).outcome == "ticket"


def test_a_mail_left_by_a_crash_is_taken_up_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "work_on", lambda *_: None)  # as if killed after the commit
    row = deliver(mail())
    monkeypatch.undo()
    assert row.outcome == "stored"
    with moved_to(now() + LEASE):
        assert process_stored() == 1
    assert db.session.get_one(InboundMail, row.id, populate_existing=True).outcome == "ticket"


def test_nothing_half_written_is_left_when_a_reply_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make.ticket()
    monkeypatch.setattr(inbound.into_tickets, "locked", lambda _row: 1 / 0)
    deliver(mail("x", In_Reply_To=our_id(ticket)))
    assert len(db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).all()) == 1


def test_the_command_prints_one_json_object() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "mail", "parse"],
        input=mail(),
        cwd=root,
        capture_output=True,
        check=True,
    )
    found = json.loads(done.stdout)
    wanted = {
        "from_email",
        "from_name",
        "to",
        "cc",
        "subject",
        "text",
        "html",
        "attachments",
        "message_id",
        "in_reply_to",
        "references",
        "auto_submitted",
        "reply_text",
    }
    assert wanted <= set(found)
    assert (found["from_email"], found["subject"]) == ("wang.fang@example.com", "冰箱修了三次")


def test_what_the_page_shows_of_a_mail_is_kept_with_its_message(app: Flask) -> None:
    raw = mail("Hi").replace(
        b"Content-Type: text/plain", b"Content-Type: multipart/signed; boundary=x"
    )
    row = deliver(raw)
    message = db.session.scalars(select(Message).where(Message.ticket_id == row.ticket_id)).one()
    assert message.data["mail_id"] == row.id and message.data["protection"]["kind"] == "signed"


@pytest.mark.parametrize("write", [str, str.upper, str.title])
def test_case_06_the_reply_address_in_cc_joins_also_in_capitals(
    app: Flask, shared: Path, write: Callable[[str], str]
) -> None:
    ticket = make.ticket(person=Asker(email="grace.tan@example.com"), channel="email")
    tag = mail_ids.reply_tag(ticket.number, settings().secret_key)
    raw = (shared / "cases/06-token-in-cc/input.eml").read_bytes()
    row = deliver(raw.replace(b"<TAG of the ticket>", write(tag).encode()))
    assert (row.outcome, row.ticket_id, row.why["header"]) == ("reply", ticket.id, "Cc")
