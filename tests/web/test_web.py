"""HTTP glue: redirects stay here, refusals speak the caller's format, the company has its name."""

from __future__ import annotations

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from helpdesk.core import options
from helpdesk.core.db import transaction
from helpdesk.core.errors import TooMany
from helpdesk.web.http import back, company, local_path, wants_json
from tests.help import factories as make


@pytest.mark.parametrize("path", ["/queue", "/tickets?status=open&q=a%20b", "/a/b#c", "/"])
def test_a_path_of_this_site_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "queue",
        "https://evil.example",
        "//evil.example/queue",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/queue\r\nSet-Cookie: a=b",
        "/\tevil",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:///queue",
    ],
)
def test_v372_everything_else_leads_to_the_front_page(target: str | None) -> None:
    assert local_path(target) == "/"


def test_a_question_mark_without_a_question_is_dropped() -> None:
    assert local_path("/queue?") == "/queue"


def test_back_goes_where_the_form_came_from_and_nowhere_else(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data={"next": "/tickets"}):
        assert back("/queue").location == "/tickets"
    with app.test_request_context("/", method="POST", data={"next": "https://evil.example"}):
        assert back("/queue").location == "/"
    with app.test_request_context("/", method="POST"):
        assert back("/queue").location == "/queue"


@pytest.mark.parametrize(
    ("path", "accept", "json"),
    [
        ("/api/v1/tickets", "text/html", True),
        ("/queue", "application/json", True),
        ("/queue", "text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("/queue", "*/*", False),
    ],
)
def test_programs_get_json_and_browsers_pages(
    app: Flask, path: str, accept: str, json: bool
) -> None:
    with app.test_request_context(path, headers={"Accept": accept}):
        assert wants_json() is json


def test_a_refusal_is_problem_json_with_a_code_and_a_sentence(client: FlaskClient) -> None:
    answer = client.get("/no-such-page", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 404
    assert answer.json["title"] == "There is no such page."


def test_a_rate_limit_tells_when_to_come_back(app: Flask) -> None:
    error = TooMany("Wait %(minutes)s min.", retry_after=90, minutes=2)
    with app.test_request_context("/queue", headers={"Accept": "application/json"}):
        answer = app.handle_user_exception(error)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "90")


@pytest.mark.parametrize(("language", "name"), [("zh_Hans", "晨光家电"), ("en", "Dawn")])
def test_the_company_is_called_as_administrators_named_it(
    app: Flask, language: str, name: str
) -> None:
    assert named(app, language) in ("服务台", "Helpdesk")
    with transaction():
        options.put("company_zh", "晨光家电")
        options.put("company_en", "Dawn")
    assert named(app, language) == name


def named(app: Flask, language: str) -> str:
    with app.test_request_context("/"):
        g.language = language
        return company()


def test_pages_are_not_kept_by_browsers_or_framed_by_others(client: FlaskClient) -> None:
    make.agent("Old Admin", "admin")
    headers = client.get("/sign-in").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    for rule in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert rule in policy
    assert "unsafe" not in policy
