"""The simulated exchange beside the program: an adapter like any other, and the page that places calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.agents.models import Agent
from helpdesk.calls import commands, exchange, registry
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import Call, CallEvent, Interaction, Stay
from helpdesk.calls.registry import Can
from helpdesk.channels.phone.simulated.callers import KINDS
from helpdesk.channels.phone.simulated.line import NAME, Line
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.customers import people
from helpdesk.customers.people import Asker
from helpdesk.settings import Phone
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.telephone import event, take
from tests.help.trial_line import line, place


def rounds(*lines: Line, minutes: int = 30) -> None:
    """As many rounds as these minutes have, five seconds each."""
    with moved_to(now()) as tick:
        for _each in range(minutes * 12):
            for each in lines:
                each.round()
            tick(5)


def calls() -> int:
    return db.session.scalar(select(func.count()).select_from(Call)) or 0


def test_it_says_what_it_can_do_so_that_pages_hide_the_rest() -> None:
    able = (Can.ORIGINATE, Can.ANSWER, Can.HOLD, Can.TRANSFER_BLIND, Can.TRANSFER_ATTENDED)
    assert all(registry.able(NAME, each) for each in able)
    assert not registry.able(NAME, Can.SPY) and not registry.able(NAME, Can.RECORD_PAUSE)


def test_each_kind_of_caller_that_the_page_places_comes_in(
    app: Flask, client: FlaskClient, agent: Agent
) -> None:
    with transaction():
        people.make(Asker(name="王芳", phone="139 1234 5678"), "zh_Hans", claimed=False)
    make.sign_in(client, agent)
    for kind in ("known", "unknown", "anonymous", "gives_up"):
        assert place(client, kind) == 303
    rounds(line(app))
    found = db.session.scalars(select(Call).order_by(Call.id)).all()
    assert len(found) == 4 and all(each.ended_at for each in found)
    assert sorted(each.number == "" for each in found) == [False, False, False, True]
    assert sum(each.person_id is not None for each in found) == 1
    assert {each.state for each in found} & {"abandoned", "left"}


def test_fifty_at_once_are_fifty_calls_of_which_some_are_answered_and_become_cases(
    app: Flask, client: FlaskClient, agent: Agent
) -> None:
    make.sign_in(client, agent)
    place(client, "burst")
    rounds(line(app))
    talks = db.session.scalar(select(func.count()).select_from(Interaction)) or 0
    cases = db.session.scalar(select(func.count()).select_from(Ticket)) or 0
    waiting = select(func.count()).where(Stay.state == "waiting")
    assert calls() == 50 and talks and cases
    assert db.session.scalar(waiting) == 0


def test_what_is_asked_is_done_once_by_the_process_that_has_the_lease(
    app: Flask, client: FlaskClient, agent: Agent
) -> None:
    make.sign_in(client, agent)
    place(client, "unknown")
    rounds(line(app, "one"), line(app, "two", seed=4), minutes=10)
    assert calls() == 1
    assert {row.state for row in db.session.scalars(select(PhoneCommand))} == {"done"}


def test_calls_of_a_run_that_was_killed_are_lost_and_end_with_the_next_run(
    app: Flask, client: FlaskClient, agent: Agent
) -> None:
    make.sign_in(client, agent)
    place(client, "unknown")
    killed = line(app, "killed")
    with moved_to(now()) as tick:
        for _each in range(4):
            killed.round()
            tick(2)
        assert db.session.scalar(select(Call.ended_at)) is None
        tick(60)
        line(app, "next").round()
    db.session.rollback()
    [call] = db.session.scalars(select(Call))
    assert (call.ended_at is not None, call.reason) == (True, "lost")


def test_a_number_is_dialled_through_it_and_the_call_is_on_the_case(
    app: Flask, agent: Agent
) -> None:
    ticket = make.ticket()
    asked, made = [], line(app)
    with moved_to(now()) as tick:
        for _each in range(4):
            asked.append(commands.originate(agent, "+86 139 0000 1111", ticket.number))
            for _round in range(60):
                made.round()
                tick(10)
    db.session.rollback()
    rows = [db.session.get_one(PhoneCommand, each.id) for each in asked]
    ends = {(row.state, row.reason) for row in rows}
    assert ends <= {("done", ""), ("failed", "busy")} and ("done", "") in ends
    on_it = select(func.count()).where(Interaction.ticket_id == ticket.id)
    assert db.session.scalar(on_it) == sum(row.state == "done" for row in rows)


def test_what_it_cannot_do_is_refused_with_a_reason(app: Flask, agent: Agent) -> None:
    take(event("ringing", provider=NAME))
    call = db.session.scalars(select(Call)).one()
    asked = [
        commands.record_pause(agent, call),
        commands.hangup(agent, call),
        commands.ask("place", agent, NAME, kind="nonsense", queue="service"),
    ]
    rounds(line(app), minutes=1)
    db.session.rollback()
    rows = [db.session.get_one(PhoneCommand, each.id) for each in asked]
    assert [row.state for row in rows] == ["failed"] * 3
    assert [row.reason for row in rows] == [
        "this line can't do that",
        "not in this call",
        "unknown kind",
    ]


def test_an_agent_who_takes_a_break_gets_no_calls_any_more(
    app: Flask, client: FlaskClient, agent: Agent
) -> None:
    make.sign_in(client, agent)
    commands.pause(agent, "lunch", agent)
    place(client, "unknown")
    rounds(line(app), minutes=10)
    offered = select(func.count()).where(CallEvent.event == "offered")
    assert calls() == 1 and db.session.scalar(offered) == 0


def test_an_extension_that_is_gone_costs_no_other_event(app: Flask, agent: Agent) -> None:
    made = line(app)
    made.round()
    stranger = {"agent": "9999"}
    known = {"provider": NAME, "call_id": "x", "at": now()}
    made._pending = [
        known | {"seq": 1, "event": "ringing", "from": "", "to": "8000"},
        known | {"seq": 2, "event": "offered"} | stranger,
        known | {"seq": 3, "event": "hungup"},
    ]
    made.round()
    assert list(db.session.scalars(select(CallEvent.seq).order_by(CallEvent.seq))) == [1, 3]


def test_it_says_that_it_runs_and_a_silent_one_counts_as_down(app: Flask, agent: Agent) -> None:
    line(app).round()
    assert exchange.down_since() is None
    with moved_to(now() + timedelta(minutes=1)):
        assert exchange.down_since() is not None
        known = app.extensions["helpdesk_settings"]
        app.extensions["helpdesk_settings"] = replace(known, phone=None)
        assert exchange.down_since() is None  # a line that is no longer set up is not missed


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_the_page_offers_every_kind_with_a_key_and_shows_the_newest_calls(
    client: FlaskClient, agent: Agent, language: str
) -> None:
    reader = make.agent("Li Na", language=language)
    take(event("ringing", provider=NAME))
    make.sign_in(client, reader)
    html = client.get("/phone/line").get_data(as_text=True)
    assert all(f'value="{kind}"' in html for kind in KINDS)
    assert html.count("data-key=") >= len(KINDS) and '<tr id="call-' in html
    part = client.get("/phone/line", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.lstrip().startswith('<section id="line-calls"') and "<html" not in part
    assert 'href="/phone/line"' in client.get("/calls").get_data(as_text=True)


def test_an_odd_kind_or_queue_is_refused_and_asks_for_nothing(
    client: FlaskClient, agent: Agent
) -> None:
    make.sign_in(client, agent)
    assert place(client, "nonsense") == 422 and place(client, "known", "nowhere") == 422
    assert db.session.scalar(select(func.count()).select_from(PhoneCommand)) == 0


def test_without_the_simulated_exchange_there_is_no_page_and_no_link_to_it(
    client: FlaskClient, app: Flask
) -> None:
    make.sign_in(client, make.agent())
    assert client.get("/phone/line").status_code == 404
    assert client.post("/phone/line", data={"kind": "known"}).status_code == 404
    assert "/phone/line" not in client.get("/calls").get_data(as_text=True)


def test_who_may_not_report_calls_places_none(client: FlaskClient, agent: Agent) -> None:
    make.sign_in(client, make.agent("Wang Lin", "auditor"))
    assert client.get("/phone/line").status_code == 403 and place(client, "known") == 403


def test_load_is_made_by_a_command_that_says_how_fast_it_was(app: Flask, agent: Agent) -> None:
    args = ["phone", "simulate", "--calls", "40", "--minutes", "10", "--seed", "5"]
    done = app.test_cli_runner().invoke(args=args)
    assert done.exit_code == 0, done.output
    assert "40 calls" in done.output and "service: 40 offered" in done.output
    assert "0 waiting" in done.output
    assert calls() == 40
    lasting = select(func.count()).select_from(Call).where(Call.ended_at.is_(None))
    assert db.session.scalar(lasting) == 0


def test_load_is_refused_beside_a_real_exchange_and_without_a_queue(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert "no such queue" in runner.invoke(args=["phone", "simulate"]).output
    before = app.extensions["helpdesk_settings"]
    real = Phone("asterisk", "127.0.0.1", 5038, "helpdesk", "x")
    app.extensions["helpdesk_settings"] = replace(before, phone=real)
    try:
        assert runner.invoke(args=["phone", "simulate"]).exit_code == 1
        assert calls() == 0
    finally:
        app.extensions["helpdesk_settings"] = before
