"""Who may not take a step hears that, and nothing of where the case stands: rights come before state,
version and the shape of what was sent. The steps and doors come from the program's own tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import tokens
from helpdesk.agents.rights import STAFF, SYSTEM, Actor, Role
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import NotAllowed
from helpdesk.core.i18n import zone
from helpdesk.desk import moving
from helpdesk.notices import (
    actions,
)
from helpdesk.notices import (
    lifecycle as notices_lifecycle,
)
from helpdesk.notices import (
    moving as notice_moving,
)
from helpdesk.notices.forms import FORMS
from helpdesk.notices.models import Notice
from helpdesk.notices.queries import slug
from helpdesk.tickets import lifecycle
from helpdesk.tickets.models import Ticket
from helpdesk.web.sent import Sent
from tests.help import factories as make

STALE = 10_000  # no row ever had this version
PART = re.compile(r"<(?:[^<>]+:)?(\w+)>")


def never(role: Role) -> Iterator[str]:
    """The steps of tickets that no row of the table gives to this role."""
    for code in lifecycle.TABLE.codes:
        if not any(role in move.roles for move in lifecycle.TABLE if move.code == code):
            yield code


def actor(role: Role) -> Actor:
    unit = make.department() if role is Role.HANDLER else None
    return make.agent("Somebody", role, unit).actor


@pytest.mark.parametrize("role", STAFF)
def test_a_step_that_is_never_theirs_is_forbidden_wherever_the_ticket_stands(
    app: Flask, role: Role
) -> None:
    ticket, who = make.ticket(), actor(role)
    with transaction():
        ticket.department_id = who.department_id
    for status in lifecycle.Status:
        with transaction():
            db.session.get_one(Ticket, ticket.id).status = status
        for code in never(role):
            with pytest.raises(NotAllowed):
                moving.make_move(code, ticket, Sent({}, zone()), by=who, version=STALE)
    assert list(never(Role.AUDITOR)) == list(lifecycle.TABLE.codes)


def notice() -> Notice:
    boss, unit = make.agent("Wu Di", "supervisor").actor, make.department()
    texts = {"title": "Leaks", "problem": "No record.", "requirement": "Repeat the test."}
    draft = actions.draft(by=boss, department_id=unit.id, ticket=make.ticket(), **texts)
    actions.approve(draft, by=boss)
    return actions.issue(draft, by=boss)


def not_theirs(role: Role, own_department: bool) -> Iterator[str]:
    """The same of notices; the department's own steps are nobody else's."""
    for move in notices_lifecycle.TABLE:
        if move.code in notices_lifecycle.AUTOMATIC or move.code == "edit":
            continue
        own = notices_lifecycle.is_own(move)
        if role not in move.roles or (own and not own_department):
            yield move.code


@pytest.mark.parametrize("role", STAFF)
def test_a_step_that_is_never_theirs_is_forbidden_wherever_the_notice_stands(
    app: Flask, role: Role
) -> None:
    row, who = notice(), actor(role)
    for state in notices_lifecycle.State:
        with transaction():
            db.session.get_one(Notice, row.id).status = state
        for code in not_theirs(role, own_department=role is Role.HANDLER):
            with pytest.raises(NotAllowed):
                notice_moving.make_move(code, row, Sent({}, zone()), by=who, version=STALE)
    assert list(not_theirs(Role.AUDITOR, own_department=False))


# What is sent to each door of the API that changes a case or a notice: right in its shape.
BODIES: dict[str, list[dict[str, Any]]] = {
    "/api/v1/tickets/<number>/moves": [
        {"move": code, "version": STALE, "seen_seq": 0} for code in lifecycle.TABLE.codes
    ],
    "/api/v1/tickets/<number>/messages": [
        {"body": "x", "public": public, "seen_seq": 0} for public in (True, False)
    ],
    "/api/v1/tickets/<number>/notices": [
        {"department": "quality", "title": "x", "problem": "x", "requirement": "x"}
    ],
    "/api/v1/notices/<reference>/moves": [
        {"move": code, "version": STALE}
        for code in notices_lifecycle.TABLE.codes
        if code not in (*notices_lifecycle.AUTOMATIC, "edit")
    ],
}


def doors(app: Flask, api: bool) -> Iterator[str]:
    """Every address that changes a case or a notice."""
    for rule in app.url_map.iter_rules():
        parts = set(PART.findall(rule.rule))
        changes = "POST" in (rule.methods or ()) and parts & {"number", "reference"}
        of_staff = rule.rule.startswith("/api/") is api and not rule.rule.startswith(PUBLIC)
        if changes and of_staff:
            yield rule.rule


PUBLIC = ("/track", "/confirm")  # the customer's own pages


@pytest.fixture
def ended(app: Flask) -> dict[str, list[str]]:
    """A case and a notice where hardly any step is possible, with a word by the customer."""
    made = notice()
    with transaction() as session:
        session.get_one(Notice, made.id).status = notices_lifecycle.State.CLOSED
        ticket = session.get_one(Ticket, made.ticket_id)
        ticket.status = lifecycle.Status.ARCHIVED
    return {"number": [ticket.number], "reference": [slug(made)]}


def test_an_auditor_s_token_is_forbidden_every_change_by_the_api(
    app: Flask, client: FlaskClient, ended: dict[str, list[str]]
) -> None:
    _row, text = tokens.add("audit", "auditor", SYSTEM)
    headers = {"Authorization": f"Bearer {text}"}
    answers = {
        (door, str(body)): client.post(
            filled(door, ended)[0], json=body, headers=headers
        ).status_code
        for door in doors(app, api=True)
        for body in BODIES[door]  # a new door needs an example here
    }
    assert answers and set(answers.values()) == {403}


CODES = {
    "/tickets/<number>/moves/<code>": lifecycle.TABLE.codes,
    "/notices/<reference>/moves/<code>": FORMS,
}


def filled(door: str, known: dict[str, list[str]]) -> list[str]:
    """The door's addresses, with the case, the notice, and each step where it names one."""
    given = {"code": list(CODES.get(door, ())), **known}
    found = [door]
    for part in PART.finditer(door):
        values = given.get(part[1]) or ["1"]
        found = [each.replace(part[0], value) for each in found for value in values]
    return found


def test_an_auditor_s_page_sends_no_change_and_is_told_so_before_anything_of_the_case(
    app: Flask, ended: dict[str, list[str]]
) -> None:
    who = make.agent("Audit", "auditor")
    form = {"version": str(STALE), "seen_seq": "0", "mode": "message", "body": "x", "comment": "x"}
    told = {}
    for door in doors(app, api=False):
        for path in filled(door, ended):
            client = make.sign_in(app.test_client(), who)
            told[path] = client.post(path, data=form).status_code
    of_none = {path for path, status in told.items() if status == 404}
    assert {path: status for path, status in told.items() if status not in (403, 404)} == {}
    assert of_none <= {path for path in told if path.endswith(("/unsend", "/discard"))}
