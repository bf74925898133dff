"""Blocked callers: a list in the settings; their calls are noted and make no case, and an exchange may ask."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import blocking, wrapping
from helpdesk.calls.blocking import Blocked
from helpdesk.calls.models import Call, Interaction, PhoneCallback
from helpdesk.calls.terms_models import BlockedCaller
from helpdesk.calls.wrapping import WrittenUp
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.ops.doctor import calls as doctor
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.calls import token
from tests.help.telephone import WANG, abandoned, answered, event, take

LIST = "/admin/phone/blocked"


@pytest.fixture
def admin(app: Flask) -> Agent:
    return make.agent("Admin One", "admin")


@pytest.fixture
def desk(client: FlaskClient, admin: Agent) -> FlaskClient:
    return make.sign_in(client, admin)


def block(admin: Agent, until: date | None = None) -> None:
    blocking.save(None, Blocked(WANG, "Shouts at everybody", until), admin.actor)


def calls() -> list[Call]:
    db.session.rollback()
    return list(db.session.scalars(select(Call).order_by(Call.id)))


def test_calls_of_a_blocked_number_are_noted_and_make_no_case(
    client: FlaskClient, admin: Agent
) -> None:
    block(admin)
    take(*abandoned(60, "gave-up"))
    back = {"call_id": "back"}
    take(
        event("ringing", **back),
        event("queued", 1, **back),
        event("left", 9, reason="timeout", **back),
    )
    assert [each.blocked for each in calls()] == [True, True]
    assert db.session.scalars(select(Ticket)).all() == []
    assert db.session.scalars(select(PhoneCallback)).all() == []
    assert doctor.with_cases().broken == 0
    html = make.sign_in(client, admin).get(f"/calls/{calls()[0].id}").get_data(as_text=True)
    assert "The number is blocked" in html


def test_who_answers_one_all_the_same_writes_it_up_without_a_case(admin: Agent) -> None:
    block(admin)
    zhang = make.agent("Zhang Wei")
    take(*answered(zhang.email))
    talk = db.session.scalars(select(Interaction)).one()
    assert talk.ticket_id is None
    wrapping.save(talk, WrittenUp(note="Shouted again"), by=zhang.actor)
    assert db.session.get_one(Interaction, talk.id, populate_existing=True).note == "Shouted again"
    assert db.session.scalars(select(Ticket)).all() == []


def test_what_came_before_what_goes_out_and_who_is_free_again_is_not_blocked(admin: Agent) -> None:
    take(*abandoned(60, "before"))
    block(admin, until=date.today() + timedelta(days=3))
    take(*abandoned(60, "while"))
    take(event("ringing", call_id="out", direction="out", **{"from": "1001", "to": WANG}))
    with transaction() as session:
        session.scalars(select(BlockedCaller)).one().until = date.today() - timedelta(days=3)
    take(*abandoned(60, "after"))
    found = {each.external_id: each.blocked for each in calls()}
    assert found == {"before": False, "while": True, "out": False, "after": False}


def test_an_administrator_keeps_the_list_and_the_journal_says_so(
    desk: FlaskClient, admin: Agent
) -> None:
    sent = {"number": "139 1234 5678", "reason": "Threats", "until": "2099-01-31"}
    assert desk.post(f"{LIST}/new", data=sent).status_code == 303
    row = db.session.scalars(select(BlockedCaller)).one()
    assert (row.number, row.reason, row.until) == ("+8613912345678", "Threats", date(2099, 1, 31))
    html = desk.get(LIST).get_data(as_text=True)
    assert "139 1234 5678" in html and "Threats" in html
    version = desk.get(f"{LIST}/{row.id}").get_data(as_text=True).split('name="version"')[1]
    sent |= {"until": "", "version": version.split('value="')[1].split('"')[0]}
    assert desk.post(f"{LIST}/{row.id}", data=sent).status_code == 303
    assert db.session.get_one(BlockedCaller, row.id, populate_existing=True).until is None
    assert desk.post(f"{LIST}/{row.id}/remove").status_code == 303
    assert db.session.scalars(select(BlockedCaller)).all() == []
    noted = db.session.scalars(
        select(Event).where(Event.name == "setup.changed").order_by(Event.seq)
    ).all()
    assert [each.data["what"] for each in noted] == ["blocked caller"] * 3
    assert {each.by_id for each in noted} == {admin.id}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", ""),
        ("number", "call me"),
        ("number", "anonymous"),
        ("reason", ""),
        ("reason", "x" * 201),
        ("until", "2001-01-01"),
        ("until", "soon"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_kept(
    desk: FlaskClient, field: str, value: str
) -> None:
    sent = {"number": WANG, "reason": "Threats", "until": ""} | {field: value}
    answer = desk.post(f"{LIST}/new", data=sent)
    assert answer.status_code == 422 and f'href="#{field}"' in answer.get_data(as_text=True)
    assert db.session.scalars(select(BlockedCaller)).all() == []


def test_a_number_stands_on_the_list_once(desk: FlaskClient, admin: Agent) -> None:
    block(admin)
    sent = {"number": "+86 139 1234 5678", "reason": "Again"}
    assert desk.post(f"{LIST}/new", data=sent).status_code == 422


@pytest.mark.parametrize(("role", "sees"), [("supervisor", 200), ("auditor", 200), ("agent", 403)])
def test_others_read_the_list_at_most(
    client: FlaskClient, admin: Agent, role: str, sees: int
) -> None:
    block(admin)
    row = db.session.scalars(select(BlockedCaller.id)).one()
    make.sign_in(client, make.agent("Somebody", role))
    assert client.get(LIST).status_code == sees
    assert client.post(f"{LIST}/{row}/remove").status_code == 403
    assert client.post(f"{LIST}/new", data={"number": "1", "reason": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("?number=%2B8613912345678", 200, True),
        ("?number=13912345678", 200, True),
        ("?number=%2B4420555001", 200, False),
        ("?number=anonymous", 200, False),
        ("?number=", 200, False),
        ("", 200, False),
        ("?number=call+me", 422, None),
        ("?caller=1", 422, None),
    ],
)
def test_an_exchange_asks_before_it_rings(
    client: FlaskClient, admin: Agent, asked: str, status: int, told: bool | None
) -> None:
    block(admin)
    answer = client.get(f"/api/v1/calls/blocked{asked}", headers=token())
    assert (answer.status_code, answer.json.get("blocked")) == (status, told)


def test_only_a_telephone_systems_token_may_ask(client: FlaskClient, admin: Agent) -> None:
    block(admin)
    address = "/api/v1/calls/blocked?number=13912345678"
    assert client.get(address).status_code == 401
    assert client.get(address, headers=token("auditor")).status_code == 403
