"""Rectification notices over the API, with the rights of every other door."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from tests.help import factories as make
from tests.help.calls import NOTICE, token


def test_a_notice_is_issued_signed_and_planned_over_the_api(
    app: Flask, client: FlaskClient
) -> None:
    """Number, department, requirement, deadline, status."""
    quality = make.department()
    number = make.ticket().number
    lead, handler = token("supervisor"), token("handler", quality)
    made = client.post(
        f"/api/v1/tickets/{number}/notices", json=NOTICE | {"issue": True}, headers=lead
    )
    assert made.status_code == 201
    assert made.json["number"].startswith("质整〔20")
    assert (made.json["status"], made.json["department"]) == ("issued", "quality")
    assert made.json["due_at"]
    path = f"/api/v1/notices/{made.json['reference']}"
    signed = client.post(f"{path}/moves", json={"move": "sign"}, headers=handler)
    assert (signed.status_code, signed.json["status"]) == (200, "signed")
    early = client.post(f"{path}/moves", json={"move": "claim_done"}, headers=handler)
    assert early.status_code in (409, 422)
    names = [e["name"] for e in client.get(path, headers=handler).json["events"]]
    assert names == ["notice.draft", "notice.approve", "notice.issue", "notice.sign"]


def test_another_department_does_not_know_of_it(app: Flask, client: FlaskClient) -> None:
    """404 for a foreign department, 403 for who may not issue."""
    make.department()
    finance = make.department("finance", "财务部", "Finance")
    number = make.ticket().number
    made = client.post(
        f"/api/v1/tickets/{number}/notices",
        json=NOTICE | {"issue": True},
        headers=token("supervisor"),
    )
    reference = made.json["reference"]
    assert (
        client.get(f"/api/v1/notices/{reference}", headers=token("handler", finance)).status_code
        == 404
    )
    assert (
        client.post(
            f"/api/v1/tickets/{number}/notices", json=NOTICE, headers=token("agent")
        ).status_code
        == 403
    )


def test_every_wrong_field_is_named(app: Flask, client: FlaskClient) -> None:
    make.department()
    number = make.ticket().number
    wrong = {"department": "nowhere", "title": 5, "colour": "red"}
    answer = client.post(
        f"/api/v1/tickets/{number}/notices", json=wrong, headers=token("supervisor")
    )
    assert answer.status_code == 422
    assert {"department", "title", "colour"} <= set(answer.json["errors"])
