"""GET /api/v1/kb/search, as other programs use it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import ApiToken
from helpdesk.core.db import db, transaction
from helpdesk.kb.models import KbMiss
from tests.help import articles as samples
from tests.help.calls import new_token
from tests.help.statements import counted


@pytest.fixture
def headers(app: Flask) -> dict[str, str]:
    secret, kept = new_token()
    with transaction() as session:
        session.add(ApiToken(name="a shop", role="agent", token_hash=kept))
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}


def search(client: FlaskClient, headers: dict[str, str], **query: str) -> tuple[int, Any]:
    answer = client.get("/api/v1/kb/search", query_string=query, headers=headers)
    return answer.status_code, answer.json


def test_an_article_comes_with_what_a_program_needs(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    samples.article()
    status, body = search(client, headers, q="fridge", language="en")
    (item,) = body["items"]
    assert status == 200
    assert item["code"] == "fridge-not-cold" and item["url"].endswith("/kb/fridge-not-cold")
    assert item["title"] == "The fridge does not cool"
    assert item["excerpt"].startswith("Check the plug and the thermostat first.")
    assert (item["language"], item["languages"]) == ("en", ["zh_Hans", "en"])
    assert (item["category"], item["visibility"], item["state"]) == ("fault", "public", "published")
    assert item["updated_at"].endswith("Z") and item["expires_at"] is None


def test_the_words_come_in_the_language_asked_for(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    samples.article()
    _status, body = search(client, headers, q="冰箱", language="zh_Hans")
    assert body["items"][0]["title"] == "冰箱不制冷怎么办"


def test_without_that_language_the_other_one_comes_and_says_so(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    samples.article(title_en="", body_en="")
    _status, body = search(client, headers, q="冰箱", language="en")
    assert body["items"][0]["language"] == "zh_Hans"


def test_the_best_comes_first_and_no_more_than_asked_for(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    samples.article(code="text", title_en="Noise", body_en="Like a fridge.")
    samples.article(code="title")
    _status, body = search(client, headers, q="fridge", language="en", limit="1")
    assert [item["code"] for item in body["items"]] == ["title"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": "  "}, "q"),
        ({"q": "x", "language": "fr"}, "language"),
        ({"q": "x", "limit": "-1"}, "limit"),
        ({"q": "x", "limit": "51"}, "limit"),
    ],
)
def test_a_wrong_question_is_answered_with_its_field(
    client: FlaskClient, headers: dict[str, str], query: dict[str, str], field: str
) -> None:
    status, body = search(client, headers, **query)
    assert status == 422 and set(body["errors"]) == {field}


def test_nothing_found_is_an_empty_list_and_is_noted(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    status, body = search(client, headers, q="gas stove", language="en")
    assert (status, body) == (200, {"items": []})
    assert db.session.scalars(select(KbMiss.query)).all() == ["gas stove"]


def test_the_call_is_described(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json["paths"]["/kb/search"]["get"]
    assert {each["name"] for each in described["parameters"]} == {"q", "language", "limit"}


def test_a_search_takes_three_statements_whatever_it_finds(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    for number in range(30):
        samples.article(code=f"article-{number}")
    search(client, headers, q="fridge")
    with counted() as sent:
        search(client, headers, q="fridge", language="en")
    assert len(sent) <= 3, "\n\n".join(sent)
