"""Proof of the sender: what our own mail server noted, and names that proven customers bear."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.deciding.proof import proof_of, read_result
from helpdesk.channels.email.reading.parser import parse
from helpdesk.core.db import db, transaction
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.mails import mail

PASS = "mx.example.net; spf=pass smtp.mailfrom=x@y; dmarc=pass (p=REJECT) header.from=example.com"


def marked(*results: str, **headers: str) -> bytes:
    """A mail with these Authentication-Results on top, the first one topmost."""
    lines = "".join(f"Authentication-Results: {each}\r\n" for each in results)
    return lines.encode() + mail(**headers)


@pytest.mark.parametrize(
    ("results", "server", "proof"),
    [
        ([PASS], "mx.example.net", "pass"),
        ([PASS], "MX.example.net", "pass"),
        ([PASS], "", ""),
        ([PASS], "mx.other.example", "none"),
        ([], "mx.example.net", "none"),
        ([PASS.replace("dmarc=pass", "dmarc=fail")], "mx.example.net", "fail"),
        ([PASS.replace("dmarc=pass", "dmarc=none")], "mx.example.net", "none"),
        (
            [PASS.replace("header.from=example.com", "header.from=evil.example")],
            "mx.example.net",
            "none",
        ),
        (["mx.example.net 1; dmarc=fail", PASS], "mx.example.net", "fail"),
        (["mx.evil.example; dmarc=pass", PASS.replace("pass", "fail")], "mx.example.net", "fail"),
        (["spf=pass (a; dmarc=pass); dmarc=fail header.from=example.com", PASS], "*", "fail"),
        (["spf=pass; dkim=pass; dmarc=pass action=none header.from=example.com"], "*", "pass"),
        (["mx.example.net (dmarc=pass; ((x)); none"], "mx.example.net", "none"),
    ],
)
def test_only_the_mailboxes_own_server_proves_an_address(
    results: list[str], server: str, proof: str
) -> None:
    """A header that the sender wrote himself proves nothing."""
    assert proof_of(parse(marked(*results)), server) == proof


def test_a_broken_header_is_read_as_far_as_it_goes() -> None:
    for odd in ("", ";;;", "(((", "a" * 5000, "mx; dmarc", "=;=", "mx;dmarc=;header.from="):
        assert read_result(odd).dmarc == ""


@pytest.fixture
def box(app: Flask) -> Mailbox:
    with transaction() as session:
        made = Mailbox(
            name="support",
            address="support@example.net",
            kind="smtp",
            proof_by="mx.example.net",
        )
        session.add(made)
    return made


@pytest.mark.parametrize(
    ("result", "badge"),
    [(PASS, "Address proven"), ("mx.example.net; dmarc=fail", "Address may be forged")],
)
def test_the_badge_stands_beside_the_message_and_the_mail(
    box: Mailbox, client: FlaskClient, result: str, badge: str
) -> None:
    row = deliver(marked(result))
    make.sign_in(client, make.agent())
    ticket = db.session.get_one(Ticket, row.ticket_id)
    for page in (f"/tickets/{ticket.number}", f"/mail/{row.id}"):
        assert badge in client.get(page).get_data(as_text=True)


def test_a_proven_customers_name_from_another_address_is_a_warning(
    box: Mailbox, client: FlaskClient
) -> None:
    """Whose mails were never proven, nobody can be mistaken for by this."""
    from helpdesk.core.outbox import deliver_due

    deliver(marked(PASS))
    deliver_due()  # the customer can be found by name
    other = {"From": "王芳 <wang.fang@evil.example>", "Message-ID": "<e@evil.example>"}
    row = deliver(marked("mx.example.net; dmarc=none", **other))
    newest = db.session.scalars(select(Message.data).order_by(Message.id.desc())).first()
    assert newest["known_as"] == "wang.fang@example.com"
    make.sign_in(client, make.agent())
    ticket = db.session.get_one(Ticket, row.ticket_id)
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    assert "A customer of this name writes from wang.fang@example.com" in page


def test_a_namesake_whose_address_was_never_proven_warns_nobody(box: Mailbox) -> None:
    from helpdesk.core.outbox import deliver_due

    deliver(marked("mx.example.net; dmarc=none"))
    deliver_due()
    deliver(marked(PASS, **{"From": "王芳 <w@example.org>", "Message-ID": "<o@example.org>"}))
    said = db.session.scalars(select(Message.data)).all()
    assert not any("known_as" in each for each in said)
