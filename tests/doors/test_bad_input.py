"""Odd input at every door: a sentence in the caller's language, a 4xx, and nothing half-written."""

from __future__ import annotations

import io
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.agents.models import ApiToken
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.models import InboundMail
from helpdesk.core.db import db, transaction
from helpdesk.settings import settings
from helpdesk.tickets import actions, tracking
from tests.help import factories as make
from tests.help.calls import new_token
from tests.help.forms import FORM, LANGUAGES, heard, nothing_written, spoken

CASE = {"kind": "complaint", "channel": "api", "subject": "冰箱", "body": "不制冷"}


@pytest.fixture
def caller(app: Flask, client: FlaskClient) -> dict[str, str]:
    """The header of a program that may open cases."""
    plain, digest = new_token()
    with transaction() as session:
        session.add(ApiToken(name="shop", role="agent", token_hash=digest))
    return {"Authorization": f"Bearer {plain}"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("wrong", "zh", "en"),
    [
        ({"subject": ""}, "请填写此项", "Please fill this in"),
        ({"body": "字" * 20_001}, "最多", "at most"),
        ({"category": "no.such"}, "请从给出的选项中选择", "Please pick one of the offered choices"),
        ({"contact": "call me"}, "电话", "phone"),
    ],
    ids=["missing", "oversize", "unknown category", "a number that is none"],
)
def test_the_public_form_names_the_field_that_is_wrong(
    client: FlaskClient, language: str, wrong: dict[str, str], zh: str, en: str
) -> None:
    with nothing_written():
        answer = client.post("/new", data=FORM | wrong, headers=heard(language))
    spoken(answer, 422, language, zh, en)
    assert FORM["name"] in answer.get_data(as_text=True)  # what was typed is kept


def test_a_case_without_a_category_leaves_it_to_us(client: FlaskClient) -> None:
    sent = {name: value for name, value in FORM.items() if name != "category"}
    assert client.post("/new", data=sent).status_code == 303


def test_a_number_that_no_column_holds_is_the_callers_mistake(client: FlaskClient) -> None:
    make.sign_in(client, make.agent(language="en"))
    answer = client.get("/tickets?after=~" + "9" * 30)
    spoken(answer, 422, "en", "", "could not be read")


def test_number_and_code_may_be_typed_in_full_width(client: FlaskClient) -> None:
    """An input method for Chinese writes digits and hyphens so."""
    ticket = make.ticket()
    wide = ticket.number.translate({ord(c): ord(c) + 0xFEE0 for c in "-0123456789"})
    code = tracking.secret(ticket, settings().secret_key).lower()
    assert client.post("/track", data={"number": wide, "code": code}).status_code == 303


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("wrong", "field", "zh", "en"),
    [
        ({"subject": ""}, "subject", "请填写此项", "fill"),
        ({"body": "x" * 2_000_000}, "body", "最多", "at most"),
        ({"category": "no.such"}, "category", "分类", "categor"),
        ({"person": {"phone": "call me"}}, "phone", "这不是电话号码", "not a phone number"),
    ],
    ids=["missing", "oversize", "unknown category", "a number that is none"],
)
def test_the_api_names_the_field_that_is_wrong(
    client: FlaskClient,
    caller: dict[str, str],
    language: str,
    wrong: dict[str, object],
    field: str,
    zh: str,
    en: str,
) -> None:
    with nothing_written():
        answer = client.post("/api/v1/tickets", json=CASE | wrong, headers=caller | heard(language))
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert (zh if language == "zh_Hans" else en) in answer.json["errors"][field].lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_of_a_wrong_type_is_named(client: FlaskClient, language: str) -> None:
    """The name of the file stands in the sentence."""
    sent = FORM | {"files": (io.BytesIO(b"MZ" + b"\0" * 64), "账单.exe")}
    with nothing_written():
        answer = client.post(
            "/new", data=sent, content_type="multipart/form-data", headers=heard(language)
        )
    spoken(answer, 422, language, "不接收“账单.exe”", "take files like 账单.exe")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_larger_than_all_files_together_is_refused(
    app: Flask, client: FlaskClient, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    with nothing_written():
        answer = client.post("/new", data=FORM | {"body": "x" * 2000}, headers=heard(language))
    spoken(answer, 413, language, "文件过大", "too large")


def test_a_mail_of_26_megabytes_is_kept_and_shown_to_people(client: FlaskClient) -> None:
    mail = _mail("wang.fang@example.com")
    row = deliver(mail + b"x" * 26 * 2**20)
    assert (row.outcome, row.ticket_id) == ("held", None)
    kept = row.id
    for language in LANGUAGES:
        read = _read(client, kept, language)
        spoken(read, 200, language, "超过了可接收的大小", "larger than we take")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_without_a_sender_is_kept_and_shown_to_people(
    client: FlaskClient, language: str
) -> None:
    row = deliver(_mail(""))
    assert (row.outcome, row.ticket_id) == ("quarantined", None)
    spoken(_read(client, row.id, language), 200, language, "发件人", "sender")


def _mail(sender: str) -> bytes:
    message = EmailMessage()
    if sender:
        message["From"] = sender
    message["To"], message["Subject"] = "support@example.net", "冰箱"
    message.set_content("不制冷。")
    return message.as_bytes()


def _read(client: FlaskClient, mail: int, language: str) -> TestResponse:
    """The mail as a colleague of the desk sees it; it stands in a list for people."""
    make.sign_in(client, make.agent(f"Reader of {language}", language=language))
    outcome = db.session.get_one(InboundMail, mail).outcome
    listed = client.get(f"/mail?outcome={outcome}").get_data(as_text=True)
    assert f'href="/mail/{mail}"' in listed
    return client.get(f"/mail/{mail}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", ["2026-999999", "abc", "../etc", "2026-1%00"])
def test_a_ticket_number_that_is_none_is_not_found(
    client: FlaskClient, caller: dict[str, str], language: str, number: str
) -> None:
    make.sign_in(client, make.agent(f"Reader of {language}", language=language))
    with nothing_written():
        page = client.get(f"/tickets/{number}")
        told = client.get(f"/api/v1/tickets/{number}", headers=caller | heard(language))
    spoken(page, 404, language, "没有这", "There is no such")
    assert (told.status_code, told.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stale_version_is_told_and_the_words_are_kept(client: FlaskClient, language: str) -> None:
    colleague = make.agent("Li Na", language=language)
    ticket = make.ticket()
    stale = ticket.version
    actions.edit(ticket, by=colleague.actor, severity="S1", reason="Hurt")
    make.sign_in(client, colleague)
    sent = {"version": stale, "comment": "不是我们的事 / not ours"}
    with nothing_written():
        answer = client.post(f"/tickets/{ticket.number}/moves/decline", data=sent)
    spoken(answer, 409, language, "做了修改", "Li Na changed this")
    assert "Li Na" in answer.get_data(as_text=True)
    assert "不是我们的事 / not ours" in answer.get_data(as_text=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_forbidden_move_says_why(
    client: FlaskClient, caller: dict[str, str], language: str
) -> None:
    ticket = make.ticket()
    make.sign_in(client, make.agent(f"Reader of {language}", language=language))
    with nothing_written():
        page = client.post(
            f"/tickets/{ticket.number}/moves/resume", data={"version": ticket.version}
        )
        told = client.post(
            f"/api/v1/tickets/{ticket.number}/moves",
            json={"move": "resume"},
            headers=caller | heard(language),
        )
    spoken(page, 409, language, "现在不能执行这一步", "This step is not possible now")
    wanted = "现在不能执行这一步" if language == "zh_Hans" else "This step is not possible now"
    assert told.status_code == 409 and wanted in told.json["detail"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_of_another_case_opens_nothing(client: FlaskClient, language: str) -> None:
    """Number and code belong together; which of the two is wrong is not told."""
    own, foreign = make.ticket(), make.ticket(subject="Li Lei's matter")
    code = tracking.secret(own, settings().secret_key)
    with nothing_written():
        sent = {"number": foreign.number, "code": code}
        answer = client.post("/track", data=sent, headers=heard(language))
    spoken(answer, 404, language, "受理编号与查询码不符", "belong together")
    assert "Li Lei" not in answer.get_data(as_text=True)
