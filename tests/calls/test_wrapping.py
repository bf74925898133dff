"""A call is written up before the next one comes; what the form says is done by the case's own verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import wrapping
from helpdesk.calls.models import Interaction
from helpdesk.calls.wrapping import WrittenUp
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed, NotFound, Refused
from helpdesk.core.events import Event
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.lines import codes, connected, pauses, ready, stands, terms
from tests.help.telephone import event, take


@pytest.fixture
def zhang(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Agent:
    connected(app, monkeypatch)
    terms()
    return ready()


def called(agent: Agent, call_id: str = "c1", **more: Any) -> Interaction:
    """A call that has just ended, and waits to be written up."""
    of = {"call_id": call_id, "began": now() - timedelta(seconds=20)}
    take(event("ringing", **of), event("queued", 1, **(of | more)))
    take(event("answered", 4, agent=agent.email, **of), event("hungup", 15, **of))
    db.session.rollback()
    return db.session.scalars(select(Interaction).order_by(Interaction.id.desc())).first()


def case(talk: Interaction) -> Ticket:
    db.session.rollback()
    return db.session.get_one(Ticket, talk.ticket_id, populate_existing=True)


def words(ticket: Ticket, kind: str) -> list[str]:
    query = select(Message.body).filter_by(ticket_id=ticket.id, kind=kind).order_by(Message.id)
    return list(db.session.scalars(query))


def test_the_next_call_comes_when_the_form_is_saved(zhang: Agent) -> None:
    talk = called(zhang)
    assert stands(zhang).activity == "wrap_up" and pauses()[-1] == "wrapup"
    wrapping.save(talk, WrittenUp(note="他要发票，已寄出。"), by=zhang.actor)
    assert stands(zhang).activity == "idle" and pauses()[-1] == ""
    assert words(case(talk), "note") == ["他要发票，已寄出。"]
    with moved_to(now() + timedelta(minutes=1)):
        alarms.ring_all()
    late = select(Event).filter_by(name="call.not_written_up")
    assert db.session.scalars(late).all() == []


def test_a_form_may_be_filled_after_its_time_but_not_twice(zhang: Agent) -> None:
    talk = called(zhang)
    with moved_to(now() + timedelta(minutes=1)):
        alarms.ring_all()
        assert stands(zhang).activity == "idle"
        wrapping.save(talk, WrittenUp(note="late"), by=zhang.actor)
        with pytest.raises(Refused):
            wrapping.save(talk, WrittenUp(note="again"), by=zhang.actor)
    assert words(case(talk), "note") == ["late"]


def test_a_queue_with_codes_asks_for_one_of_its_own_leaves(zhang: Agent) -> None:
    terms("billing", codes="billing")
    codes("billing", "billing.refund", "billing.invoice", "repair", "repair.fridge")
    talk = called(zhang, queue="billing")
    offered = [each.code.code for each in wrapping.choices(talk.queue_id, "en")]
    assert offered == ["billing.invoice", "billing.refund"]
    for wrong in ("", "billing", "repair.fridge", "nothing"):
        with pytest.raises(BadInput) as refused:
            wrapping.save(talk, WrittenUp(code=wrong), by=zhang.actor)
        assert list(refused.value.errors) == ["code"]
    wrapping.save(talk, WrittenUp(code="billing.refund"), by=zhang.actor)
    assert words(case(talk), "note") == ["refund"]


def test_a_code_says_what_comes_next_where_the_agent_says_nothing(zhang: Agent) -> None:
    codes("again", next_step="follow_up", days=3)
    talk = wrapping.save(called(zhang), WrittenUp(code="again"), by=zhang.actor)
    assert talk.next_step == "follow_up" and talk.next_at is not None
    assert timedelta(days=2.9) < talk.next_at - now() < timedelta(days=3.1)


def test_a_code_gives_the_case_its_category_where_it_has_none(zhang: Agent) -> None:
    make.ticket()
    category = next(iter(make.known_categories()), "")
    codes("fridge", category=category)
    talk = wrapping.save(called(zhang), WrittenUp(code="fridge"), by=zhang.actor)
    assert bool(category) == (case(talk).category_id is not None)


def test_a_solved_call_is_answered_and_closed_by_the_cases_own_verbs(zhang: Agent) -> None:
    talk = called(zhang)
    solved = WrittenUp(note="internal", next_step="solve", answer="发票已寄出，三日内到。")
    wrapping.save(talk, solved, by=zhang.actor)
    ticket = case(talk)
    assert ticket.status == "closed" and words(ticket, "note") == ["internal"]
    assert words(ticket, "staff") == ["发票已寄出，三日内到。"]
    happened = select(Event.name).filter_by(ticket_id=ticket.id)
    names = set(db.session.scalars(happened))
    assert {"ticket.answer_directly", "ticket.close", "call.written_up"} <= names


def test_what_the_case_refuses_leaves_nothing_of_the_form(zhang: Agent) -> None:
    first = called(zhang)
    solved = WrittenUp(next_step="solve", answer="done", note="a note")
    wrapping.save(first, solved, by=zhang.actor)
    second = called(zhang, "c2")
    second.ticket_id = first.ticket_id  # a case that has ended takes no other answer
    db.session.commit()
    other = WrittenUp(next_step="solve", answer="done otherwise", note="a note")
    with pytest.raises(Refused):
        wrapping.save(second, other, by=zhang.actor)
    db.session.rollback()
    kept = db.session.get_one(Interaction, second.id, populate_existing=True)
    assert (kept.note, kept.saved_at) == ("", None)
    assert stands(zhang).activity == "wrap_up"


@pytest.mark.parametrize("step", ["follow_up", "call_back"])
def test_a_promised_time_rings_and_tells_who_is_on_the_case(zhang: Agent, step: str) -> None:
    talk = called(zhang)
    at = now() + timedelta(hours=2)
    wrapping.save(talk, WrittenUp(next_step=step, next_at=at), by=zhang.actor)
    with moved_to(at + timedelta(seconds=1)):
        alarms.ring_all()
    [noted] = db.session.scalars(select(Event).filter_by(name="call.next_step"))
    assert (noted.ticket_id, noted.data["step"]) == (talk.ticket_id, step)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"next_step": "dance"}, "next_step"),
        ({"next_step": "call_back"}, "next_at"),
        ({"next_step": "follow_up", "next_at": timedelta(minutes=-1)}, "next_at"),
        ({"next_step": "follow_up", "next_at": timedelta(days=90_000)}, "next_at"),
        ({"next_step": "solve"}, "answer"),
        ({"note": "x" * 5001}, "note"),
        ({"code": "nothing"}, "code"),
    ],
)
def test_a_form_that_is_not_right_names_the_field_and_keeps_nothing(
    zhang: Agent, given: dict[str, Any], field: str
) -> None:
    talk = called(zhang)
    if "next_at" in given:
        given = given | {"next_at": now() + given["next_at"]}
    with pytest.raises(BadInput) as refused:
        wrapping.save(talk, WrittenUp(**given), by=zhang.actor)
    assert list(refused.value.errors) == [field]
    db.session.rollback()
    assert db.session.get_one(Interaction, talk.id, populate_existing=True).saved_at is None


def test_a_call_is_written_up_by_who_had_it_or_by_a_supervisor(zhang: Agent) -> None:
    talk, li, boss = called(zhang), make.agent("Li Na"), make.agent("Chen Jie", "supervisor")
    with pytest.raises(NotAllowed):
        wrapping.mine(talk.id, li.actor)
    with pytest.raises(NotAllowed):
        wrapping.save(talk, WrittenUp(note="not mine"), by=li.actor)
    with pytest.raises(NotFound):
        wrapping.mine(talk.id + 99, zhang.actor)
    assert wrapping.mine(talk.id, zhang.actor).id == talk.id
    wrapping.save(talk, WrittenUp(note="for her"), by=boss.actor)
    assert stands(zhang).activity == "idle"
