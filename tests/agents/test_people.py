"""Administrators keep colleagues, departments and tokens; nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import departments, invitations, passwords, people, tokens
from helpdesk.agents.departments import Unit
from helpdesk.agents.models import Agent, ApiToken, Invitation
from helpdesk.agents.people import ColleagueText
from helpdesk.agents.rights import STAFF, Actor
from helpdesk.clock import moved_to
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed, NotFound, Refused
from helpdesk.core.events import Event
from tests.help import factories as make

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PASSWORD = "three fridges and a fox"
LI_NA = ColleagueText(email="li.na@example.com", name="李娜")


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Chen Jie", "admin")


@pytest.fixture
def desk(client: FlaskClient, boss: Agent) -> FlaskClient:
    return make.sign_in(client, boss)


def called(client: FlaskClient, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return client.get("/api/v1/tickets", headers=headers).status_code


def noted(name: str) -> list[dict[str, Any]]:
    return [
        row.data
        for row in db.session.scalars(db.select(Event).filter_by(name=name).order_by(Event.seq))
    ]


def test_a_colleague_is_added_and_noted_in_the_journal(boss: Agent) -> None:
    agent = people.add(LI_NA, by=boss.actor)
    assert (agent.email, agent.role, agent.password_hash) == ("li.na@example.com", "agent", "")
    assert noted("agent.added") == [{"agent": agent.id, "who": "李娜", "role": "agent"}]


@pytest.mark.parametrize("role", [role for role in STAFF if role != "admin"])
def test_nobody_but_an_administrator_edits_people(boss: Agent, role: str) -> None:
    unit = make.department()
    by = make.agent("Somebody", role, unit).actor
    with pytest.raises(NotAllowed):
        people.add(LI_NA, by=by)
    with pytest.raises(NotAllowed):
        people.edit(boss, LI_NA, by=by)
    with pytest.raises(NotAllowed):
        people.set_active(boss, False, by=by)
    with pytest.raises(NotAllowed):
        invitations.invite(boss, by=by)
    with pytest.raises(NotAllowed):
        tokens.add("x", "agent", by=by)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "CHEN.JIE@example.com"}, "email"),
        ({"role": "customer"}, "role"),
        ({"role": "handler"}, "department_id"),
        ({"department_id": 999}, "department_id"),
        ({"language": "tlh"}, "language"),
        ({"capacity": 0}, "capacity"),
    ],
)
def test_an_odd_field_is_named_and_nobody_is_added(
    boss: Agent, wrong: dict[str, Any], field: str
) -> None:
    given = ColleagueText(**(LI_NA.__dict__ | wrong))
    with pytest.raises(BadInput) as refused:
        people.add(given, by=boss.actor)
    assert set(refused.value.errors) == {field}
    assert len(people.everybody()) == 1


def test_a_change_of_role_ends_the_sessions(boss: Agent) -> None:
    agent = people.add(LI_NA, by=boss.actor)
    before = agent.session_key
    people.edit(agent, ColleagueText(**(LI_NA.__dict__ | {"name": "李 娜"})), by=boss.actor)
    assert agent.session_key == before
    people.edit(agent, ColleagueText(**(LI_NA.__dict__ | {"role": "supervisor"})), by=boss.actor)
    assert agent.session_key != before


def test_an_edit_is_noted_with_old_and_new(boss: Agent) -> None:
    agent = people.add(LI_NA, by=boss.actor)
    people.edit(agent, ColleagueText(**(LI_NA.__dict__ | {"capacity": 9})), by=boss.actor)
    assert noted("agent.edited")[0]["old"] == {"capacity": 5}
    assert noted("agent.edited")[0]["new"] == {"capacity": 9}


def test_the_last_administrator_stays(boss: Agent) -> None:
    other = people.add(ColleagueText("x@example.com", "X", role="admin"), by=boss.actor)
    people.set_active(boss, False, by=other.actor)
    with pytest.raises(Refused):
        people.edit(other, ColleagueText("x@example.com", "X", role="agent"), by=other.actor)
    with pytest.raises(Refused):
        people.set_active(other, False, by=Actor("system", None, "system", other.actor.role))


def test_nobody_deactivates_themselves(boss: Agent) -> None:
    people.add(ColleagueText("x@example.com", "X", role="admin"), by=boss.actor)
    with pytest.raises(Refused):
        people.set_active(boss, False, by=boss.actor)


def test_search_finds_by_name_and_mail_and_takes_signs_as_they_are(boss: Agent) -> None:
    people.add(LI_NA, by=boss.actor)
    assert [a.name for a in people.everybody("李")] == ["李娜"]
    assert [a.name for a in people.everybody("LI.NA@")] == ["李娜"]
    assert people.everybody("%") == people.everybody("_") == []


class TestInvitations:
    def test_a_link_sets_a_password_once_and_signs_in(self, app: Flask, boss: Agent) -> None:
        agent = people.add(LI_NA, by=boss.actor)
        secret = invitations.invite(agent, by=boss.actor)
        visitor = app.test_client()
        given = {"password": PASSWORD, "again": PASSWORD}
        assert "li.na@example.com" in visitor.get(f"/invitation/{secret}").text
        assert visitor.post(f"/invitation/{secret}", data=given).location == "/queue"
        assert visitor.get("/me").status_code == 200
        assert passwords.fits(agent.password_hash, PASSWORD)
        assert app.test_client().post(f"/invitation/{secret}", data=given).status_code == 404

    def test_a_link_ends_after_48_hours(self, boss: Agent) -> None:
        with moved_to(MORNING):
            secret = invitations.invite(people.add(LI_NA, by=boss.actor), by=boss.actor)
        with moved_to(MORNING + timedelta(hours=47, minutes=59)):
            assert invitations.invited(secret).name == "李娜"
        with moved_to(MORNING + timedelta(hours=48)), pytest.raises(NotFound):
            invitations.redeem(secret, PASSWORD)

    def test_a_new_link_ends_the_older_one(self, boss: Agent) -> None:
        agent = people.add(LI_NA, by=boss.actor)
        older, newer = (
            invitations.invite(agent, by=boss.actor),
            invitations.invite(agent, by=boss.actor),
        )
        with pytest.raises(NotFound):
            invitations.invited(older)
        assert invitations.invited(newer) is agent

    def test_only_a_hash_of_128_random_bits_is_kept(self, boss: Agent) -> None:
        secret = invitations.invite(boss, by=boss.actor)
        row = db.session.scalars(db.select(Invitation)).one()
        assert len(secret) >= 22 and secret not in repr(row.__dict__)
        assert all(secret not in repr(data) for data in noted("agent.invited"))

    def test_a_weak_password_leaves_the_link_open(self, client: FlaskClient, boss: Agent) -> None:
        secret = invitations.invite(people.add(LI_NA, by=boss.actor), by=boss.actor)
        weak = {"password": "12345678", "again": "12345678"}
        answer = client.post(f"/invitation/{secret}", data=weak)
        assert answer.status_code == 422 and "guessed first" in answer.text
        assert invitations.invited(secret)

    def test_who_is_deactivated_gets_no_link_and_loses_the_open_one(self, boss: Agent) -> None:
        agent = people.add(LI_NA, by=boss.actor)
        secret = invitations.invite(agent, by=boss.actor)
        people.set_active(agent, False, by=boss.actor)
        with pytest.raises(NotFound):
            invitations.invited(secret)
        with pytest.raises(Refused):
            invitations.invite(agent, by=boss.actor)

    def test_links_cannot_be_guessed_at_speed(self, client: FlaskClient, boss: Agent) -> None:
        answers = [client.get(f"/invitation/guess{n}").status_code for n in range(31)]
        assert set(answers[:30]) == {404} and answers[30] == 429


class TestPages:
    def test_adding_a_person_shows_the_link_once(self, desk: FlaskClient) -> None:
        given = {"name": "李娜", "email": "li.na@example.com", "role": "agent", "capacity": "5"}
        answer = desk.post("/admin/people/new", data=given | {"language": "zh_Hans"})
        assert answer.status_code == 200
        assert "/invitation/" in answer.text
        assert "李娜" in desk.get("/admin/people").text

    def test_a_wrong_field_keeps_what_was_typed(self, desk: FlaskClient) -> None:
        given = {"name": "李娜", "email": "chen.jie@example.com", "role": "agent", "capacity": "5"}
        answer = desk.post("/admin/people/new", data=given | {"language": "en"})
        assert answer.status_code == 422
        assert "Somebody has this mail address already." in answer.text
        assert 'value="李娜"' in answer.text

    def test_a_person_is_edited_deactivated_and_activated(
        self, desk: FlaskClient, boss: Agent
    ) -> None:
        agent = people.add(LI_NA, by=boss.actor)
        page = f"/admin/people/{agent.id}"
        assert 'value="李娜"' in desk.get(page).text
        given = {"name": "Li Na", "email": agent.email, "role": "agent", "capacity": "7"}
        sent = given | {"language": "en", "version": str(agent.version)}
        assert desk.post(page, data=sent).status_code == 303
        assert (agent.name, agent.capacity) == ("Li Na", 7)
        assert "Somebody changed this" in desk.post(page, data=sent).text
        desk.post(f"{page}/active", data={"active": "no"})
        assert agent.active is False
        desk.post(f"{page}/active", data={"active": "yes"})
        assert agent.active is True

    def test_an_unknown_role_from_a_forged_form_is_refused(
        self, desk: FlaskClient, boss: Agent
    ) -> None:
        given = {"name": "X", "email": "x@example.com", "role": "system", "capacity": "5"}
        assert desk.post("/admin/people/new", data=given | {"language": "en"}).status_code == 422
        assert len(people.everybody()) == 1

    def test_fields_that_the_form_does_not_offer_are_not_taken(
        self, desk: FlaskClient, boss: Agent
    ) -> None:
        given = {"name": "X", "email": "x@example.com", "role": "agent", "capacity": "5"}
        more = {"language": "en", "password_hash": "evil", "session_key": "evil", "id": "77"}
        desk.post("/admin/people/new", data=given | more)
        made = people.everybody("x@example.com")[0]
        assert (made.password_hash, made.id == 77) == ("", False)
        assert made.session_key != "evil"

    def test_supervisors_read_the_pages_without_buttons(
        self, client: FlaskClient, boss: Agent
    ) -> None:
        make.sign_in(client, make.agent("Liu Yang", "supervisor"))
        assert client.get("/admin").status_code == 200
        page = client.get("/admin/people")
        assert page.status_code == 200 and "/admin/people/new" not in page.text
        assert client.get("/admin/people/new").status_code == 403

    def test_the_link_points_to_the_configured_address_whatever_the_host_header_says(
        self, desk: FlaskClient, boss: Agent
    ) -> None:
        page = f"/admin/people/{boss.id}/invitation"
        answer = desk.post(page, headers={"X-Forwarded-Host": "evil.example"})
        assert "http://127.0.0.1:5000/invitation/" in answer.text


class TestDepartments:
    def test_a_department_is_added_and_edited_but_keeps_its_code(self, boss: Agent) -> None:
        row = departments.save(None, Unit("quality", "质量部", "Quality"), by=boss.actor)
        departments.save(row, Unit("other", "品质部", "Quality"), by=boss.actor)
        assert (row.code, row.name_zh) == ("quality", "品质部")
        assert noted("setup.changed")[1]["old"]["name_zh"] == "质量部"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"code": "Quality!"}, "code"),
            ({"code": "dispatch"}, "code"),
            ({"code": "sales"}, "code"),
            ({"name_en": ""}, "name_en"),
            ({"calendar": "mars"}, "calendar"),
            ({"mail": "nobody"}, "mail"),
        ],
    )
    def test_an_odd_department_is_refused_at_its_field(
        self, boss: Agent, wrong: dict[str, str], field: str
    ) -> None:
        departments.save(None, Unit("sales", "销售部", "Sales"), by=boss.actor)
        unit = Unit(**({"code": "quality", "name_zh": "质量部", "name_en": "Quality"} | wrong))
        with pytest.raises(BadInput) as refused:
            departments.save(None, unit, by=boss.actor)
        assert set(refused.value.errors) == {field}

    def test_the_pages_add_and_edit(self, desk: FlaskClient) -> None:
        given = {"name_zh": "质量部", "name_en": "Quality", "calendar": "cn-office", "active": "y"}
        answer = desk.post("/admin/departments/new", data=given | {"code": "quality"})
        assert answer.status_code == 303
        given["name_en"] = "Quality and safety"
        assert desk.post("/admin/departments/quality", data=given).status_code == 303
        assert "Quality and safety" in desk.get("/admin/departments").text
        assert desk.get("/admin/departments/none").status_code == 404


class TestTokens:
    def test_a_token_is_shown_once_and_only_its_hash_is_kept(
        self, desk: FlaskClient, boss: Agent
    ) -> None:
        page = desk.post("/admin/tokens", data={"name": "Shop", "role": "agent"}).text
        text = page.split('id="token" type="text" readonly value="')[1].split('"')[0]
        assert text.startswith("hd_") and len(text) > 40
        assert text not in desk.get("/admin/tokens").text
        row = db.session.scalars(db.select(ApiToken)).one()
        assert text not in repr(row.__dict__)
        assert called(desk, text) == 200

    def test_an_ended_token_is_worth_nothing(self, desk: FlaskClient, boss: Agent) -> None:
        token, text = tokens.add("Shop", "agent", by=boss.actor)
        assert called(desk, text) == 200
        assert desk.post(f"/admin/tokens/{token.id}/revoke").status_code == 303
        assert called(desk, text) == 401

    def test_a_handlers_token_belongs_to_a_department(self, boss: Agent) -> None:
        with pytest.raises(BadInput):
            tokens.add("Shop", "handler", by=boss.actor)
        unit = make.department()
        token, _text = tokens.add("Shop", "handler", by=boss.actor, department_id=unit.id)
        assert token.actor.department_id == unit.id

    @pytest.mark.parametrize("wrong", [("", "agent"), ("Shop", "customer"), ("Shop", "god")])
    def test_an_odd_token_is_refused(self, boss: Agent, wrong: tuple[str, str]) -> None:
        with pytest.raises(BadInput):
            tokens.add(*wrong, by=boss.actor)
