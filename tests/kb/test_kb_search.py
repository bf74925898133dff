"""Finding articles in both languages, and what was looked for in vain."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import NotAllowed
from helpdesk.kb import actions, feedback, queries
from helpdesk.kb.models import KbMiss
from tests.help import articles as samples
from tests.help import factories as make
from tests.help.articles import REVIEWER, WRITER


def codes(q: str, language: str = "en", **more: object) -> list[str]:
    return [article.code for article in queries.search(None, q, language, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize("q", ["冰箱", "制冷", "电源", "插头", "冰箱 插头", "冰箱不制冷"])
def test_two_chinese_characters_find_an_article(app: Flask, q: str) -> None:
    samples.article()
    assert codes(q, "zh_Hans") == ["fridge-not-cold"]


@pytest.mark.parametrize("q", ["fridge", "FRIDGE", "Fridges", "cooling", "minutes", "thermostats"])
def test_english_words_are_found_whatever_their_case_and_ending(app: Flask, q: str) -> None:
    samples.article()
    assert codes(q) == ["fridge-not-cold"]


@pytest.mark.parametrize("q", ["", "  ", "***", "冰山", "washing machine", '"', "a OR b", "' --"])
def test_odd_or_foreign_words_find_nothing_and_break_nothing(app: Flask, q: str) -> None:
    samples.article()
    assert codes(q) == []


def test_a_title_weighs_more_than_a_text(app: Flask) -> None:
    samples.article(code="in-text", title_en="Noise", body_en="Like a fridge.")
    samples.article(code="in-title", title_en="The fridge", body_en="It hums.")
    assert codes("fridge")[0] == "in-title"


def test_a_new_version_is_found_when_it_is_published_and_not_before(app: Flask) -> None:
    article = actions.revise(samples.article(), by=WRITER)
    article = actions.edit(article, samples.draft(body_en="Call the plumber."), by=WRITER)
    assert codes("plumber") == [] and codes("thermostat")
    article = actions.submit(article, by=WRITER)
    actions.publish(article, by=REVIEWER)
    assert codes("plumber") and codes("thermostat") == []


def test_what_has_expired_is_not_found_any_more(app: Flask) -> None:
    actions.expire(samples.article(), by=REVIEWER, comment="Outdated.")
    assert codes("fridge") == []
    assert samples.on_desk(WRITER, "fridge")


def test_no_more_than_asked_for(app: Flask) -> None:
    for number in range(6):
        samples.article(code=f"fridge-{number}")
    assert len(codes("fridge", limit=4)) == 4


def test_the_excerpt_is_plain_and_in_the_readers_language(client: FlaskClient) -> None:
    samples.article()
    page = client.get("/kb?q=冰箱&language=zh_Hans").get_data(as_text=True)
    assert "请先检查电源和温控档位。" in page and "**" not in page


def test_a_result_in_the_other_language_says_so(client: FlaskClient) -> None:
    samples.article(title_en="", body_en="")
    page = client.get("/kb?q=冰箱&lang=en").get_data(as_text=True)
    assert 'lang="zh-Hans"' in page and "中文</span>" in page


def misses() -> list[tuple[str, str, int]]:
    rows = db.session.execute(
        select(KbMiss.query, KbMiss.language, KbMiss.count).order_by(KbMiss.query)
    )
    return [tuple(row) for row in rows]


def test_a_search_without_a_result_is_counted_by_words_and_language(
    client: FlaskClient,
) -> None:
    for q in ("Ice  Maker", "ice maker", "ICE MAKER"):
        client.get("/kb", query_string={"q": q, "lang": "en"})
    client.get("/kb", query_string={"q": "换滤芯", "language": "zh_Hans"})
    assert misses() == [("ice maker", "en", 3), ("换滤芯", "zh_Hans", 1)]


def test_a_search_with_a_result_is_not_noted(client: FlaskClient) -> None:
    samples.article()
    client.get("/kb?q=fridge")
    assert misses() == []


def test_words_are_noted_while_a_subject_is_typed_neither_half_nor_whole(
    client: FlaskClient,
) -> None:
    client.get("/kb/related?q=ice+mak")
    assert misses() == []


@pytest.mark.parametrize("q", ["13912345678", "139 1234 5678", "wang.fang@example.com", "???"])
def test_what_tells_about_a_person_is_not_kept(app: Flask, q: str) -> None:
    feedback.note_miss(q, "en")
    assert misses() == []


def test_one_address_cannot_flood_the_list(client: FlaskClient) -> None:
    for number in range(40):
        assert client.get(f"/kb?q=nonsense{'x' * number}").status_code == 200
    assert len(misses()) == 30


def test_editors_see_the_most_wanted_first_and_take_them_off(client: FlaskClient) -> None:
    for q, times in (("ice maker", 1), ("滤芯更换", 4)):
        for _ in range(times):
            feedback.note_miss(q, "en" if q.isascii() else "zh_Hans")
    make.sign_in(client, make.agent("Zhang Wei"))
    page = client.get("/kb/searches").get_data(as_text=True)
    assert page.index("滤芯更换") < page.index("ice maker")
    wanted = db.session.scalar(select(KbMiss).filter_by(query="滤芯更换"))
    assert client.post(f"/kb/searches/{wanted.id}/settle").status_code == 303
    assert [row[0] for row in misses()] == ["ice maker"]


def test_a_failed_search_becomes_the_title_of_a_new_article(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Zhang Wei"))
    page = client.get("/kb/new?title=滤芯更换&language=zh_Hans").get_data(as_text=True)
    assert 'value="滤芯更换"' in page


def test_only_writers_read_and_settle_the_list(app: Flask) -> None:
    auditor = make.agent("Ada", "auditor").actor
    with pytest.raises(NotAllowed):
        feedback.misses(auditor)
    with pytest.raises(NotAllowed):
        feedback.settle_miss(1, by=auditor)


def test_the_list_knows_when_it_was_last_looked_for(app: Flask) -> None:
    feedback.note_miss("gas stove", "en")
    (row,) = db.session.scalars(select(KbMiss))
    assert (now() - row.last_at).total_seconds() < 60
