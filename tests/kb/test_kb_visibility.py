"""Who sees which article, through every door: page, list, search, suggestions, API."""

from __future__ import annotations

import itertools
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import ApiToken
from helpdesk.agents.rights import Actor, Role
from helpdesk.core.db import transaction
from helpdesk.kb import queries, suggest
from tests.help import articles as samples
from tests.help import factories as make
from tests.help.calls import new_token

ALL = set(itertools.product(samples.VISIBILITIES, samples.STATES))
PUBLISHED = {("internal", "published"), ("public", "published")}
ONLY_PUBLIC = {("public", "published")}
ROLES = ["agent", "handler", "supervisor", "admin", "auditor"]
READERS = ["", *ROLES]
NAME = re.compile(r"/kb/(internal|public)-(draft|review|published|expired)\b")


@pytest.fixture(params=READERS, ids=lambda role: role or "anonymous")
def reader(request: pytest.FixtureRequest, client: FlaskClient) -> tuple[str, FlaskClient]:
    samples.one_of_each()
    role = request.param
    if role:
        unit = make.department() if role == "handler" else None
        make.sign_in(client, make.agent("Zhang Wei", role, unit))
    return role, client


def shown(page: str) -> set[tuple[str, str]]:
    return set(NAME.findall(page))


def get(client: FlaskClient, address: str, **more: object) -> str:
    answer = client.get(address, **more)  # type: ignore[arg-type]
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.get_data(as_text=True)


def test_a_page_opens_for_whom_it_is_meant(reader: tuple[str, FlaskClient]) -> None:
    role, client = reader
    meant = ALL if role else ONLY_PUBLIC
    for visibility, state in ALL:
        status = client.get(f"/kb/{visibility}-{state}").status_code
        assert status == (200 if (visibility, state) in meant else 404), (visibility, state)


def test_lists_show_what_may_be_opened(reader: tuple[str, FlaskClient]) -> None:
    role, client = reader
    pages = "".join(get(client, at) for at in ("/kb", "/kb?category=fault"))
    assert shown(pages) == (ALL if role else ONLY_PUBLIC)


def test_a_search_finds_what_may_be_opened(reader: tuple[str, FlaskClient]) -> None:
    role, client = reader
    assert shown(get(client, "/kb?q=compressor")) == (ALL if role else ONLY_PUBLIC)


def test_customers_see_the_same_as_colleagues_who_look_as_they_do(
    reader: tuple[str, FlaskClient],
) -> None:
    _role, client = reader
    for address in ("/kb?public=1", "/kb?public=1&q=compressor"):
        assert shown(get(client, address)) == ONLY_PUBLIC
    assert client.get("/kb/internal-published?public=1").status_code == 404


def test_what_helps_a_typing_customer_is_public_for_everybody(
    reader: tuple[str, FlaskClient],
) -> None:
    _role, client = reader
    assert shown(get(client, "/kb/related?q=compressor")) == ONLY_PUBLIC


def test_suggestions_in_a_case_are_published_and_for_colleagues(
    reader: tuple[str, FlaskClient],
) -> None:
    role, client = reader
    answer = client.get("/kb/suggest?q=compressor&language=en")
    if not role:
        assert answer.status_code == 302 and "/sign-in" in answer.location
        return
    assert shown(answer.get_data(as_text=True)) == PUBLISHED


@pytest.mark.parametrize("role", ROLES)
def test_the_api_finds_what_is_published(client: FlaskClient, role: str) -> None:
    samples.one_of_each()
    secret, kept = new_token()
    with transaction() as session:
        session.add(ApiToken(name="a shop", role=role, token_hash=kept))
    found = client.get(
        "/api/v1/kb/search?q=compressor&language=en",
        headers={"Authorization": f"Bearer {secret}"},
    ).json
    states = {(item["visibility"], item["state"]) for item in found["items"]}
    assert states == PUBLISHED


def test_the_api_answers_nobody_without_a_token(client: FlaskClient) -> None:
    assert client.get("/api/v1/kb/search?q=compressor").status_code == 401


@pytest.mark.parametrize("who", [None, Actor("customer", None, "王芳", Role.CUSTOMER)], ids=str)
def test_one_scope_stands_behind_every_query(app: Flask, who: Actor | None) -> None:
    samples.one_of_each()
    found = [
        *queries.search(who, "compressor", "en"),
        *[article for article, _rank in queries.alike(who, "the compressor is hot", "en")],
        *queries.shelf(who, "fault"),
        *queries.best_of_each(who)["fault"],
    ]
    assert {article.code for article in found} == {"public-published"}
    assert samples.on_desk(who, "compressor") == ["public-published"]
    assert queries.counts(queries.readable(who)) == {"fault": 1}
    assert {one.code for one in suggest.while_typing("compressor", "en")} == {"public-published"}


def test_visitors_can_neither_write_nor_move_nor_count(client: FlaskClient) -> None:
    make.agent("Ada", "admin")
    samples.article()
    for address in ("/kb/new", "/kb/fridge-not-cold/edit", "/kb/searches", "/kb/categories"):
        assert client.get(address).status_code == 302, address
    for address in ("moves", "used", "end"):
        assert client.post(f"/kb/fridge-not-cold/{address}").status_code == 302, address


@pytest.mark.parametrize(
    ("role", "address", "status"),
    [
        ("agent", "/kb/new", 200),
        ("handler", "/kb/new", 200),
        ("auditor", "/kb/new", 403),
        ("auditor", "/kb/searches", 403),
        ("agent", "/kb/categories", 403),
        ("supervisor", "/kb/categories", 200),
    ],
)
def test_roles_reach_the_pages_of_their_rights(
    client: FlaskClient, role: str, address: str, status: int
) -> None:
    make.sign_in(client, make.agent("Zhang Wei", role))
    assert client.get(address).status_code == status


def test_an_old_version_is_read_by_colleagues_only(client: FlaskClient) -> None:
    samples.article(visibility="public")
    page = get(client, "/kb/fridge-not-cold?revision=1")
    assert "This is version" not in page and "第 1 版" not in page
