"""The simulated exchange follows the advice: levels, the agent of the open case, skills, closed queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import mean

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import advice, terms
from helpdesk.calls.advice import Claim
from helpdesk.calls.models import Call, PhoneQueue, Stay
from helpdesk.channels.phone.simulated.line import advised
from helpdesk.channels.phone.simulated.scheduling import Exchange
from helpdesk.channels.phone.simulated.switchboard import Caller, Event, Seat
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.trial_line import line, place

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
SERVICE = frozenset({"service"})
CALLER = Caller("+8613912345678", "service", 10_000)


def exchange(*seats: Seat, seed: int = 7) -> Exchange:
    made = Exchange("simulated", "run", seed)
    made.seated(seats, NOON)
    return made


def of(events: list[Event], call: str, word: str) -> list[Event]:
    return [each for each in events if each["call_id"] == call and each["event"] == word]


def seconds(events: list[Event], call: str, word: str) -> float:
    """From the beginning of the waiting to the first such event."""
    began, [event, *_more] = of(events, call, "queued")[0], of(events, call, word)
    return float((event["at"] - began["at"]).total_seconds())


@pytest.mark.parametrize(("most_times", "seed"), [(2, 1), (3, 7), (3, 8), (5, 9)])
def test_when_a_vip_rings_nobody_has_waited_more_than_n_times_as_long_and_vips_wait_less(
    most_times: int, seed: int
) -> None:
    made = exchange(Seat("8001", SERVICE), Seat("8002", SERVICE), seed=seed)
    levels: dict[str, str] = {}
    for number in range(80):
        level = "vip" if number % 5 == 0 else "plain"
        claim = Claim(advice.weight(level, most_times))
        at = NOON + timedelta(seconds=25 * number)
        levels[made.place(at, CALLER._replace(claim=claim))] = level
    events = made.step(NOON + timedelta(hours=3))
    joined = {each["call_id"]: each["at"] for each in events if each["event"] == "queued"}
    rang: dict[str, datetime] = {}
    for each in events:
        if each["event"] == "offered":
            rang.setdefault(each["call_id"], each["at"])
    left = {each["call_id"]: each["at"] for each in events if each["event"] == "left"}
    compared = 0
    for vip in (name for name, at in rang.items() if levels[name] == "vip"):
        at = rang[vip]
        waits = (at - joined[vip]).total_seconds()
        for other, since in joined.items():
            still = rang.get(other, left.get(other, at)) > at and since < at
            if levels[other] == "plain" and still:
                compared += 1
                assert (at - since).total_seconds() <= most_times * waits + 0.001
    assert compared > 20
    waited = {
        level: mean((rang[n] - joined[n]).total_seconds() for n in rang if levels[n] == level)
        for level in ("vip", "plain")
    }
    assert waited["vip"] < waited["plain"]


def test_a_returning_caller_rings_15_seconds_at_their_agent_and_then_in_the_queue() -> None:
    theirs, other = Seat("8009", frozenset(), attended=True), Seat("8001", SERVICE)
    made = exchange(theirs, other)
    call = made.place(NOON, CALLER._replace(claim=Claim(first="8009")))
    events = made.step(NOON + timedelta(hours=1))
    offered = of(events, call, "offered")
    assert [each["agent"] for each in offered[:2]] == ["8009", "8001"]
    assert (offered[1]["at"] - offered[0]["at"]).total_seconds() == 15
    assert of(events, call, "missed")[0]["agent"] == "8009"


@pytest.mark.parametrize("why", ["on a break", "nobody has it"])
def test_where_their_agent_takes_no_calls_it_rings_in_the_queue_at_once(why: str) -> None:
    seats = [Seat("8001", SERVICE)]
    if why == "on a break":
        seats.append(Seat("8009", SERVICE, ready=False))
    made = exchange(*seats)
    call = made.place(NOON, CALLER._replace(claim=Claim(first="8009")))
    events = made.step(NOON + timedelta(hours=1))
    assert of(events, call, "offered")[0]["agent"] == "8001"
    assert seconds(events, call, "offered") == 0


def test_skills_widen_after_20_and_40_seconds() -> None:
    """The one with all skills does not answer; the others are asked in their turn."""
    able = Seat("8001", SERVICE, attended=True, skills=frozenset({"en", "billing"}))
    seats = [
        able,
        Seat("8002", SERVICE, attended=True, skills=frozenset({"en"})),
        Seat("8003", SERVICE, attended=True),
    ]
    claim = Claim(wanted=("en", "billing"))
    for busy, waits in ((["8001"], 20), (["8001", "8002"], 40)):
        made = exchange(*seats)
        for each in busy:
            made.originate(NOON, each, "+861380000", "", 1)
        call = made.place(NOON, CALLER._replace(claim=claim))
        made.step(NOON + timedelta(seconds=1))
        events = made.step(NOON + timedelta(seconds=60))
        assert of(events, call, "offered")[0]["agent"] == f"800{len(busy) + 1}"
        assert seconds(events, call, "offered") == waits


@pytest.fixture
def service(app: Flask) -> PhoneQueue:
    return db.session.scalars(select(PhoneQueue).where(PhoneQueue.code == "service")).one()


def rounds(app: Flask, minutes: int = 5) -> None:
    one = line(app)
    with moved_to(now()) as tick:
        for _each in range(minutes * 12):
            one.round()
            tick(5)


def test_a_closed_queue_lets_nobody_wait_and_leaves_a_case(
    app: Flask, client: FlaskClient, agent: Agent, service: PhoneQueue
) -> None:
    lead = make.agent("Chen Jie", "supervisor")
    make.sign_in(client, lead)
    sent = {"queue": "service", "minutes": "60"}
    assert client.post("/calls/closing", data=sent).status_code == 303
    page = client.get("/calls/agents").get_data(as_text=True)
    assert page.count("/calls/closing") == 1 and "banner" in page
    place(client, "unknown")
    rounds(app)
    stay, call = db.session.scalars(select(Stay)).one(), db.session.scalars(select(Call)).one()
    assert (stay.state, stay.reason, stay.waited) == ("left", "closed", 0)
    assert call.ended_at and stay.ticket_id == db.session.scalars(select(Ticket.id)).one()
    assert client.post("/calls/closing", data=sent | {"minutes": "0"}).status_code == 303
    assert not advised(CALLER).closed


@pytest.mark.parametrize("sent", [{"queue": "nowhere"}, {"minutes": "99999"}, {"minutes": ""}])
def test_an_odd_closing_is_refused_and_agents_close_nothing(
    app: Flask, client: FlaskClient, agent: Agent, service: PhoneQueue, sent: dict[str, str]
) -> None:
    whole = {"queue": "service", "minutes": "15"} | sent
    make.sign_in(client, agent)
    assert client.post("/calls/closing", data=whole).status_code == 403
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    assert client.post("/calls/closing", data=whole).status_code == 422
    assert terms.closed_by_hand() == []
