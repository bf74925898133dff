"""ASVS 6.3.2: no default account; a new installation asks for its first administrator, once."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import options
from helpdesk.agents import accounts
from helpdesk.agents.models import Agent
from helpdesk.db import db
from helpdesk.errors import NotFound
from tests import factories as make

GIVEN = {
    "company_zh": "晨光家电",
    "company_en": "Dawn Appliances",
    "name": "Chen Jie",
    "email": "Chen.Jie@Example.com",
    "password": "three fridges and a fox",
    "again": "three fridges and a fox",
}


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
    wish = accounts.FirstStart("X", "x@example.com", "three fridges and a fox", "甲", "A", "en")
    with pytest.raises(NotFound):
        accounts.first_start(wish)


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
