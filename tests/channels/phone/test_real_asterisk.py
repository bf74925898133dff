"""The connector against a real Asterisk, with telephones that ring: what was promised on recordings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import commands
from helpdesk.calls import exchange as exchanges
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import (
    Call,
    Interaction,
    Leg,
    PhoneLine,
    PhoneQueue,
    Recording,
    Stay,
)
from helpdesk.calls.recordings import keeping
from helpdesk.channels.phone.asterisk import connector
from helpdesk.core.db import db, transaction
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.ami_server import Begin, soon
from tests.help.testbed import Bed

pytestmark = [pytest.mark.telephony, pytest.mark.thorough]
Connect = Callable[[], connector.Connector]


@pytest.fixture
def four(app: Flask) -> list[Agent]:
    """Four agents with telephones, and a supervisor."""
    found = []
    for line in ("1001", "1002", "1003", "1004", "1900"):
        one = make.agent(f"Agent {line}", "supervisor" if line == "1900" else "agent")
        found.append(one)
        with transaction() as session:
            session.add(PhoneLine(agent_id=one.id, extension=line))
    return found


@pytest.fixture
def connect(begin: Begin, testbed: Bed, four: list[Agent]) -> Connect:
    """connect(): a connector that is connected to the real one, on which there is no call."""
    testbed.quiet()
    return lambda: begin(using=testbed.phone)


def rows(model: Any, **wanted: Any) -> list[Any]:
    """What stands there now, oldest first."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(model).filter_by(**wanted).order_by(model.id)))


def outcome(command: PhoneCommand, within: float = 15) -> tuple[str, str]:
    """What came of a command."""
    ended = ("done", "failed")
    row = soon(
        lambda: next((r for r in rows(PhoneCommand, id=command.id) if r.state in ended), None),
        within,
    )
    return row.state, row.reason


def talking(within: float = 15) -> Call:
    """The call in which somebody talks."""
    return soon(lambda: rows(Call, state="talking"), within)[0]


def over(state: str, within: float = 20, count: int = 1) -> list[Call]:
    """Calls that ended so."""
    return soon(lambda: len(f := rows(Call, state=state)) >= count and f, within)


def down() -> bool:
    """Whether pages would say that phones are down."""
    db.session.rollback()
    return exchanges.down_since() is not None


def up(testbed: Bed, telephone: str) -> bool:
    """Whether somebody talks at this telephone."""
    shown = testbed.run("cli", "core show channels concise").splitlines()
    return any(each.startswith(telephone) and "!Up!" in each for each in shown)


def test_a_call_that_is_answered(connect: Connect, testbed: Bed, four: list[Agent]) -> None:
    connect()
    testbed.agent("1001", "--ring", 1)
    testbed.calls("+4420555001", "--hangup-after", 3)
    talking()
    [call] = over("answered")
    [talk], [stay] = rows(Interaction), rows(Stay)
    assert (talk.agent_id, call.caller) == (four[0].id, "4420555001")
    assert 2.5 < (talk.ended_at - talk.began_at).total_seconds() < 4.5
    assert 0.8 < stay.waited < 3
    [ticket] = rows(Ticket)
    assert ticket.channel == "phone"


def test_callers_who_give_up_soon_and_late(connect: Connect, testbed: Bed) -> None:
    connect()
    testbed.calls("+4420555002", "--abandon-after", 2)
    testbed.calls("+4420555003", "--abandon-after", 7)
    over("abandoned", count=2)
    waited = sorted(each.waited for each in rows(Stay))
    assert 1.5 < waited[0] < 4
    assert 6 < waited[1] < 9
    assert len(rows(Ticket)) == 1  # of the one who waited


def test_a_call_that_is_held(connect: Connect, testbed: Bed) -> None:
    connect()
    steps = ("--step", 1, "hold", "--step", 2, "unhold", "--hangup-after", 1)
    testbed.agent("1001", *steps)
    testbed.calls("+4420555004")
    soon(lambda: [each for each in rows(Interaction) if each.held_at], 15)
    over("answered")
    [talk] = rows(Interaction)
    assert 1.5 < talk.held < 3


def test_a_blind_transfer_from_the_program(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    testbed.agent("1001")
    testbed.agent("1002", "--ring", 1)
    testbed.calls("+4420555005", "--hangup-after", 8)
    command = commands.transfer(four[0], talking(), "1002")
    assert outcome(command) == ("done", "")
    over("answered")
    talks = rows(Interaction)
    assert [each.agent_id for each in talks] == [four[0].id, four[1].id]
    assert [each.transferred for each in talks] == [True, False]
    assert talks[1].began_at > talks[0].ended_at


def test_an_attended_transfer_from_the_program(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    testbed.agent("1001", "--hangup-after", 40)
    testbed.agent("1002")
    testbed.calls("+4420555006", "--hangup-after", 14)
    call = talking()
    assert outcome(commands.transfer(four[0], call, "1002", attended=True)) == ("done", "")
    soon(lambda: up(testbed, "PJSIP/1002"))
    time.sleep(1)  # they talk: who hangs up before is called back by the system
    assert [each.agent_id for each in rows(Interaction)] == [four[0].id]  # it is still the first's
    assert outcome(commands.hangup(four[0], call)) == ("done", "")
    soon(lambda: len(rows(Interaction)) == 2)
    over("answered")
    talks = rows(Interaction)
    assert [each.agent_id for each in talks] == [four[0].id, four[1].id]
    assert talks[0].transferred


def test_a_busy_telephone_and_then_another(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    commands.member(four[1], "complaints", there=True, by=None, penalty=1)
    testbed.agent("1001", "--refuse", 486, "--calls", 1)
    testbed.agent("1002")
    testbed.calls("+4420555007", "--hangup-after", 2)
    over("answered")
    legs = [(each.agent_id, each.state, each.reason) for each in rows(Leg)]
    assert (four[0].id, "missed", "busy") in legs
    assert rows(Interaction)[0].agent_id == four[1].id
    commands.member(four[1], "complaints", there=False, by=None)
    soon(lambda: "PJSIP/1002" not in testbed.run("cli", "queue show complaints"), 10)


def test_a_telephone_that_rings_out(connect: Connect, testbed: Bed, four: list[Agent]) -> None:
    connect()
    testbed.agent("1001", "--ring", 30)
    testbed.calls("+4420555008", "--abandon-after", 22)
    missed = soon(lambda: rows(Leg, state="missed"), 30)[0]
    assert (missed.agent_id, missed.reason) == (four[0].id, "no answer")
    assert 14 < (missed.ended_at - missed.offered_at).total_seconds() < 17


def test_who_is_paused_gets_no_call(connect: Connect, testbed: Bed, four: list[Agent]) -> None:
    connect()
    testbed.agent("1001")
    commands.pause(four[0], "lunch", by=None)
    soon(lambda: "lunch" in testbed.run("cli", "queue show complaints"), 10)
    testbed.calls("+4420555009", "--hangup-after", 2)
    soon(lambda: rows(Call, state="waiting"), 10)
    time.sleep(2)
    assert rows(Leg) == []
    commands.pause(four[0], None, by=None)
    over("answered")
    assert rows(Interaction)[0].agent_id == four[0].id


def test_click_to_dial_rings_the_agent_first(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    testbed.agent("1001", "--hangup-after", 4)
    customer = testbed.begin("customer-answer", "--ring", 1, "--wait", 30)
    assert customer.stdout is not None
    customer.stdout.readline()
    ticket = make.ticket()
    command = commands.originate(four[0], "+4420555010", ticket.number)
    assert outcome(command) == ("done", "")
    call = talking()
    assert (call.direction, call.number, call.about) == ("out", "4420555010", ticket.number)
    over("answered")
    [talk] = rows(Interaction)
    assert (talk.agent_id, talk.ticket_id) == (four[0].id, ticket.id)


def test_click_to_dial_that_fails_says_why(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    testbed.agent("1001", "--refuse", 486, "--calls", 1)
    assert outcome(commands.originate(four[0], "+4420555010")) == ("failed", "busy")
    assert outcome(commands.originate(four[3], "+4420555010")) == ("failed", "unavailable")


def test_a_choice_in_the_menu_and_a_score_afterwards(connect: Connect, testbed: Bed) -> None:
    connect()
    testbed.agent("1001", "--hangup-after", 2, "--calls", 2)
    testbed.calls("+4420555011", "--to", 8000, "--press", 1, "--hangup-after", 8)
    [call] = over("answered", 30)
    assert call.topic == "complaints"
    testbed.idle()
    testbed.calls("+4420555012", "--to", 8003, "--press", 5, "--press-after", 5)
    soon(lambda: [each for each in rows(Interaction) if each.score == 5], 30)


def test_a_queue_without_members_leaves_somebody_to_be_called(
    connect: Connect, testbed: Bed
) -> None:
    connect()
    testbed.calls("+4420555013", "--to", 8005, "--hangup-after", 3)
    [call] = over("left", 15)
    [stay] = rows(Stay)
    assert (stay.reason, call.number) == ("empty", "4420555013")


def test_a_supervisor_listens_and_a_recording_pauses(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    testbed.agent("1001")
    testbed.agent("1900")
    testbed.calls("+4420555014", "--hangup-after", 8)
    call = talking()
    assert outcome(commands.spy(four[4], four[0], "listen")) == ("done", "")
    assert "ChanSpy" in testbed.run("cli", "core show channels concise")
    assert outcome(commands.record_pause(four[0], call)) == ("done", "")
    assert outcome(commands.record_pause(four[0], call, on=False)) == ("done", "")
    over("answered")
    assert len(rows(Call)) == 1  # listening is no call


def test_a_recording_is_playable_on_the_case_within_thirty_seconds_of_the_end(
    app: Flask,
    begin: Begin,
    testbed: Bed,
    four: list[Agent],
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = replace(
        app.extensions["helpdesk_settings"], recording_folder=testbed.status["recordings"]
    )
    monkeypatch.setitem(app.extensions, "helpdesk_settings", known)
    with transaction() as session:
        session.add(PhoneQueue(code="complaints", name="Complaints", announces=True))
    testbed.quiet()
    begin(using=replace(testbed.phone, recordings="spool:"))
    testbed.agent("1001", "--ring", 1)
    testbed.calls("+4420555017", "--hangup-after", 4)
    call = talking()
    assert outcome(commands.record_pause(four[0], call)) == ("done", "")
    assert outcome(commands.record_pause(four[0], call, on=False)) == ("done", "")
    over("answered")
    ended = time.monotonic()
    row = soon(lambda: keeping.fetch_due() and rows(Recording, state="kept"), 30)[0]
    assert time.monotonic() - ended < 30
    assert row.seconds > 3
    [case] = rows(Ticket)
    make.sign_in(client, four[4])
    html = client.get(f"/calls/of/{case.number}").get_data(as_text=True)
    assert f'src="/calls/recordings/{row.id}/sound"' in html
    assert "paused from" in html
    sound = client.get(f"/calls/recordings/{row.id}/sound")
    assert sound.mimetype == "audio/wav"
    assert len(sound.data) > 8000 * 2 * 3


def test_a_connector_that_is_killed_in_the_middle_of_a_call(
    begin: Begin, testbed: Bed, four: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    testbed.quiet()
    monkeypatch.setattr(exchanges, "let_go", lambda *_: None)
    first = begin("first", using=testbed.phone)
    testbed.agent("1001")
    testbed.calls("+4420555015", "--hangup-after", 6)
    talking()
    began = time.time()
    first.stop.set()
    soon(lambda: first.client is None)
    testbed.idle()  # the call ends, and nobody hears it
    time.sleep(2)
    ended = time.time()
    assert rows(Call)[0].ended_at is None
    begin("second", using=testbed.phone, wait=False)
    [call] = over("answered", 30)
    assert began < call.ended_at.timestamp() <= ended
    assert abs((call.ended_at - call.answered_at).total_seconds() - 6) < 2
    assert (len(rows(Call)), len(rows(Interaction)), len(rows(Ticket))) == (1, 1, 1)


def test_an_exchange_that_is_killed_and_comes_back(
    connect: Connect, testbed: Bed, four: list[Agent]
) -> None:
    connect()
    commands.member(four[2], "general-enquiries", there=True, by=None)
    commands.pause(four[2], "lunch", by=None)
    soon(lambda: "lunch" in testbed.run("cli", "queue show general-enquiries"), 10)
    testbed.agent("1001")
    testbed.calls("+4420555016", "--hangup-after", 60)
    talking()
    testbed.kill()
    began = time.monotonic()
    soon(down, 5)
    soon(lambda: rows(Call)[0].reason == "lost", 15)
    assert time.monotonic() - began < 15
    commands.pause(four[2], "meeting", by=None)  # while it is away
    testbed.hang_up_all()
    testbed.start()
    soon(lambda: not down(), 30)
    shown = testbed.run("cli", "queue show general-enquiries")
    assert "PJSIP/1003" in shown
    assert "meeting" in shown
    commands.member(four[2], "general-enquiries", there=False, by=None)
    testbed.agent("1002")
    assert len(rows(Ticket)) == 1
