"""Whoever has to act is told, by page and by mail: "we have told the department" is true."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import Actor, Role
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.notices import actions as notices
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions, callbacks, news, queue
from helpdesk.tickets.models import News, Ticket
from tests.help import factories as make
from tests.help import notices as sample

CUSTOMER = Actor("customer", None, "Wang Fang", Role.CUSTOMER)


@pytest.fixture
def handler(app: Flask) -> Agent:
    return make.agent("Li Na", "handler", make.department())


@pytest.fixture
def boss(app: Flask) -> Actor:
    return make.agent("Chen Jie", "supervisor").actor


def dispatched(boss: Actor) -> Ticket:
    ticket = actions.accept(make.ticket(), by=boss)
    return actions.dispatch(ticket, by=boss, department_id=make.department().id)


def told(agent: Agent | Actor) -> list[str]:
    """What this person was told on the page, oldest first."""
    query = select(News.name).where(News.agent_id == agent.id).order_by(News.id)
    return list(db.session.scalars(query))


def mailed(agent: Agent) -> list[str]:
    """The subjects of what went to this person by mail."""
    query = select(Envelope.subject).where(Envelope.recipient == agent.email)
    return list(db.session.scalars(query.order_by(Envelope.id)))


def test_a_dispatch_reaches_the_handlers_and_the_departments_mailbox(
    handler: Agent, boss: Actor
) -> None:
    with transaction():
        make.department().mail = "quality@example.com"
    ticket = dispatched(boss)
    deliver_due()
    assert told(handler) == ["ticket.dispatch"]
    assert mailed(handler) == [f"Dispatched to you: {ticket.number}"]
    boxes = select(Envelope.id).where(Envelope.recipient == "quality@example.com")
    assert len(db.session.scalars(boxes).all()) == 1


def test_urging_and_further_words_reach_whoever_is_on_the_case(handler: Agent, boss: Actor) -> None:
    ticket = actions.sign(dispatched(boss), by=handler.actor)
    actions.urge(ticket, by=CUSTOMER)
    actions.add_customer_message(ticket, by=CUSTOMER, body="Hello?", channel="web")
    deliver_due()
    assert told(handler) == ["ticket.dispatch", "ticket.urged", "message.customer"]
    assert mailed(handler)[1:] == [
        f"The customer urges: {ticket.number}",
        f"The customer wrote again: {ticket.number}",
    ]


def test_words_that_come_at_once_are_all_on_the_page_and_mailed_once(
    handler: Agent, boss: Actor
) -> None:
    ticket = actions.sign(dispatched(boss), by=handler.actor)
    for words in ("One", "Two", "Three"):
        actions.add_customer_message(ticket, by=CUSTOMER, body=words, channel="web")
    deliver_due()
    assert told(handler).count("message.customer") == 3
    assert len(mailed(handler)) == 2  # the dispatch, and the first of these
    with moved_to(now() + timedelta(hours=1)):
        actions.add_customer_message(ticket, by=CUSTOMER, body="Four", channel="web")
        deliver_due()
    assert len(mailed(handler)) == 3


def test_a_machines_reply_a_good_rating_and_ones_own_deed_are_no_news(
    handler: Agent, boss: Actor
) -> None:
    ticket = actions.sign(dispatched(boss), by=handler.actor)
    actions.add_customer_message(
        ticket, by=CUSTOMER, body="Out of office", channel="email", automatic=True
    )
    actions.urge(ticket, by=handler.actor)
    actions.reply(ticket, by=handler.actor, body="Done.")
    callbacks.rate(ticket, by=CUSTOMER, result=5, resolved="yes")
    deliver_due()
    assert told(handler) == ["ticket.dispatch"]


@pytest.mark.parametrize(
    ("score", "resolved", "matters"),
    [(1, "", True), (2, "yes", True), (4, "no", True), (3, "", False)],
)
def test_a_bad_rating_reaches_the_department_and_the_supervisor(
    handler: Agent, boss: Actor, score: int, resolved: str, matters: bool
) -> None:
    ticket = actions.sign(dispatched(boss), by=handler.actor)
    actions.reply(ticket, by=handler.actor, body="Done.")
    callbacks.rate(ticket, by=CUSTOMER, result=score, resolved=resolved)
    deliver_due()
    assert ("ticket.rated" in told(handler)) is matters
    assert ("ticket.rated" in told(boss)) is matters


def test_who_gave_it_to_the_department_hears_that_it_comes_back(
    handler: Agent, boss: Actor
) -> None:
    ticket = dispatched(boss)
    actions.send_back(ticket, by=handler.actor, comment="Not ours")
    deliver_due()
    assert told(boss) == ["ticket.send_back"]


def test_an_assisting_department_and_a_new_owner_are_told(boss: Actor, handler: Agent) -> None:
    other = make.agent("Sun Lei", "handler", make.department("logistics", "物流部", "Logistics"))
    ticket = dispatched(boss)
    actions.add_assist(ticket, by=boss, department_id=other.department_id or 0, task="When?")
    queue.assign(ticket, by=boss, agent_id=handler.id)
    deliver_due()
    assert told(other) == ["ticket.assist"]
    assert told(handler) == ["ticket.dispatch", "ticket.assign"]


def test_a_failed_re_inspection_has_its_own_subject_and_stands_in_red(
    app: Flask, client: FlaskClient
) -> None:
    who = sample.cast()
    notice = sample.claimed(who)
    notices.verify(
        notice,
        by=who.supervisor,
        result="fail",
        comment="Alarm is not fitted",
        re_due=now() + timedelta(days=3),
    )
    deliver_due()
    handler = db.session.get_one(Agent, who.handler.id)
    assert "notice.verify_fail" in told(handler)
    number = notice.number
    wanted = f"Rectification notice {number}: re-inspection failed, please act again"
    assert wanted in mailed(handler)
    make.sign_in(client, handler)
    page = client.get(f"/notices/{notice.id}", follow_redirects=True).get_data(as_text=True)
    assert "Re-inspection failed: please act again" in page and "Alarm is not fitted" in page
    assert "tone-red" in client.get("/notices").get_data(as_text=True)


def test_a_delivery_that_is_tried_again_tells_nobody_twice(handler: Agent, boss: Actor) -> None:
    ticket = dispatched(boss)
    deliver_due()
    noted = db.session.scalar(select(News).where(News.agent_id == handler.id))
    assert noted is not None
    event = db.session.get(news.Event, noted.event_seq)
    assert event is not None
    due = news.tell(event, [(handler.id, handler.name)])
    assert due == {handler.id}  # the letter has a name of its own, so it is not sent twice either
    assert told(handler) == ["ticket.dispatch"]
    assert ticket.number


def test_the_page_for_you_counts_lists_and_forgets(
    client: FlaskClient, handler: Agent, boss: Actor
) -> None:
    ticket = dispatched(boss)
    deliver_due()
    make.sign_in(client, handler)
    listed = client.get("/news").get_data(as_text=True)
    assert ticket.number in listed and "Dispatched to your department" in listed
    assert db.session.scalar(news.unseen(handler.id)) == 1
    client.get(f"/tickets/{ticket.number}")
    db.session.expire_all()
    assert db.session.scalar(news.unseen(handler.id)) == 0
    actions.urge(ticket, by=CUSTOMER)
    deliver_due()
    assert client.post("/news/seen").status_code == 303
    db.session.expire_all()
    assert db.session.scalar(news.unseen(handler.id)) == 0


def test_news_of_what_one_may_not_see_any_more_is_not_listed(
    client: FlaskClient, handler: Agent, boss: Actor
) -> None:
    ticket = dispatched(boss)
    deliver_due()
    other = make.department("logistics", "物流部", "Logistics")
    actions.transfer(ticket, by=boss, department_id=other.id, comment="Theirs")
    make.sign_in(client, handler)
    assert ticket.number not in client.get("/news").get_data(as_text=True)


def test_the_history_says_who_was_told(client: FlaskClient, handler: Agent, boss: Actor) -> None:
    ticket = dispatched(boss)
    actions.urge(ticket, by=CUSTOMER)
    deliver_due()
    make.sign_in(client, handler)
    page = client.get(f"/tickets/{ticket.number}/history").get_data(as_text=True)
    assert "Told Li Na, on the page and by mail: The customer urges" in page
