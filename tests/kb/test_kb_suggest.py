"""Articles that may help, in the case and while a customer types; use and votes are counted."""

from __future__ import annotations

import re
import threading
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.core.db import db
from helpdesk.core.errors import NotAllowed
from helpdesk.kb import feedback, queries, suggest
from helpdesk.kb.models import Article
from tests.help import articles as samples
from tests.help import factories as make

CASE = "冰箱修了三次还是不制冷 师傅来了三次，冰箱还是不制冷，要求退款。"


@pytest.fixture
def desk(client: FlaskClient) -> FlaskClient:
    """A call agent at the desk, and the fridge article."""
    samples.article()
    return make.sign_in(client, make.agent("Zhang Wei"))


def fragment(client: FlaskClient, address: str, **query: str) -> str:
    answer = client.get(address, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def suggested(page: str) -> list[str]:
    return re.findall(r'class="kb-suggested-title" href="/kb/([\w-]+)', page)


def again(code: str = "fridge-not-cold") -> Article:
    db.session.expire_all()
    return queries.by_code(code, samples.REVIEWER)


def test_a_chinese_case_gets_the_article_that_fits(desk: FlaskClient) -> None:
    samples.article(
        code="invoice", title_zh="如何补开发票", body_zh="在订单页。", title_en="", body_en=""
    )
    page = fragment(desk, "/kb/suggest", q=CASE, language="zh_Hans")
    assert suggested(page)[0] == "fridge-not-cold"
    assert "冰箱不制冷怎么办" in page


def test_an_english_case_gets_the_english_words(desk: FlaskClient) -> None:
    page = fragment(desk, "/kb/suggest", q="My fridge stopped cooling", language="en")
    assert suggested(page) == ["fridge-not-cold"] and "The fridge does not cool" in page


def test_no_more_than_five_the_best_first(desk: FlaskClient) -> None:
    for number in range(8):
        samples.article(code=f"other-{number}", title_en="A cool fridge", body_en="A fridge.")
    page = fragment(desk, "/kb/suggest", q="the fridge does not cool, thermostat", language="en")
    assert len(suggested(page)) == 5 and suggested(page)[0] == "fridge-not-cold"


def test_the_first_is_inserted_by_its_key_with_title_text_and_link(desk: FlaskClient) -> None:
    samples.article(code="second", title_en="Fridge door")
    page = fragment(desk, "/kb/suggest", q="fridge cool", language="en")
    assert page.count('data-key="i"') == 1
    first = re.search(r'<button[^>]*data-key="i"[^>]*>', page, re.S)
    assert first is not None
    button = unescape(first.group(0))
    assert 'data-insert-into-value="#reply"' in button
    assert "The fridge does not cool\n\nCheck the plug and the thermostat first." in button
    assert "1. Pull the plug\n2. Wait five minutes" in button
    assert "/kb/fridge-not-cold" in button
    assert 'hx-post="/kb/fridge-not-cold/used"' in button


def test_an_internal_article_can_be_read_and_not_inserted(desk: FlaskClient) -> None:
    """What is for colleagues only must not slip into an answer."""
    samples.article(code="compensation", visibility="internal", title_en="Compensation limits")
    page = fragment(desk, "/kb/suggest", q="compensation limits", language="en")
    part = page[page.index("/kb/compensation") :]
    part = part[: part.index("</li>")]
    assert "insert" not in part.replace("not for the answer", "") and "For colleagues only" in part


def test_a_version_in_another_language_says_so(desk: FlaskClient) -> None:
    samples.article(code="only-zh", title_zh="冰箱门", title_en="", body_en="")
    page = fragment(desk, "/kb/suggest", q="冰箱门", language="en")
    assert 'lang="zh-Hans"' in page and "中文" in page


def test_what_shares_only_a_word_of_its_text_is_not_suggested(desk: FlaskClient) -> None:
    samples.article(
        code="app",
        title_zh="登录不了",
        body_zh="等五分钟再试，冰箱不受影响。",
        title_en="",
        body_en="",
    )
    assert suggested(fragment(desk, "/kb/suggest", q=CASE, language="zh_Hans")) == [
        "fridge-not-cold"
    ]


def test_an_insertion_is_counted(desk: FlaskClient) -> None:
    version = again().version
    for _ in range(3):
        assert desk.post("/kb/fridge-not-cold/used").status_code == 204
    assert (again().used, again().version) == (3, version)


def test_use_is_counted_when_many_insert_at_once(app: Flask) -> None:
    article, by = samples.article(), make.agent("Zhang Wei").actor

    def use() -> None:
        with app.app_context():
            for _ in range(5):
                feedback.count_use(article, by=by)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert again().used == 20


def test_nobody_but_colleagues_counts_use(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        feedback.count_use(samples.article(), by=make.CUSTOMER)


def test_a_case_without_an_article_offers_to_write_one(desk: FlaskClient) -> None:
    page = fragment(desk, "/kb/suggest", q="蓝牙耳机左侧无声", language="zh_Hans")
    assert suggested(page) == [] and "/kb/new?title=" in page


@pytest.mark.parametrize("q", ["冰箱", "冰箱不", "fri", "Fridg", "my fridge is warm", "我家的冰箱"])
def test_a_typing_customer_is_shown_what_may_help(client: FlaskClient, q: str) -> None:
    samples.article()
    page = fragment(client, "/kb/related", q=q)
    assert 'href="/kb/fridge-not-cold"' in page
    assert 'target="_blank" rel="noopener"' in page


@pytest.mark.parametrize("q", ["", "冰", "fr", "a1", "  ", "。。。"])
def test_one_character_or_two_letters_are_not_enough(client: FlaskClient, q: str) -> None:
    samples.article()
    assert fragment(client, "/kb/related", q=q).strip() == ""


def test_nothing_that_fits_leaves_the_form_alone(client: FlaskClient) -> None:
    samples.article()
    assert fragment(client, "/kb/related", q="bicycle").strip() == ""


def test_typing_is_limited_to_sixty_a_minute_for_one_address(client: FlaskClient) -> None:
    for _ in range(60):
        assert client.get("/kb/related?q=bicycle").status_code == 200
    answer = client.get("/kb/related?q=bicycle")
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) <= 60


def test_the_same_article_is_not_shown_twice(app: Flask) -> None:
    samples.article()
    found = suggest.while_typing("fridge", "en")
    assert [one.code for one in found] == ["fridge-not-cold"]


def test_did_it_help_is_counted_once_for_each_browser(client: FlaskClient) -> None:
    samples.article()
    page = client.get("/kb/fridge-not-cold?lang=en").get_data(as_text=True)
    assert "Did it help?" in page
    for _ in range(3):
        assert client.post("/kb/fridge-not-cold/vote", data={"helped": "no"}).status_code == 303
    assert (again().helped, again().not_helped) == (0, 1)
    assert "Thank you" in client.get("/kb/fridge-not-cold").get_data(as_text=True)


def test_another_browser_votes_for_itself(app: Flask) -> None:
    samples.article()
    for helped in ("yes", "yes", "no"):
        app.test_client().post("/kb/fridge-not-cold/vote", data={"helped": helped})
    assert (again().helped, again().not_helped) == (2, 1)


def test_each_article_has_its_own_vote(client: FlaskClient) -> None:
    for code in ("one", "two"):
        samples.article(code=code)
        client.post(f"/kb/{code}/vote", data={"helped": "yes"})
    assert (again("one").helped, again("two").helped) == (1, 1)


def test_an_answer_that_was_not_offered_is_refused(client: FlaskClient) -> None:
    samples.article()
    assert client.post("/kb/fridge-not-cold/vote", data={"helped": "maybe"}).status_code == 422
    assert client.post("/kb/nowhere/vote", data={"helped": "yes"}).status_code == 404


def test_what_customers_cannot_read_they_cannot_vote_on(client: FlaskClient) -> None:
    samples.article(state="draft")
    assert client.post("/kb/fridge-not-cold/vote", data={"helped": "yes"}).status_code == 404


def test_helpful_articles_come_first_on_their_shelf(app: Flask) -> None:
    for code in ("one", "two", "three"):
        samples.article(code=code)
    feedback.vote(again("two"), helped=True)
    feedback.vote(again("three"), helped=False)
    assert [one.code for one in queries.shelf(None, "fault")] == ["two", "one", "three"]


def test_the_ticket_page_loads_the_suggestions_for_its_words(client: FlaskClient) -> None:
    samples.article()
    ticket = make.ticket()
    make.sign_in(client, make.agent("Zhang Wei", language="zh_Hans"))
    page = client.get(f"/tickets/{ticket.number}").get_data(as_text=True)
    found = re.search(r'hx-get="(/kb/suggest[^"]+)"', page)
    assert found is not None
    shown = client.get(unescape(found.group(1))).get_data(as_text=True)
    assert suggested(shown) == ["fridge-not-cold"]
