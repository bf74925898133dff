"""Supervisors listen, whisper and join in from the list of agents; each time is in the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import PhoneLine
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.settings import Phone
from tests.help import factories as make
from tests.help.telephone import event, take


def given_line(agent: Agent, extension: str) -> Agent:
    with transaction() as session:
        session.add(PhoneLine(agent_id=agent.id, extension=extension, paused=""))
    return agent


@pytest.fixture(params=["asterisk"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connected(app: Flask, kind: str) -> Iterator[None]:
    before = app.extensions["helpdesk_settings"]
    phone = Phone(kind, "127.0.0.1", 5038, "helpdesk", "x")
    app.extensions["helpdesk_settings"] = replace(before, phone=phone)
    yield
    app.extensions["helpdesk_settings"] = before


@pytest.fixture
def zhang(connected: None) -> Agent:
    """An agent who talks with a caller now."""
    found = given_line(make.agent("Zhang Wei"), "1001")
    take(event("ringing"), event("queued", 3), event("answered", 9, agent="1001"))
    return found


@pytest.fixture
def boss(app: Flask) -> Agent:
    return given_line(make.agent("Chen Jie", "supervisor"), "1009")


def asked() -> list[tuple[str, dict[str, str]]]:
    rows = db.session.scalars(select(PhoneCommand).order_by(PhoneCommand.id))
    return [(row.verb, dict(row.data)) for row in rows]


def noted() -> list[Event]:
    return list(
        db.session.scalars(select(Event).where(Event.name == "call.spied").order_by(Event.seq))
    )


@pytest.mark.parametrize("how", ["listen", "whisper", "barge"])
def test_each_way_rings_the_supervisor_and_is_noted_with_who_and_whom(
    client: FlaskClient, zhang: Agent, boss: Agent, how: str
) -> None:
    make.sign_in(client, boss)
    address = f"/calls/agents/{zhang.id}/{how}"
    assert address in client.get("/calls/agents?doing=talking").get_data(as_text=True)
    assert client.post(address).status_code == 303
    assert asked() == [("spy", {"line": "1009", "to": "1001", "how": how})]
    [row] = noted()
    assert (row.by_id, row.data) == (boss.id, {"agent": zhang.id, "how": how})


def test_who_does_not_talk_is_not_listened_to_and_nothing_is_noted(
    client: FlaskClient, zhang: Agent, boss: Agent
) -> None:
    take(event("hungup", 60))
    make.sign_in(client, boss)
    assert client.post(f"/calls/agents/{zhang.id}/listen").status_code == 303
    assert "There is no talk to listen to" in client.get("/calls/agents").get_data(as_text=True)
    assert (asked(), noted()) == ([], [])


def test_a_supervisor_without_a_telephone_is_told_so_and_nothing_is_noted(
    client: FlaskClient, zhang: Agent
) -> None:
    make.sign_in(client, make.agent("Liu Yang", "supervisor"))
    client.post(f"/calls/agents/{zhang.id}/listen")
    assert "No telephone is set up" in client.get("/calls/agents").get_data(as_text=True)
    assert (asked(), noted()) == ([], [])


@pytest.mark.parametrize("role", ["agent", "handler", "auditor"])
def test_nobody_else_listens_or_sees_a_button(client: FlaskClient, zhang: Agent, role: str) -> None:
    make.sign_in(client, make.agent("Li Na", role, make.department()))
    assert client.post(f"/calls/agents/{zhang.id}/listen").status_code == 403
    assert f"/calls/agents/{zhang.id}/" not in client.get("/calls/agents").get_data(as_text=True)
    assert (asked(), noted()) == ([], [])


@pytest.mark.parametrize("kind", ["simulated"], indirect=True)
def test_a_telephone_system_that_cannot_do_it_shows_no_button_and_refuses(
    client: FlaskClient, zhang: Agent, boss: Agent
) -> None:
    make.sign_in(client, boss)
    assert f"/calls/agents/{zhang.id}/" not in client.get("/calls/agents").get_data(as_text=True)
    assert client.post(f"/calls/agents/{zhang.id}/listen").status_code == 404
    assert (asked(), noted()) == ([], [])


def test_another_way_than_these_three_is_not_found(
    client: FlaskClient, zhang: Agent, boss: Agent
) -> None:
    make.sign_in(client, boss)
    assert client.post(f"/calls/agents/{zhang.id}/record").status_code == 404
