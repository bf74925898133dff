"""What a real Asterisk said in nineteen situations becomes the words that every provider uses."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.help.asterisk import LATER, every_situation, in_words, situation, told, tracker

CALL = "ringing from=+4420555{} to={}"
TAKEN = (
    "queued queue=complaints from=+4420555{}",
    "offered agent=1001 queue=complaints",
    "answered agent=1001 queue=complaints",
)
DONE = ("wrapped agent=1001 queue=complaints", "hungup")


def answered(number: str, to: str = "8001") -> list[str]:
    return [each.format(number, to) for each in (CALL, *TAKEN)]


EXPECTED = {
    "Queued, ringing, answered": [*answered("001"), *DONE],
    "Answered, agent hangs up": [*answered("002"), *DONE],
    "Held and taken back": [
        *answered("003"),
        "held agent=1001",
        "resumed agent=1001",
        *DONE,
    ],
    "Blind transfer by the agent's phone": [
        *answered("004"),
        "resumed agent=1001",
        "transferred agent=1001",
        "offered agent=1002",
        "answered agent=1002",
        "hungup",
    ],
    "Blind transfer asked over AMI": [
        *answered("005"),
        "resumed agent=1001",
        "transferred agent=1001 to=7002",
        "queued queue=general-enquiries from=+4420555005",
        "offered agent=1003 queue=general-enquiries",
        "answered agent=1003 queue=general-enquiries",
        "wrapped agent=1003 queue=general-enquiries",
        "hungup",
    ],
    "Attended transfer": [
        *answered("006"),
        "held agent=1001",
        "transferred agent=1001 target=1002",
        "hungup",
    ],
    "Abandoned in queue (agent's phone rings": [
        *answered("007")[:3],
        "abandoned queue=complaints",
        "hungup",
    ],
    "Abandoned in queue, no agent": [
        *answered("008")[:2],
        "abandoned queue=complaints",
        "hungup",
    ],
    "Ring, no answer": [
        *answered("009")[:3],
        "missed agent=1001 reason=busy",
        "offered agent=1002 queue=complaints",
        "answered agent=1002 queue=complaints",
        "wrapped agent=1002 queue=complaints",
        "hungup",
    ],
    "Agent paused": [],
    "Click to dial: agent first": [
        "ringing direction=out ticket=T-42 agent=1001 from=1001 to=+4420555010",
        "answered agent=1001",
        "hungup",
    ],
    "Click to dial: the agent does not answer": [
        "ringing direction=out agent=1001 from=1001 to=+4420555010",
        "hungup reason=busy",
    ],
    "IVR choice": [
        *answered("011", "8000")[:1],
        "menu choice=complaints",
        *answered("011")[1:],
        *DONE,
    ],
    "Callback asked for": [
        "ringing from=+4420555012 to=8000",
        "menu choice=callback",
        "queued queue=callback",
        "left queue=callback reason=callback",
        "hungup",
    ],
    "Satisfaction survey": [
        *answered("013", "8003"),
        DONE[0],
        "surveyed score=5 agent=1001",
        "hungup",
    ],
    "Queue without members": [
        "ringing from=+4420555014 to=8005",
        "queued queue=closed",
        "left queue=closed reason=empty",
        "hungup",
    ],
    "Supervisor listens": [*answered("015"), *DONE],
    "Two callers, one agent": [
        *answered("016"),
        *answered("017")[:2],
        *DONE,
        *answered("017")[2:],
        *DONE,
    ],
    "Call handed to ARI": ["ringing from=+4420555018 to=8002", "hungup"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_recorded_situation_becomes_these_words(name: str) -> None:
    said = told(situation(name))
    assert spoken(said) == EXPECTED[name]
    assert len(EXPECTED) == len(every_situation())


def test_a_recording_is_told_with_its_address_and_a_phones_state_once() -> None:
    words = in_words(told(situation("Queued, ringing, answered")))
    recorded = [each for each in words if each.startswith("recorded")]
    assert len(recorded) == 1
    assert "http://pbx.test/recordings/pbx1-" in recorded[0]
    states = [each.rpartition("=")[2] for each in words if each.startswith("agent ")]
    assert states == ["free", "ringing", "busy", "free", "unavailable"]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_event_told_twice_or_by_another_process_has_the_same_number(name: str) -> None:
    messages = situation(name)
    once = {(each["call_id"], each["seq"]): each for each in told(messages)}
    twice = told([each for message in messages for each in (message, message)])
    assert {(each["call_id"], each["seq"]) for each in twice} == set(once)
    assert len(once) == len(told(messages))  # and no two of them share one


def test_events_of_one_instant_may_change_places() -> None:
    for messages in every_situation().values():
        mixed = sorted(messages, key=lambda each: float(each["Timestamp"]))
        for at in range(1, len(mixed)):
            one, other = mixed[at - 1], mixed[at]
            close = float(other["Timestamp"]) - float(one["Timestamp"]) < 0.001
            if close and one["Event"] != "Newchannel" and random.Random(at).random() < 0.5:
                kinds = {one["Event"], other["Event"]}
                if kinds & {"DialBegin", "QueueMemberStatus"}:
                    mixed[at - 1], mixed[at] = other, one
        assert in_words(told(mixed)) == in_words(told(messages))


def test_a_stay_that_nobody_answered_was_left_by_the_clock_or_as_the_dialplan_says() -> None:
    messages = situation("Abandoned in queue, no agent")
    plain = [each for each in messages if each["Event"] != "QueueCallerAbandon"]
    assert "left reason=timeout" in in_words(told(plain))
    at = next(place for place, each in enumerate(plain) if each["Event"] == "QueueCallerLeave")
    result = {**plain[at], "Event": "UserEvent", "UserEvent": "QueueResult", "Status": "LEAVEEMPTY"}
    assert "left reason=empty" in in_words(told([*plain[: at + 1], result, *plain[at + 1 :]]))
    wanted = {**plain[at], "Event": "UserEvent", "UserEvent": "CallbackRequested", "Reason": "key"}
    assert "left reason=callback" in in_words(told([*plain[: at + 1], wanted, *plain[at + 1 :]]))


def test_a_call_that_goes_on_to_other_channels_ends_with_the_last_of_them() -> None:
    said = told(situation("Attended transfer"))
    last = max(said, key=lambda each: (each["at"], each["seq"]))
    assert last["event"] == "hungup"
    assert [each["event"] for each in said].count("hungup") == 1


def test_calls_between_desks_are_none_of_ours_and_a_call_to_the_outside_is() -> None:
    def newchannel(exten: str) -> dict[str, str]:
        ids = {"Uniqueid": "x.1", "Linkedid": "x.1", "Timestamp": "1766034700.5"}
        known = {"Channel": "PJSIP/1001-0000aaaa", "Context": "from-agents", "Exten": exten}
        return {"Event": "Newchannel", "ChannelStateDesc": "Ring", **known, **ids}

    def dial(there: str, event: str = "DialBegin", **more: str) -> dict[str, str]:
        ids = {"Uniqueid": "x.1", "Linkedid": "x.1", "DestUniqueid": "x.2"}
        times = {"Timestamp": "1766034701.5", "DestChannel": there}
        return {"Event": event, **ids, **times, **more}

    desk = "PJSIP/1002-0000aaab"
    assert told([newchannel("1002"), dial(desk), dial(desk, "DialEnd", DialStatus="ANSWER")]) == []
    trunk = "PJSIP/carrier-0000aaab"
    out = told([newchannel("95588"), dial(trunk), dial(trunk, "DialEnd", DialStatus="ANSWER")])
    assert in_words(out) == [
        "ringing direction=out agent=1001 from=1001 to=95588",
        "answered agent=1001",
    ]


def test_whom_we_do_not_know_is_left_out_and_a_number_that_is_none_is_anonymous() -> None:
    by = tracker(lines=frozenset())
    messages = [
        each | ({"CallerIDNum": "<unknown>"} if "CallerIDNum" in each else {})
        for each in situation("Queued, ringing, answered")
    ]
    words = in_words(told(messages, by))
    assert words[0] == "ringing from= to=8001"
    assert "answered queue=complaints" in words
    assert not [each for each in words if "1001" in each.replace("recordings", "")[:40]]


def test_channels_that_the_exchange_no_longer_has_are_forgotten() -> None:
    by = tracker()
    told(situation("Queued, ringing, answered")[:6], by)
    assert by.calls
    by.forget([])
    assert not by.calls
    assert by.quiet(LATER + timedelta(hours=1)) == []


def spoken(said: list[dict[str, Any]]) -> list[str]:
    """The words that a test of queues is about."""
    return [each for each in in_words(said) if not each.startswith(("recorded", "agent "))]


def waits_on() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """A caller whose time in the queue is up after ten seconds, and who joins it again at once."""
    messages = situation("Abandoned in queue, no agent")
    joined = next(each for each in messages if each["Event"] == "QueueCallerJoin")
    end = next(at for at, each in enumerate(messages) if each["Event"] == "QueueCallerAbandon")

    def after(event: str, seconds: float) -> dict[str, str]:
        at = f"{float(joined['Timestamp']) + seconds:.6f}"
        return joined | {"Event": event, "Timestamp": at}

    begin = [each for each in messages[:end] if each["Timestamp"] <= joined["Timestamp"]]
    up = [after("QueueCallerAbandon", 1), after("QueueCallerLeave", 1.01)]
    return [*begin, *up, after("QueueCallerJoin", 1.1)], messages[end:]


def test_who_joins_the_same_queue_again_at_once_has_waited_on() -> None:
    begin, end = waits_on()
    assert spoken(told([*begin, *end])) == EXPECTED["Abandoned in queue, no agent"]


def test_whose_time_is_up_did_not_give_up_though_the_exchange_says_so() -> None:
    messages = situation("Abandoned in queue, no agent")
    at = next(place for place, each in enumerate(messages) if each["Event"] == "QueueCallerLeave")
    known = messages[at] | {"Event": "UserEvent", "UserEvent": "QueueResult"}
    said = told([*messages[: at + 1], known | {"Status": "TIMEOUT"}, *messages[at + 1 :]])
    assert spoken(said)[2:] == ["left reason=timeout", "hungup"]


def test_a_dialplan_that_lets_nobody_into_a_closed_queue_says_so() -> None:
    messages = situation("Queue without members")
    said = spoken(told([each | _closed(each) for each in messages]))
    assert said[1:3] == ["queued queue=closed", "left queue=closed reason=closed"]


def _closed(message: dict[str, str]) -> dict[str, str]:
    return {"Status": "CLOSED"} if message.get("Status") == "JOINEMPTY" else {}
