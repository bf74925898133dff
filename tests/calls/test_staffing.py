"""How many agents the queues need: the formulas against published tables, the pages against the calls."""

from __future__ import annotations

import heapq
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import factorial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.calls.staffing import erlang, expected
from helpdesk.calls.staffing.erlang import Demand
from helpdesk.clock import moved_to
from tests.help import factories as make
from tests.help.lines import terms
from tests.help.telephone import abandoned, answered, take

MONDAY = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
NEXT = "2026-03-16"


@pytest.mark.parametrize(
    ("agents", "load", "share"),
    [  # from the published table of Erlang B (ITU-T, Teletraffic Engineering Handbook)
        (5, 1.361, 0.01),
        (10, 4.461, 0.01),
        (20, 12.03, 0.01),
        (100, 84.06, 0.01),
        (10, 7.511, 0.10),
    ],
)
def test_the_blocked_share_is_that_of_the_published_table(
    agents: int, load: float, share: float
) -> None:
    assert erlang.blocked(load, agents) == pytest.approx(share, rel=2e-3)


@pytest.mark.parametrize(
    ("agents", "waits", "level", "wait"),
    [  # the usual worked example: 100 calls of 180 s in half an hour, 20 s
        (11, 0.682, 0.390, 122.8),
        (12, 0.449, 0.640, 40.4),
        (13, 0.285, 0.796, 17.1),
        (14, 0.174, 0.888, 7.8),
    ],
)
def test_ten_erlangs_are_served_as_in_the_published_example(
    agents: int, waits: float, level: float, wait: float
) -> None:
    demand = Demand(calls=100, handling=180)
    assert erlang.waits(demand.load, agents) == pytest.approx(waits, abs=6e-4)
    found = erlang.served(demand, agents, 20)
    assert found.level == pytest.approx(level, abs=6e-4)
    assert found.wait == pytest.approx(wait, abs=0.06)


@pytest.mark.parametrize("agents", [1, 2, 7, 30])
def test_the_recursion_equals_the_sum_reckoned_in_fractions(agents: int) -> None:
    load = Fraction(agents) * Fraction(9, 10)
    terms_ = [load**k / factorial(k) for k in range(agents + 1)]
    exact = float(terms_[-1] / sum(terms_))
    assert erlang.blocked(float(load), agents) == pytest.approx(exact, rel=1e-12)


def test_large_rooms_are_reckoned_without_overflow() -> None:
    demand = Demand(calls=20_000, handling=300, patience=90)
    assert 0.8 * demand.load < erlang.needed(demand, 0.8, 20) < 1.1 * demand.load
    larger = Demand(calls=50_000, handling=300, patience=90)
    assert erlang.needed(larger, 0.8, 20) == erlang.MOST_AGENTS
    assert erlang.waits(8000.0, 8100) < 1


def test_the_fewest_agents_reach_the_level_and_one_fewer_does_not() -> None:
    for calls in (1, 7, 40, 100, 900):
        for patience in (None, 60.0):
            demand = Demand(calls, 200, patience=patience)
            agents = erlang.needed(demand, 0.8, 20)
            assert erlang.served(demand, agents, 20).level >= 0.8
            assert agents == 1 or erlang.served(demand, agents - 1, 20).level < 0.8
    assert erlang.needed(Demand(0, 200), 0.8, 20) == 0


def test_too_few_agents_never_get_to_the_end_of_the_queue() -> None:
    found = erlang.served(Demand(100, 180), 10, 20)
    assert (found.level, found.wait) == (0.0, None)
    nobody = erlang.served(Demand(100, 180, patience=60), 0, 20)
    assert (nobody.level, nobody.wait, nobody.lost) == (0.0, None, 1.0)


def test_callers_who_never_lose_patience_are_erlang_c() -> None:
    endless, patient = Demand(100, 180), Demand(100, 180, patience=1e7)
    for agents in (11, 13, 20):
        c, a = erlang.served(endless, agents, 20), erlang.served(patient, agents, 20)
        assert a.level == pytest.approx(c.level, abs=1e-4)
        assert a.wait == pytest.approx(c.wait, rel=1e-3)


@pytest.mark.parametrize("agents", [8, 10, 12])
def test_impatient_callers_are_served_as_in_a_simulation_of_each_of_them(agents: int) -> None:
    demand, calls = Demand(100, 180, patience=90), 60_000
    chance, at, soon, lost, waited = random.Random(7), 0.0, 0, 0, 0.0
    free = [0.0] * agents
    for _each in range(calls):
        at += chance.expovariate(demand.calls / demand.seconds)
        wait = max(free[0] - at, 0.0)
        if wait and chance.expovariate(1 / 90) < wait:
            lost += 1
            continue
        heapq.heapreplace(free, at + wait + chance.expovariate(1 / demand.handling))
        soon, waited = soon + (wait <= 20), waited + wait
    found = erlang.served(demand, agents, 20)
    assert found.level == pytest.approx(soon / calls, abs=0.02)
    assert found.lost == pytest.approx(lost / calls, abs=0.02)
    assert found.wait == pytest.approx(waited / (calls - lost), rel=0.1)


@pytest.fixture
def boss(app: Flask, client: FlaskClient) -> FlaskClient:
    """Mondays of three weeks with calls between ten and half past: 2, 4 and 6; then it is the last Monday."""
    zhang = make.agent("Zhang Wei")
    terms("complaints", threshold=20)
    for week, many in enumerate((2, 4, 6)):
        with moved_to(MONDAY - timedelta(weeks=2 - week) + timedelta(minutes=25)):
            for each in range(many):
                take(*answered(zhang.email, f"{week}.{each}"))
    return make.sign_in(client, make.agent("Chen Jie", "supervisor"))


def test_expected_is_the_mean_of_the_weekdays_on_which_somebody_called(boss: FlaskClient) -> None:
    with moved_to(MONDAY + timedelta(days=1)):
        [(at, calls)] = expected.calls(datetime(2026, 3, 16).date())["complaints"].items()
        assert (at.strftime("%H:%M"), calls) == ("10:00", 4.0)
        assert expected.calls(datetime(2026, 3, 17).date()) == {}
        habits = expected.habits(datetime(2026, 3, 16).date())["complaints"]
        assert habits.handling == pytest.approx(
            75.0, abs=0.1
        )  # from the answer until it is written up
        assert habits.patience is None  # nobody gave up


def test_patience_is_what_all_have_waited_for_each_who_gave_up(boss: FlaskClient) -> None:
    with moved_to(MONDAY + timedelta(hours=2)):
        for each in range(12):
            take(*abandoned(30, f"gone.{each}"))
    with moved_to(MONDAY + timedelta(days=1)):
        habits = expected.habits(datetime(2026, 3, 16).date())["complaints"]
    assert habits.patience == pytest.approx((12 * 12 + 12 * 30) / 12)


def test_the_page_says_how_many_agents_and_what_one_fewer_would_cost(boss: FlaskClient) -> None:
    with moved_to(MONDAY + timedelta(days=1)):
        page = boss.get(f"/calls/staffing?queue=complaints&day={NEXT}").text
        more = boss.get(f"/calls/staffing?queue=complaints&day={NEXT}&more=2").text
        none = boss.get("/calls/staffing?queue=complaints&day=2026-03-17").text
    demand = Demand(4, 75)
    agents = erlang.needed(demand, 0.8, 20)
    assert ">10:00</a>" in page and f"<strong>{agents}</strong>" in page
    assert f"<strong>{agents + 2}</strong>" in more
    assert "Nothing to go by yet" in none


def test_agents_are_moved_between_queues_and_the_level_is_told_at_once(
    boss: FlaskClient, client: FlaskClient
) -> None:
    terms("service", threshold=20)
    zhang = make.agent("Li Na")
    with moved_to(MONDAY + timedelta(minutes=26)):
        for each in range(9):
            events = answered(zhang.email, f"s.{each}")
            take(*({**e, "queue": "service"} if e["event"] == "queued" else e for e in events))
    address = f"/calls/staffing?queue=complaints&day={NEXT}&at=10:00"
    with moved_to(MONDAY + timedelta(days=1)):
        page = boss.get(address).text
        moved = boss.get(
            f"{address}&agents-service=0&agents-complaints=4", headers={"HX-Request": "true"}
        ).text
    assert 'type="range" name="agents-service"' in page
    assert "<html" not in moved and "0%" in moved.replace(" ", "") and "<strong>4</strong>" in moved


@pytest.mark.parametrize("role", ["agent", "handler", "auditor"])
def test_who_leads_nobody_plans_nobody(client: FlaskClient, role: str) -> None:
    more = {"department": make.department()} if role == "handler" else {}
    who: Agent = make.agent("Li Na", role, **more)
    status = make.sign_in(client, who).get("/calls/staffing").status_code
    assert status == (200 if role == "auditor" else 403)


def test_an_address_that_makes_no_sense_shows_tomorrow(boss: FlaskClient) -> None:
    with moved_to(MONDAY + timedelta(days=6)):
        odd = "queue=%00&day=2026-13-01&target=1000&more=99&at=25:00&agents-complaints=-1"
        page = boss.get(f"/calls/staffing?{odd}")
    assert page.status_code == 200 and 'value="2026-03-16"' in page.text
