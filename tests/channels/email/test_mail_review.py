"""The list of mails that wait for a person."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.models import InboundMail
from helpdesk.core.db import db
from helpdesk.settings import settings
from helpdesk.tickets import mail_ids
from helpdesk.tickets.models import Message
from tests.help import factories as make


def held() -> tuple[InboundMail, object]:
    ticket = make.ticket()
    our_id = mail_ids.mail_id(ticket.number, "e1", settings().secret_key, "localhost")
    raw = f"From: eve@example.org\nSubject: hello\nIn-Reply-To: {our_id}\n\nwords of a stranger\n"
    return deliver(raw.encode()), ticket


def bodies(ticket: object) -> list[str]:
    return list(db.session.scalars(select(Message.body).where(Message.ticket_id == ticket.id)))


def test_an_agent_lets_a_strangers_reply_onto_the_ticket(app: Flask, client: FlaskClient) -> None:
    """Not without an agent's approval, and then in one click."""
    row, ticket = held()
    assert "words of a stranger" not in bodies(ticket)
    make.sign_in(client, make.agent())
    page = client.get(f"/mail/{row.id}").get_data(as_text=True)
    assert "words of a stranger" in page
    client.post(f"/mail/{row.id}/accept")
    assert "words of a stranger" in bodies(ticket)
    assert db.session.get_one(InboundMail, row.id, populate_existing=True).decided_by == "Zhang Wei"


def test_an_agent_opens_a_new_ticket_from_a_held_mail(app: Flask, client: FlaskClient) -> None:
    row, _ticket = held()
    make.sign_in(client, make.agent())
    answer = client.post(f"/mail/{row.id}/open")
    assert "/tickets/2" in answer.headers["Location"]
    assert db.session.get_one(InboundMail, row.id, populate_existing=True).outcome == "ticket"


def test_a_decision_is_made_once(app: Flask, client: FlaskClient) -> None:
    row, ticket = held()
    make.sign_in(client, make.agent())
    client.post(f"/mail/{row.id}/accept")
    client.post(f"/mail/{row.id}/accept")
    assert bodies(ticket).count("words of a stranger") == 1


def test_a_mail_set_aside_stays_stored_and_listed(app: Flask, client: FlaskClient) -> None:
    row, _ticket = held()
    make.sign_in(client, make.agent())
    client.post(f"/mail/{row.id}/aside")
    assert "hello" in client.get("/mail?outcome=ignored").get_data(as_text=True)
    assert b"words of a stranger" in client.get(f"/mail/{row.id}/raw").data


def test_departments_and_visitors_do_not_see_the_list(app: Flask, client: FlaskClient) -> None:
    """The mail list belongs to the desk."""
    assert client.get("/mail").status_code == 302
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    assert client.get("/mail").status_code == 403


def test_the_pages_show_what_cannot_be_read_too(app: Flask, client: FlaskClient) -> None:
    row = deliver(b"\x00")
    make.sign_in(client, make.agent())
    assert client.get(f"/mail/{row.id}").status_code == 200
    assert client.get("/mail").status_code == 200
    assert client.get("/mail/sent").status_code == 200
    assert client.get("/mail/999").status_code == 404
