"""Canned replies with placeholders, both languages, department scope and search."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.customers.people import Asker
from helpdesk.setup.models import CannedReply
from helpdesk.setup.replies import actions as replies
from helpdesk.setup.replies.actions import TEXTS, ReplyText
from helpdesk.tickets import actions, canned
from tests.help import factories as make

RECEIVED = ReplyText(
    code="received",
    title_zh="已收到",
    title_en="We have it",
    body_zh="{name}您好，编号 {number}，由{department}办理，最晚 {due} 前答复。{agent}",
    body_en="Dear {name}, your number is {number}; {department} answers by {due}. {agent}",
)


@pytest.fixture(autouse=True)
def no_reply_yet(app: Flask) -> None:
    with transaction() as session:
        session.execute(db.delete(CannedReply))


def reply(boss: Agent, **more: Any) -> Any:
    return replies.save(None, ReplyText(**(RECEIVED.__dict__ | more)), by=boss.actor)


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_all_placeholders_are_filled_in_the_language_of_the_answer(
    boss: Agent, language: str
) -> None:
    quality, zhang = make.department(), make.agent("Zhang Wei").actor
    ticket = make.ticket()
    actions.accept(ticket, by=zhang)
    actions.dispatch(ticket, by=zhang, department_id=quality.id)
    text = canned.render(reply(boss), ticket, zhang, language)
    assert "王芳" in text and ticket.number in text and "Zhang Wei" in text
    assert ("由质量部办理" if language == "zh_Hans" else "Quality answers by") in text
    assert "{" not in text


def test_what_is_not_known_becomes_a_general_word(boss: Agent) -> None:
    ticket = make.ticket(person=Asker(phone="139 0000 0000"))
    text = canned.render(reply(boss), ticket, boss.actor, "en")
    assert text.startswith("Dear Customer,") and "Service desk answers by" in text


@pytest.mark.parametrize(
    "evil",
    ["{{7*7}}", "{% for x in y %}", "{ticket.person}", "{name!r}", "{0}", "%(name)s", "${name}"],
)
def test_no_template_language_can_be_smuggled_in(boss: Agent, evil: str) -> None:
    row = reply(boss)
    row.body_en = f"x {evil} y"
    text = canned.render(row, make.ticket(), boss.actor, "en")
    assert text == f"x {evil.replace('{name}', '王芳')} y"


def test_a_name_with_braces_is_not_filled_in_again(boss: Agent) -> None:
    ticket = make.ticket(person=Asker(name="{number}", phone="139 0000 0000"))
    assert canned.render(reply(boss), ticket, boss.actor, "en").startswith("Dear {number},")


def test_a_handler_sees_everybodys_and_the_own_departments_replies(boss: Agent) -> None:
    quality, sales = make.department(), make.department("sales", "销售部", "Sales")
    reply(boss, code="all")
    reply(boss, code="quality", department_id=quality.id)
    reply(boss, code="sales", department_id=sales.id)
    handler = make.agent("Li Na", "handler", quality).actor
    assert {row.code for row in canned.listed(handler)} == {"all", "quality"}
    agent = make.agent("Zhang Wei").actor
    assert {row.code for row in canned.listed(agent)} == {"all", "quality", "sales"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("已收", {"received"}),
        ("WE HAVE", {"received"}),
        ("dear number", {"received"}),
        ("received", {"received"}),
        ("nothing such", set()),
        ("%", set()),
        ("_", set()),
        ("", {"received"}),
    ],
)
def test_replies_are_found_by_words_of_either_language(
    boss: Agent, words: str, found: set[str]
) -> None:
    reply(boss)
    assert {row.code for row in canned.listed(boss.actor, words)} == found


def test_what_is_used_most_comes_first(boss: Agent) -> None:
    reply(boss, code="a")
    often = reply(boss, code="b")
    canned.used(often.id, boss.actor)
    assert [row.code for row in canned.listed(boss.actor)] == ["b", "a"]


def test_a_reply_that_is_put_away_is_not_offered(boss: Agent) -> None:
    row = reply(boss)
    replies.save(row, ReplyText(**(RECEIVED.__dict__ | {"active": False})), by=boss.actor)
    assert canned.listed(boss.actor) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body_zh": " "}, "body_zh"),
        ({"body_en": "Dear {firstname}"}, "body_en"),
        ({"title_en": ""}, "title_en"),
        ({"body_en": "x" * 10_001}, "body_en"),
        ({"department_id": 99}, "department_id"),
        ({"code": "Not good"}, "code"),
        ({"code": "received"}, "code"),
    ],
)
def test_an_odd_reply_is_refused_at_its_field(
    boss: Agent, wrong: dict[str, Any], field: str
) -> None:
    reply(boss)
    with pytest.raises(BadInput) as refused:
        reply(boss, **({"code": "other"} | wrong))
    assert set(refused.value.errors) == {field}


def test_the_pages_add_and_edit(app: Flask, desk: FlaskClient) -> None:
    texts = {name: getattr(RECEIVED, name) for name in TEXTS}
    sent = texts | {"code": "received", "active": "y"}
    assert desk.post("/admin/canned-replies/new", data=sent).status_code == 303
    (row,) = replies.listed()
    assert "Dear {name}" in desk.get(f"/admin/canned-replies/{row.id}").text
    wrong = desk.post(f"/admin/canned-replies/{row.id}", data=texts | {"body_en": "{x}"})
    assert wrong.status_code == 422 and "are filled in" in wrong.text
    edited = texts | {"title_en": "Received", "active": "y"}
    assert desk.post(f"/admin/canned-replies/{row.id}", data=edited).status_code == 303
    assert "Received" in desk.get("/admin/canned-replies").text


def test_while_writing_the_replies_come_filled_in_for_the_ticket(
    client: FlaskClient, boss: Agent
) -> None:
    reply(boss)
    ticket = make.ticket()
    make.sign_in(client, make.agent("Zhang Wei"))
    page = client.get(f"/canned?ticket={ticket.number}&q=have").text
    assert "We have it" in page and f"王芳您好，编号 {ticket.number}" in page
    assert "No canned reply" in client.get(f"/canned?ticket={ticket.number}&q=zzz").text


def test_a_use_is_counted_once_chosen(client: FlaskClient, boss: Agent) -> None:
    row = reply(boss)
    make.sign_in(client, make.agent("Zhang Wei"))
    assert client.post(f"/canned/{row.id}/used").status_code == 204
    db.session.refresh(row)
    assert row.uses == 1


def test_a_handler_gets_no_reply_of_another_department_nor_for_a_hidden_ticket(
    client: FlaskClient, boss: Agent
) -> None:
    sales = make.department("sales", "销售部", "Sales")
    row = reply(boss, department_id=sales.id)
    ticket = make.ticket()
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    assert client.post(f"/canned/{row.id}/used").status_code == 404
    assert client.get(f"/canned?ticket={ticket.number}").status_code == 404


def test_a_confidential_name_is_not_told_to_departments(boss: Agent) -> None:
    quality = make.department()
    ticket = make.ticket(confidential=True)
    handler = make.agent("Li Na", "handler", quality).actor
    assert "王芳" not in canned.render(reply(boss), ticket, handler, "en")


def test_auditors_write_nothing_and_get_no_replies(client: FlaskClient, boss: Agent) -> None:
    make.sign_in(client, make.agent("Wang Qiang", "auditor"))
    assert client.get("/canned?ticket=1").status_code == 403
