"""An article goes offline when its time is over, and its owner is named in the event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.clock import moved_to
from helpdesk.core import alarms
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed, Refused
from helpdesk.core.events import Event
from helpdesk.kb import actions, queries
from helpdesk.kb.forms import end_of_day, last_day
from helpdesk.kb.models import Article
from tests.help import articles as samples
from tests.help import factories as make
from tests.help.articles import REVIEWER, WRITER

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def again() -> Article:
    db.session.expire_all()
    return queries.by_code("fridge-not-cold", REVIEWER)


def planned() -> list[datetime]:
    return list(db.session.scalars(select(alarms.Alarm.due_at).filter_by(kind="article.expire")))


def test_it_expires_at_its_time_and_not_before(app: Flask) -> None:
    with moved_to(MONDAY):
        samples.article(expires_days=10)
    with moved_to(MONDAY + 10 * DAY - timedelta(seconds=1)):
        alarms.ring_all()
        assert again().status == "published"
    with moved_to(MONDAY + 10 * DAY):
        alarms.ring_all()
    article = again()
    assert (article.status, article.live, article.expires_at) == ("expired", None, None)
    assert queries.search(None, "fridge", "en") == []
    assert planned() == []


def test_the_event_names_the_owner(app: Flask) -> None:
    with moved_to(MONDAY):
        samples.article(expires_days=1)
    with moved_to(MONDAY + DAY):
        alarms.ring_all()
    event = db.session.scalars(select(Event).filter_by(name="article.expire")).one()
    assert (event.by_kind, event.data["owner"]) == ("system", WRITER.id)
    assert event.data["title"] == samples.FRIDGE["title_zh"]
    assert event.data["comment"] == "Its time is over."


def test_ringing_twice_changes_nothing(app: Flask) -> None:
    with moved_to(MONDAY):
        article = samples.article(expires_days=1)
    with moved_to(MONDAY + DAY):
        alarms.ring_all()
        actions.end_of_article(alarms.Ring("article.expire", article.id, 1, 0, MONDAY + DAY))
    assert len(db.session.scalars(select(Event).filter_by(name="article.expire")).all()) == 1


def test_while_a_new_version_is_written_only_the_old_one_ends(app: Flask) -> None:
    with moved_to(MONDAY):
        article = actions.revise(samples.article(expires_days=1), by=WRITER)
        actions.edit(article, samples.draft(title_en="New words"), by=WRITER)
    with moved_to(MONDAY + DAY):
        alarms.ring_all()
    article = again()
    assert (article.status, article.live, article.title_en) == ("draft", None, "New words")


def test_a_draft_has_no_clock_of_its_own(app: Flask) -> None:
    with moved_to(MONDAY):
        samples.article(state="review", expires_days=1)
    assert planned() == []


def test_what_would_end_at_once_is_not_published(app: Flask) -> None:
    with moved_to(MONDAY):
        article = samples.article(state="review", expires_days=1)
    with moved_to(MONDAY + 2 * DAY), pytest.raises(BadInput):
        actions.publish(article, by=REVIEWER)
    assert again().status == "review"


def test_another_end_moves_the_alarm(app: Flask) -> None:
    with moved_to(MONDAY):
        article = samples.article(expires_days=1)
        article = actions.set_end(article, MONDAY + 30 * DAY, by=REVIEWER)
        assert planned() == [MONDAY + 30 * DAY]
        actions.set_end(article, None, by=REVIEWER)
        assert planned() == []
    ends = [
        event.data["new"]
        for event in db.session.scalars(
            select(Event).filter_by(name="article.end").order_by(Event.seq)
        )
    ]
    assert ends == [(MONDAY + 30 * DAY).isoformat(), None]


def test_the_end_of_what_is_offline_cannot_be_moved(app: Flask) -> None:
    with pytest.raises(Refused):
        actions.set_end(samples.article(state="expired"), None, by=REVIEWER)


def test_a_past_end_is_refused(app: Flask) -> None:
    article = samples.article()
    with moved_to(MONDAY), pytest.raises(BadInput):
        actions.set_end(article, MONDAY - DAY, by=REVIEWER)


def test_only_those_who_publish_move_the_end(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        actions.set_end(samples.article(), None, by=WRITER)


def test_taking_it_offline_by_hand_stops_the_alarm(app: Flask) -> None:
    article = samples.article(expires_days=5)
    actions.expire(article, by=REVIEWER, comment="Outdated.")
    assert planned() == []


def test_an_expired_article_comes_back_by_a_new_version(app: Flask) -> None:
    article = actions.revise(samples.article(state="expired"), by=WRITER)
    article = actions.edit(article, samples.draft(title_en="Again"), by=WRITER)
    article = actions.submit(article, by=WRITER)
    article = actions.publish(article, by=REVIEWER)
    assert [a.code for a in queries.search(None, "again", "en")] == [article.code]


def test_the_last_day_counts_whole_in_the_zone_of_the_reader(app: Flask) -> None:
    with app.app_context():
        g.timezone = "America/New_York"
        until = end_of_day(date(2026, 3, 31))
        assert until == datetime(2026, 4, 1, 4, tzinfo=UTC)
        assert last_day(until) == date(2026, 3, 31)
    assert end_of_day(None) is None and last_day(None) is None


def test_the_page_changes_the_day(client: FlaskClient) -> None:
    samples.article()
    make.sign_in(client, make.agent("Chen Jie", "supervisor", timezone="Asia/Shanghai"))
    answer = client.post("/kb/fridge-not-cold/end", data={"expires_on": "2099-12-31"})
    assert answer.status_code == 303
    assert again().expires_at == datetime(2099, 12, 31, 16, tzinfo=UTC)
    page = client.get("/kb/fridge-not-cold").get_data(as_text=True)
    assert "December 31, 2099" in page
    refused = client.post("/kb/fridge-not-cold/end", data={"expires_on": "2001-01-01"})
    assert refused.status_code == 422 and "This day is over" in refused.get_data(as_text=True)


def test_soon_ending_articles_have_a_view(client: FlaskClient) -> None:
    samples.article(code="soon", expires_days=20)
    samples.article(code="late", expires_days=60)
    make.sign_in(client, make.agent("Zhang Wei"))
    page = client.get("/kb?view=ending").get_data(as_text=True)
    assert "/kb/soon" in page and "/kb/late" not in page
