"""The owner of an article is told what the clock or somebody else has done to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to
from helpdesk.core import alarms
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.kb import actions
from helpdesk.notify.models import Envelope
from tests.help import articles as samples
from tests.help import factories as make

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)


@pytest.fixture
def owner(app: Flask) -> Agent:
    return make.agent("Zhang Wei", "supervisor", language="zh_Hans")


def mails() -> list[Envelope]:
    deliver_due()
    return list(db.session.scalars(select(Envelope).order_by(Envelope.id)))


def test_the_owner_is_told_once_when_the_time_of_an_article_is_over(owner: Agent) -> None:
    with moved_to(MONDAY):
        samples.article(writer=owner.actor, expires_days=1)
    with moved_to(MONDAY + timedelta(days=1)):
        alarms.ring_all()
        mails()
        (mail,) = mails()
    assert (mail.recipient, mail.automatic) == (owner.email, True)
    assert mail.subject == "已下线：冰箱不制冷怎么办"
    assert "有效期已到。" in mail.body and "/kb/fridge-not-cold" in mail.body


def test_the_mail_speaks_the_owners_language(app: Flask) -> None:
    owner = make.agent("Zhang Wei", language="en")
    article = samples.article(writer=owner.actor, title_zh="", body_zh="")
    actions.expire(article, by=samples.REVIEWER, comment="Prices have changed.")
    (mail,) = mails()
    assert mail.subject == "Offline: The fridge does not cool"
    assert "Chen Jie took your article" in mail.body and "Prices have changed." in mail.body


def test_the_owner_is_told_why_an_article_came_back(owner: Agent) -> None:
    article = samples.article(writer=owner.actor, state="review")
    actions.send_back(article, by=samples.REVIEWER, comment="图太小。")
    (mail,) = mails()
    assert "图太小。" in mail.body and "Chen Jie" in mail.body


def test_nobody_is_told_of_own_deeds(owner: Agent) -> None:
    article = samples.article(writer=owner.actor, state="review")
    actions.send_back(article, by=owner.actor, comment="Not yet.")
    assert mails() == []


def test_who_has_left_gets_no_mail(owner: Agent) -> None:
    article = samples.article(writer=owner.actor)
    with transaction():
        owner.active = False
    actions.expire(article, by=samples.REVIEWER, comment="Outdated.")
    assert mails() == []


def test_an_article_without_an_owner_tells_nobody(app: Flask) -> None:
    article = samples.article(writer=make.SUPERVISOR)
    assert article.owner_id is None
    actions.expire(article, by=samples.REVIEWER, comment="Outdated.")
    assert mails() == []
