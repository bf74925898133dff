"""`flask users` and `flask tokens`."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from helpdesk.agents import accounts, invitations
from helpdesk.agents.invitations import hashed
from helpdesk.agents.models import Agent, ApiToken
from helpdesk.core.db import db
from helpdesk.core.events import Event
from tests.help import factories as make

PASSWORD = "seven green bicycles"
WHO = ("users", "add", "Li.Na@Example.com", "--name", "Li Na")


def invoke(app: Flask, *arguments: str, text: str | None = None) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=arguments, input=text)
    return done.exit_code, done.output


def agent() -> Agent:
    db.session.expire_all()
    found = accounts.by_email("li.na@example.com")
    assert found is not None
    return found


def test_a_colleague_is_added_with_a_password_and_can_sign_in(app: Flask) -> None:
    status, said = invoke(app, *WHO, "--role", "admin", "--password-stdin", text=PASSWORD + "\n")
    assert (status, said) == (0, "li.na@example.com is admin now.\n")
    assert accounts.authenticate("li.na@example.com", PASSWORD, "203.0.113.7").name == "Li Na"


def test_without_a_password_a_link_to_set_one_is_printed(app: Flask) -> None:
    _status, said = invoke(app, *WHO, "--role", "agent")
    link = re.search(r"https?://\S+/invitation/(\S+)", said)
    assert link is not None
    assert invitations.redeem(link.group(1), PASSWORD).email == "li.na@example.com"


def test_a_handler_is_added_to_a_department(app: Flask) -> None:
    unit = make.department("quality")
    status, _said = invoke(app, *WHO, "--role", "handler", "--department", "quality")
    assert status == 0
    assert agent().department_id == unit.id


def test_a_handler_without_a_department_is_refused(app: Flask) -> None:
    status, said = invoke(app, *WHO, "--role", "handler")
    assert status == 1
    assert "department_id: A handler works for a department." in said
    assert accounts.by_email("li.na@example.com") is None


def test_an_unknown_department_is_refused(app: Flask) -> None:
    status, said = invoke(app, *WHO, "--role", "handler", "--department", "moon")
    assert (status, "There is no such department." in said) == (1, True)


def test_a_weak_password_is_refused_and_nobody_is_added(app: Flask) -> None:
    status, said = invoke(app, *WHO, "--role", "agent", "--password-stdin", text="12345\n")
    assert status == 1
    assert "password: Please take at least 8 characters" in said
    assert accounts.by_email("li.na@example.com") is None


def test_the_same_address_twice_is_refused(app: Flask) -> None:
    assert invoke(app, *WHO, "--role", "agent")[0] == 0
    assert invoke(app, *WHO, "--role", "agent")[0] == 1


@pytest.mark.parametrize("role", ["customer", "system", "boss"])
def test_a_role_that_nobody_works_in_is_refused(app: Flask, role: str) -> None:
    assert invoke(app, *WHO, "--role", role)[0] == 2


def test_a_new_colleague_stands_in_the_journal(app: Flask) -> None:
    invoke(app, *WHO, "--role", "agent")
    noted = db.session.scalar(db.select(Event).where(Event.name == "agent.added"))
    assert noted is not None
    assert (noted.by_kind, noted.data["role"]) == ("system", "agent")


def test_a_token_is_printed_once_and_kept_as_a_hash(app: Flask) -> None:
    status, said = invoke(app, "tokens", "add", "CRM", "--role", "agent")
    row = db.session.scalar(db.select(ApiToken))
    assert status == 0
    assert row is not None
    assert row.token_hash == hashed(said.strip())
    assert said.strip() not in str(vars(row))


def test_a_printed_token_opens_the_api(app: Flask) -> None:
    _status, said = invoke(app, "tokens", "add", "CRM", "--role", "supervisor")
    headers = {"Authorization": f"Bearer {said.strip()}"}
    assert app.test_client().get("/api/v1/tickets", headers=headers).status_code == 200


def test_a_handlers_token_needs_its_department(app: Flask) -> None:
    make.department("quality")
    assert invoke(app, "tokens", "add", "ERP", "--role", "handler")[0] == 1
    assert (
        invoke(app, "tokens", "add", "ERP", "--role", "handler", "--department", "quality")[0] == 0
    )
