"""Two people at the simulated exchange: answering, declining, asking, handing on by the call bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from helpdesk.agents.models import Agent
from helpdesk.calls.models import Call, CallEvent, Interaction, Leg, PhoneLine
from helpdesk.channels.phone.simulated.line import seats
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.tickets import queue as desk
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.trial_line import line, place


@pytest.fixture
def two(app: Flask, agent: Agent) -> tuple[Agent, Agent]:
    """Zhang and Li, who attend their telephones 8001 and 8002."""
    other = make.agent("Li Na")
    with transaction() as session:
        session.add(PhoneLine(agent_id=other.id, extension="8002", paused=""))
    for each in (agent, other):
        desk.set_presence(each, "ready")
    return agent, other


@pytest.fixture
def goes_on(app: Flask) -> Iterator[Callable[[int], None]]:
    """goes_on(seconds): the exchange runs for so long."""
    made = line(app)
    with moved_to(now()) as tick:

        def on(seconds: int) -> None:
            for _each in range(seconds):
                tick(1)
                made.round()
            db.session.rollback()

        yield on


def act(client: FlaskClient, who: Agent, step: str, to: str = "") -> str:
    """Press a button of the call bar; gives the bar."""
    make.sign_in(client, who)
    call = db.session.scalars(select(Call)).one()
    page = f"/phone/calls/{call.id}/{step}"
    return client.post(page, data={"to": to}, headers={"HX-Request": "true"}).get_data(as_text=True)


def bar(client: FlaskClient, who: Agent) -> str:
    make.sign_in(client, who)
    return client.get("/phone/bar").get_data(as_text=True)


def history() -> list[tuple[str, str]]:
    """Who did what with the case of the call."""
    names = ("call.answered", "ticket.assign")
    rows = db.session.scalars(select(Event).where(Event.name.in_(names)).order_by(Event.seq))
    return [(row.name, row.by_name) for row in rows]


def test_who_attends_the_telephone_answers_by_a_button_and_is_called_after_writing_up_only(
    client: FlaskClient, two: tuple[Agent, Agent], goes_on: Callable[[int], None]
) -> None:
    zhang, _li = two
    make.sign_in(client, zhang)
    place(client, "unknown")
    goes_on(8)
    assert 'action="/phone/calls/1/answer"' in bar(client, zhang)
    act(client, zhang, "answer")
    goes_on(2)
    page = bar(client, zhang)
    assert "/answer" not in page and 'action="/phone/calls/1/hold"' in page
    act(client, zhang, "hang-up")
    place(client, "unknown")
    goes_on(8)
    rings = select(func.count()).where(CallEvent.event == "offered")
    assert db.session.scalar(rings) == 1  # the next one waits
    talk = db.session.scalars(select(Interaction)).one()
    form = client.post(f"/phone/talks/{talk.id}", data={"note": "Told", "next_step": "none"})
    assert form.status_code == 303
    goes_on(8)
    assert db.session.scalar(rings) == 2


def test_an_agent_holds_resumes_and_hands_on_from_the_browser_and_the_history_names_both(
    client: FlaskClient, two: tuple[Agent, Agent], goes_on: Callable[[int], None]
) -> None:
    zhang, li = two
    make.sign_in(client, zhang)
    place(client, "unknown")
    goes_on(8)
    for step in ("answer", "hold", "resume"):
        act(client, zhang, step)
        goes_on(2)
    act(client, zhang, "transfer", "8002")
    goes_on(2)
    assert "/answer" in bar(client, li) and "call-line" in bar(client, zhang)
    act(client, li, "answer")
    goes_on(2)
    told = list(db.session.scalars(select(CallEvent.event).order_by(CallEvent.seq)))
    assert told[3:] == [
        *("offered", "answered", "held", "resumed", "transferred", "offered", "answered"),
    ]
    assert db.session.scalars(select(Ticket)).one().assignee_id == li.id
    assert history() == [
        ("call.answered", "Zhang Wei"),
        ("call.answered", "Li Na"),
        ("ticket.assign", "Zhang Wei"),
    ]


def test_the_case_stays_with_who_asks_a_colleague_until_the_call_is_handed_over(
    client: FlaskClient, two: tuple[Agent, Agent], goes_on: Callable[[int], None]
) -> None:
    zhang, li = two
    make.sign_in(client, zhang)
    place(client, "unknown")
    goes_on(8)
    act(client, zhang, "answer")
    goes_on(2)
    act(client, zhang, "consult", "8002")
    goes_on(2)
    assert "Zhang Wei asks you about this call." in bar(client, li)
    act(client, li, "answer")
    goes_on(2)
    assert "Li Na is asked first." in bar(client, zhang) and "Hand over" in bar(client, zhang)
    case = db.session.scalars(select(Ticket)).one()
    assert case.assignee_id == zhang.id
    act(client, zhang, "hang-up")
    goes_on(2)
    db.session.refresh(case)
    talks = db.session.scalars(select(Interaction).order_by(Interaction.seq)).all()
    assert [each.transferred for each in talks] == [True, False]
    assert case.assignee_id == li.id and "asks you" not in bar(client, li)
    assert ("ticket.assign", "Zhang Wei") in history()


def test_a_call_that_was_declined_is_missed_with_that_reason(
    client: FlaskClient, two: tuple[Agent, Agent], goes_on: Callable[[int], None]
) -> None:
    zhang, _li = two
    make.sign_in(client, zhang)
    place(client, "unknown")
    goes_on(8)
    act(client, zhang, "decline")
    goes_on(2)
    leg = db.session.scalars(select(Leg).order_by(Leg.seq)).first()
    assert leg is not None and (leg.state, leg.reason) == ("missed", "declined")


@pytest.mark.parametrize("why", ["never chose", "page closed"])
def test_a_telephone_that_nobody_attends_is_answered_by_itself(
    app: Flask, agent: Agent, why: str
) -> None:
    if why == "page closed":
        desk.set_presence(agent, "ready")
    seen = now() - timedelta(minutes=5) if why == "page closed" else now()
    with transaction():
        db.session.execute(update(Agent).values(seen_at=seen))
    assert [each.attended for each in seats()] == [False]
