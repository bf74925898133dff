"""Tokens of programs: what they are limited to, until when, and how fast."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import tokens
from helpdesk.agents.models import ApiToken
from helpdesk.agents.rights import SYSTEM
from helpdesk.agents.scopes import SCOPE_NAMES, Bounds
from helpdesk.api import auth
from helpdesk.clock import moved_to, now, tick
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import company_zone
from helpdesk.ops.doctor import configuration
from tests.help import factories as make
from tests.help.calls import CASE
from tests.help.statements import counted


def bearer(role: str = "agent", **bounds: Any) -> dict[str, str]:
    _row, text = tokens.add("a shop", role, SYSTEM, bounds=Bounds(**bounds))
    return {"Authorization": f"Bearer {text}", "Accept-Language": "en"}


def status(client: FlaskClient, headers: dict[str, str], path: str = "/api/v1/tickets") -> int:
    return client.get(path, headers=headers).status_code


def test_a_token_for_intake_opens_cases_and_reads_only_what_it_opened_itself(
    client: FlaskClient,
) -> None:
    others, headers = make.ticket(), bearer(scopes=("intake",))
    made = client.post("/api/v1/tickets", json=CASE, headers=headers)
    assert made.status_code == 201
    number = made.json["number"]
    assert status(client, headers, f"/api/v1/tickets/{number}") == 200
    assert status(client, headers, f"/api/v1/tickets/{others.number}") == 404
    assert status(client, headers) == 403
    note = {"body": "x", "public": False}
    address = f"/api/v1/tickets/{number}/messages"
    assert client.post(address, json=note, headers=headers).status_code == 403


def test_a_token_for_reading_changes_nothing_and_says_which_scope_it_would_need(
    client: FlaskClient,
) -> None:
    headers = bearer(scopes=("read",))
    assert status(client, headers) == 200
    refused = client.post("/api/v1/tickets", json=CASE, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (403, "scope")
    assert "intake" in refused.json["detail"]


@pytest.mark.parametrize(
    ("scope", "open_to_it"),
    [
        ("statistics", {"/api/v1/statistics/received", "/api/v1/meta"}),
        ("kb", {"/api/v1/kb/search?q=x", "/api/v1/meta"}),
        ("work", {"/api/v1/meta"}),
        ("metrics", {"/metrics"}),
    ],
)
def test_a_scope_opens_what_it_names_and_nothing_else(
    client: FlaskClient, scope: str, open_to_it: set[str]
) -> None:
    headers = bearer("admin", scopes=(scope,)) | {"X-Forwarded-For": "203.0.113.9"}
    paths = {
        "/api/v1/statistics/received",
        "/api/v1/kb/search?q=x",
        "/api/v1/meta",
        "/api/v1/tickets",
        "/api/v1/events",
        "/metrics",
    }
    assert {path for path in paths if status(client, headers, path) == 200} == open_to_it


def test_a_token_without_a_scope_does_what_its_role_may(client: FlaskClient) -> None:
    headers = bearer()
    assert client.post("/api/v1/tickets", json=CASE, headers=headers).status_code == 201
    assert status(client, headers) == 200
    assert status(client, headers, "/api/v1/events") == 403


def test_a_token_works_on_its_last_day_and_not_a_second_longer(client: FlaskClient) -> None:
    today = now().astimezone(company_zone()).date()
    headers = bearer(expires=today)
    assert status(client, headers) == 200
    end = db.session.scalars(db.select(ApiToken)).one().expires_at
    assert end is not None
    with moved_to(end - timedelta(seconds=1)):
        assert status(client, headers) == 200
    with moved_to(end):
        refused = client.get("/api/v1/tickets", headers=headers)
    assert (refused.status_code, refused.json["code"]) == (401, "token_expired")


def test_a_token_that_calls_too_fast_is_told_when_to_go_on(client: FlaskClient) -> None:
    headers, neighbour = bearer(rate=5), bearer(rate=5)
    with moved_to(now()):
        assert [status(client, headers) for _ in range(5)] == [200] * 5
        refused = client.get("/api/v1/tickets", headers=headers)
        assert (refused.status_code, refused.json["code"]) == (429, "too_many")
        assert refused.headers["Retry-After"] == "12"
        assert status(client, neighbour) == 200
        tick(12)
        assert status(client, headers) == 200


def test_counting_calls_costs_no_statement(client: FlaskClient, app: Flask) -> None:
    headers = bearer()
    status(client, headers)
    with counted() as statements:
        status(client, headers, "/api/v1/openapi.json")
        without = len(statements)
        status(client, headers, "/api/v1/tickets")
    assert not [text for text in statements[without:] if not text.startswith("SELECT")]


def test_guessing_tokens_is_slowed_by_address_and_stops_no_right_token(
    client: FlaskClient,
) -> None:
    right, wrong = bearer(), {"Authorization": "Bearer hd_guess"}
    with moved_to(now()):
        answers = [status(client, wrong) for _ in range(auth.WRONG_A_MINUTE + 5)]
        assert answers == [401] * auth.WRONG_A_MINUTE + [429] * 5
        assert status(client, right) == 200
        elsewhere = {"REMOTE_ADDR": "203.0.113.77"}
        path = "/api/v1/tickets"
        there = client.get(path, headers=wrong, environ_overrides=elsewhere)
    assert there.status_code == 401


def test_a_role_that_opens_no_cases_gets_no_intake() -> None:
    with pytest.raises(BadInput) as refused:
        tokens.add("x", "auditor", SYSTEM, bounds=Bounds(("intake",)))
    assert set(refused.value.errors) == {"scopes"}


@pytest.mark.parametrize(
    ("field", "bounds"),
    [
        ("scopes", Bounds(("everything",))),
        ("expires", Bounds(expires=date(2020, 1, 1))),
        ("rate", Bounds(rate=0)),
        ("rate", Bounds(rate=-5)),
    ],
)
def test_bounds_that_can_not_be_are_named(app: Flask, field: str, bounds: Bounds) -> None:
    with pytest.raises(BadInput) as refused:
        tokens.add("x", "agent", SYSTEM, bounds=bounds)
    assert set(refused.value.errors) == {field}


def test_the_command_takes_scope_last_day_and_rate(app: Flask) -> None:
    words = ("tokens", "add", "Web shop", "--role", "agent", "--rate", "30")
    words += ("--scope", "intake", "--scope", "read,kb", "--expires", "2090-12-31")
    done = app.test_cli_runner().invoke(args=words)
    assert (done.exit_code, done.output[:3]) == (0, "hd_")
    row = db.session.scalars(db.select(ApiToken)).one()
    assert (row.scopes, row.rate) == (["intake", "read", "kb"], 30)
    assert row.expires_at is not None
    assert row.expires_at.astimezone(company_zone()).isoformat()[:19] == "2091-01-01T00:00:00"


@pytest.mark.parametrize(
    "odd",
    [
        ("--scope", "everything"),
        ("--expires", "2020-01-01"),
        ("--expires", "soon"),
        ("--rate", "0"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(app: Flask, odd: tuple[str, str]) -> None:
    done = app.test_cli_runner().invoke(args=("tokens", "add", "x", "--role", "agent", *odd))
    assert done.exit_code != 0
    assert db.session.scalar(db.select(db.func.count()).select_from(ApiToken)) == 0


def test_the_page_makes_a_token_with_scopes_a_last_day_and_a_rate(client: FlaskClient) -> None:
    desk = make.sign_in(client, make.agent("Boss", "admin"))
    given = {"name": "Shop", "role": "agent", "scopes": ["intake", "kb"]}
    given |= {"expires": "2090-12-31", "rate": "20"}
    page = desk.post("/admin/tokens", data=given).text
    row = db.session.scalars(db.select(ApiToken)).one()
    assert (row.scopes, row.rate, row.has_expired) == (["intake", "kb"], 20, False)
    assert "31 December 2090" in page.replace("December 31, 2090", "31 December 2090")


def test_a_token_that_ends_soon_is_told_on_the_board_and_by_the_doctor(
    client: FlaskClient,
) -> None:
    day = now().astimezone(company_zone()).date()
    tokens.add("Shop feed", "agent", SYSTEM, bounds=Bounds(expires=day + timedelta(days=5)))
    tokens.add("For ever", "agent", SYSTEM)
    tokens.add("Next year", "agent", SYSTEM, bounds=Bounds(expires=day + timedelta(days=300)))
    board = make.sign_in(client, make.agent("Boss", "admin")).get("/board").text
    assert "Shop feed" in board and "For ever" not in board and "Next year" not in board
    finding = configuration.api_tokens()
    assert (finding.state, finding.broken) == ("note", 1)


def test_every_scope_is_told_in_the_guide() -> None:
    guide = Path("docs/admin-guide.md").read_text(encoding="utf-8")
    assert [name for name in SCOPE_NAMES if f"`{name}`" not in guide] == []
