"""A customer's mail and everything after it, over real IMAP and SMTP: Dovecot and its mail server.

The mail testbed lies beside the project; without it (or without Dovecot) this test is skipped.
"""

from __future__ import annotations

import base64
import imaplib
import re
import smtplib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.fetching.fetcher import fetch_all_once
from helpdesk.clock import moved_to, now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.envelopes import send_due
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions, queries
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.desk import get
from tests.help.mailbed import Bed, Missing, running

pytestmark = pytest.mark.mailserver
SUBJECT, WORDS = (
    "冰箱漏水，朱镕先生急等",
    "尊敬的客服：\r\n\r\n冰箱又漏水了，请尽快处理。\r\n朱镕\r\n",
)
ANSWER = "朱先生您好，师傅明天上午上门。"


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    try:
        with running() as made:
            yield made
    except Missing as missing:
        pytest.skip(str(missing))


def connect(bed: Bed) -> Mailbox:
    """Our mailbox: fetched by IMAP, sent through by SMTP, with reply addresses of its own."""
    user = bed.user()
    with transaction() as session:
        box = Mailbox(
            name=user, address=f"{user}@test.local", host="127.0.0.1", port=bed.imap, tls="none",
            user=user, secret=encryption.encrypted("secret"), done_folder="Processed", plus=True,
            smtp_host="127.0.0.1", smtp_port=bed.smtp, smtp_tls="none", signature_zh="海川售后部",
        )  # fmt: skip
        session.add(box)
    return box


def gbk_mail(sender: str, to: str) -> bytes:
    """As many Chinese programs write it: GBK, under the name of the older and smaller gb2312."""

    def word(text: str) -> str:
        return f"=?gb2312?B?{base64.b64encode(text.encode('gbk')).decode()}?="

    head = (
        f"From: {word('朱镕')} <{sender}>\r\nTo: {to}\r\nSubject: {word(SUBJECT)}\r\n"
        "Message-ID: <first@kunde.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + WORDS.encode("gbk")


def send(bed: Bed, sender: str, to: str, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", bed.smtp, timeout=60) as client:
        client.sendmail(sender, [to], raw)


def inbox(bed: Bed, user: str) -> list[EmailMessage]:
    """What the customer's mail program shows."""
    client = imaplib.IMAP4("127.0.0.1", bed.imap)
    client.login(user, "secret")
    client.select("INBOX", readonly=True)
    numbers = client.search(None, "ALL")[1][0].split()
    raws = [client.fetch(number, "(RFC822)")[1][0][1] for number in numbers]
    client.logout()
    return [message_from_bytes(raw, policy=policy.default) for raw in raws]  # type: ignore[misc]


def text(message: EmailMessage) -> str:
    return str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n")


def only() -> Ticket:
    db.session.expire_all()
    return db.session.scalars(select(Ticket)).one()


def test_a_gbk_mail_its_receipt_the_answer_the_reply_and_the_bounce(
    app: Flask, client: FlaskClient, bed: Bed
) -> None:
    """Mail -> ticket -> acknowledgement -> answer -> reply -> same ticket -> bounce."""
    box, customer = connect(bed), bed.user()
    address = f"{customer}@test.local"
    make.sign_in(client, make.agent("Zhang Wei"))
    with moved_to(now()) as tick:
        # the customer's mail becomes a ticket that an agent can read
        send(bed, address, box.address, gbk_mail(address, box.address))
        assert fetch_all_once() == {box.name: 1}
        ticket = only()
        path = f"/tickets/{ticket.number}"
        page = get(client, path)
        assert SUBJECT in page and "冰箱又漏水了，请尽快处理。" in page and "朱镕" in page
        assert "\ufffd" not in page
        assert (ticket.subject, ticket.language, ticket.channel) == (SUBJECT, "zh_Hans", "email")

        # the acknowledgement: number, promise, link; none of the words; a machine's mail
        deliver_due()
        [receipt] = inbox(bed, customer)
        assert ticket.number in receipt["Subject"] and "漏水" not in str(receipt["Subject"])
        assert f"/track/{ticket.number}/" in text(receipt) and "漏水" not in text(receipt)
        assert "最迟" in text(receipt)
        assert receipt["Auto-Submitted"] == "auto-generated"
        assert receipt["In-Reply-To"] == "<first@kunde.example>"

        # the agent's answer, from the page, after the seconds in which it could be taken back
        answered = client.post(f"{path}/messages", data={"mode": "message", "body": ANSWER})
        assert answered.status_code == 303
        deliver_due()
        assert len(inbox(bed, customer)) == 1
        tick(11)
        deliver_due()
        _receipt, answer = inbox(bed, customer)
        assert ANSWER in text(answer) and "海川售后部" in text(answer)
        assert "> 冰箱又漏水了，请尽快处理。" in text(answer)
        assert (
            answer["Auto-Submitted"] is None
            and answer["From"].addresses[0].addr_spec == box.address
        )
        assert answer["References"] == "<first@kunde.example>"
        assert receipt["Thread-Index"][:28] == answer["Thread-Index"][:28]

        # the customer's reply finds the same ticket by the ticket's own address
        to = answer["Reply-To"].addresses[0].addr_spec
        assert to.startswith(f"{box.name}+{ticket.number}.")
        send(bed, address, to, reply_to(answer, address, to))
        fetch_all_once()
        assert only().id == ticket.id
        said = queries.conversation(ticket)
        assert [message.kind for message in said] == ["customer", "staff", "customer"]
        assert said[-1].body == "上午十点以后可以。" and ANSWER in said[-1].quoted
        page = get(client, path)
        assert "上午十点以后可以。" in page and "\ufffd" not in page

        # the address has died meanwhile: the report lands on the answer that failed
        with transaction() as session:
            session.scalars(select(Ticket)).one().reply_to = "bounce@kunde.example"
        actions.send_message(ticket, by=make.SUPERVISOR, body="已登记十点。")
        deliver_due()
        fetch_all_once()
        newest = select(Envelope).order_by(Envelope.id.desc()).limit(1)
        sent = db.session.scalars(newest.execution_options(populate_existing=True)).one()
        assert (sent.recipient, sent.state) == ("bounce@kunde.example", "bounced")
        assert only().id == ticket.id, "a report opens no ticket"
        page = get(client, f"{path}?lang=zh_Hans")
        failed = page[page.index("已登记十点。") :]
        assert "bounce@kunde.example" in failed and re.search(r"5\.\d\.\d", failed)
        assert f"/mail/sent/{sent.id}/again" in failed


def reply_to(answer: EmailMessage, sender: str, to: str) -> bytes:
    """The customer's answer, quoted as QQ Mail does it, in GBK again."""
    reply = EmailMessage(policy=policy.SMTP)
    reply["From"], reply["To"], reply["Subject"] = (
        f"朱镕 <{sender}>",
        to,
        f"回复：{answer['Subject']}",
    )
    reply["Message-ID"], reply["In-Reply-To"] = "<second@kunde.example>", answer["Message-ID"]
    quoted = (
        f"上午十点以后可以。\n\n\n------------------ 原始邮件 ------------------\n{text(answer)}"
    )
    reply.set_content(quoted, charset="gbk")
    return reply.as_bytes()


@pytest.mark.parametrize(
    ("local", "tries", "state"),
    [("fail", 1, "failed"), ("full", 1, "failed"), ("defer", 3, "sent"), ("drop", 2, "uncertain")],
)
def test_what_a_real_server_does_with_an_answer(
    app: Flask, bed: Bed, local: str, tries: int, state: str
) -> None:
    """fail@ is red at once; defer@ sent on the third try; drop@ uncertain, never more than twice."""
    box = connect(bed)
    person = make.Asker(email=f"{local}@{bed.user()}.example")
    said = {"automatic": True, "mailbox": box.name}
    ticket = make.ticket(channel="email", person=person, mail=said)
    with moved_to(now()) as tick:
        actions.send_message(ticket, by=make.SUPERVISOR, body="明天上门。")
        deliver_due()
        for _hour in range(6):
            tick(3600)
            send_due()
    row = db.session.scalars(select(Envelope)).one()
    db.session.refresh(row)
    assert (row.state, row.tries, row.next_at) == (state, tries, None)
    lost = db.session.scalar(select(Event.seq).where(Event.name == "mail.lost"))
    assert (lost is None) == (state == "sent")


def test_a_slow_server_gets_its_time(app: Flask, bed: Bed) -> None:
    """slow@ answers DATA after three seconds; that is no fault."""
    box = connect(bed)
    said = {"automatic": True, "mailbox": box.name}
    ticket = make.ticket(channel="email", person=make.Asker(email="slow@kunde.example"), mail=said)
    actions.send_message(ticket, by=make.SUPERVISOR, body="明天上门。")
    deliver_due()
    row = db.session.scalars(select(Envelope)).one()
    assert (row.state, row.tries) == ("sent", 1)
