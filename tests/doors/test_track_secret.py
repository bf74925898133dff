"""The customer's own way into the case is the customer's: no colleague reads it, by no door."""

from __future__ import annotations

import quopri
import re
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import paper
from helpdesk.agents import tokens
from helpdesk.agents.rights import STAFF, SYSTEM
from helpdesk.agents.scopes import INTAKE, Bounds
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.reading.mime import Part, read_tree
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify import optouts
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import actions, queries, tracking
from helpdesk.tickets.models import Attachment, Message, Rating, Ticket
from helpdesk.tickets.veil import veiled
from tests.help import factories as make
from tests.help.phone import CASE as CALL

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
        own = tracking.own_secret(ticket, settings().secret_key)
        assert answer.json["track"]["url"].endswith(f"/track/{ticket.number}/{own}")
        assert own != secret(ticket)  # handed on to the customer, who may judge the case by it

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
    link = f"https://help.example.com/track/{ticket.number}/{secret(ticket)}"
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
    link = f"https://help.example.com/track/{first.number}/{secret(first)}"
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


class TestJudging:
    """Number and code open the case and may be read out; only the customer's own link judges it."""

    @pytest.fixture
    def answered(self) -> Ticket:
        ticket = make.ticket(person=Asker(name="Vera", email="vera@home.example"))
        actions.accept(ticket, by=make.agent().actor)
        actions.answer_directly(ticket, by=make.agent("Li Na").actor, body="Done.")
        with transaction():
            db.session.get_one(Ticket, ticket.id, populate_existing=True).status = "closed"
        return ticket

    def own_link(self, ticket: Ticket, purpose: str = "answer") -> str:
        deliver_due()
        mine = (Envelope.ticket_id == ticket.id) & (Envelope.purpose == purpose)
        sent = db.session.scalars(db.select(Envelope).where(mine)).one()
        [link] = re.findall(r"https?://\S+(/track/\S+)", sent.body)
        return link

    def test_who_heard_the_code_sees_the_case_and_is_told_kindly_that_the_customer_judges(
        self, client: FlaskClient, answered: Ticket
    ) -> None:
        for way in (
            client.get(f"/track/{answered.number}/{secret(answered)}"),
            client.post("/track", data={"number": answered.number, "code": secret(answered)}),
        ):
            assert way.status_code in (302, 303)
            page = client.get(f"/track/{answered.number}?lang=en").text
            assert 'name="result"' not in page and "open the link in one of our mails" in page
            refused = client.post(f"/track/{answered.number}/rate", data={"result": "1"})
            assert refused.status_code == 403
            assert "open the link in one of our mails" in refused.text
        assert db.session.scalars(db.select(Rating)).all() == []

    @pytest.mark.parametrize("purpose", ["receipt", "answer"])
    def test_the_link_of_every_mail_to_the_customer_lets_them_judge(
        self, client: FlaskClient, answered: Ticket, purpose: str
    ) -> None:
        client.get(self.own_link(answered, purpose))
        assert 'name="result"' in client.get(f"/track/{answered.number}").text
        client.post(f"/track/{answered.number}/rate", data={"result": "4"})
        assert db.session.scalars(db.select(Rating.result)).all() == [4]

    def test_the_code_typed_later_takes_the_right_of_the_link_from_no_browser(
        self, client: FlaskClient, answered: Ticket
    ) -> None:
        client.get(self.own_link(answered))
        client.post("/track", data={"number": answered.number, "code": secret(answered)})
        client.post(f"/track/{answered.number}/rate", data={"result": "4"})
        assert db.session.scalars(db.select(Rating.result)).all() == [4]

    def test_a_link_is_good_for_its_own_case_and_its_own_purpose(
        self, client: FlaskClient, answered: Ticket
    ) -> None:
        key, other = settings().secret_key, make.ticket()
        judging = tracking.own_secret(answered, key)[len(secret(answered)) :]
        others = tracking.own_secret(other, key)[len(secret(other)) :]
        wrong = (judging, judging * 2, secret(answered) * 2, secret(answered) + others)
        for code in wrong:
            assert client.get(f"/track/{answered.number}/{code}").status_code == 404
        assert (
            client.post(f"/track/{answered.number}/rate", data={"result": "1"}).status_code == 404
        )

    def test_a_browser_that_forgot_the_case_judges_it_no_more_by_the_code(
        self, client: FlaskClient, answered: Ticket
    ) -> None:
        client.get(self.own_link(answered))
        client.post("/track/forget", data={"number": answered.number})
        client.get(f"/track/{answered.number}/{secret(answered)}")
        refused = client.post(f"/track/{answered.number}/rate", data={"result": "1"})
        assert refused.status_code == 403


LINKS = {
    "own": lambda ticket: tracking.own_url(ticket, settings().secret_key, "https://h.example"),
    "confirm": lambda t: tracking.confirmation_url(t, settings().secret_key, "https://h.example"),
    "unsubscribe": lambda ticket: optouts.url(7),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
def test_a_mail_that_quotes_our_links_gives_them_to_nobody_who_reads_or_downloads_it(
    client: FlaskClient, link: Callable[[Ticket], str], encoding: str
) -> None:
    ticket = make.ticket()
    ours = link(ticket)
    code = re.split(r"[/.]", ours)[-1]
    inside, raw = EmailMessage(), EmailMessage()
    inside["Subject"] = "We have your case"
    inside.set_content(f"See {ours}\n" + "words " * 30, cte=encoding)
    raw["From"], raw["Subject"] = "vera@home.example", f"as in {ours}"
    raw.set_content(f"It leaks.\n\n> {ours}\n", cte=encoding)
    raw.add_alternative(f'<p>It leaks. <a href="{ours}">here</a></p>', subtype="html", cte=encoding)
    raw.add_attachment(inside)
    row = deliver(raw.as_bytes())
    make.sign_in(client, make.agent("Wu Di", "supervisor"))
    number = db.session.get_one(Ticket, row.ticket_id).number
    keys = db.session.scalars(db.select(Attachment.key)).all()
    assert keys
    paths = [f"/mail/{row.id}", f"/mail/{row.id}/raw", "/mail?outcome=all", f"/tickets/{number}"]
    for path in [*paths, *(f"/files/{key}" for key in keys)]:
        answer = client.get(path)
        assert answer.status_code == 200
        said = answer.get_data()
        read = [
            said.decode("utf-8", "replace"),
            quopri.decodestring(said).decode("utf-8", "replace"),
        ]
        read += [part.content().decode("utf-8", "replace") for part in parts(said)]
        assert not any(code in text for text in read), path


def parts(raw: bytes) -> list[Part]:
    """Every part of a mail, and of the mails within it."""
    found = list(read_tree(raw)[0].walk())
    within = [part.content() for part in found if part.mime == "message/rfc822"]
    return [*found, *(part for mail in within for part in parts(mail))]


def test_a_mail_without_a_link_of_ours_is_given_as_it_came(client: FlaskClient) -> None:
    raw = b"From: vera@home.example\r\nSubject: x\r\n\r\nIt leaks. /track/2026-000001\r\n"
    row = deliver(raw)
    make.sign_in(client, make.agent("Wu Di", "supervisor"))
    assert client.get(f"/mail/{row.id}/raw").get_data() == raw
