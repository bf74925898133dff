"""What a colleague chose stands apart from what the telephone shows, and the exchange matches both."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import attending
from helpdesk.calls.models import Interaction
from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, Refused
from helpdesk.core.events import Event
from helpdesk.tickets import queue
from tests.help import factories as make
from tests.help.lines import connected, pauses, ready, stands, telephone, terms
from tests.help.telephone import answered, event, take, take_each


@pytest.fixture(autouse=True)
def exchange(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(app, monkeypatch)
    terms()


@pytest.fixture
def zhang(exchange: None) -> Agent:
    return ready()


def live(name: str, after: float = 0, call_id: str = "c1", **more: object) -> dict[str, object]:
    """An event of a call that began twenty seconds ago: it lasts, or was just over."""
    began = now() - timedelta(seconds=20)
    return event(name, after, call_id=call_id, began=began, **more)


def rings(agent: Agent, call_id: str = "c1") -> list[dict[str, object]]:
    who = {"agent": agent.email, "call_id": call_id}
    return [live("ringing", call_id=call_id), live("queued", 1, call_id), live("offered", 2, **who)]


def talks(agent: Agent, call_id: str = "c1") -> list[dict[str, object]]:
    return [*rings(agent, call_id), live("answered", 4, call_id, agent=agent.email)]


def missed(agent: Agent, call_id: str) -> list[dict[str, object]]:
    return [*rings(agent, call_id), live("missed", 8, call_id, agent=agent.email)]


def journal(name: str) -> list[Event]:
    db.session.rollback()
    return list(db.session.scalars(select(Event).filter_by(name=name).order_by(Event.seq)))


def test_the_activity_follows_the_call_while_the_choice_stays(zhang: Agent) -> None:
    steps = [
        (rings(zhang), "ringing"),
        ([live("answered", 4, agent=zhang.email)], "talking"),
        ([live("held", 6, agent=zhang.email)], "hold"),
        ([live("resumed", 8, agent=zhang.email)], "talking"),
        ([live("hungup", 10)], "wrap_up"),
    ]
    for said, activity in steps:
        take(*said)
        assert (stands(zhang).presence, stands(zhang).activity) == ("ready", activity)
    shown = [noted.data["new"] for noted in journal("agent.activity")]
    assert shown == [activity for _said, activity in steps]


def test_a_call_out_is_told_apart_from_one_that_came_in(zhang: Agent) -> None:
    take(live("ringing", direction="out"), live("answered", 3, agent=zhang.email))
    assert stands(zhang).activity == "outbound"
    take(live("hungup", 9))
    assert stands(zhang).activity == "idle"  # no queue asks for it to be written up


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 5])
def test_events_in_whatever_order_and_however_often_lead_to_the_same_activity(
    zhang: Agent, order: int
) -> None:
    mixed = list(permutations([talks(zhang), [live("held", 6, agent=zhang.email)], rings(zhang)]))
    take_each([each for part in mixed[order] for each in (*part, *part)])
    assert stands(zhang).activity == "hold"


def test_a_replay_of_old_calls_leaves_people_as_they_are(zhang: Agent) -> None:
    old = {"began": now() - timedelta(days=30)}
    take(event("ringing", **old), event("queued", 1, **old))
    take(event("answered", 3, agent=zhang.email, **old))
    assert stands(zhang).activity == "idle" and journal("agent.activity") == []


def test_the_exchange_pauses_whoever_is_not_ready_with_the_reason(zhang: Agent) -> None:
    """Ready, break with a reason and off are known to the exchange as they are chosen."""
    queue.set_presence(zhang, "break", "meal")
    queue.set_presence(zhang, "ready")
    queue.set_presence(zhang, "busy")
    queue.set_presence(zhang, "away")
    queue.set_presence(zhang, "away")
    assert pauses() == ["", "meal", "", "busy", "off"]
    chosen = [noted.data["new"] for noted in journal("agent.presence")]
    assert chosen == [["ready", ""], ["busy", "meal"], ["ready", ""], ["busy", ""], ["away", ""]]


@pytest.mark.parametrize("reason", ["", "holiday", "missed", "unreachable"])
def test_a_break_needs_a_reason_that_a_person_may_give(zhang: Agent, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        queue.set_presence(zhang, "break", reason)
    assert list(refused.value.errors) == ["reason"] and stands(zhang).presence == "ready"
    with pytest.raises(Refused):
        queue.set_presence(zhang, "asleep")


def test_the_agent_is_paused_at_the_answer_and_until_the_call_is_written_up(zhang: Agent) -> None:
    """After a call comes none until the wrap-up form is saved or its time is up."""
    take(*talks(zhang))
    assert pauses() == ["", "wrapup"]
    take(live("hungup", 9))
    assert stands(zhang).activity == "wrap_up" and pauses() == ["", "wrapup"]
    with moved_to(now() + timedelta(seconds=15)):
        alarms.ring_all()
        assert stands(zhang).activity == "wrap_up"
    with moved_to(now() + timedelta(seconds=20)):
        alarms.ring_all()
        assert stands(zhang).activity == "idle"
    assert pauses() == ["", "wrapup", ""]
    [talk] = db.session.scalars(select(Interaction))
    assert talk.saved_at is not None and len(journal("call.not_written_up")) == 1


def test_a_queue_without_time_to_write_up_pauses_nobody(zhang: Agent) -> None:
    terms("sales", wrap_up=0)
    take(live("ringing"), live("queued", 1, queue="sales"), live("answered", 4, agent=zhang.email))
    take(live("hungup", 9))
    assert stands(zhang).activity == "idle" and pauses() == [""]


def test_a_break_asked_for_during_a_call_is_taken_after_its_wrap_up(zhang: Agent) -> None:
    take(*talks(zhang))
    queue.set_presence(zhang, "break", "meal")
    during = stands(zhang)
    assert (during.activity, during.reason, during.waits) == ("talking", "meal", True)
    take(live("hungup", 9))
    assert stands(zhang).waits
    with moved_to(now() + timedelta(seconds=31)):
        alarms.ring_all()
        after = stands(zhang)
        assert (after.waits, after.since, after.activity) == (False, now(), "idle")
    assert [noted.data["waits"] for noted in journal("agent.presence")] == [False, True, False]
    assert pauses()[-1] == "meal"


def test_two_missed_calls_in_a_row_are_a_break_by_the_system_and_no_third_comes(
    zhang: Agent,
) -> None:
    take(*missed(zhang, "c1"))
    assert stands(zhang).presence == "ready"
    take(*missed(zhang, "c2"))
    assert (stands(zhang).presence, stands(zhang).reason) == ("busy", "missed")
    assert pauses() == ["", "missed"]
    assert journal("agent.presence")[-1].by_kind == "system"


def test_an_answered_call_between_two_missed_ones_leaves_the_agent_ready(zhang: Agent) -> None:
    take(*missed(zhang, "c1"))
    began = now() - timedelta(seconds=10)
    said = {"agent": zhang.email, "call_id": "c2", "began": began}
    ends = {"call_id": "c2", "began": began}
    take(event("ringing", **ends), event("queued", 1, **ends), event("answered", 2, **said))
    take(event("hungup", 3, **ends))
    late = {"call_id": "c3", "began": now() - timedelta(seconds=5)}
    take(event("ringing", **late), event("queued", 1, **late))
    take(
        event("offered", 2, agent=zhang.email, **late),
        event("missed", 4, agent=zhang.email, **late),
    )
    assert stands(zhang).presence == "ready"


def test_who_comes_back_from_missed_calls_begins_anew(zhang: Agent) -> None:
    take(*missed(zhang, "c1"), *missed(zhang, "c2"))
    with moved_to(now() + timedelta(minutes=5)):
        queue.set_presence(zhang, "ready")
    with moved_to(now() + timedelta(minutes=6)):
        take(*missed(zhang, "c3"))
        assert stands(zhang).presence == "ready"
        take(*missed(zhang, "c4"))
        assert stands(zhang).reason == "missed"


def test_who_never_chose_a_state_here_is_left_alone_in_the_exchange(exchange: None) -> None:
    li = telephone(make.agent("Li Na"), "1002")
    take(*talks(li))
    assert stands(li).activity == "talking" and pauses() == []


def test_a_person_on_a_call_is_given_no_case_until_it_is_over(zhang: Agent) -> None:
    """One presence for calls, cases and mails: who talks is offered nothing else."""
    take(*talks(zhang))
    mine = len(db.session.scalars(select(Interaction)).all())
    ticket = make.ticket()
    assert queue.offer_waiting() == 0
    take(live("hungup", 9))
    with moved_to(now() + timedelta(seconds=31)):
        queue.touch(zhang)
        alarms.ring_all()
        assert queue.offer_waiting() == 1
    db.session.refresh(ticket)
    assert (mine, ticket.assignee_id) == (1, zhang.id)


def test_a_call_makes_no_form_about_the_colleague_stale(zhang: Agent) -> None:
    before = db.session.get_one(Agent, zhang.id, populate_existing=True).version
    take(*talks(zhang))
    queue.set_presence(zhang, "break", "short")
    db.session.rollback()
    assert db.session.get_one(Agent, zhang.id, populate_existing=True).version == before


def test_the_state_is_chosen_on_the_desk_with_the_reason_of_a_break(
    client: FlaskClient, zhang: Agent
) -> None:
    desk = make.sign_in(client, zhang)
    assert desk.post("/presence", data={"state": "break:training"}).status_code == 303
    assert stands(zhang).reason == "training"
    page = desk.get("/queue").get_data(as_text=True)
    assert '<option value="break:training" selected' in page
    assert desk.post("/presence", data={"state": "break"}).status_code == 422


def test_a_call_of_two_agents_keeps_both(zhang: Agent) -> None:
    li = ready("Li Na", "1002")
    take(*talks(zhang))
    take(live("transferred", 8, agent=zhang.email, target=li.email))
    assert (stands(zhang).activity, stands(li).activity) == ("wrap_up", "talking")
    take(live("hungup", 9))
    assert stands(li).activity == "wrap_up"


def test_a_whole_call_leaves_everybody_idle_and_counts_once(zhang: Agent) -> None:
    take_each([*answered(zhang.email), *answered(zhang.email)])
    assert stands(zhang).activity == "idle"


def test_events_are_kept_when_a_telephone_can_t_be_brought_up_to_date_and_it_is_tried_again(
    zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise RuntimeError("not now")

    with monkeypatch.context() as broken:
        broken.setattr(attending.presence, "show", fails)
        take(*talks(zhang))
    assert stands(zhang).activity == "idle"
    assert len(db.session.scalars(select(Interaction)).all()) == 1
    with moved_to(now() + timedelta(seconds=6)):
        alarms.ring_all()
    assert stands(zhang).activity == "talking"


def test_who_closed_the_page_is_called_no_more_and_comes_back_with_it(zhang: Agent) -> None:
    with moved_to(now() + timedelta(seconds=50)):
        alarms.ring_all()
        assert stands(zhang).presence == "ready"
    with moved_to(now() + timedelta(minutes=3)):
        alarms.ring_all()
        assert (stands(zhang).presence, stands(zhang).reason) == ("busy", "unreachable")
        queue.touch(db.session.get_one(Agent, zhang.id, populate_existing=True))
        assert stands(zhang).presence == "ready"
    assert pauses() == ["", "unreachable", ""]


@pytest.mark.parametrize("stays", ["no telephone", "a call", "a break"])
def test_nobody_else_is_taken_for_gone(zhang: Agent, stays: str) -> None:
    if stays == "no telephone":
        zhang = make.agent("Li Na")
        queue.set_presence(zhang, "ready")
    if stays == "a call":
        take(*talks(zhang))
    if stays == "a break":
        queue.set_presence(zhang, "break", "meal")
    with moved_to(now() + timedelta(minutes=3)):
        alarms.ring_all()
    assert stands(zhang).reason != "unreachable"
