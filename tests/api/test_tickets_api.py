"""The API as outsiders use it: equal tickets, one per key, problem JSON, rights."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import ApiToken
from helpdesk.core.db import db, transaction
from helpdesk.customers.people import Asker
from helpdesk.tickets import actions, callbacks
from tests.help import factories as make
from tests.help.calls import CASE, tickets, token
from tests.help.statements import counted


def test_a_ticket_comes_back_with_everything_the_contract_names(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post("/api/v1/tickets", json=CASE, headers=headers)
    assert answer.status_code == 201
    body = answer.json
    assert {
        "number",
        "url",
        "status",
        "severity",
        "department",
        "queue",
        "route",
        "responses",
        "track",
    } <= set(body)
    assert set(body["route"]) == {"rule", "reason"}
    assert body["track"] is None  # this token is none for intake: see test_track_secret
    assert {"promise", "due_at", "met_at", "verdict", "owner"} <= set(body["responses"][0])
    assert body["status"] == "registered"
    assert body["person"]["phone"] == "+86 139 0000 1111"


def test_the_same_idempotency_key_gives_the_same_ticket(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    headers |= {"Idempotency-Key": "order-77"}
    first = client.post("/api/v1/tickets", json=CASE, headers=headers)
    second = client.post("/api/v1/tickets", json=CASE, headers=headers)
    assert first.json["number"] == second.json["number"]
    assert tickets() == 1


def test_a_key_used_for_another_request_is_refused(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    headers |= {"Idempotency-Key": "order-77"}
    client.post("/api/v1/tickets", json=CASE, headers=headers)
    other = client.post("/api/v1/tickets", json=CASE | {"subject": "another"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "key_reused")


def test_one_key_sent_by_eight_callers_at_once_makes_one_ticket(
    app: Flask, headers: dict[str, str]
) -> None:
    headers |= {"Idempotency-Key": "race"}
    numbers: list[str] = []

    def send() -> None:
        answer = app.test_client().post("/api/v1/tickets", json=CASE, headers=headers)
        numbers.append(answer.json.get("number", answer.json))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 8
    assert len(set(numbers)) == 1, numbers
    assert tickets() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": None}, "kind"),
        ({"subject": " "}, "subject"),
        ({"body": 5}, "body"),
        ({"category": "no.such"}, "category"),
        ({"severity": "S0"}, "severity"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"received_at": "2999-01-01T00:00:00Z"}, "received_at"),
        ({"received_at": "2026-01-01T00:00:00"}, "received_at"),
        ({"person": "Li Lei"}, "person"),
        ({"person": {"age": 5}}, "person.age"),
        ({"colour": "red"}, "colour"),
        ({"id": 5}, "id"),
        ({"version": 7}, "version"),
        ({"status": "closed"}, "status"),
        ({"fields": []}, ""),
        ({"fields": {"x": "y"}}, "x"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_a_wrong_field_gets_its_own_sentence_and_stores_nothing(
    client: FlaskClient, headers: dict[str, str], change: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/tickets", json=CASE | change, headers=headers)
    if not field:
        assert answer.status_code == 201  # an empty list of fields is no field
        return
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert field in answer.json["errors"]
    assert tickets() == 0


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff", b"null"])
def test_what_is_no_json_object_is_refused(
    client: FlaskClient, headers: dict[str, str], body: bytes
) -> None:
    answer = client.post(
        "/api/v1/tickets", data=body, content_type="application/json", headers=headers
    )
    assert (answer.status_code, answer.json["code"]) == (422, "no_json")


def test_refusals_speak_the_callers_language(client: FlaskClient, headers: dict[str, str]) -> None:
    headers |= {"Accept-Language": "zh-CN"}
    answer = client.post("/api/v1/tickets", json=CASE | {"kind": "x"}, headers=headers)
    assert any("\u4e00" <= c <= "\u9fff" for c in answer.json["title"])


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer hd_x"]
)
def test_without_a_valid_token_nothing_is_told(
    client: FlaskClient, app: Flask, authorization: str
) -> None:
    answer = client.get("/api/v1/tickets", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


def test_a_revoked_token_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    from helpdesk.clock import now

    with transaction() as session:
        session.scalar(select(ApiToken)).revoked_at = now()
    assert client.get("/api/v1/tickets", headers=headers).status_code == 401


def test_an_auditor_may_read_and_not_open(client: FlaskClient, app: Flask) -> None:
    """The role decides at this door as at every other."""
    headers = token("auditor")
    assert client.get("/api/v1/tickets", headers=headers).status_code == 200
    assert client.post("/api/v1/tickets", json=CASE, headers=headers).status_code == 403


def test_a_department_sees_only_what_was_dispatched_to_it(client: FlaskClient, app: Flask) -> None:
    """List, open and search over the API have one scope."""
    quality, finance = make.department(), make.department("finance", "财务部", "Finance")
    mine, foreign = make.ticket(), make.ticket(subject="退款没到")
    for ticket, unit in ((mine, quality), (foreign, finance)):
        actions.accept(ticket, by=make.agent(f"A {unit.code}").actor)
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=unit.id)
    headers = token("handler", quality)
    listed = client.get("/api/v1/tickets", headers=headers).json["items"]
    assert [t["number"] for t in listed] == [mine.number]
    found = client.get("/api/v1/tickets?q=没到", headers=headers).json["items"]
    assert [t["number"] for t in found] == []
    everything = client.get("/api/v1/tickets?q=没到", headers=token("supervisor")).json["items"]
    assert [t["number"] for t in everything] == [foreign.number]
    for address in ("", "/events", "/responses"):
        path = f"/api/v1/tickets/{foreign.number}{address}"
        assert client.get(path, headers=headers).status_code == 404
    said = client.post(
        f"/api/v1/tickets/{foreign.number}/messages",
        headers=headers,
        json={"body": "x", "public": False},
    )
    assert said.status_code == 404


def test_pages_by_cursor_show_every_ticket_once(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    numbers = [make.ticket(subject=f"case {n}").number for n in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/v1/tickets?limit=3&cursor={cursor}", headers=headers).json
        seen += [t["number"] for t in page["items"]]
        cursor = page["next"]
    assert seen == numbers[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "limit=many",
        "cursor=-1",
        "cursor=99999999999999999999",
        "status=lost",
        "department=no",
        "assignee=me",
        "updated_after=then",
        "limit=201",
    ],
)
def test_odd_addresses_get_a_sentence(
    client: FlaskClient, headers: dict[str, str], query: str
) -> None:
    assert client.get(f"/api/v1/tickets?{query}", headers=headers).status_code == 422


def test_a_whole_complaint_is_worked_over_the_api(client: FlaskClient, app: Flask) -> None:
    quality = make.department()
    desk, lead, handler = token("agent"), token("supervisor"), token("handler", quality)
    number = client.post("/api/v1/tickets", json=CASE, headers=desk).json["number"]

    def move(headers: dict[str, str], code: str, **values: Any) -> dict[str, Any]:
        answer = client.post(
            f"/api/v1/tickets/{number}/moves", headers=headers, json={"move": code, **values}
        )
        assert answer.status_code == 200, answer.json
        return answer.json

    move(desk, "accept")
    move(desk, "dispatch", department="quality")
    move(handler, "sign")
    move(handler, "handle")
    assert move(handler, "reply", reply="已退款。")["status"] == "replied"
    assert move(lead, "approve")["status"] == "callback"
    rows = client.get(f"/api/v1/tickets/{number}/responses", headers=desk).json["items"]
    resolve = next(r for r in rows if r["promise"] == "resolve")
    assert resolve["verdict"] == "on_time"
    assert any(span["kind"] == "counted" for span in resolve["explain"])
    events = client.get(f"/api/v1/tickets/{number}/events", headers=desk).json["items"]
    assert [e["name"] for e in events][:3] == ["ticket.opened", "ticket.accept", "ticket.dispatch"]


def test_a_forbidden_move_is_a_conflict_with_the_reason(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    number = client.post("/api/v1/tickets", json=CASE, headers=headers).json["number"]
    answer = client.post(
        f"/api/v1/tickets/{number}/moves", headers=headers, json={"move": "reopen", "comment": "x"}
    )
    assert (answer.status_code, answer.json["code"]) == (409, "refused")
    assert answer.json["message"]


def test_a_stale_version_is_a_conflict(client: FlaskClient, headers: dict[str, str]) -> None:
    """Who writes on an old state is told."""
    ticket = client.post("/api/v1/tickets", json=CASE, headers=headers).json
    path = f"/api/v1/tickets/{ticket['number']}/moves"
    client.post(path, headers=headers, json={"move": "accept"})
    stale = {"move": "dispatch", "department": "x", "version": ticket["version"]}
    make.department("x", "某部", "Some")
    answer = client.post(path, headers=headers, json=stale)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_an_answer_after_newer_words_is_held_back(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """The caller gets 409 and may send again after reading."""
    ticket = make.ticket()
    path = f"/api/v1/tickets/{ticket.number}/messages"
    seen = client.get(f"/api/v1/tickets/{ticket.number}/events", headers=headers).json["seq"]
    actions.add_customer_message(ticket, by=make.CUSTOMER, body="还有一件事", channel="web")
    stale = client.post(
        path, headers=headers, json={"body": "您好", "public": True, "seen_seq": seen}
    )
    assert (stale.status_code, stale.json["code"]) == (409, "newer_messages")
    fresh = client.post(
        path, headers=headers, json={"body": "您好", "public": True, "seen_seq": seen + 1}
    )
    assert fresh.status_code == 201


def test_every_path_of_the_description_exists(client: FlaskClient, app: Flask) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    rules = {rule.rule.replace("<", "{").replace(">", "}") for rule in app.url_map.iter_rules()}
    assert {f"/api/v1{path}" for path in paths} <= rules
    own = {"/api/v1/openapi.json", "/api/v1/docs"}
    theirs = {"/api/v1/calls/hooks/{provider}"}  # each provider has words of its own for it
    described = {f"/api/v1{path}" for path in paths} | own | theirs
    assert {r for r in rules if r.startswith("/api/v1")} <= described


def test_meta_lists_every_choice(client: FlaskClient, headers: dict[str, str]) -> None:
    body = client.get("/api/v1/meta", headers=headers).json
    assert len(body["statuses"]) == 18
    assert {"code", "name", "from", "to", "roles", "needs", "kinds"} == set(body["moves"][0])
    assert all(
        body[name] for name in ("kinds", "promises", "severities", "roles", "categories", "fields")
    )


def test_a_department_can_not_find_a_confidential_case_by_the_hidden_name(
    client: FlaskClient, app: Flask
) -> None:
    """What a page hides, a search does not betray."""
    quality = make.department()
    ticket = make.ticket(confidential=True)
    actions.accept(ticket, by=make.agent().actor)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=quality.id)
    headers = token("handler", quality)
    assert client.get("/api/v1/tickets?q=王芳", headers=headers).json["items"] == []
    assert len(client.get("/api/v1/tickets?q=王芳", headers=token("agent")).json["items"]) == 1


@pytest.mark.parametrize("asked", ["", "&q=refund", "&status=registered"])
@pytest.mark.parametrize("size", [2, 40])
def test_a_list_takes_two_statements_whatever_the_number_of_rows(
    client: FlaskClient, headers: dict[str, str], size: int, asked: str
) -> None:
    """Who asks with which set-up is in force, and the tickets with their customers and addresses."""
    for n in range(size):
        make.ticket(subject=f"refund {n}", person=Asker(name=f"P{n}", email=f"p{n}@a.test"))
    db.session.expunge_all()
    client.get("/api/v1/tickets", headers=headers)  # what admins have set is read once
    db.session.expunge_all()
    with counted() as sent:
        items = client.get(f"/api/v1/tickets?limit=50{asked}", headers=headers).json["items"]
    assert len({item["person"]["email"] for item in items}) == size
    assert len(sent) <= 2, "\n\n".join(sent)


@pytest.mark.parametrize("size", [1, 30])
def test_one_ticket_takes_ten_statements_however_much_was_said(
    client: FlaskClient, headers: dict[str, str], size: int
) -> None:
    """The design's budget for a ticket: ten."""
    ticket = make.ticket()
    for n in range(size):
        actions.note(ticket, by=make.agent(f"A{n}", email=f"a{n}@a.test").actor, body=f"note {n}")
    client.get(f"/api/v1/tickets/{ticket.number}", headers=headers)
    db.session.expunge_all()
    with counted() as sent:
        body = client.get(f"/api/v1/tickets/{ticket.number}", headers=headers).json
    assert len(body["messages"]) == size + 1
    assert len(sent) <= 10, "\n\n".join(sent)


def test_opening_takes_two_statements_and_one_for_the_token(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """On PostgreSQL; SQLite gets the rows of the case and of the journal table by table."""
    client.post("/api/v1/tickets", json=CASE, headers=headers)
    db.session.expunge_all()
    other = CASE | {"person": {"name": "Amy Hall", "email": "amy@example.com"}}
    with counted() as sent:
        assert client.post("/api/v1/tickets", json=other, headers=headers).status_code == 201
    assert len(sent) <= (14 if db.engine.dialect.name == "sqlite" else 3), "\n\n".join(sent)
    db.session.expunge_all()
    with counted() as sent:  # of a customer who is known by now, and their case a repeat
        assert client.post("/api/v1/tickets", json=other, headers=headers).status_code == 201
    assert len(sent) <= (14 if db.engine.dialect.name == "sqlite" else 6), "\n\n".join(sent)


def test_a_ticket_tells_what_the_customer_said_of_the_outcome(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    ticket = make.ticket()
    actions.answer_directly(ticket, by=make.SUPERVISOR, body="Done.")
    where = f"/api/v1/tickets/{ticket.number}"
    assert client.get(where, headers=headers).json["rating"] is None
    actions.approve(ticket, by=make.SUPERVISOR)
    callbacks.rate(ticket, by=make.CUSTOMER, result=2, resolved="no", words="Still broken")
    told = client.get(where, headers=headers).json["rating"]
    wanted = {"source": "web", "result": 2, "resolved": "no", "words": "Still broken", "cycle": 1}
    assert wanted.items() <= told.items()
