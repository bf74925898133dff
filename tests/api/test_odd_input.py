"""What a program may send by mistake: a sentence for the field, never an error of ours, nothing half-written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.api.answers import time
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.core.db import db
from helpdesk.core.errors import Refused
from helpdesk.notices.actions import issuing
from helpdesk.notices.models import Notice
from helpdesk.tickets.fields import OWN_KEYS
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.calls import CASE, NOTICE, headers, tickets, token
from tests.help.phone import CASE as CALL
from tests.help.telephone import answered, take

__all__ = ["headers"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"received_at": "0001-01-01T00:00:00+08:00"}, "received_at"),
        ({"received_at": "0001-01-01T00:00:00Z"}, "received_at"),
        ({"received_at": "2016-12-31T23:59:60Z"}, "received_at"),
        ({"external_due_at": "9999-12-31T23:59:59-08:00"}, "external_due_at"),
        ({"external_due_at": "2101-01-01T00:00:00Z"}, "external_due_at"),
        ({"external_id": "x" * 201}, "external_id"),
        *(({"external_id": f"{own}7"}, "external_id") for own in OWN_KEYS),
        ({"confidential": "false"}, "confidential"),
        ({"person": False}, "person"),
        ({"fields": ""}, "fields"),
        ({"fields": {"product": ["fridge"]}}, "product"),
        ({"fields": {"product": True}}, "product"),
        ({"person": {"language": "klingon"}}, "person.language"),
        ({"person": {"name": "x" * 201}}, "person.name"),
        ({"person": {"organisation": "x" * 201}}, "person.organisation"),
        ({"subject": "\ud800"}, "subject"),
        ({"body": "\x00"}, "body"),
    ],
)
def test_a_value_that_can_not_be_kept_is_named(
    client: FlaskClient, headers: dict[str, str], change: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/tickets", json=CASE | change, headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert tickets() == 0


def test_characters_that_no_database_takes_are_left_out_everywhere(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """NUL and half a surrogate pair, in every text: what is left is kept (both databases alike)."""
    odd = "A\x00\ud83dB"
    person = {"name": odd, "organisation": odd, "email": "odd@example.com"}
    case = CASE | {"subject": odd, "body": odd, "place": odd, "external_id": odd}
    case |= {"person": person, "fields": {"product": odd}}
    made = client.post("/api/v1/tickets", json=case, headers=headers)
    assert made.status_code == 201
    told = made.json
    kept = [told["subject"], told["place"], told["person"]["name"], told["fields"]["product"]]
    assert kept == ["AB"] * 4
    path = f"/api/v1/tickets/{told['number']}"
    said = client.post(f"{path}/messages", json={"body": odd, "public": False}, headers=headers)
    assert (said.status_code, said.json["body"]) == (201, "AB")
    moved = client.post(f"{path}/moves", json={"move": "accept", "comment": odd}, headers=headers)
    assert moved.status_code == 200


def test_a_pair_of_surrogates_is_one_character(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    made = client.post("/api/v1/tickets", json=CASE | {"subject": "\U0001f600"}, headers=headers)
    assert made.json["subject"] == "\U0001f600"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000])
def test_ten_thousands_of_lists_inside_each_other_are_no_json_of_ours(
    client: FlaskClient, headers: dict[str, str], body: bytes
) -> None:
    answer = client.post(
        "/api/v1/tickets", data=body, content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json["code"]) == (422, "no_json")


def test_long_keys_that_differ_in_the_end_make_two_tickets(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    for end in ("1", "2", "1"):
        headers |= {"Idempotency-Key": "k" * 250 + end}
        assert client.post("/api/v1/tickets", json=CASE, headers=headers).status_code == 201
    assert tickets() == 2


def test_a_time_is_answered_in_utc_whatever_zone_it_came_in(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    case = CASE | {"received_at": "2026-03-08T02:30:00-05:00"}
    made = client.post("/api/v1/tickets", json=case, headers=headers)
    assert made.json["received_at"] == "2026-03-08T07:30:00Z"


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00%2B08:00"])
def test_a_list_since_the_end_of_time_is_refused(
    client: FlaskClient, headers: dict[str, str], at: str
) -> None:
    answer = client.get(f"/api/v1/tickets?updated_after={at}", headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["updated_after"])


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"move": "answer_directly", "reply": "x", "seen_seq": "9"}, "seen_seq"),
        ({"move": "answer_directly", "reply": "x", "seen_seq": {}}, "seen_seq"),
        ({"move": "accept", "version": True}, "version"),
        ({"move": "hold", "comment": "c", "until": "0001-01-01T00:00:00+08:00"}, "until"),
        ({"move": "hold", "comment": "c", "until": "9999-12-31T23:59:59-08:00"}, "until"),
    ],
)
def test_an_odd_value_of_a_move_is_named(
    client: FlaskClient, headers: dict[str, str], sent: dict[str, Any], field: str
) -> None:
    path = f"/api/v1/tickets/{make.ticket().number}/moves"
    answer = client.post(path, json=sent, headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_notice_that_can_not_be_issued_leaves_no_draft(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object, **_more: object) -> None:
        raise Refused("Not now.")

    make.department()
    path = f"/api/v1/tickets/{make.ticket().number}/notices"
    monkeypatch.setattr(issuing, "issue", refuse)
    answer = client.post(path, json=NOTICE | {"issue": True}, headers=token("supervisor"))
    assert answer.status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Notice)) == 0


def test_whether_a_notice_is_issued_is_said_with_true_or_false(
    app: Flask, client: FlaskClient
) -> None:
    make.department()
    path = f"/api/v1/tickets/{make.ticket().number}/notices"
    answer = client.post(path, json=NOTICE | {"issue": "no"}, headers=token("supervisor"))
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["issue"])


def test_a_method_that_is_not_taken_is_told_which_are(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.put("/api/v1/tickets", json=CASE, headers=headers)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_missing_token_is_told_how_to_be_sent(client: FlaskClient) -> None:
    assert client.get("/api/v1/tickets").headers["WWW-Authenticate"] == "Bearer"


def test_no_program_takes_the_place_of_a_mail_that_is_still_to_come(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """The key of a mail can be foreseen; a case that had it kept the mail's words from being stored."""
    first = deliver(b"From: a@one.example\r\nSubject: First\r\n\r\nFirst words")
    case = CASE | {"channel": "email", "external_id": f"mail:{first.id + 1}"}
    client.post("/api/v1/tickets", json=case, headers=headers)
    second = deliver(b"From: b@two.example\r\nSubject: Second\r\n\r\nPrecious words")
    ticket = db.session.get_one(Ticket, second.ticket_id)
    assert (ticket.subject, ticket.contact) == ("Second", "b@two.example")


def test_every_door_of_ours_names_its_cases_by_a_key_that_no_program_may_give(
    client: FlaskClient,
) -> None:
    deliver(b"From: a@one.example\r\nSubject: First\r\n\r\nFirst words")
    form = {"subject": "A", "body": "B", "kind": "complaint", "contact": "a@one.example"}
    client.post("/new", data=form | {"once": "k"})
    make.sign_in(client, make.agent("Zhang Wei"))
    client.post("/phone", data=CALL | {"once": "k"})
    take(*answered(make.agent("Li Na").email, **{"from": "+8613911112222"}))
    keys = db.session.scalars(select(Ticket.external_id).order_by(Ticket.id)).all()
    assert [key.split(":")[0] + ":" for key in keys if key] == list(OWN_KEYS)


def test_a_moment_is_told_in_utc_in_whatever_zone_it_was_reckoned() -> None:
    noon = datetime(2026, 12, 3, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert [time(noon), time(noon.astimezone(UTC)), time(None)] == ["2026-12-03T04:00:00Z"] * 2 + [
        None
    ]
