"""Who is owed a call keeps the place and is called, the agent first, three times at most."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import terms
from helpdesk.calls.exchange_models import PhoneCommand, PhoneMember
from helpdesk.calls.models import PhoneCallback, PhoneLine
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db, transaction
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.tickets.models import Message, Ticket
from tests.help import lines
from tests.help.telephone import WANG, event, take


@pytest.fixture(autouse=True)
def _connected(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    lines.connected(app, monkeypatch)


def free(name: str = "Zhang Wei", extension: str = "1001") -> Agent:
    agent = lines.ready(name, extension)
    with transaction() as session:
        session.add(PhoneMember(agent_id=agent.id, queue="complaints", there=True))
        session.get_one(PhoneLine, agent.id).paused = ""
        session.get_one(Agent, agent.id).seen_at = None  # so that time may pass
    return agent


def asks_for_a_call(call_id: str = "c1", **more: Any) -> PhoneCallback:
    said = event("ringing", call_id=call_id, **more), event("queued", 3, call_id=call_id)
    left = event("left", 40, call_id=call_id, reason="callback")
    take(*said, left, event("hungup", 41, call_id=call_id))
    return db.session.scalars(select(PhoneCallback).order_by(PhoneCallback.id.desc())).first()  # type: ignore[return-value]


def called() -> list[dict[str, Any]]:
    """The calls that the telephone system was asked for."""
    db.session.rollback()
    rows = select(PhoneCommand).filter_by(verb="originate").order_by(PhoneCommand.id)
    return [dict(row.data) for row in db.session.scalars(rows)]


def after(minutes: float) -> None:
    with moved_to(now() + timedelta(minutes=minutes)):
        alarms.ring_due()


def notes() -> str:
    return "\n".join(db.session.scalars(select(Message.body).where(Message.kind == "note")))


def test_who_asks_for_a_call_is_called_the_agent_first_on_the_case(app: Flask) -> None:
    free()
    row = asks_for_a_call()
    alarms.ring_due()
    number = db.session.scalars(select(Ticket.number)).one()
    assert called() == [{"to": WANG, "line": "1001", "ticket": number}]
    db.session.refresh(row)
    assert (row.attempts, row.state) == (1, "due") and row.next_at > now()


def test_three_calls_with_a_pause_between_then_the_case_stays_open_with_a_note(app: Flask) -> None:
    free()
    row = asks_for_a_call()
    with moved_to(now()) as tick:
        for _minute in range(120):
            alarms.ring_due()
            tick(60)
    db.session.refresh(row)
    assert len(called()) == 3 and (row.attempts, row.state) == (3, "unreachable")
    case = db.session.scalars(select(Ticket)).one()
    assert case.closed_at is None and ("3 次" in notes() or "3 times" in notes())


def test_who_is_reached_is_called_no_more(app: Flask) -> None:
    zhang = free()
    row = asks_for_a_call()
    alarms.ring_due()
    out = {"call_id": "out", "direction": "out", "from": "1001", "to": WANG}
    take(event("ringing", 100, **out), event("answered", 110, call_id="out", agent=zhang.email))
    after(20)
    db.session.refresh(row)
    assert len(called()) == 1 and row.state == "reached"


def test_without_a_free_agent_nobody_is_called_and_no_try_is_lost(app: Flask) -> None:
    zhang = free()
    with transaction() as session:
        session.get_one(PhoneLine, zhang.id).paused = "meal"
    row = asks_for_a_call()
    alarms.ring_due()
    assert called() == [] and row.attempts == 0
    with transaction() as session:
        session.get_one(PhoneLine, zhang.id).paused = ""
    after(1)
    assert len(called()) == 1


def test_who_began_to_wait_earlier_is_served_first_and_later_ones_are_not(app: Flask) -> None:
    free()
    row = asks_for_a_call()
    take(event("ringing", call_id="early"), event("queued", 1, call_id="early"))
    alarms.ring_due()
    assert called() == []
    take(event("hungup", 50, call_id="early"))
    take(event("ringing", call_id="late"), event("queued", 30, call_id="late"))
    after(1)
    db.session.refresh(row)
    assert [each["to"] for each in called()] == [WANG] and row.attempts == 1


def test_two_who_are_owed_a_call_are_called_in_their_order_and_not_at_one_moment(
    app: Flask,
) -> None:
    free()
    asks_for_a_call("c1")
    began = now() - timedelta(minutes=20)
    asks_for_a_call("c0", began=began, **{"from": "+8613911112222"})
    alarms.ring_due()
    alarms.ring_due()
    assert len(called()) == 1
    after(1)
    assert len(called()) == 2


def test_who_does_not_want_to_be_called_is_not_and_the_case_says_so(app: Flask) -> None:
    free()
    with transaction():
        people.make(Asker(name="王芳", phone="139 1234 5678"), "zh_Hans", claimed=False)
    with transaction() as session:
        session.scalars(select(Person)).one().do_not_call = True
    row = asks_for_a_call()
    alarms.ring_due()
    db.session.refresh(row)
    assert called() == [] and row.state == "dropped" and len(notes().splitlines()) == 2


def test_a_closed_queue_calls_nobody_until_it_opens(app: Flask) -> None:
    lines.terms()
    free()
    terms.close("complaints", now() + timedelta(minutes=30), SYSTEM)
    asks_for_a_call()
    after(5)
    assert called() == []
    after(31)
    assert len(called()) == 1


def test_who_shows_no_number_is_called_by_nobody(app: Flask) -> None:
    free()
    take(event("ringing", **{"from": ""}), event("queued", 3), event("left", 9, reason="empty"))
    alarms.ring_due()
    assert called() == []
