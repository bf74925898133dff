"""Every address of the program, tried by every role, by nobody, and without a token.

The list is generated from the program itself, so a new page is tested on the day it is added.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import STAFF
from helpdesk.core.db import db
from tests.help import factories as make
from tests.help.sampled import few
from tests.help.visits import visits

# What people without an account may open: each is public on purpose.
PUBLIC = (
    "/",
    "/api/v1/calls/hooks/<provider>",  # who has signed it is let in
    "/api/v1/docs",
    "/api/v1/openapi.json",
    "/first-start",
    "/healthz",
    "/invitation/<secret>",
    "/language",
    "/metrics",
    "/readyz",
    "/sign-in",
    "/sign-out",
)
PUBLIC_PARTS = (
    "/static",
    "/kb",
    "/new",
    "/track",
    "/confirm",
    "/rate",
    "/privacy",
    "/captcha",
    "/unsubscribe",
)
# Programs come there without a cookie: the API with its token, mail programs with a signed link.
WITHOUT_TOKEN = ("/api/", "/unsubscribe/")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def is_public(rule: Rule) -> bool:
    here = rule.rule
    return here in PUBLIC or any(
        here == part or here.startswith(f"{part}/") for part in PUBLIC_PARTS
    )


@pytest.mark.parametrize("role", few(STAFF, "handler", "admin"))
def test_no_address_breaks_for_any_role(app: Flask, number: str, role: str) -> None:
    agent = make.agent("Somebody", role, make.department())
    broken = []
    for method, path, _rule in visits(app, number):
        client = make.sign_in(app.test_client(), _again(agent))
        status = client.open(path, method=method).status_code
        if status >= 500 and path != "/readyz":
            broken.append((method, path, status))
    assert broken == []


def _again(agent: Agent) -> Agent:
    """The person as of now: an earlier visit may have changed the key of the sessions."""
    db.session.rollback()
    return db.session.get_one(Agent, agent.id, populate_existing=True)


def test_without_a_sign_in_only_public_addresses_answer(app: Flask, number: str) -> None:
    opened = []
    for method, path, rule in visits(app, number):
        if is_public(rule):
            continue
        answer = app.test_client().open(path, method=method)
        to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in")
        if not to_sign_in and answer.status_code != 401:
            opened.append((method, path, answer.status_code))
    assert opened == []


# The duty list is kept day by day; the simulator tries a change and changes nothing.
BY_SUPERVISORS = ("/admin/duty", "/admin/simulator")


@pytest.mark.parametrize("role", ["agent", "handler", "auditor", "supervisor"])
def test_nobody_but_administrators_changes_the_set_up(app: Flask, number: str, role: str) -> None:
    agent = make.agent("Somebody", role, make.department())
    client = make.sign_in(app.test_client(), agent)
    done = [
        (method, path)
        for method, path, rule in visits(app, number)
        if rule.rule.startswith("/admin")
        and method in UNSAFE
        and not (role == "supervisor" and rule.rule.startswith(BY_SUPERVISORS))
        and client.open(path, method=method).status_code not in (403, 404)
    ]
    assert done == []


@pytest.mark.parametrize("role", ["agent", "handler"])
def test_the_set_up_is_closed_to_agents_and_handlers(app: Flask, number: str, role: str) -> None:
    client = make.sign_in(app.test_client(), make.agent("Somebody", role, make.department()))
    opened = [
        path
        for method, path, rule in visits(app, number)
        if rule.rule.startswith("/admin")
        and method == "GET"
        and client.get(path).status_code not in (403, 404)
    ]
    assert opened == []


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    """The app as it runs for real: every change asks for a token."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


def test_every_change_from_a_browser_asks_for_a_token(guarded: Flask, number: str) -> None:
    admin = make.agent("Chen Jie", "admin")
    accepted = []
    for method, path, rule in visits(guarded, number):
        if method not in UNSAFE or rule.rule.startswith(WITHOUT_TOKEN):
            continue
        client = make.sign_in(guarded.test_client(), admin)
        answer = client.open(path, method=method, headers={"Accept": "application/json"})
        if (answer.status_code, (answer.json or {}).get("code")) != (422, "csrf"):
            accepted.append((method, path, answer.status_code))
    assert accepted == []


def test_a_sign_in_with_the_token_of_its_form_goes_through(
    guarded: Flask, client: FlaskClient, number: str
) -> None:
    page = client.get("/sign-in").text
    token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]
    sent = {"email": "nobody@example.com", "password": "x"}
    refused = client.post("/sign-in", data=sent)
    assert "open for too long" in refused.text
    answer = client.post("/sign-in", data=sent | {"csrf_token": token})
    assert "fit together" in answer.text


def test_the_token_of_another_session_is_worth_nothing(guarded: Flask, number: str) -> None:
    token = "abc"
    mine, theirs = guarded.test_client(), guarded.test_client()
    with theirs.session_transaction() as session:
        session["csrf_token"] = token
    sent = {"email": "nobody@example.com", "password": "x", "csrf_token": token}
    assert "open for too long" in mine.post("/sign-in", data=sent).text


def test_opening_a_page_changes_nothing(app: Flask, number: str) -> None:
    admin = make.agent("Chen Jie", "admin")
    before = _state()
    for method, path, _rule in visits(app, number):
        if method == "GET":
            make.sign_in(app.test_client(), admin).get(path)
    assert _state() == before


def _state() -> dict[str, int]:
    """How many rows each table of facts has; what only counts visits is left out."""
    db.session.rollback()
    passing = ("rate_limit", "presence", "heartbeat", "api_token")
    return {
        table.name: db.session.scalar(db.select(db.func.count()).select_from(table)) or 0
        for table in db.metadata.sorted_tables
        if not table.name.startswith(passing)
    }
