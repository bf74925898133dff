"""A score of 1 or 2 waits for who leads until it has been read; each score stands on its case and its call."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import judging
from helpdesk.calls.models import Interaction
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.models import Envelope
from helpdesk.tickets.models import News, Ticket
from tests.help import factories as make
from tests.help.telephone import answered, event, take


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent("Zhang Wei")


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Chen Jie", "supervisor")


def judged(zhang: Agent, score: int, call_id: str = "c1") -> None:
    take(*answered(zhang.email, call_id)[:-1], event("surveyed", 95, call_id=call_id, score=score))


def page(client: FlaskClient, who: Agent, address: str) -> str:
    return make.sign_in(client, who).get(address).get_data(as_text=True)


def test_a_low_score_is_before_who_leads_at_once_and_a_good_one_is_not(
    client: FlaskClient, zhang: Agent, boss: Agent
) -> None:
    judged(zhang, 2, "low")
    judged(zhang, 3, "good")
    deliver_due(limit=100)
    [news] = db.session.scalars(select(News).where(News.name == "call.judged"))
    assert news.agent_id == boss.id
    assert [e for e in db.session.scalars(select(Envelope.recipient)) if e == boss.email]
    html = page(client, boss, "/calls/low-scores")
    low = db.session.scalar(select(Interaction.id).where(Interaction.score == 2))
    assert html.count('<tr id="score-') == 1 and f'id="score-{low}"' in html
    assert "Zhang Wei" in html and "2 of 5" in html


def test_a_click_says_that_it_was_read_once_and_by_whom(
    client: FlaskClient, zhang: Agent, boss: Agent
) -> None:
    judged(zhang, 1)
    [row] = judging.unread(boss.actor)
    make.sign_in(client, boss)
    for _ in range(2):
        assert client.post(f"/calls/low-scores/{row.Interaction.id}").status_code == 303
    assert judging.unread(boss.actor) == []
    [noted] = db.session.scalars(select(Event).filter_by(name="call.score_read"))
    case = db.session.scalars(select(Ticket)).one()
    assert (noted.by_id, noted.ticket_id, noted.data["score"]) == (boss.id, case.id, 1)
    assert "Read the low score" in page(client, boss, f"/tickets/{case.number}/history")


def test_the_number_of_unread_scores_stands_in_the_navigation_of_who_leads(
    client: FlaskClient, zhang: Agent, boss: Agent
) -> None:
    judged(zhang, 1)
    for who, count in ((boss, 1), (zhang, 0)):
        with client.application.test_request_context():
            assert db.session.scalar(select(judging.waiting(who.actor))) == count


def test_the_list_is_for_who_leads_alone(client: FlaskClient, zhang: Agent, boss: Agent) -> None:
    judged(zhang, 1)
    talk = db.session.scalar(select(Interaction.id))
    make.sign_in(client, zhang)
    assert client.get("/calls/low-scores").status_code == 403
    assert client.post(f"/calls/low-scores/{talk}").status_code == 403
    make.sign_in(client, boss)
    assert client.post("/calls/low-scores/999").status_code == 404


def test_a_score_stands_beside_its_case_and_on_its_call(client: FlaskClient, zhang: Agent) -> None:
    judged(zhang, 4)
    case = db.session.scalars(select(Ticket)).one()
    talk = db.session.scalars(select(Interaction)).one()
    assert "4 of 5" in page(client, zhang, f"/calls/of/{case.number}")
    assert "4 of 5" in page(client, zhang, f"/calls/{talk.call_id}")
    assert f'hx-get="/calls/of/{case.number}"' in page(client, zhang, f"/tickets/{case.number}")


def test_a_case_without_calls_asks_for_none(client: FlaskClient, zhang: Agent) -> None:
    ticket = make.ticket()
    assert "/calls/of/" not in page(client, zhang, f"/tickets/{ticket.number}")
