"""The telephone's part of the wallboard: each figure equals a recount and opens its list."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import queries
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.lists import CallFilter
from helpdesk.calls.models import CallEvent, PhoneLine, PhoneQueue
from helpdesk.calls.telephones import Doing, now_there, of
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.statistics import telephone
from helpdesk.statistics.telephone import Line
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.statements import counted
from tests.help.telephone import abandoned, answered, event, take

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
BOSS = samples.BOSS


def seated(name: str, extension: str, queue: str = "complaints", paused: str | None = "") -> Agent:
    """An agent with a telephone, who sits in a queue."""
    found = make.agent(name)
    with transaction() as session:
        session.add(PhoneLine(agent_id=found.id, extension=extension, paused=paused))
        session.add(PhoneMember(agent_id=found.id, queue=queue))
    return found


def lines() -> dict[str, Line]:
    found = telephone.read(BOSS)
    return {line.code: line for line in found.lines} if found else {}


def lasting(call_id: str, *steps: tuple[str, float], agent: str = "", queue: str = "") -> None:
    """A call of these steps, which has not ended."""
    began = now() - timedelta(seconds=100)
    more = {"queued": {"queue": queue or "complaints"}, "answered": {"agent": agent}}
    more["offered"] = {"agent": agent}
    known = {"call_id": call_id, "began": began}
    take(event("ringing", **known))
    for name, after in steps:
        take(event(name, after, **known, **more.get(name, {})))


def test_the_wall_says_who_waits_since_when_who_is_ready_talks_or_rests(app: Flask) -> None:
    with moved_to(NOON):
        zhang, li = seated("Zhang Wei", "1001"), seated("Li Na", "1002")
        seated("Wang Lin", "1003", paused="lunch")
        seated("Sun Yu", "1004", paused=None)
        seated("Qian Jun", "1005", paused="wrapup")
        lasting("a", ("queued", 1), ("answered", 10), agent=zhang.email)
        lasting("b", ("queued", 40))
        lasting("c", ("queued", 70))
        line = lines()["complaints"]
        assert (line.waiting, line.longest) == (2, timedelta(seconds=60))
        assert line.agents == {
            "ready": 1,
            "ringing": 0,
            "talking": 1,
            "wrapping": 1,
            "break": 1,
            "off": 1,
        }
        lasting("d", ("queued", 80), ("offered", 90), agent=li.email)
        assert lines()["complaints"].agents["ringing"] == 1


def test_a_talk_counts_for_its_own_queue_and_who_talks_is_ready_in_none(app: Flask) -> None:
    with moved_to(NOON):
        zhang = seated("Zhang Wei", "1001", "complaints")
        with transaction() as session:
            session.add(PhoneMember(agent_id=zhang.id, queue="sales"))
        lasting("a", ("queued", 1), ("answered", 10), agent=zhang.email, queue="sales")
        lasting("b", ("queued", 1), queue="complaints")
        found = lines()
        assert (found["sales"].agents["talking"], found["complaints"].agents["talking"]) == (1, 0)
        assert found["sales"].agents["ready"] == found["complaints"].agents["ready"] == 0


def test_who_talks_without_a_telephone_of_their_own_is_seen(app: Flask) -> None:
    with moved_to(NOON):
        lasting("a", ("queued", 1), ("answered", 10), agent=make.agent("Zhang Wei").email)
        assert lines()["complaints"].agents["talking"] == 1


def test_callers_who_wait_before_an_empty_desk_must_be_seen(app: Flask) -> None:
    with moved_to(NOON):
        lasting("a", ("queued", 1))
        assert lines()["complaints"].deserted
        seated("Zhang Wei", "1001")
        assert not lines()["complaints"].deserted


def recounted(since: datetime, until: datetime) -> tuple[float | None, float | None, float | None]:
    """Service level, ASA and abandon rate of a queue, from the raw events alone: 20 s and 5 s."""
    query = select(CallEvent).where(CallEvent.at >= since, CallEvent.at < until)
    waits: dict[str, tuple[str, float]] = {}
    joined: dict[str, datetime] = {}
    for said in db.session.scalars(query.order_by(CallEvent.at, CallEvent.seq)):
        if said.event == "queued":
            joined[said.external_id] = said.at
        elif said.event in ("answered", "abandoned") and said.external_id in joined:
            waited = (said.at - joined[said.external_id]).total_seconds()
            waits[said.external_id] = (said.event, waited)
    taken = [waited for event, waited in waits.values() if event == "answered"]
    lost = [waited for event, waited in waits.values() if event == "abandoned" and waited > 5]
    short = [waited for event, waited in waits.values() if event == "abandoned" and waited <= 5]
    level = sum(each <= 20 for each in taken) / (len(taken) + len(lost))
    return level, sum(taken) / len(taken), len(lost) / (len(joined) - len(short))


def test_the_figures_of_the_day_equal_a_recount_from_the_raw_events(app: Flask) -> None:
    with moved_to(NOON):
        agent = make.agent("Zhang Wei").email
        take(*answered(agent, "a"))
        for name, waits in (("b", 2), ("c", 40), ("d", 90)):
            take(*abandoned(waits, name))
        take(*abandoned(60, "old", began=now() - timedelta(days=1)))  # another day's
        today = lines()["complaints"].today
        since = NOON - timedelta(hours=12)
        found = (today.service_level, today.asa, today.abandon_rate)
        assert found == pytest.approx(recounted(since, NOON + timedelta(hours=1)))


@pytest.mark.parametrize("figure", ["waiting", "longest", "service_level", "asa", "abandon_rate"])
def test_each_figure_of_waits_opens_a_list_of_as_many(app: Flask, figure: str) -> None:
    with moved_to(NOON):
        take(*answered(make.agent("Zhang Wei").email, "a"))
        take(*abandoned(2, "b"), *abandoned(40, "c"))
        lasting("w", ("queued", 40))
        line = lines()["complaints"]
        today = line.today
        number = {
            "waiting": line.waiting,
            "longest": line.waiting,
            "service_level": today.in_time,
            "asa": today.answered,
            "abandon_rate": today.abandoned - today.short,
        }[figure]
        address = line.waits_url(figure)
        assert address.startswith("/calls?") and number
        asked = dict(each.split("=") for each in address.partition("?")[2].split("&"))
        assert queries.count(BOSS, CallFilter.read(asked).wanted(), 100) == number


@pytest.mark.parametrize("doing", Doing)
def test_each_figure_of_agents_opens_a_list_of_as_many(
    app: Flask, client: FlaskClient, doing: str
) -> None:
    zhang = seated("Zhang Wei", "1001")
    seated("Li Na", "1002")
    seated("Wang Lin", "1003", paused="lunch")
    lasting("a", ("queued", 1), ("answered", 10), agent=zhang.email)
    line = lines()["complaints"]
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    html = client.get(line.agents_url(doing)).get_data(as_text=True)
    assert html.count('<th scope="row">') == line.agents[doing]


def test_the_page_shows_a_line_for_each_queue_with_definitions_and_says_no_calls(
    app: Flask, client: FlaskClient
) -> None:
    with transaction() as session:
        session.add(PhoneQueue(code="sales", name="Sales"))
        session.add(PhoneQueue(code="closed", name="Closed one", active=False))
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    html = client.get("/wallboard").get_data(as_text=True)
    part = client.get("/wallboard/phone").get_data(as_text=True)
    assert 'id="wall-phone-sales"' in html and "Closed one" not in html
    assert part.count(">no calls<") == 3  # never 0 % or 100 % of nothing
    assert len(re.findall(r'<th scope="col" class="number" title="[^"]{20,}"', part)) == 8
    assert part.lstrip().startswith('<section class="wall-phones"') and "<html" not in part
    assert 'data-live-topic="wallboard"' in part and 'data-live-url="/wallboard/phone"' in part


def test_a_wall_without_queues_is_as_it_was(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    assert "wall-phone" not in client.get("/wallboard").get_data(as_text=True)


def test_a_department_sees_neither_queues_nor_the_agents_of_the_desk(
    app: Flask, client: FlaskClient
) -> None:
    lasting("a", ("queued", 1))
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    assert "wall-phone" not in client.get("/wallboard").get_data(as_text=True)
    assert client.get("/calls/agents").status_code == 403


def test_the_queues_take_seven_statements_however_many_calls_there_are(app: Flask) -> None:
    seated("Zhang Wei", "1001")
    for number in range(8):
        take(*abandoned(30, f"c{number}"))
    with counted() as sent:
        telephone.read(BOSS)
    assert len(sent) <= 7


def test_a_ring_that_nobody_ended_does_not_ring_for_ever(app: Flask) -> None:
    zhang = seated("Zhang Wei", "1001")
    with moved_to(NOON):
        lasting("a", ("queued", 1), ("offered", 2), agent=zhang.email)
        [ringing] = of(now_there(), "complaints")
        assert ringing.doing == Doing.RINGING
    with moved_to(NOON + timedelta(hours=1)):
        [ready] = of(now_there(), "complaints")
        assert ready.doing == Doing.READY
