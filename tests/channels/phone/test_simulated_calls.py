"""Invented callers: the same seed gives the same events, and every call is one that could have been."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk.channels.phone.simulated import scheduling
from helpdesk.channels.phone.simulated.scheduling import Caller, Event, Exchange, Result, Seat

NOON = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEATS = [Seat("8001", frozenset({"service", "sales"})), Seat("8002", frozenset({"service"}))]
CALLER = Caller("+8613912345678", "service", 60)


def exchange(seed: int = 7, seats: list[Seat] = SEATS) -> Exchange:
    made = Exchange("simulated", "run", seed)
    made.seated(seats, NOON)
    return made


def busy(seed: int = 7, calls: int = 60) -> Exchange:
    """An exchange at which a caller comes each five seconds, every third without hope."""
    made = exchange(seed)
    for number in range(calls):
        caller = CALLER._replace(patience=20 + number, hopeless=number % 3 == 0)
        made.place(NOON + timedelta(seconds=5 * number), caller)
    return made


def by_call(events: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for each in events:
        found[each["call_id"]].append(each)
    return found


def words(events: list[Event]) -> list[str]:
    return [each["event"] for each in events]


def test_the_same_seed_gives_the_same_events_and_another_one_others() -> None:
    first, again, other = (busy(seed).step(NOON + HOUR) for seed in (7, 7, 8))
    assert first == again and first != other


def test_it_does_not_matter_how_finely_time_goes_on() -> None:
    at_once, slowly = busy().step(NOON + HOUR), busy()
    steps: list[Event] = []
    for second in range(0, 3601, 7):
        steps += slowly.step(NOON + timedelta(seconds=second))
    steps += slowly.step(NOON + HOUR)
    assert steps == at_once


def test_every_call_begins_ends_once_and_is_told_in_the_order_of_time() -> None:
    made = busy()
    events = made.step(NOON + HOUR)
    assert made.step(NOON + 9 * HOUR) == [] and [each["at"] for each in events] == sorted(
        e["at"] for e in events
    )
    for mine in by_call(events).values():
        assert words(mine)[:3] == ["ringing", "menu", "queued"]
        assert words(mine).count("hungup") == 1
        assert [each["seq"] for each in mine] == list(range(1, len(mine) + 1))
        ends = {"answered", "abandoned", "left"} & set(words(mine))
        assert len(ends) == 1


def test_some_are_answered_some_give_up_and_who_has_no_hope_is_never_answered() -> None:
    told = {word for seed in range(9) for word in words(busy(seed).step(NOON + HOUR))}
    calls = by_call(busy().step(NOON + HOUR))
    assert {"answered", "abandoned", "offered", "held", "resumed", "wrapped", "surveyed"} <= told
    hopeless = [mine for name, mine in calls.items() if (int(name.split("-")[1]) - 1) % 3 == 0]
    assert all("offered" not in words(mine) for mine in hopeless)


def test_an_agent_has_one_call_at_a_time_until_it_is_written_up() -> None:
    holding: dict[str, str] = {}
    for each in busy().step(NOON + HOUR):
        agent, call = each.get("agent"), each["call_id"]
        if each["event"] == "offered":
            assert agent not in holding
            holding[agent] = call
        elif each["event"] in ("missed", "wrapped"):
            assert holding.pop(agent) == call
        elif each["event"] in ("abandoned", "left"):  # it rang, and they went
            holding = {a: c for a, c in holding.items() if c != call}


def test_a_call_rings_only_at_agents_of_its_queue_who_take_calls() -> None:
    seats = [SEATS[0]._replace(ready=False), SEATS[1], Seat("8003", frozenset({"sales"}))]
    made = exchange(seats=seats)
    for number in range(20):
        made.place(NOON + timedelta(seconds=30 * number), CALLER)
    rang = {each["agent"] for each in made.step(NOON + HOUR) if each["event"] == "offered"}
    assert rang == {"8002"}


def test_without_agents_all_give_up_or_are_to_be_called_back_when_time_is_up() -> None:
    made = exchange(seats=[])
    made.place(NOON, CALLER)
    made.place(NOON, CALLER._replace(patience=10_000))
    impatient, patient = by_call(made.step(NOON + 3 * HOUR)).values()
    assert words(impatient)[-2:] == ["abandoned", "hungup"]
    assert words(patient)[-2:] == ["left", "hungup"] and patient[-2]["reason"] == "timeout"


def test_who_withholds_a_number_is_told_as_empty_and_not_left_out() -> None:
    made = exchange()
    made.place(NOON, CALLER._replace(number=""))
    assert made.step(NOON)[0]["from"] == ""


def talking(made: Exchange) -> tuple[str, str]:
    """A call that was dialled and is talked now, and the agent's telephone."""
    made.originate(NOON, "8001", "+8613900000000", "2026-1", 5)
    made.step(NOON + timedelta(seconds=8))
    return "run-1", "8001"


@pytest.mark.parametrize("seed", range(30))
def test_a_number_is_dialled_agent_first_and_what_came_of_it_is_told_once(seed: int) -> None:
    made = exchange(seed)
    talking(made)
    told = words(made.step(NOON + HOUR))
    [result] = made.results
    assert result in (Result(5, ""), Result(5, "busy"))
    assert ("wrapped" in told) == (result.reason == "")


def test_busy_and_answered_both_happen() -> None:
    seen: set[str] = set()
    for seed in range(60):
        made = exchange(seed)
        talking(made)
        seen |= {each.reason for each in made.results}
    assert seen == {"", "busy"}


def answered(**given: Any) -> Exchange:
    """An exchange whose dialled call is talked."""
    for seed in range(60):
        made = exchange(seed, **given)
        talking(made)
        if made.results == [Result(5, "")]:
            return made
    raise AssertionError("nobody answers")


def test_who_dials_while_having_a_call_is_told_busy_and_no_second_call_begins() -> None:
    made = answered()
    made.originate(NOON + timedelta(seconds=8), "8001", "+8613900000001", "", 6)
    assert made.results[-1] == Result(6, "busy")
    assert {each["call_id"] for each in made.step(NOON + HOUR)} == {"run-1"}


def test_an_agent_holds_resumes_and_ends_only_the_own_talk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduling, "HOLDS", 0.0)
    made = answered()
    at, later = NOON + timedelta(seconds=8), NOON + timedelta(seconds=9)
    assert not made.hold(at, "run-1", "8002", True) and not made.hangup(at, "run-9", "8001")
    assert made.hold(at, "run-1", "8001", True) and made.hold(at, "run-1", "8001", True)
    assert made.hold(at, "run-1", "8001", False)
    assert made.hangup(at, "run-1", "8001") and not made.hangup(at, "run-1", "8001")
    told = words(made.step(later))
    assert [word for word in told if word in ("held", "resumed", "hungup")] == [
        "held",
        "resumed",
        "hungup",
    ]
