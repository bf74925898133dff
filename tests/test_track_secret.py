"""The customer's own way into the case is the customer's: no colleague reads it, by no door."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import paper
from helpdesk.agents import tokens
from helpdesk.agents.rights import STAFF, SYSTEM
from helpdesk.agents.scopes import INTAKE, Bounds
from helpdesk.core.db import db
from helpdesk.tickets import actions, queries, tracking
from helpdesk.tickets.models import Message, Rating, Ticket
from helpdesk.tickets.veil import veiled
from helpdesk.web.http import settings
from tests import factories as make
from tests.tickets.test_views_phone import CASE as CALL

CASE = {"kind": "complaint", "channel": "web", "subject": "冰箱", "body": "不制冷。"}


def secret(ticket: Ticket) -> str:
    return tracking.secret(ticket, settings().secret_key)


def token(role: str, *scopes: str) -> dict[str, str]:
    unit = make.department().id if role == "handler" else None
    _row, text = tokens.add("shop", role, SYSTEM, unit, Bounds(scopes=scopes))
    return {"Authorization": f"Bearer {text}"}


def only_ticket() -> Ticket:
    db.session.expire_all()
    return db.session.scalars(db.select(Ticket)).one()


class TestApi:
    def test_the_first_answer_to_a_token_for_intake_holds_link_and_secret(
        self, client: FlaskClient
    ) -> None:
        answer = client.post("/api/v1/tickets", json=CASE, headers=token("agent", INTAKE, "read"))
        ticket = only_ticket()
        assert answer.json["track"]["secret"] == secret(ticket)
        assert answer.json["track"]["url"].endswith(f"/track/{ticket.number}/{secret(ticket)}")

    def test_a_token_without_the_scope_gets_none(self, client: FlaskClient) -> None:
        answer = client.post("/api/v1/tickets", json=CASE, headers=token("admin"))
        assert answer.status_code == 201 and answer.json["track"] is None
        assert secret(only_ticket()) not in answer.text

    def test_the_second_answer_and_every_later_one_hold_none(self, client: FlaskClient) -> None:
        headers = token("agent", INTAKE, "read", "work")
        again = headers | {"Idempotency-Key": "once"}
        first = client.post("/api/v1/tickets", json=CASE, headers=again)
        assert first.json["track"]
        number = first.json["number"]
        assert client.post("/api/v1/tickets", json=CASE, headers=again).json["track"] is None
        assert client.get(f"/api/v1/tickets/{number}", headers=headers).json["track"] is None
        moved = client.post(
            f"/api/v1/tickets/{number}/moves", json={"move": "accept"}, headers=headers
        )
        assert moved.status_code == 200 and moved.json["track"] is None

    @pytest.mark.parametrize("role", STAFF)
    def test_no_role_reads_it(self, client: FlaskClient, role: str) -> None:
        make.department()
        ticket, boss = make.ticket(), make.agent("Wu Di", "supervisor").actor
        actions.accept(ticket, by=boss)
        actions.dispatch(ticket, by=boss, department_id=make.department().id)
        headers = token(role)
        for path in ("", "/events", "/responses"):
            answer = client.get(f"/api/v1/tickets/{ticket.number}{path}", headers=headers)
            assert answer.status_code == 200 and secret(ticket) not in answer.text


class TestPaper:
    @pytest.mark.parametrize("role", ["agent", "supervisor", "admin", "auditor"])
    def test_the_code_on_a_sheet_leads_to_its_check_and_not_to_the_customer_s_page(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, role: str
    ) -> None:
        ticket = make.ticket()
        drawn: list[str] = []
        monkeypatch.setattr(paper, "qr_svg_path", lambda text: drawn.append(text) or ("", 0))
        make.sign_in(client, make.agent("Li Na", role))
        sheet = client.get(f"/tickets/{ticket.number}/response-table?print=1&language=en").text
        code = re.search(r"Verification code (\d+(?:-[A-Z2-7]{4}){3})", sheet)
        assert code and secret(ticket) not in sheet
        [address] = drawn
        assert address.endswith(f"/tickets/{ticket.number}/response-table?code={code[1]}")
        assert (
            "Nothing has happened since then"
            in client.get(urlsplit(address).path, query_string=urlsplit(address).query).text
        )

    def test_a_sheet_that_does_not_agree_is_told(self, client: FlaskClient) -> None:
        ticket = make.ticket()
        make.sign_in(client, make.agent())
        page = client.get(f"/tickets/{ticket.number}/response-table?code=1-AAAA-BBBB-CCCC").text
        assert "nothing has happened since" not in page.lower()


class TestCall:
    def test_who_registered_the_call_reads_the_code_out_once(self, client: FlaskClient) -> None:
        make.sign_in(client, make.agent())
        saved = client.post("/phone", data=CALL)
        assert saved.status_code == 303
        ticket = only_ticket()
        groups = " ".join(re.findall("....", secret(ticket)))
        first = client.get(saved.location).text
        assert groups in first and "shown this once" in first
        for _again in range(2):
            later = client.get(saved.location).text
            assert groups not in later and secret(ticket) not in later

    def test_a_colleague_who_opens_the_same_address_reads_none(
        self, app: Flask, client: FlaskClient
    ) -> None:
        make.sign_in(client, make.agent())
        saved = client.post("/phone", data=CALL)
        other = make.sign_in(app.test_client(), make.agent("Li Lei", "supervisor"))
        assert "shown this once" not in other.get(saved.location).text


def test_a_colleague_s_browser_judges_no_case_in_the_name_of_the_customer(
    client: FlaskClient,
) -> None:
    ticket = make.ticket()
    actions.answer_directly(ticket, by=make.agent("Li Na").actor, body="Done.")
    make.sign_in(client, make.agent())
    client.get(f"/track/{ticket.number}/{secret(ticket)}")
    answer = client.post(f"/track/{ticket.number}/rate", data={"result": "5"})
    assert answer.status_code == 403
    assert db.session.scalars(db.select(Rating)).all() == []


def test_a_mail_that_quotes_ours_gives_the_link_to_no_colleague(client: FlaskClient) -> None:
    ticket = make.ticket()
    link = tracking.url(ticket, settings().secret_key, "https://help.example.com")
    actions.add_customer_message(
        ticket,
        by=make.CUSTOMER,
        body=f"It leaks. {link}",
        channel="email",
        quoted=f"> Your case: {link}\n> Yours",
        html=f'<p>It leaks.</p><blockquote><a href="{link}">{link}</a></blockquote>',
    )
    kept = db.session.scalars(db.select(Message).order_by(Message.id.desc())).first()
    assert kept is not None
    for text in (kept.body, kept.quoted, kept.html):
        assert secret(ticket) not in text and f"/track/{ticket.number}/" in text
    make.sign_in(client, make.agent())
    assert secret(ticket) not in client.get(f"/tickets/{ticket.number}").text
    assert (
        secret(ticket) not in client.get(f"/tickets/{ticket.number}/messages/{kept.id}/html").text
    )


def test_a_case_that_is_opened_by_a_mail_with_a_link_keeps_no_secret(client: FlaskClient) -> None:
    first = make.ticket()
    link = tracking.url(first, settings().secret_key, "https://help.example.com")
    second = make.ticket(body=f"As in {link}", quoted=f"> {link}", html=link, subject=link)
    said = queries.conversation(second)[0]
    assert all(secret(first) not in text for text in (said.body, said.quoted, said.html))
    assert secret(first) not in second.subject


@pytest.mark.parametrize(
    "link",
    [
        "https://h.example/track/2026-000001/ABCDEFGHIJKLMNOP",
        "https://h.example/track/2026-000001/abcdefghijklmnop.",
        "https%3A%2F%2Fh.example%2Ftrack%2F2026-000001%2FABCDEFGHIJKLMNOP&amp;data=x",
        "https://h.example/track/2026-000001/\n> ABCDEFGHIJKLMNOP",
    ],
)
def test_however_a_link_is_written_its_secret_is_left_out(link: str) -> None:
    assert "abcdefghijklmnop" not in veiled(f"See {link}").lower()
    assert "2026-000001" in veiled(link)


def test_other_words_stay_as_they_were() -> None:
    words = "We track/2026-000001/ABC and /track/2026-000001/ABCDEFGHIJKLMNOPQ"
    assert veiled(words) == words
