"""Invented callers: the same seed gives the same events, and every call is one that could have been."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpdesk.channels.phone.simulated import course
from helpdesk.channels.phone.simulated.scheduling import Exchange
from helpdesk.channels.phone.simulated.switchboard import Caller, Event, Result, Seat

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
    monkeypatch.setattr(course, "HOLDS", 0.0)
    made = answered()
    at, later = NOON + timedelta(seconds=8), NOON + timedelta(seconds=9)
    assert not made.hold(at, "run-1", "8002") and not made.hangup(at, "run-9", "8001")
    assert made.hold(at, "run-1", "8001") and made.hold(at, "run-1", "8001")
    assert made.resume(at, "run-1", "8001")
    assert made.hangup(at, "run-1", "8001") and not made.hangup(at, "run-1", "8001")
    told = words(made.step(later))
    assert [word for word in told if word in ("held", "resumed", "hungup")] == [
        "held",
        "resumed",
        "hungup",
    ]


PERSON = SEATS[0]._replace(attended=True)


def ringing(*more: Seat, queue: str = "service") -> Exchange:
    """A call that rings at 8001, where a person sits."""
    made = exchange(seats=[PERSON, *more])
    made.place(NOON, CALLER._replace(queue=queue, patience=600))
    made.step(NOON + timedelta(seconds=6))
    return made


def after(made: Exchange, seconds: float) -> list[str]:
    """What is told until so many seconds later: the word, and of which telephone."""
    events = made.step(NOON + timedelta(seconds=seconds))
    return [" ".join(filter(None, (e["event"], e.get("agent"), e.get("reason")))) for e in events]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("seed", range(8))
def test_a_telephone_that_a_person_attends_is_neither_answered_nor_ended_by_chance(
    seed: int,
) -> None:
    made = exchange(seed, [PERSON])
    made.place(NOON, CALLER._replace(patience=600))
    assert "answered 8001" not in after(made, 20)
    assert made.answer(at(20), "run-1", "8001") and not made.answer(at(21), "run-1", "8001")
    assert after(made, 139) == ["answered 8001"]  # no hold, no end
    told = after(made, 20 + 240)
    assert told[0] == "hungup" and "wrapped 8001" not in told  # written up by the form


def test_who_does_not_answer_has_missed_the_call_after_half_a_minute() -> None:
    made = ringing()
    assert after(made, 28) == [] and after(made, 37) == ["missed 8001 no answer"]


def test_who_declines_lets_it_ring_at_the_next_and_has_missed_it() -> None:
    made = ringing(SEATS[1]._replace(attended=True))
    assert made.decline(at(7), "run-1", "8001") and not made.decline(at(7), "run-1", "8001")
    assert after(made, 8) == ["missed 8001 declined", "offered 8002"]


def test_a_call_is_handed_on_blindly_and_rings_at_the_colleague() -> None:
    made = ringing(SEATS[1]._replace(attended=True))
    made.answer(at(7), "run-1", "8001")
    assert made.transfer(at(8), "run-1", "8001", "8002") == ""
    assert after(made, 9) == ["answered 8001", "transferred 8001", "offered 8002"]
    assert not made.hangup(at(9), "run-1", "8001")
    assert made.answer(at(10), "run-1", "8002") and made.hangup(at(11), "run-1", "8002")
    assert after(made, 11) == ["answered 8002", "hungup"]


def test_a_call_that_the_colleague_does_not_take_waits_again_in_its_queue() -> None:
    made = ringing(SEATS[1]._replace(attended=True, queues=frozenset()))
    made.answer(at(7), "run-1", "8001")
    made.transfer(at(8), "run-1", "8001", "8002")
    assert made.decline(at(9), "run-1", "8002")
    assert after(made, 11)[3:] == ["missed 8002 declined", "queued", "offered 8001"]


def asking(*, answered: bool) -> Exchange:
    made = ringing(SEATS[1]._replace(attended=True))
    made.answer(at(7), "run-1", "8001")
    assert made.transfer(at(8), "run-1", "8001", "8002", asked=5) is None
    assert after(made, 9) == ["answered 8001", "held 8001", "offered 8002"]
    if answered:
        assert made.answer(at(10), "run-1", "8002")
        assert after(made, 10) == ["answered 8002"] and made.results == [Result(5, "")]
    return made


@pytest.mark.parametrize("answered", [True, False])
def test_who_asks_first_hands_the_call_over_by_hanging_up(answered: bool) -> None:
    made = asking(answered=answered)
    assert made.hangup(at(11), "run-1", "8001")
    assert after(made, 12) == ["transferred 8001"] and made.results == [Result(5, "")]
    if not answered:
        assert made.answer(at(13), "run-1", "8002")
    assert made.hold(at(14), "run-1", "8002") and not made.hold(at(14), "run-1", "8001")


@pytest.mark.parametrize("answered", [True, False])
def test_who_asks_first_keeps_the_call_by_taking_it_off_hold(answered: bool) -> None:
    made = asking(answered=answered)
    assert made.resume(at(11), "run-1", "8001")
    assert after(made, 12) == [*(["wrapped 8002"] if answered else []), "resumed 8001"]
    assert not made.answer(at(13), "run-1", "8002") and not made.hangup(at(13), "run-1", "8002")


def test_who_was_asked_only_leaves_and_the_caller_stays_with_who_asks() -> None:
    made = asking(answered=True)
    assert made.hangup(at(11), "run-1", "8002")
    assert after(made, 12) == ["wrapped 8002"] and made.resume(at(13), "run-1", "8001")


def test_a_colleague_who_declines_to_be_asked_is_told_to_who_asks() -> None:
    made = asking(answered=False)
    assert made.decline(at(10), "run-1", "8002")
    assert made.results == [Result(5, "declined")] and made.resume(at(11), "run-1", "8001")


def test_a_call_is_handed_only_to_a_telephone_that_is_there_and_free() -> None:
    made = ringing(SEATS[1]._replace(attended=True))
    made.answer(at(7), "run-1", "8001")
    for there in ("8001", "9999", "+8613900000000"):
        assert made.transfer(at(8), "run-1", "8001", there) == "unavailable"
    made.place(at(8), CALLER)
    made.step(at(14))
    assert made.transfer(at(14), "run-1", "8001", "8002") == "busy"
    assert made.transfer(at(14), "run-1", "8002", "8001") == "not in this call"
