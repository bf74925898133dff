"""Addresses and people over the API: a staff token links only what is certain, and changes nobody."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.core.db import db
from helpdesk.customers.models import ContactAddress, Person
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.calls import CASE, token


def send(client: FlaskClient, headers: dict[str, str], **person: str) -> dict[str, Any]:
    """A case of this person by telephone."""
    case = CASE | {"channel": "phone", "person": person}
    answer = client.post("/api/v1/tickets", json=case, headers=headers)
    assert answer.status_code == 201, answer.json
    return answer.json


def whose(number: str) -> int:
    return db.session.scalars(select(Ticket.person_id).where(Ticket.number == number)).one()


@pytest.fixture
def headers(app: object) -> dict[str, str]:
    return token()


def test_two_people_on_one_number_both_keep_it_and_their_names(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """Case 23-shared-number."""
    first = send(client, headers, name="Chen Mei", phone="0571-60001111")
    second = send(client, headers, name="Xu Gang", phone="057160001111")
    assert (first["person"]["name"], second["person"]["name"]) == ("Chen Mei", "Xu Gang")
    rows = db.session.scalars(select(ContactAddress.normal)).all()
    assert rows == ["+8657160001111", "+8657160001111"]
    make.sign_in(client, make.agent())
    page = client.get(f"/tickets/{second['number']}").get_data(as_text=True)
    assert "Xu Gang" in page and "It is Chen Mei" in page
    third = send(client, headers, phone="0571 6000 1111")
    assert whose(third["number"]) not in (whose(first["number"]), whose(second["number"]))


def test_the_same_name_or_none_at_an_address_of_one_file_is_the_same_customer(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    first = send(client, headers, name="Chen Mei", phone="0571-60001111")
    for given in ({"name": "Chen Mei"}, {}):
        again = send(client, headers, phone="+86 571 6000 1111", **given)
        assert whose(again["number"]) == whose(first["number"])
    other = send(client, headers, name="Chen Mei", phone="0571-60001111-802")
    assert whose(other["number"]) != whose(first["number"]), "another extension is another desk"


def test_a_link_by_the_api_changes_nothing_about_the_customer(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    first = send(client, headers, name="Chen Mei", phone="0571-60001111")
    again = send(
        client, headers, name="Chen Mei", phone="057160001111", email="new@x.example", level="vip"
    )
    person = db.session.get_one(Person, whose(first["number"]))
    assert whose(again["number"]) == person.id
    assert (person.level, [a.normal for a in person.addresses]) == ("plain", ["+8657160001111"])
    assert again["contact"]["reply_to"] == "new@x.example", "it stays with the case"


def test_a_public_claim_takes_no_later_case_over(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """Nobody is known by the number yet but by what a visitor has said."""
    form = {"subject": "x", "body": "y", "kind": "complaint", "contact": "0571-60001111"}
    client.post("/new", data=form | {"name": "Mallory", "phone": "m@evil.example"})
    claimed = db.session.scalars(select(Ticket)).one()
    case = send(client, headers, phone="057160001111")
    assert whose(case["number"]) != claimed.person_id
    assert case["contact"]["reply_to"] == ""


def test_contact_says_where_the_case_came_from_and_whether_it_is_proven(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    made = send(client, headers, name="Liu", phone="0571-88886666 ext. 801")
    read = client.get(f"/api/v1/tickets/{made['number']}", headers=headers).json
    assert read["contact"] == {
        "channel": "phone",
        "kind": "phone",
        "value": "+8657188886666",
        "extension": "801",
        "name": "Liu",
        "proven": False,
        "proven_by": None,
        "reply_to": "",
    }
    proven = make.ticket(channel="email", proof="dmarc")
    read = client.get(f"/api/v1/tickets/{proven.number}", headers=headers).json
    assert (read["contact"]["value"], read["contact"]["proven"]) == ("wang.fang@example.com", True)
    document = client.get("/api/v1/openapi.json").json
    assert set(document["components"]["schemas"]["Contact"]["properties"]) == set(read["contact"])


def test_a_department_s_token_reads_no_contact_of_a_confidential_case(client: FlaskClient) -> None:
    unit = make.department()
    make.rule("all", unit, words="冰箱", dispatch=True)
    ticket = make.ticket(confidential=True)
    body = client.get(
        f"/api/v1/tickets/{ticket.number}", headers=token("handler", department=unit)
    ).json
    assert body["contact"] is None
