"""The set-up pages open for who may read them, in both languages, and change nothing when opened."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.core import options
from helpdesk.core.db import db
from helpdesk.core.events import Event
from tests.help import factories as make

PAGES = (
    "/admin",
    "/admin/people",
    "/admin/departments",
    "/admin/tokens",
    "/admin/routes",
    "/admin/categories",
    "/admin/promises",
    "/admin/promises/versions/1",
    "/admin/promises/chains/standard",
    "/admin/canned-replies",
    "/admin/options",
    "/admin/calendars",
    "/admin/phone/queues",
    "/admin/phone/lines",
    "/admin/phone/codes",
)
FORMS = (
    "/admin/people/new",
    "/admin/departments/new",
    "/admin/routes/new",
    "/admin/categories/new",
    "/admin/categories/1",
    "/admin/canned-replies/new",
    "/admin/phone/queues/new",
    "/admin/phone/codes/new?under=billing",
)


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
@pytest.mark.parametrize("page", PAGES + FORMS)
def test_an_administrator_reads_every_page_in_both_languages(
    app: Flask, client: FlaskClient, page: str, language: str
) -> None:
    make.rule("Fridges", make.department(), kind="complaint", words="冰箱")
    make.sign_in(client, make.agent("Chen Jie", "admin", language=language))
    before = options.version()
    answer = client.get(page)
    assert answer.status_code == 200
    assert options.version() == before
    assert db.session.scalars(db.select(Event)).all() == []


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
@pytest.mark.parametrize("page", PAGES)
def test_supervisors_and_auditors_read_without_a_button_to_change(
    app: Flask, client: FlaskClient, page: str, role: str
) -> None:
    make.rule("Fridges", make.department(), kind="complaint")
    make.sign_in(client, make.agent("Liu Yang", role))
    answer = client.get(page)
    assert answer.status_code == 200
    main = answer.text.split('<main id="main"')[1].split("</main>")[0]
    buttons = re.findall("<button[^>]*>", main)
    assert (
        'method="post"' not in main
        or '<fieldset class="bare" disabled>' in main
        or '<fieldset class="bare stack" disabled>' in main
        or all('formaction="/admin/simulator/' in button for button in buttons)
    )


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
@pytest.mark.parametrize("page", FORMS)
def test_supervisors_and_auditors_have_no_forms(
    app: Flask, client: FlaskClient, page: str, role: str
) -> None:
    make.sign_in(client, make.agent("Liu Yang", role))
    assert client.get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES + FORMS)
def test_agents_and_handlers_have_no_set_up_pages(
    app: Flask, client: FlaskClient, page: str
) -> None:
    make.sign_in(client, make.agent("Zhang Wei", "agent"))
    assert client.get(page).status_code == 403
