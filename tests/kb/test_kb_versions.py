"""Versions: what readers see, what is being written, what the journal and the history keep."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.agents.rights import Actor, Role
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Conflict, Refused
from helpdesk.core.events import Event
from helpdesk.kb import actions, queries, shelves
from helpdesk.kb.models import Article
from helpdesk.kb.step import revision
from tests.help import articles as samples
from tests.help.articles import REVIEWER, WRITER


def journal(name: str) -> list[Event]:
    return list(
        db.session.scalars(select(Event).filter_by(name=f"article.{name}").order_by(Event.seq))
    )


def rewritten(**more: str) -> Article:
    """A published article whose new version is being written."""
    article = actions.revise(samples.article(), by=WRITER)
    return actions.edit(article, samples.draft(**more), by=WRITER)


def test_a_new_article_is_a_draft_of_its_writer(app: Flask) -> None:
    article = actions.create(samples.draft(), by=WRITER)
    assert (article.status, article.live, article.newest) == ("draft", None, 1)
    assert (article.owner_id, article.owner_name) == (901, "Zhang Wei")
    assert article.code == "the-fridge-does-not-cool"


def test_both_languages_stand_side_by_side(app: Flask) -> None:
    article = samples.article()
    assert article.languages == ("zh_Hans", "en")
    assert (article.title("zh_Hans"), article.title("en")) == (article.title_zh, article.title_en)
    assert samples.article(code="one", title_zh="", body_zh="").best("zh_Hans") == "en"


def test_readers_keep_the_approved_version_while_a_new_one_is_written(app: Flask) -> None:
    article = rewritten(title_en="Better words")
    assert (article.status, article.live, article.newest) == ("draft", 1, 2)
    assert article.title_en == "The fridge does not cool"
    assert queries.by_code(article.code, None).title_en == "The fridge does not cool"
    assert revision(article).title_en == "Better words"


def test_publishing_shows_the_new_version(app: Flask) -> None:
    article = rewritten(title_en="Better words", visibility="internal")
    article = actions.submit(article, by=WRITER)
    assert article.visibility == "public"
    article = actions.publish(article, by=REVIEWER)
    assert (article.title_en, article.visibility, article.live) == ("Better words", "internal", 2)
    assert article.reviewer_name == "Chen Jie" and article.published_at is not None


def test_a_draft_cannot_open_an_internal_article_to_everybody(app: Flask) -> None:
    """Who may read changes with the approval, not with the pen."""
    article = actions.revise(samples.article(visibility="internal"), by=WRITER)
    article = actions.edit(article, samples.draft(visibility="public"), by=WRITER)
    assert article.visibility == "internal"
    assert queries.search(None, "fridge", "en") == []


def test_dropping_a_new_version_keeps_its_words_in_the_history(app: Flask) -> None:
    article = actions.discard(rewritten(title_en="Worse words"), by=WRITER)
    assert (article.status, article.newest, article.live) == ("published", 3, 3)
    assert article.title_en == "The fridge does not cool"
    titles = [row.title_en for row in queries.revisions(article)]
    assert titles == ["The fridge does not cool", "Worse words", "The fridge does not cool"]


def test_taking_the_old_version_offline_leaves_the_new_draft(app: Flask) -> None:
    article = rewritten(title_en="Better words")
    article = actions.withdraw(article, by=REVIEWER, comment="It is wrong.")
    assert (article.status, article.live, article.title_en) == ("draft", None, "Better words")
    assert samples.on_desk(WRITER, "better")


def test_saving_the_same_again_makes_no_version(app: Flask) -> None:
    article = samples.article(state="draft")
    again = actions.edit(article, samples.draft(), by=WRITER)
    assert again.newest == 1 and journal("edit") == []


def test_only_drafts_are_edited(app: Flask) -> None:
    for state in ("review", "published", "expired"):
        article = samples.article(code=state, state=state)
        with pytest.raises(Refused):
            actions.edit(article, samples.draft(title_en="No"), by=WRITER)


def test_two_writers_at_once_are_told_and_nothing_is_lost(app: Flask) -> None:
    article = samples.article(state="draft")
    seen = article.version
    actions.edit(article, samples.draft(title_en="First"), by=WRITER, version=seen)
    with pytest.raises(Conflict):
        actions.edit(article, samples.draft(title_en="Second"), by=REVIEWER, version=seen)
    assert revision(queries.by_code(article.code, WRITER)).title_en == "First"


def test_the_journal_keeps_who_did_what_with_old_and_new(app: Flask) -> None:
    article = samples.article(state="draft")
    article = actions.edit(article, samples.draft(title_en="New", body_en="New text"), by=REVIEWER)
    (noted,) = journal("edit")
    assert (noted.by_name, noted.data["article"]) == ("Chen Jie", article.code)
    assert noted.data["old"] == {"title_en": "The fridge does not cool"}
    assert noted.data["new"] == {"title_en": "New"}
    assert noted.data["bodies"] == ["body_en"]


def test_the_history_of_an_article_holds_its_own_steps_with_reasons(app: Flask) -> None:
    samples.article(code="another")
    article = samples.article(state="review")
    actions.send_back(article, by=REVIEWER, comment=" The table is wrong. ")
    told = [(event.name, event.data.get("comment")) for event in queries.history(article)]
    assert told == [
        ("article.send_back", "The table is wrong."),
        ("article.submit", None),
        ("article.create", None),
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title_zh": "", "body_zh": "", "title_en": "", "body_en": ""}, "title_zh"),
        ({"title_en": ""}, "title_en"),
        ({"title_zh": "长" * 161}, "title_zh"),
        ({"body_en": "x" * 60_001}, "body_en"),
        ({"category": "nowhere"}, "category"),
        ({"visibility": "secret"}, "visibility"),
    ],
)
def test_a_wrong_field_gets_its_own_sentence(app: Flask, wrong: dict, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        actions.create(samples.draft(**wrong), by=WRITER)
    assert field in refused.value.errors
    assert db.session.scalar(select(Article.id)) is None


def test_a_title_without_a_text_is_not_ready_for_review(app: Flask) -> None:
    article = samples.article(state="draft", body_en="")
    with pytest.raises(BadInput) as refused:
        actions.submit(article, by=WRITER)
    assert set(refused.value.errors) == {"body_en"}


def test_one_language_is_enough(app: Flask) -> None:
    article = samples.article(title_en="", body_en="")
    assert article.languages == ("zh_Hans",) and article.status == "published"


@pytest.mark.parametrize("code", ["Fridge", "a b", "-x", "x--y", "new", "searches", "a" * 61])
def test_an_odd_address_is_refused(app: Flask, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        actions.create(samples.draft(), by=WRITER, code=code)
    assert set(refused.value.errors) == {"code"}


def test_addresses_never_meet(app: Flask) -> None:
    first = actions.create(samples.draft(), by=WRITER)
    second = actions.create(samples.draft(), by=WRITER)
    third = actions.create(samples.draft(title_en="", body_en=""), by=WRITER)
    assert len({first.code, second.code, third.code}) == 3
    with pytest.raises(BadInput):
        actions.create(samples.draft(), by=WRITER, code=first.code)


def test_an_article_titled_like_a_page_gets_another_address(app: Flask) -> None:
    assert actions.create(samples.draft(title_en="New"), by=WRITER).code != "new"


def test_a_category_that_went_away_is_noticed_before_publishing(app: Flask) -> None:
    admin = Actor(kind="agent", id=1, name="Ada", role=Role.ADMIN)
    shelves.add("short", "短", "Short", by=admin)
    article = actions.revise(samples.article(), by=WRITER)
    article = actions.edit(article, samples.draft(category="short"), by=WRITER)
    article = actions.submit(article, by=WRITER)
    shelves.remove(shelves.all_shelves()["short"], by=admin)
    with pytest.raises(BadInput):
        actions.publish(article, by=REVIEWER)
    assert queries.by_code(article.code, None).category == "fault"
