"""Administrators keep queues of calls and telephones; the telephone system is asked to follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import commands, terms
from helpdesk.calls.exchange_models import PhoneCommand, PhoneMember
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.calls.terms import Terms
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.core.events import Event
from helpdesk.settings import Phone
from tests.help import factories as make
from tests.help.page_forms import forms_of
from tests.help.telephone import event, take

SALES = {
    "code": "sales",
    "name": "销售 Sales",
    "calendar": "cn-office",
    "threshold": "30",
    "short_abandon": "3",
    "wrap_up": "60",
    "most_times": "3",
    "active": "y",
}


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Chen Jie", "admin")


@pytest.fixture
def desk(client: FlaskClient, boss: Agent) -> FlaskClient:
    return make.sign_in(client, boss)


@pytest.fixture
def zhang(app: Flask) -> Agent:
    with transaction() as session:
        session.add_all(PhoneQueue(code=code, name=code.title()) for code in ("sales", "service"))
    return make.agent("Zhang Wei")


@pytest.fixture
def connected(app: Flask) -> Iterator[None]:
    """A telephone system that could be asked."""
    before = app.extensions["helpdesk_settings"]
    phone = Phone("asterisk", "127.0.0.1", 5038, "helpdesk", "x")
    app.extensions["helpdesk_settings"] = replace(before, phone=phone)
    yield
    app.extensions["helpdesk_settings"] = before


def asked() -> list[tuple[str, str, str]]:
    """What the telephone system was asked for: verb, line, queue."""
    rows = db.session.scalars(select(PhoneCommand).order_by(PhoneCommand.id))
    return [(row.verb, row.data["line"], row.data["queue"]) for row in rows]


def seats(agent: Agent) -> set[str]:
    db.session.rollback()
    mine = (PhoneMember.agent_id == agent.id, PhoneMember.there)
    return set(db.session.scalars(select(PhoneMember.queue).where(*mine)))


def test_a_queue_is_added_with_its_terms_and_the_journal_says_who_did(
    desk: FlaskClient, boss: Agent
) -> None:
    assert desk.post("/admin/phone/queues/new", data=SALES).status_code == 303
    row = db.session.scalars(select(PhoneQueue)).one()
    assert (row.code, row.name, row.threshold, row.short_abandon) == ("sales", "销售 Sales", 30, 3)
    assert (row.wrap_up, row.calendar, row.active, row.announces) == (60, "cn-office", True, False)
    noted = db.session.scalars(select(Event)).one()
    assert (noted.name, noted.data["what"], noted.by_id) == (
        "setup.changed",
        "phone queue",
        boss.id,
    )
    assert "销售 Sales" in desk.get("/admin/phone/queues").get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "two words"),
        ("code", ""),
        ("name", ""),
        ("threshold", "0"),
        ("threshold", "soon"),
        ("threshold", ""),
        ("short_abandon", "-1"),
        ("wrap_up", "999999"),
        ("calendar", "nowhere"),
        ("department_id", "999"),
    ],
)
def test_odd_terms_are_named_and_nothing_is_kept(desk: FlaskClient, field: str, value: str) -> None:
    answer = desk.post("/admin/phone/queues/new", data=SALES | {field: value})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.get_data(as_text=True)
    assert db.session.scalars(select(PhoneQueue)).all() == []


def test_a_queue_that_a_first_call_has_made_is_named_and_keeps_its_code(desk: FlaskClient) -> None:
    take(event("ringing"), event("queued", 3))
    row = db.session.scalars(select(PhoneQueue)).one()
    page = f"/admin/phone/queues/{row.id}"
    [form] = [
        each for each in forms_of(desk.get(page).get_data(as_text=True)) if "name" in each.names
    ]
    sent = dict(form.pairs()) | {"name": "投诉", "code": "other"}
    assert desk.post(page, data=sent).status_code < 400
    db.session.refresh(row)
    assert (row.code, row.name, row.threshold) == ("complaints", "投诉", 20)


def test_a_code_that_is_taken_is_refused(desk: FlaskClient, zhang: Agent) -> None:
    assert desk.post("/admin/phone/queues/new", data=SALES).status_code == 422


def line(desk: FlaskClient, agent: Agent, extension: str, *queues: str) -> int:
    """Set up a telephone as the page does."""
    page = f"/admin/phone/lines/{agent.id}"
    html = desk.get(page).get_data(as_text=True)
    [form] = [each for each in forms_of(html) if "extension" in each.names]
    given: dict[str, Any] = {"version": form.value("version"), "extension": extension}
    return desk.post(page, data=given | {"queues": list(queues)}).status_code


def test_an_agent_gets_an_extension_and_queues_and_loses_them_again(
    desk: FlaskClient, zhang: Agent
) -> None:
    assert line(desk, zhang, "8001", "sales", "service") < 400
    assert db.session.get_one(PhoneLine, zhang.id).extension == "8001"
    assert seats(zhang) == {"sales", "service"}
    html = desk.get("/admin/phone/lines").get_data(as_text=True)
    assert "8001" in html and "Sales, Service" in html
    assert line(desk, zhang, "8001", "sales") < 400
    assert seats(zhang) == {"sales"}
    assert line(desk, zhang, "") < 400
    db.session.expire_all()
    assert db.session.get(PhoneLine, zhang.id) is None and seats(zhang) == set()


def test_without_a_telephone_system_nobody_is_asked_anything(
    desk: FlaskClient, zhang: Agent
) -> None:
    line(desk, zhang, "8001", "sales")
    assert asked() == []


def test_the_telephone_system_is_asked_to_seat_them_and_to_move_a_new_extension(
    desk: FlaskClient, zhang: Agent, connected: None
) -> None:
    line(desk, zhang, "8001", "sales")
    line(desk, zhang, "8001", "service")
    line(desk, zhang, "8009", "service")
    assert asked() == [
        ("member_add", "8001", "sales"),
        ("member_remove", "8001", "sales"),
        ("member_add", "8001", "service"),
        ("member_remove", "8001", "service"),
        ("member_add", "8009", "service"),
    ]


def test_who_keeps_a_seat_keeps_its_penalty(
    desk: FlaskClient, zhang: Agent, connected: None
) -> None:
    line(desk, zhang, "8001", "sales")
    commands.member(zhang, "sales", True, None, penalty=5)
    line(desk, zhang, "8002", "sales")
    db.session.rollback()
    assert db.session.get_one(PhoneMember, (zhang.id, "sales")).penalty == 5


@pytest.mark.parametrize(
    ("extension", "queues", "field"),
    [
        ("80 01", (), "extension"),
        ("8001\r\nAction: Logoff", (), "extension"),
        ("9" * 21, (), "extension"),
        ("8002", (), "extension"),  # Li Na has it
        ("", ("sales",), "extension"),
        ("8001", ("nowhere",), "queues"),
    ],
)
def test_odd_telephones_are_refused_and_the_old_one_stays(
    desk: FlaskClient, zhang: Agent, extension: str, queues: tuple[str, ...], field: str
) -> None:
    other = make.agent("Li Na")
    with transaction() as session:
        session.add(PhoneLine(agent_id=other.id, extension="8002"))
        session.add(PhoneLine(agent_id=zhang.id, extension="8000"))
    assert line(desk, zhang, extension, *queues) == 422
    db.session.expire_all()
    assert db.session.get_one(PhoneLine, zhang.id).extension == "8000" and seats(zhang) == set()
    with pytest.raises(BadInput) as wrong:
        boss = db.session.scalars(select(Agent).where(Agent.role == "admin")).one()
        terms.set_up(zhang, extension, queues, boss)
    assert field in wrong.value.errors


def test_an_extension_names_its_agent_in_the_next_event(desk: FlaskClient, zhang: Agent) -> None:
    line(desk, zhang, "8001", "sales")
    take(event("ringing"), event("queued", 3), event("answered", 9, agent="8001"))
    assert "Zhang Wei" in desk.get("/calls").get_data(as_text=True)


def test_only_administrators_change_it(app: Flask, zhang: Agent) -> None:
    lead = make.agent("Liu Yang", "supervisor")
    with pytest.raises(NotAllowed):
        terms.save(None, Terms("x", "X"), lead.actor)
    with pytest.raises(NotAllowed):
        terms.set_up(zhang, "8001", [], lead)


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_the_settings_lead_to_both_pages(client: FlaskClient, app: Flask, language: str) -> None:
    make.sign_in(client, make.agent("Chen Jie", "admin", language=language))
    html = client.get("/admin").get_data(as_text=True)
    assert 'href="/admin/phone/queues"' in html and 'href="/admin/phone/lines"' in html
    assert ("话机" in html) == (language == "zh_Hans")
