"""ASVS 6.3.2: no default account; a new installation asks for its first administrator, once."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import accounts, start_key
from helpdesk.agents.models import Agent
from helpdesk.core import options
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.settings import settings
from tests.help import factories as make

GIVEN = {
    "company_zh": "晨光家电",
    "company_en": "Dawn Appliances",
    "name": "Chen Jie",
    "email": "Chen.Jie@Example.com",
    "password": "three fridges and a fox",
    "again": "three fridges and a fox",
}


@pytest.fixture(autouse=True)
def _key(app: Flask) -> Iterator[None]:
    GIVEN["key"] = start_key.current()
    yield
    start_key.drop()


def test_a_new_installation_has_no_account(app: Flask) -> None:
    assert db.session.scalars(db.select(Agent)).all() == []


def test_the_sign_in_leads_to_the_first_start_while_there_is_no_administrator(
    client: FlaskClient,
) -> None:
    assert client.get("/sign-in").location == "/first-start"
    assert client.get("/first-start").status_code == 200


def test_the_first_start_makes_the_administrator_and_signs_in(client: FlaskClient) -> None:
    answer = client.post("/first-start", data=GIVEN)
    assert (answer.status_code, answer.location) == (303, "/admin")
    made = accounts.by_email("chen.jie@example.com")
    assert made is not None and made.role == "admin"
    assert client.get("/me").status_code == 200


def test_the_company_is_named_in_both_languages(client: FlaskClient) -> None:
    client.post("/first-start", data=GIVEN)
    assert options.get("company_zh") == "晨光家电"
    assert "Dawn Appliances" in client.get("/me", headers={"Accept-Language": "en"}).text


def test_afterwards_there_is_no_such_page(client: FlaskClient) -> None:
    client.post("/first-start", data=GIVEN)
    assert client.get("/first-start").status_code == 404
    again = client.post("/first-start", data=GIVEN | {"email": "second@example.com"})
    assert again.status_code == 404
    assert accounts.by_email("second@example.com") is None


def test_the_verb_itself_refuses_a_second_administrator(app: Flask) -> None:
    make.agent("Old Admin", "admin")
    wish = {"name": "X", "email": "x@example.com", "password": "three fridges and a fox"}
    with pytest.raises(NotFound):
        accounts.first_start(
            key=GIVEN["key"], language="en", company_zh="甲", company_en="A", **wish
        )


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "no address", "does not look like a mail address"),
        ("name", "  ", "Please fill this in."),
        ("password", "12345678", "The two are not the same."),
        ("company_zh", "", "Please fill this in."),
    ],
)
def test_an_odd_answer_is_told_at_its_field_and_nothing_is_made(
    client: FlaskClient, field: str, value: str, sentence: str
) -> None:
    answer = client.post("/first-start", data=GIVEN | {field: value})
    assert answer.status_code == 422 and sentence in answer.text
    assert not accounts.has_admin()


def test_a_common_password_is_refused_for_the_administrator(client: FlaskClient) -> None:
    weak = {"password": "dawn appliances", "again": "dawn appliances"}
    answer = client.post("/first-start", data=GIVEN | weak)
    assert answer.status_code == 422 and "easy to guess" in answer.text


@pytest.mark.parametrize("wrong", ["", "aaaa-bbbb-cccc-dddd-eeee", "key"])
def test_nobody_becomes_administrator_without_the_key_not_even_from_this_machine(
    client: FlaskClient, wrong: str
) -> None:
    for address in ("127.0.0.1", "::1", "203.0.113.9"):
        answer = client.post(
            "/first-start", data=GIVEN | {"key": wrong}, environ_overrides={"REMOTE_ADDR": address}
        )
        assert answer.status_code == 422
    assert not accounts.has_admin()


def test_the_key_may_be_typed_in_capitals_and_without_dashes(client: FlaskClient) -> None:
    typed = GIVEN["key"].upper().replace("-", " ")
    assert client.post("/first-start", data=GIVEN | {"key": typed}).status_code == 303


def test_the_key_is_readable_by_its_owner_alone_stays_the_same_and_is_gone_after_use(
    app: Flask, client: FlaskClient
) -> None:
    kept = settings().instance / start_key.NAME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert start_key.current() == GIVEN["key"] == kept.read_text().strip()
    client.post("/first-start", data=GIVEN)
    assert not kept.exists()


def test_the_page_itself_does_not_tell_the_key(client: FlaskClient) -> None:
    assert GIVEN["key"] not in client.get("/first-start").text


def test_guessing_the_key_is_slowed_down(client: FlaskClient) -> None:
    answers = [client.post("/first-start", data=GIVEN | {"key": f"k{n}"}) for n in range(32)]
    assert [a.status_code for a in answers][-1] == 429


def test_the_start_prints_address_and_key_until_there_is_an_administrator(app: Flask) -> None:
    runner = app.test_cli_runner()
    for command in ("prepare", "first-start-key"):
        said = runner.invoke(args=[command]).output
        assert f"{settings().base_url}/first-start" in said and GIVEN["key"] in said
    make.agent("Old Admin", "admin")
    assert "first-start" not in runner.invoke(args=["prepare"]).output
    assert runner.invoke(args=["first-start-key"]).exit_code == 1
    assert not (settings().instance / start_key.NAME).exists()
