"""Whatever the order in which a provider's words come, and however often: the same rows stand there."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.calls.models import Call, CallEvent, Interaction, Leg, PhoneQueue, Recording, Stay
from helpdesk.core.db import db, transaction
from helpdesk.customers import people
from helpdesk.customers.people import Asker
from tests.help import factories as make
from tests.help.telephone import WANG, abandoned, answered, event, take, take_each

LEFT_OUT = {
    "id",
    "call_id",
    "touched_at",
    "received_at",
    "ticket_id",
    "external_id",
    "person_id",
    "offered",
    "opened",
}


def rows(call_id: str) -> dict[str, list[dict[str, Any]]]:
    """All that stands there of a call, without what names it."""
    call = db.session.execute(select(Call.__table__).where(Call.external_id == call_id)).one()
    found = {"call": [_plain(call)]}
    for model in (Stay, Leg, Interaction, Recording):
        table: Any = model.__table__
        query = select(table).where(table.c.call_id == call.id).order_by(table.c.seq)
        found[table.name] = [_plain(row) for row in db.session.execute(query)]
    return found


def _plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name not in LEFT_OUT}


def calls() -> dict[str, list[dict[str, Any]]]:
    """Calls as they happen: answered, transferred to an agent and to a queue, lost, called out."""
    zhang, li = make.agent("Zhang Wei").email, make.agent("Li Na").email
    moved = [
        *answered(zhang)[:5],
        event("transferred", 40, agent=zhang, target=li),
        event("hungup", 80),
        event("wrapped", 85, agent=li),
    ]
    queued = [
        *answered(zhang)[:5],
        event("transferred", 40, agent=zhang, to="8002"),
        event("queued", 41, queue="billing"),
        event("offered", 42, agent=li),
        event("missed", 52, agent=li, reason="busy"),
        event("offered", 53, agent=li),
        event("answered", 55, agent=li),
        event("hungup", 90),
    ]
    twice = [
        *answered(zhang)[:5],
        event("answered", 16, agent=zhang),
        event("queued", 4),
        event("hungup", 50, reason="lost"),
        event("held", 60),
        event("hungup", 70),
    ]
    late = [
        event("ringing"),
        event("queued", 3),
        event("left", 33, reason="timeout"),
        event("hungup", 34),
    ]
    out = [
        event("ringing", 0, direction="out", **{"from": "1001", "to": WANG}),
        event("answered", 9, agent=zhang),
        event("hungup", 30),
    ]
    return {
        "answered": answered(zhang),
        "moved": moved,
        "queued": queued,
        "twice": twice,
        "timeout": late,
        "abandoned": abandoned(34),
        "out": out,
    }


@pytest.mark.parametrize(
    "name", ["answered", "moved", "queued", "twice", "timeout", "abandoned", "out"]
)
def test_any_order_and_any_doubling_of_a_calls_events_leaves_the_same_rows(
    app: Flask, name: str
) -> None:
    said = calls()[name]
    take(*said)
    wanted, chance = rows("c1"), random.Random(name)
    for number in range(6):
        mixed = [each | {"call_id": f"again{number}"} for each in said]
        mixed += chance.sample(mixed, len(mixed) // 2)
        chance.shuffle(mixed)
        take_each(mixed)
        assert rows(f"again{number}") == wanted, [each["event"] for each in mixed]


def test_an_answered_call_has_its_times_from_the_events_to_the_fraction(app: Flask) -> None:
    agent = make.agent("Zhang Wei")
    take(*answered(agent.email))
    found = rows("c1")
    call, stay, talk = found["call"][0], found["phone_stay"][0], found["interaction"][0]
    assert (call["state"], call["number"], call["topic"]) == ("answered", WANG, "fridge")
    assert (stay["state"], stay["waited"], stay["agent_id"]) == ("answered", 12.0, agent.id)
    talked = (talk["ended_at"] - talk["began_at"]).total_seconds() - talk["held"]
    assert (talked, talk["held"], talk["score"]) == (55.0, 5.0, 2)
    assert talk["wrapped_at"] > talk["ended_at"]


def test_a_transferred_call_is_one_call_with_two_talks_and_a_second_stay(app: Flask) -> None:
    take(*calls()["queued"])
    found = rows("c1")
    assert [each["state"] for each in found["phone_stay"]] == ["answered", "answered"]
    assert [each["transferred"] for each in found["interaction"]] == [True, False]
    assert [each["state"] for each in found["phone_leg"]] == ["answered", "missed", "answered"]


def test_a_stay_moved_to_another_queue_left_the_first_and_waits_in_the_second(app: Flask) -> None:
    take(event("ringing"), event("queued", 3), event("queued", 30, queue="billing"))
    states = [(each["state"], each["reason"]) for each in rows("c1")["phone_stay"]]
    assert states == [("left", "moved"), ("waiting", "")]
    assert rows("c1")["call"][0]["state"] == "waiting"


def test_a_queue_that_nobody_set_up_loses_no_caller(app: Flask) -> None:
    take(event("ringing"), event("queued", 3, queue="new-one"))
    queue = db.session.scalars(select(PhoneQueue)).one()
    assert (queue.code, queue.threshold, queue.short_abandon) == ("new-one", 20, 5)


def test_what_was_said_is_kept_as_it_came_once(app: Flask) -> None:
    said = abandoned(34)
    assert take(*said, *said).new == 4
    assert take(*said) == (0, [])
    kept = db.session.scalars(select(CallEvent).order_by(CallEvent.seq)).all()
    assert [each.event for each in kept] == ["ringing", "queued", "abandoned", "hungup"]


@pytest.mark.parametrize(("owners", "known"), [(0, False), (1, True), (2, False)])
def test_a_caller_is_one_customer_or_nobody_and_never_guessed(
    app: Flask, owners: int, known: bool
) -> None:
    with transaction():
        for number in range(owners):
            asker = Asker(name=f"Customer {number}", phone="139 1234 5678")
            people.make(asker, "zh_Hans", claimed=False)
    take(event("ringing"))
    assert (db.session.scalars(select(Call)).one().person_id is not None) == known


def test_a_caller_without_a_number_is_nobodys(app: Flask) -> None:
    take(event("ringing", **{"from": "anonymous"}), event("queued", 3))
    call = db.session.scalars(select(Call)).one()
    assert (call.number, call.person_id) == ("", None)


def test_a_call_that_rings_at_several_rings_at_none_when_one_has_taken_it(app: Flask) -> None:
    zhang, li = make.agent("Zhang Wei"), make.agent("Li Na")
    take(
        *(event(name, at) for at, name in enumerate(("ringing", "queued"))),
        event("offered", 3, agent=zhang.email),
        event("offered", 4, agent=li.email),
        event("answered", 9, agent=li.email),
    )
    legs = {leg.agent_id: leg.state for leg in db.session.scalars(select(Leg))}
    assert legs == {zhang.id: "gone", li.id: "answered"}
