"""What people ask of the exchange is done once, and the row says what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls import commands, registry
from helpdesk.calls import exchange as exchanges
from helpdesk.calls.exchange_models import PhoneCommand, PhoneMember
from helpdesk.calls.models import Call, PhoneLine
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.settings import Phone
from tests.help import factories as make
from tests.help.ami_server import Begin, Exchange, Message, channel, soon
from tests.help.telephone import event, take

NAME = "asterisk"


def outcome(command: PhoneCommand) -> tuple[str, str]:
    """What came of it, when something has."""

    def now_there() -> PhoneCommand | None:
        db.session.rollback()
        row = db.session.get(PhoneCommand, command.id, populate_existing=True)
        return row if row and row.state in ("done", "failed") else None

    row = soon(now_there)
    return row.state, row.reason


def answer(exchange: Exchange, *messages: Message) -> Message:
    """The wire of the Originate that came, after these were told."""
    asked = soon(lambda: exchange.times("Originate"))[-1]
    for each in messages:
        exchange.say({k: v.format(**asked) for k, v in each.items()})
    return asked


RESPONSE = {"Event": "OriginateResponse", "ActionID": "{ActionID}", "Uniqueid": "{ChannelId}"}
DIAL_END = {"Event": "DialEnd", "DestUniqueid": "{ChannelId}"}


def test_a_number_is_dialled_agent_first_and_the_call_bears_the_case(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    begin()
    ticket = make.ticket()
    command = commands.originate(agents[0], "+44 20 555 010", ticket.number)
    legs = {"Uniqueid": "{ChannelId}", "Linkedid": "{ChannelId}", "Channel": "PJSIP/1001-00000001"}
    dialled = {"DestUniqueid": "x.2", "DestChannel": "PJSIP/trunk-00000002"}
    asked = answer(
        exchange,
        {"Event": "Newchannel", "ChannelStateDesc": "Down", "Context": "from-agents", **legs},
        RESPONSE | {"Response": "Success", "Reason": "4"},
        {"Event": "DialEnd", "DialStatus": "ANSWER", **legs, **dialled},
    )
    assert (asked["Channel"], asked["Exten"], asked["Context"]) == (
        "PJSIP/1001",
        "+4420555010",
        "from-agents",
    )
    assert outcome(command) == ("done", "")

    def talking() -> Any:
        db.session.rollback()
        return db.session.scalars(select(Call).filter_by(state="talking")).all()

    [call] = soon(talking)
    assert (call.number, call.direction, call.about) == ("4420555010", "out", ticket.number)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ([DIAL_END | {"DialStatus": "BUSY"}, RESPONSE | {"Reason": "0"}], "busy"),
        ([RESPONSE | {"Reason": "0"}, DIAL_END | {"DialStatus": "BUSY"}], "busy"),  # the other way
        ([RESPONSE | {"Reason": "3"}], "no answer"),
        ([RESPONSE | {"Reason": "0"}], "unavailable"),
    ],
)
def test_a_call_that_did_not_come_about_says_why(
    begin: Begin, exchange: Exchange, agents: list[Agent], told: list[Message], reason: str
) -> None:
    begin()
    command = commands.originate(agents[0], "+4420555010")
    answer(exchange, *(each | {"Response": "Failure"} for each in told))
    assert outcome(command) == ("failed", reason)


def test_in_a_call_the_agents_own_channel_is_meant(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    take(event("ringing", call_id="c.1", provider=NAME))
    exchange.channels = [
        channel("PJSIP/trunk-00000001", "c.1", "c.1"),
        channel("PJSIP/1002-00000009", "d.1", "d.1"),
        channel("PJSIP/1001-00000002", "c.2", "c.1"),
    ]
    begin()
    call = db.session.scalars(select(Call).filter_by(external_id="c.1")).one()
    mine = "PJSIP/1001-00000002"
    asked = {
        "BlindTransfer": commands.transfer(agents[0], call, "1002"),
        "Atxfer": commands.transfer(agents[0], call, "1002", attended=True),
        "PJSIPNotify": commands.hold(agents[0], call),
        "Hangup": commands.hangup(agents[0], call),
    }
    for action, command in asked.items():
        assert outcome(command) == ("done", "")
        [wire] = exchange.times(action)
        assert wire["Channel"] == mine
    assert outcome(commands.record_pause(agents[0], call)) == ("done", "")
    assert exchange.times("MixMonitorMute")[0]["Channel"] == "PJSIP/trunk-00000001"
    assert outcome(commands.hangup(agents[1], call)) == ("failed", "not in this call")


def test_a_supervisor_listens_without_becoming_a_call(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    begin()
    with transaction():
        agents[1].role = "supervisor"
    command = commands.spy(agents[1], agents[0], "whisper")
    asked = answer(exchange, RESPONSE | {"Response": "Success"})
    assert (asked["Channel"], asked["Data"]) == ("PJSIP/1002", "PJSIP/1001,qw")
    assert outcome(command) == ("done", "")
    assert command.agent_id == agents[1].id
    with pytest.raises(BadInput):
        commands.spy(agents[1], agents[0], "shout")


def test_nothing_is_asked_for_by_who_may_not(phone: Phone, agents: list[Agent]) -> None:
    """An auditor uses no telephone; an agent leads no colleague's, and may leave a queue alone."""
    one, other = agents
    auditor = make.agent("Auditor", "auditor")
    with transaction() as session:
        session.add(PhoneLine(agent_id=auditor.id, extension="1900"))
    for ask in (
        lambda: commands.originate(auditor, "+4420555010"),
        lambda: commands.spy(one, other, "listen"),
        lambda: commands.member(other, "complaints", there=True, by=one),
        lambda: commands.pause(other, "lunch", by=one),
    ):
        with pytest.raises(NotAllowed):
            ask()
    assert db.session.scalars(select(PhoneCommand)).all() == []
    assert db.session.scalars(select(PhoneMember)).all() == []
    assert not db.session.get_one(PhoneLine, other.id).paused
    commands.pause(one, "lunch", by=one)
    assert db.session.get_one(PhoneLine, one.id, populate_existing=True).paused == "lunch"


def test_members_and_pauses_are_kept_and_carried_out(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    begin()
    commands.member(agents[0], "complaints", there=True, by=None, penalty=3)
    commands.pause(agents[0], "lunch", by=None)
    commands.pause(agents[0], None, by=None)
    commands.member(agents[0], "complaints", there=False, by=None)
    soon(lambda: exchange.times("QueueRemove"))
    assert exchange.times("QueueAdd")[0]["Penalty"] == "3"
    assert [each["Paused"] for each in exchange.times("QueuePause")] == ["true", "false"]
    db.session.rollback()
    [row] = db.session.scalars(select(PhoneMember)).all()
    assert not row.there
    assert db.session.get(PhoneLine, agents[0].id, populate_existing=True).paused == ""


@pytest.mark.parametrize("odd", ["1\r\nAction: Originate", "1", "12ab", "Local/1@x"])
def test_what_is_no_number_is_never_dialled(
    begin: Begin, exchange: Exchange, agents: list[Agent], odd: str
) -> None:
    begin()
    with pytest.raises(BadInput):
        commands.originate(agents[0], odd)
    row = PhoneCommand(provider=NAME, verb="originate", data={"line": "1001", "to": odd})
    with transaction() as session:  # as if something had gone round the check
        session.add(row)
    assert outcome(row)[0] == "failed"
    assert not exchange.times("Originate")


@pytest.mark.parametrize("field", ["reason", "ticket", "queue"])
def test_no_value_of_a_command_holds_a_line_break(
    app: Flask, agents: list[Agent], field: str
) -> None:
    with pytest.raises(BadInput):
        commands.ask("member_pause", agents[0], NAME, **{field: "lunch\r\nAction: Logoff"})
    assert db.session.scalars(select(PhoneCommand)).all() == []


def test_who_has_no_telephone_and_a_house_without_an_exchange_are_told(
    app: Flask, agents: list[Agent]
) -> None:
    with pytest.raises(BadInput, match="No telephone is set up"):
        commands.originate(make.agent("Li Na"), "+4420555010")
    with pytest.raises(BadInput, match="No telephone system"):
        commands.originate(agents[0], "+4420555010")


def test_a_command_is_taken_once_not_too_late_and_not_again_after_a_crash(
    app: Flask, agents: list[Agent], phone: Any
) -> None:
    fence = exchanges.hold(NAME, "first")
    command = commands.originate(agents[0], "+4420555010")
    with transaction():
        assert commands.take_next(NAME, fence).id == command.id  # type: ignore[union-attr]
        assert commands.take_next(NAME, fence) is None
    with transaction():
        assert commands.take_next(NAME, fence + 1) is None  # the next holder does not do it again
    assert outcome(command) == ("failed", "interrupted")
    late = commands.originate(agents[0], "+4420555010")
    with transaction() as session:
        session.get(PhoneCommand, late.id).asked_at = now() - timedelta(seconds=16)
    with transaction():
        assert commands.take_next(NAME, fence) is None
    assert outcome(late) == ("failed", "too late")


def test_while_the_exchange_is_away_a_command_fails_and_says_so(
    begin: Begin, exchange: Exchange, agents: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.channels.phone.asterisk.connector.PATIENCE", 0.1)
    begun = begin()
    exchange.die()
    soon(lambda: begun.client is None)
    assert outcome(commands.originate(agents[0], "+4420555010")) == ("failed", "phones are down")


def test_what_it_can_be_asked_for_is_known_to_the_pages(app: Flask) -> None:
    assert all(registry.able(NAME, what) for what in registry.Can if what != registry.Can.ANSWER)
    assert not registry.able(NAME, registry.Can.ANSWER)
