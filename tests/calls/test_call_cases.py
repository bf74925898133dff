"""A call becomes a case, exactly one, whatever is doubled; who gave up is called back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.agents.models import Agent
from helpdesk.calls import cases, opening
from helpdesk.calls.models import Call, Interaction, PhoneCallback, PhoneQueue, Stay
from helpdesk.clock import now
from helpdesk.core import alarms
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.customers import people
from helpdesk.customers.models import Person
from helpdesk.customers.people import Asker
from helpdesk.ops import doctor
from helpdesk.promises.models import Promise
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.telephone import WANG, abandoned, answered, event, take, take_each


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent("Zhang Wei")


def tickets() -> list[Ticket]:
    return list(db.session.scalars(select(Ticket).order_by(Ticket.id)))


def notes(ticket: Ticket) -> list[str]:
    mine = (Message.ticket_id == ticket.id, Message.kind == "note")
    return list(db.session.scalars(select(Message.body).where(*mine).order_by(Message.id)))


def happened(ticket: Ticket) -> list[str]:
    query = select(Event.name).where(Event.ticket_id == ticket.id).order_by(Event.seq)
    return list(db.session.scalars(query))


def customer(name: str = "王芳") -> Person:
    with transaction():
        return people.make(Asker(name=name, phone="139 1234 5678"), "zh_Hans", claimed=False)


def test_an_answered_call_is_one_case_of_who_took_it_however_often_its_events_come(
    zhang: Agent,
) -> None:
    said = answered(zhang.email)
    take_each([*said, *said, *reversed(said)])
    [case] = tickets()
    assert (case.channel, case.assignee_id, case.contact) == ("phone", zhang.id, WANG)
    assert "fridge" in case.subject
    assert happened(case).count("call.answered") == 1 and "ticket.claim" in happened(case)
    [talk] = db.session.scalars(select(Interaction))
    assert (talk.ticket_id, talk.offered) == (case.id, False)
    assert doctor.broken_promises() == []


def test_a_waiting_call_has_no_case_yet(app: Flask) -> None:
    take(event("ringing"), event("queued", 3))
    assert tickets() == []


@pytest.mark.parametrize("name", ["known", "unknown"])
def test_the_same_caller_within_three_days_is_offered_the_open_case_first(
    zhang: Agent, name: str
) -> None:
    person = customer() if name == "known" else None
    take(*answered(zhang.email, "c1"))
    take(*answered(zhang.email, "c2"))
    [case] = tickets()
    if person:
        assert case.person_id == person.id and not case.settled
        assert not person.address("phone").proven_by
    second = db.session.scalars(select(Interaction).order_by(Interaction.id.desc())).first()
    assert (second.ticket_id, second.offered) == (case.id, True)
    with transaction():
        fresh = cases.another(second, by=zhang.actor)
    assert len(tickets()) == 2 and fresh.assignee_id == zhang.id
    assert (second.ticket_id, second.offered) == (fresh.id, False)


def test_a_case_older_than_three_days_or_ended_is_not_offered(zhang: Agent) -> None:
    old = now() - timedelta(hours=72, minutes=20)
    take(
        *[
            each | {"at": (datetime.fromisoformat(each["at"]) - timedelta(hours=73)).isoformat()}
            for each in answered(zhang.email, "old")
        ]
    )
    take(*answered(zhang.email, "new"))
    first, _second = tickets()
    assert first.received_at < old and len(tickets()) == 2


def test_two_customers_of_one_number_are_not_guessed_between(zhang: Agent) -> None:
    known = {customer("王芳").id, customer("李雷").id}
    take(*answered(zhang.email))
    [case] = tickets()
    assert case.person_id not in known and case.contact == WANG


def test_an_anonymous_caller_gives_a_case_without_a_customer(zhang: Agent) -> None:
    take(*answered(zhang.email, **{"from": "anonymous"}))
    [case] = tickets()
    assert case.anonymous and case.contact == "" and not queries.person_of(case).name
    take(*answered(zhang.email, "c2", **{"from": ""}))
    assert len(tickets()) == 2


def test_a_case_follows_the_call_to_the_next_agent_and_names_both(zhang: Agent) -> None:
    li = make.agent("Li Na")
    take(
        *answered(zhang.email)[:5],
        event("transferred", 40, agent=zhang.email, target=li.email),
        event("hungup", 80),
    )
    [case] = tickets()
    assert case.assignee_id == li.id
    told = [
        (e.by_name, e.data.get("assignee"))
        for e in db.session.scalars(
            select(Event)
            .where(Event.name.in_(("ticket.claim", "ticket.assign")))
            .order_by(Event.seq)
        )
    ]
    assert told == [("Zhang Wei", "Zhang Wei"), ("Zhang Wei", "Li Na")]
    assert {each.ticket_id for each in db.session.scalars(select(Interaction))} == {case.id}


@pytest.mark.parametrize(("waits", "count"), [(4, 0), (5, 0), (5.5, 1), (34, 1)])
def test_who_gives_up_after_a_while_leaves_a_missed_call_with_number_and_waiting_time(
    app: Flask, waits: float, count: int
) -> None:
    take_each(abandoned(waits) * 2)
    assert len(tickets()) == count
    if waits == 34:
        [case] = tickets()
        [note] = notes(case)
        assert "139 1234 5678" in note and "34" in note and "139 1234 5678" in case.subject
        assert case.assignee_id is None and case.contact == WANG
        owed = db.session.scalars(select(Promise).where(Promise.promise == "acknowledge")).all()
        assert all(p.met_at is None for p in owed)


def test_more_missed_calls_of_a_number_within_four_hours_are_notes_on_the_first(app: Flask) -> None:
    began = now() - timedelta(hours=9)
    for number, hours in enumerate((0, 1, 3.9, 4.2, 4.3)):
        take(*abandoned(30, f"c{number}", began=began + timedelta(hours=hours)))
    first, second = tickets()
    assert (len(notes(first)), len(notes(second))) == (3, 2)


def test_anonymous_missed_calls_are_a_case_each(app: Flask) -> None:
    for number in range(3):
        take(*abandoned(30, f"c{number}", **{"from": "anonymous"}))
    assert len(tickets()) == 3


def test_the_limit_of_a_short_wait_is_the_queues_own(app: Flask) -> None:
    with transaction() as session:
        session.add(PhoneQueue(code="complaints", name="Complaints", short_abandon=60))
    take(*abandoned(34))
    assert tickets() == []


@pytest.mark.parametrize("reason", ["timeout", "empty", "callback"])
def test_who_is_to_be_called_back_keeps_the_place(app: Flask, reason: str) -> None:
    said = [
        event("ringing"),
        event("queued", 3),
        event("left", 63, reason=reason),
        event("hungup", 64),
    ]
    take_each(said * 2)
    [case] = tickets()
    [owed] = db.session.scalars(select(PhoneCallback))
    [stay] = db.session.scalars(select(Stay))
    assert (owed.ticket_id, owed.number, owed.state, owed.attempts) == (case.id, WANG, "due", 0)
    assert owed.place_at == stay.joined_at and stay.state == "left"
    take(*[each | {"call_id": "c2"} for each in said])
    assert len(tickets()) == 1 and len(db.session.scalars(select(PhoneCallback)).all()) == 1


def test_who_gets_through_is_not_called_back(zhang: Agent) -> None:
    take(event("ringing"), event("queued", 3), event("left", 63, reason="timeout"))
    take(*answered(zhang.email, "c2"))
    [owed] = db.session.scalars(select(PhoneCallback))
    assert owed.state == "reached"


def test_a_call_out_is_on_the_case_that_it_was_made_for(zhang: Agent) -> None:
    case = make.ticket()
    take(
        event("ringing", direction="out", ticket=case.number, **{"from": "1001", "to": WANG}),
        event("answered", 9, agent=zhang.id),
        event("hungup", 30),
    )
    [talk] = db.session.scalars(select(Interaction))
    assert talk.ticket_id == case.id and len(tickets()) == 1


def test_what_the_caller_says_of_the_call_stands_in_the_cases_history_once(zhang: Agent) -> None:
    take_each(answered(zhang.email) * 2)
    [case] = tickets()
    assert happened(case).count("call.judged") == 1


def test_an_agent_who_is_gone_owns_nothing_and_the_case_is_there(zhang: Agent) -> None:
    with transaction():
        zhang.active = False
    take(*answered(zhang.email))
    [case] = tickets()
    assert case.assignee_id is None


def test_events_are_kept_when_no_case_can_be_opened_just_now(
    zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: Any) -> Any:
        raise RuntimeError("no case today")

    with monkeypatch.context() as patch:
        patch.setattr(opening, "open_ticket", broken)
        take(*answered(zhang.email))
    assert tickets() == [] and db.session.scalars(select(Call)).one().state == "answered"
    waiting = select(func.count()).where(alarms.Alarm.kind == cases.ALARM)
    assert db.session.scalar(waiting) == 1
    with transaction() as session:
        for alarm in session.scalars(select(alarms.Alarm)):
            alarm.due_at = now()
    alarms.ring_all()
    assert len(tickets()) == 1


def test_a_case_waits_for_the_word_of_who_called_but_not_for_ever(zhang: Agent) -> None:
    ringing, *rest = answered(zhang.email, "late")
    take_each(rest)
    assert tickets() == []
    take(ringing)
    assert [case.contact for case in tickets()] == [WANG]
    take_each(answered(zhang.email, "lost")[1:])
    assert len(tickets()) == 1
    with transaction() as session:
        for alarm in session.scalars(select(alarms.Alarm).where(alarms.Alarm.kind == cases.ALARM)):
            alarm.due_at = now()
    alarms.ring_all()
    assert [case.contact for case in tickets()] == [WANG, ""]
