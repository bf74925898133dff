"""/admin/mailboxes: set up from the address, tried out with clear sentences, health told."""

from __future__ import annotations

import re
import socket
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.boxes import providers
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.clock import now
from helpdesk.core import encryption
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.core.i18n import zone
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.mails import mail
from tests.help.smtp_sink import Sink

FORM = {
    "address": "support@example.net",
    "name": "support",
    "kind": "smtp",
    "port": "993",
    "tls": "tls",
    "smtp_port": "465",
    "smtp_tls": "none",
    "active": "y",
    "department_id": "",
    "language": "",
}


def only() -> Mailbox:
    db.session.rollback()
    return db.session.scalars(select(Mailbox)).one()


@pytest.mark.parametrize(
    ("address", "imap"),
    [
        ("a@qq.com", "imap.qq.com"),
        ("a@163.com", "imap.163.com"),
        ("a@126.com", "imap.126.com"),
        ("a@gmail.com", "imap.gmail.com"),
        ("a@firma.example", "imap.firma.example"),
    ],
)
def test_the_address_alone_finds_the_servers(
    app: Flask, client: FlaskClient, address: str, imap: str
) -> None:
    """And the page tells where the authorisation code is."""
    make.sign_in(client, make.agent(role="admin"))
    page = client.get("/admin/mailboxes/new", query_string={"address": address})
    assert f'value="{imap}"' in page.get_data(as_text=True)


def test_each_provider_tells_in_chinese_where_its_code_is(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent(role="admin", language="zh_Hans"))
    page = client.get("/admin/mailboxes").get_data(as_text=True)
    assert page.count("授权码") >= 3
    for each in providers.PROVIDERS:
        assert each.where not in page  # the English sentence


def test_a_mailbox_is_added_tried_out_and_its_password_kept_secret(
    app: Flask, client: FlaskClient
) -> None:
    make.sign_in(client, make.agent(role="admin"))
    sink = Sink()
    given = FORM | {"smtp_host": "127.0.0.1", "smtp_port": str(sink.server_address[1])}
    answer = client.post("/admin/mailboxes/new", data=given, follow_redirects=True)
    assert "Sending works." in answer.get_data(as_text=True)
    box = only()
    client.post(f"/admin/mailboxes/{box.id}", data=given | {"password": "geheim", "user": "u"})
    page = client.get(f"/admin/mailboxes/{box.id}").get_data(as_text=True)
    noted = db.session.scalars(
        select(Event.data).where(Event.name == "setup.changed").order_by(Event.seq)
    ).all()
    assert "geheim" not in page + str(noted) + only().secret
    assert encryption.decrypted(only().secret) == "geheim"
    client.post(f"/admin/mailboxes/{box.id}", data=given | {"user": "u"})
    assert encryption.decrypted(only().secret) == "geheim"
    sink.shutdown()
    sink.server_close()


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"host": "no-such-host.invalid"}, "There is no server of this name."),
        ({"host": "127.0.0.1"}, "Nobody answers there."),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    app: Flask, client: FlaskClient, where: dict[str, str], sentence: str
) -> None:
    make.sign_in(client, make.agent(role="admin"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        given = FORM | {"kind": "imap", "user": "u", "port": str(closed.getsockname()[1])} | where
        answer = client.post("/admin/mailboxes/new", data=given, follow_redirects=True)
    assert sentence in answer.get_data(as_text=True)


def test_odd_answers_keep_the_form_and_say_what_to_mend(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent(role="admin"))
    odd = FORM | {"kind": "imap", "name": "Not a name!", "address": "nowhere"}
    answer = client.post("/admin/mailboxes/new", data=odd)
    assert answer.status_code == 422
    assert "Not a name!" in answer.get_data(as_text=True)
    assert db.session.scalars(select(Mailbox)).all() == []


def test_only_administrators_set_mailboxes_up(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent(role="supervisor"))
    assert client.get("/admin/mailboxes").status_code == 200
    assert client.get("/admin/mailboxes/new").status_code == 403


def box(**more: object) -> Mailbox:
    values = {"name": "sales", "address": "sales@example.net", "kind": "smtp"}
    with transaction() as session:
        made = Mailbox(**(values | more))
        session.add(made)
    return made


def test_an_answer_has_the_mailboxes_address_name_and_signature(app: Flask) -> None:
    sink = Sink()
    box(
        sender_name="Verkauf",
        signature_zh="此致\n售后部",
        smtp_host="127.0.0.1",
        smtp_port=sink.server_address[1],
        smtp_tls="none",
    )
    row = deliver(mail(), "sales")
    ticket = db.session.get_one(Ticket, row.ticket_id)
    actions.send_message(ticket, by=make.agent().actor, body="明天上门。")
    deliver_due()
    answer = sink.taken[-1]
    assert answer["From"] == "Verkauf <sales@example.net>"
    assert "售后部" in answer.get_body(("plain",)).get_content()
    assert "售后部" in answer.get_body(("html",)).get_content()
    assert "售后部" not in sink.taken[0].get_content()  # the receipt has none
    sink.shutdown()
    sink.server_close()


def test_the_department_of_a_mailbox_gets_what_no_rule_claims(app: Flask) -> None:
    unit = make.department()
    box(department_id=unit.id, language="en")
    row = deliver(mail(), "sales")
    ticket = db.session.get_one(Ticket, row.ticket_id)
    assert (ticket.department_id, ticket.language) == (unit.id, "en")


def test_readiness_turns_bad_after_ten_minutes_of_failure(app: Flask, client: FlaskClient) -> None:
    """One mailbox that fails, or a letter that waits, for ten minutes."""
    made = box(kind="imap", failing_since=now() - timedelta(minutes=9), last_error="login|no")
    assert client.get("/readyz").json["checks"]["mail"]["ok"]
    with transaction() as session:
        known = session.get_one(Mailbox, made.id)
        known.failing_since = now() - timedelta(minutes=11)
    found = client.get("/readyz")
    assert (found.status_code, found.json["checks"]["mail"]["ok"]) == (503, False)
    with transaction() as session:
        session.get_one(Mailbox, made.id).active = False
    assert client.get("/readyz").json["checks"]["mail"]["ok"]
    make.ticket()
    deliver_due()
    with transaction() as session:
        letter = session.scalars(select(Envelope)).one()
        letter.state, letter.made_at = "retry", now() - timedelta(minutes=11)
        letter.next_at = now()
    assert not client.get("/readyz").json["checks"]["mail"]["ok"]


def test_the_page_of_the_mailboxes_tells_how_each_does(app: Flask, client: FlaskClient) -> None:
    """Last fetch, last error, both queues, the oldest unsent, a button for a test mail."""
    make.sign_in(client, make.agent(role="admin"))
    at = now() - timedelta(minutes=7)
    made = box(kind="imap", last_fetch=at, failing_since=at, last_error="login|AUTHENTICATE failed")
    with transaction() as session:
        for n, state in enumerate(("queued", "retry", "sent")):
            session.add(
                Envelope(
                    event_seq=n,
                    purpose="answer",
                    recipient=f"p{n}@example.com",
                    mailbox="sales",
                    message_id=f"<{n}@x>",
                    subject="s",
                    body="b",
                    state=state,
                    made_at=at,
                    next_at=None if state == "sent" else now() + timedelta(hours=1),
                )  # fmt: skip
            )
    page = client.get("/admin/mailboxes?lang=en").get_data(as_text=True)
    row = page[page.index("sales@example.net") :]
    row = row[: row.index("</tr>")]
    assert "AUTHENTICATE failed" in row and "does not work" in row
    assert re.search(r'<td class="number">\s*0\s*</td>\s*<td class="number">2<br>', row)
    assert row.count(at.astimezone(zone()).strftime("%H:%M")) == 3, "fetched, failing, unsent"
    assert f'action="/admin/mailboxes/{made.id}/letter"' in row


@pytest.mark.parametrize(
    ("refusal", "told"),
    [("", "The server took the test mail"), ("550 no such user", "550 no such user")],
)
def test_a_test_mail_goes_to_whoever_asks_and_its_end_is_told(
    app: Flask, client: FlaskClient, refusal: str, told: str
) -> None:
    """The button sends a real mail through this mailbox."""
    sink, admin = Sink(), make.agent(role="admin")
    sink.refuse |= {admin.email: refusal} if refusal else {}
    port = sink.server_address[1]
    made = box(smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none")
    make.sign_in(client, admin)
    page = client.post(f"/admin/mailboxes/{made.id}/letter", follow_redirects=True)
    assert told in page.get_data(as_text=True)
    assert [m["To"] for m in sink.taken] == ([] if refusal else [admin.email])
    assert all("sales@example.net" in m["From"] and m["Auto-Submitted"] for m in sink.taken)
    sink.shutdown()
    sink.server_close()


def test_without_a_server_the_test_mail_says_so(app: Flask, client: FlaskClient) -> None:
    made = box()
    make.sign_in(client, make.agent(role="admin"))
    page = client.post(f"/admin/mailboxes/{made.id}/letter", follow_redirects=True)
    assert "There is no server for sending" in page.get_data(as_text=True)
