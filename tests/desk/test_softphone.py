"""A telephone in the browser: whose page is given what it signs on with, and what a page shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import terms
from helpdesk.calls.models import PhoneLine
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput
from helpdesk.core.events import Event
from helpdesk.settings import Phone
from tests.help import factories as make
from tests.help.telephone import event, take

SECRET = "a secret of the exchange"
WINDOW, ACCOUNT = "/phone/softphone", "/phone/softphone/account"


@pytest.fixture
def exchange(app: Flask) -> Iterator[None]:
    """A telephone system that browsers may connect to."""
    before = app.extensions["helpdesk_settings"]
    socket = {"websocket": "wss://pbx.test:8089/ws", "realm": "pbx.test"}
    phone = Phone("asterisk", "pbx.test", 5038, "helpdesk", "s3cret", **socket)
    app.extensions["helpdesk_settings"] = replace(before, phone=phone)
    yield
    app.extensions["helpdesk_settings"] = before


@pytest.fixture
def agent(exchange: None) -> Agent:
    """One whose telephone, 1001, rings in the browser."""
    found = make.agent("Zhang Wei")
    terms.set_up(found, "1001", (), SYSTEM, terms.InBrowser("web1001", SECRET))
    return found


@pytest.fixture
def desk(app: Flask, agent: Agent) -> FlaskClient:
    return make.sign_in(app.test_client(), agent)


def line(agent: Agent) -> PhoneLine:
    return db.session.get(PhoneLine, agent.id, populate_existing=True)


def test_the_secret_is_kept_encrypted_and_stands_neither_in_the_form_nor_in_the_journal(
    app: Flask, agent: Agent
) -> None:
    assert SECRET not in line(agent).sip_secret
    admin = make.sign_in(app.test_client(), make.agent("Ann Admin", "admin"))
    page = admin.get(f"/admin/phone/lines/{agent.id}").text
    assert 'value="web1001"' in page
    assert SECRET not in page
    noted = [str(each.data) for each in db.session.scalars(select(Event))]
    assert any("sip_secret" in each for each in noted)
    assert not any(SECRET in each or line(agent).sip_secret in each for each in noted)


def test_an_empty_secret_keeps_the_stored_one_also_on_another_extension(
    desk: FlaskClient, agent: Agent
) -> None:
    terms.set_up(agent, "1002", (), SYSTEM, terms.InBrowser("web1002"))
    assert desk.post(ACCOUNT).json["secret"] == SECRET
    terms.set_up(agent, "1003", (), SYSTEM)  # from the command, which says nothing of the browser
    assert desk.post(ACCOUNT).json["user"] == "web1002"
    terms.set_up(agent, "1003", (), SYSTEM, terms.InBrowser())
    assert (line(agent).sip_user, line(agent).sip_secret) == ("", "")


@pytest.mark.parametrize(
    ("extension", "sip", "field"),
    [
        ("1009", terms.InBrowser("web 1009", "x"), "sip_user"),
        ("1009", terms.InBrowser("web1009@host", "x"), "sip_user"),
        ("", terms.InBrowser("web1009", "x"), "sip_user"),
        ("1009", terms.InBrowser("web1009"), "sip_secret"),
        ("1009", terms.InBrowser("web1009", "two\r\nlines"), "sip_secret"),
    ],
)
def test_odd_values_of_a_browser_telephone_are_named_by_field(
    exchange: None, extension: str, sip: terms.InBrowser, field: str
) -> None:
    with pytest.raises(BadInput) as no:
        terms.set_up(make.agent("Li Na"), extension, (), SYSTEM, sip)
    assert set(no.value.errors) == {field}


def test_the_own_agent_is_given_the_secret_by_a_session_and_no_copy_of_it_stays(
    app: Flask, desk: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = desk.post(ACCOUNT)
    assert answer.json == {
        "websocket": "wss://pbx.test:8089/ws",
        "uri": "sip:web1001@pbx.test",
        "user": "web1001",
        "secret": SECRET,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert SECRET not in caplog.text
    assert app.test_client().post(ACCOUNT, headers={"HX-Request": "true"}).status_code in (401, 302)
    assert desk.get(ACCOUNT).status_code == 405
    other = make.sign_in(app.test_client(), make.agent("Li Na"))
    assert other.post(ACCOUNT).status_code == 404
    assert SECRET not in desk.get(WINDOW).text


def test_only_the_window_may_connect_to_the_exchange(app: Flask, desk: FlaskClient) -> None:
    def sockets(path: str) -> str:
        policy = desk.get(path).headers["Content-Security-Policy"]
        return policy.split("connect-src")[1].split(";")[0]

    assert sockets(WINDOW).endswith(" wss://pbx.test:8089")
    assert "pbx.test" not in sockets("/queue")


def test_a_desk_without_a_telephone_in_the_browser_is_as_before(app: Flask, agent: Agent) -> None:
    other = make.agent("Li Na")
    terms.set_up(other, "1002", (), SYSTEM)
    theirs = make.sign_in(app.test_client(), other)
    assert 'id="phone-bar"' in theirs.get("/queue").text
    assert 'data-controller="softphone"' not in theirs.get("/queue").text
    assert theirs.get(WINDOW).status_code == 404
    mine = make.sign_in(app.test_client(), agent)
    assert 'data-controller="softphone"' in mine.get("/queue").text


def test_where_browsers_may_not_connect_nobody_has_such_a_telephone(
    app: Flask, desk: FlaskClient
) -> None:
    known = app.extensions["helpdesk_settings"]
    app.extensions["helpdesk_settings"] = replace(known, phone=replace(known.phone, websocket=""))
    assert 'data-controller="softphone"' not in desk.get("/queue").text
    assert desk.post(ACCOUNT).status_code == 404


def test_a_ringing_call_is_answered_and_held_by_the_browser_itself(desk: FlaskClient) -> None:
    known = {"provider": "asterisk"}
    take(
        event("ringing", 0, **known),
        event("queued", 3, **known),
        event("offered", 599, agent="1001", **known),
    )
    bar = desk.get("/phone/bar").text
    assert 'data-by-phone="answer"' in bar
    assert 'data-by-phone="decline"' in bar
    take(event("answered", 599.5, agent="1001", **known))
    bar = desk.get("/phone/bar").text
    assert 'data-by-phone="hold"' in bar
    assert 'data-by-phone="hang-up"' not in bar  # the exchange is asked to, as for each telephone
