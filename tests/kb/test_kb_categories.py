"""Categories of articles, and the articles of the demo."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Conflict, NotAllowed, Refused
from helpdesk.core.events import Event
from helpdesk.kb import seeding, shelves
from helpdesk.kb.drafts import slug
from tests.help import articles as samples
from tests.help import factories as make
from tests.help.articles import REVIEWER, WRITER


def test_a_new_installation_has_categories_in_both_languages(app: Flask) -> None:
    known = shelves.all_shelves()
    assert list(known) == [code for code, _zh, _en in shelves.DEFAULTS]
    assert known["fault"].name("zh_Hans") == "故障排除"
    assert known["fault"].name("en") == "Troubleshooting"


def test_seeding_again_changes_nothing(app: Flask) -> None:
    shelves.rename(shelves.all_shelves()["fault"], "坏了", "Broken", by=REVIEWER)
    seeding.seed_categories()
    assert shelves.all_shelves()["fault"].name_en == "Broken"
    assert len(shelves.all_shelves()) == len(shelves.DEFAULTS)


def test_a_category_is_added_at_the_end_and_noted(app: Flask) -> None:
    shelves.add("parts", "配件", "Spare parts", by=REVIEWER)
    assert list(shelves.all_shelves())[-1] == "parts"
    noted = db.session.scalars(select(Event).filter_by(name="article_category.add")).one()
    assert noted.data["category"] == "parts"


@pytest.mark.parametrize(
    ("code", "zh", "en", "field"),
    [
        ("Parts", "配件", "Parts", "code"),
        ("", "配件", "Parts", "code"),
        ("fault", "配件", "Parts", "code"),
        ("parts", " ", "Parts", "name_zh"),
        ("parts", "配件", "x" * 61, "name_en"),
    ],
)
def test_a_wrong_category_gets_its_own_sentence(
    app: Flask, code: str, zh: str, en: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        shelves.add(code, zh, en, by=REVIEWER)
    assert set(refused.value.errors) == {field}


def test_two_who_rename_at_once_are_told(app: Flask) -> None:
    shelf = shelves.all_shelves()["fault"]
    seen = shelf.version
    shelves.rename(shelf, "故障", "Faults", by=REVIEWER, version=seen)
    with pytest.raises(Conflict):
        shelves.rename(shelf, "坏", "Bad", by=REVIEWER, version=seen)


def test_only_an_empty_category_goes(app: Flask) -> None:
    samples.article(state="draft")
    with pytest.raises(Refused):
        shelves.remove(shelves.all_shelves()["fault"], by=REVIEWER)
    shelves.remove(shelves.all_shelves()["start"], by=REVIEWER)
    assert "start" not in shelves.all_shelves()


def test_only_those_who_publish_keep_categories(app: Flask) -> None:
    shelf = shelves.all_shelves()["fault"]
    for verb in (
        lambda: shelves.add("parts", "配件", "Parts", by=WRITER),
        lambda: shelves.rename(shelf, "配件", "Parts", by=WRITER),
        lambda: shelves.remove(shelf, by=WRITER),
    ):
        with pytest.raises(NotAllowed):
            verb()


@pytest.fixture
def boss(client: FlaskClient) -> FlaskClient:
    return make.sign_in(client, make.agent("Chen Jie", "supervisor"))


def test_the_page_adds_renames_and_removes(boss: FlaskClient) -> None:
    new = {"code": "parts", "name_zh": "配件", "name_en": "Spare parts"}
    assert boss.post("/kb/categories", data=new).status_code == 303
    boss.post("/kb/categories/parts", data={"name_zh": "零件", "name_en": "Parts"})
    assert shelves.all_shelves()["parts"].name_zh == "零件"
    db.session.expire_all()
    boss.post("/kb/categories/parts", data={"do": "remove"})
    db.session.expire_all()
    assert "parts" not in shelves.all_shelves()


def test_the_page_says_what_is_wrong(boss: FlaskClient) -> None:
    samples.article()
    answer = boss.post("/kb/categories", data={"code": "fault", "name_zh": "坏", "name_en": "Bad"})
    assert answer.status_code == 422
    assert "There is such a category already." in answer.get_data(as_text=True)
    boss.post("/kb/categories/fault", data={"do": "remove"})
    assert "Articles lie in this category" in boss.get("/kb/categories").get_data(as_text=True)
    boss.post("/kb/categories/fault", data={"name_zh": "", "name_en": "Bad"})
    assert shelves.all_shelves()["fault"].name_en == "Troubleshooting"
    assert boss.post("/kb/categories/nowhere").status_code == 404


def test_customers_see_categories_that_hold_something(client: FlaskClient) -> None:
    samples.article()
    samples.article(code="secret", visibility="internal", category="internal")
    page = client.get("/kb?lang=en").get_data(as_text=True)
    assert "Troubleshooting" in page and "How we work" not in page and "Getting started" not in page
    assert client.get("/kb?category=internal").status_code == 404
    assert client.get("/kb?category=nowhere").status_code == 404


@pytest.mark.parametrize("state", samples.STATES)
def test_an_article_of_the_demo_comes_in_the_state_asked_for(app: Flask, state: str) -> None:
    made = seeding.make_article(samples.FRIDGE | {"state": state, "expires_days": 30})
    assert made.status == state
    assert (made.expires_at is not None) == (state == "published")


def test_an_unknown_category_of_the_demo_is_made(app: Flask) -> None:
    seeding.make_article(samples.FRIDGE | {"category": "gas"})
    assert "gas" in shelves.all_shelves()


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("The fridge doesn't cool!", "the-fridge-doesnt-cool"),
        ("冰箱", ""),
        ("A" * 80, ""),
        (" ".join(["word"] * 30), "-".join(["word"] * 12)),
    ],
)
def test_an_address_comes_from_the_english_title(title: str, code: str) -> None:
    assert slug(title) == code
