"""The connector against a scripted exchange: nothing is lost or doubled, whoever dies meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.agents.models import Agent
from helpdesk.calls import commands, taking_in
from helpdesk.calls import exchange as exchanges
from helpdesk.calls.exchange_models import PhoneExchange
from helpdesk.calls.models import Call, CallEvent, Interaction, Stay
from helpdesk.channels.phone.asterisk import connector, members
from helpdesk.channels.phone.asterisk.connector import pause_after
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import Busy
from helpdesk.settings import Phone
from helpdesk.tickets.models import Ticket
from tests.help.ami_server import Begin, Exchange, channel, soon
from tests.help.asterisk import situation
from tests.help.telephone import event, take

ANSWERED = "Queued, ringing, answered"
NAME = "asterisk"


def fresh(query: Any) -> Any:
    """What stands there now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(query).all()


def calls(**wanted: Any) -> list[Call]:
    return list(fresh(select(Call).filter_by(**wanted)))


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def state() -> PhoneExchange:
    return fresh(select(PhoneExchange))[0]


def held(call_id: str, *names: str, agent: str = "", minutes: float = 10) -> None:
    """A call of the exchange that stands in our tables."""
    began = now() - timedelta(minutes=minutes)
    for at, name in enumerate(names):
        more = {"agent": agent} if name in ("offered", "answered") else {}
        take(event(name, at, call_id=call_id, provider=NAME, began=began, **more))


def test_a_call_that_is_told_twice_is_one_call_with_one_case(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    begin()
    for message in situation(ANSWERED):
        exchange.say(message, message)
    call = soon(lambda: calls(state="answered"))[0]
    assert (call.number, call.called, call.direction) == ("4420555001", "8001", "in")
    [talk] = fresh(select(Interaction))
    assert talk.agent_id == agents[0].id
    assert talk.began_at == call.answered_at
    assert (count(Call), count(Stay), count(Ticket)) == (1, 1, 1)


def test_what_is_odd_is_left_out_and_the_rest_is_taken(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    begin()
    odd = [
        {**each, "Queue": "no such; queue"} if each["Event"] == "QueueCallerJoin" else each
        for each in situation("Answered, agent hangs up")
    ]
    exchange.say(*odd, *situation(ANSWERED))
    soon(lambda: len(calls(state="answered")) == 2)


def test_it_connects_again_and_hears_what_comes_then(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    begun = begin()
    exchange.say(*situation(ANSWERED))
    soon(lambda: calls(state="answered"))
    before = begun.client
    exchange.cut()
    soon(lambda: begun.client and begun.client is not before)
    exchange.say(*situation("Held and taken back"))
    soon(lambda: len(calls(state="answered")) == 2)
    assert len(exchange.times("Login")) == 2


def test_attempts_come_less_often_and_never_all_at_once() -> None:
    for tries, seconds in enumerate((1, 2, 4, 8, 15, 15, 15), 1):
        pauses = {pause_after(tries) for _ in range(50)}
        assert len(pauses) > 1
        assert all(seconds <= each <= 1.2 * seconds for each in pauses)


def test_a_second_one_only_listens_and_takes_over_without_a_gap(
    app: Flask,
    begin: Begin,
    exchange: Exchange,
    agents: list[Agent],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchanges, "LEASE", timedelta(seconds=1.5))
    monkeypatch.setattr(exchanges, "let_go", lambda *_: None)  # as if it were killed
    first = begin("first")
    second = begin("second")
    messages = situation(ANSWERED)
    exchange.say(*messages[:8])
    soon(lambda: calls())
    assert first.fence and not second.fence
    commands.originate(agents[0], "+4420555010")
    soon(lambda: exchange.times("Originate"))
    first.stop.set()
    exchange.say(*messages[8:])  # nobody who may write hears this
    soon(lambda: second.fence)
    soon(lambda: calls(state="answered"))
    assert second.fence > first.fence
    assert (count(Call), count(Interaction), count(Ticket)) == (1, 1, 1)
    assert len(exchange.times("Originate")) == 1


def test_a_holder_that_slept_writes_nothing_any_more(app: Flask) -> None:
    fence = exchanges.hold(NAME, "first")
    assert exchanges.hold(NAME, "second") == 0
    assert exchanges.hold(NAME, "first") == fence
    exchanges.let_go(NAME, fence)
    assert exchanges.hold(NAME, "second") == fence + 1
    with pytest.raises(exchanges.NotHolder), exchanges.guarded(NAME, fence):
        held("c1", "ringing")
    assert count(Call) == 0
    with pytest.raises(exchanges.NotHolder):
        exchanges.report(NAME, fence, "up")


def test_a_dead_exchange_is_shown_its_calls_end_as_lost_and_all_is_well_again_by_itself(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    commands.member(agents[0], "complaints", there=True, by=None)
    commands.pause(agents[0], "lunch", by=None)
    begin()
    soon(lambda: state().state == "up" and exchanges.down_since() is None)
    exchange.say(*situation(ANSWERED)[:9])
    soon(lambda: calls(state="talking") or calls(state="waiting"))
    exchange.asked.clear()
    exchange.die()
    soon(lambda: state().state == "down", 2)
    assert exchanges.down_since() is not None
    assert not calls()[0].ended_at  # it may have been the line alone
    soon(lambda: calls()[0].reason == "lost", 4)
    exchange.begin()
    soon(lambda: state().state == "up", 5)
    assert exchanges.down_since() is None
    [added] = exchange.times("QueueAdd")
    assert (added["Queue"], added["Interface"], added["Paused"], added["Reason"]) == (
        "complaints",
        "PJSIP/1001",
        "true",
        "lunch",
    )


def test_a_connector_without_life_counts_as_phones_that_are_down(app: Flask) -> None:
    assert exchanges.down_since() is None  # there is none
    fence = exchanges.hold(NAME, "first")
    exchanges.report(NAME, fence, "up")
    assert exchanges.down_since() is None
    exchanges.let_go(NAME, fence)
    assert exchanges.down_since() is not None


def test_calls_that_ended_while_nobody_listened_are_lost_and_others_are_made(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    held("gone.1", "ringing", "queued")
    held("stays.1", "ringing", "queued", "offered")
    exchange.channels = [
        channel("PJSIP/trunk-00000001", "stays.1", "stays.1", BridgeId="b1"),
        channel("PJSIP/1001-00000002", "stays.2", "stays.1", BridgeId="b1"),
        channel("PJSIP/trunk-00000003", "new.1", "new.1", CallerIDNum="+4420555009"),
        channel("PJSIP/1001-00000004", "desk.1", "desk.1", Context="from-agents"),
        channel("PJSIP/1900-00000005", "hd-spy-7", "hd-spy-7"),
    ]
    entry = {"Event": "QueueEntry", "Queue": "complaints", "Uniqueid": "new.1", "Wait": "15"}
    exchange.queues = [entry | {"CallerIDNum": "+4420555009"}]
    begin()
    found = {each.external_id: each for each in calls()}
    assert {name: each.state for name, each in found.items()} == {
        "gone.1": "lost",
        "stays.1": "talking",
        "new.1": "waiting",
    }
    assert found["new.1"].number == "4420555009"
    [stay] = fresh(select(Stay).filter_by(call_id=found["new.1"].id))
    assert 14 < (now() - stay.joined_at).total_seconds() < 20
    [talk] = fresh(select(Interaction))
    assert talk.agent_id == agents[0].id
    hangup = {"Event": "Hangup", "Linkedid": "stays.1", "Cause": "16"}
    exchange.say({**hangup, "Uniqueid": "stays.1"}, {**hangup, "Uniqueid": "stays.2"})
    soon(lambda: calls(external_id="stays.1", state="answered"))


def test_a_call_that_was_taken_for_lost_goes_on_when_the_exchange_still_has_it(
    begin: Begin, exchange: Exchange, agents: list[Agent]
) -> None:
    held("c.1", "ringing", "queued", "offered", "answered", agent="1001")
    take(event("hungup", 60, call_id="c.1", provider=NAME, reason="lost"))
    assert calls()[0].ended_at
    exchange.channels = [
        channel("PJSIP/trunk-00000001", "c.1", "c.1", BridgeId="b1"),
        channel("PJSIP/1001-00000002", "c.2", "c.1", BridgeId="b1"),
    ]
    begin()
    [call] = calls()
    assert (call.state, call.ended_at) == ("talking", None)
    assert count(Interaction) == 1


def test_what_happened_while_nobody_listened_is_read_from_the_queue_log(
    begin: Begin, exchange: Exchange, agents: list[Agent], phone: Phone, tmp_path: Path
) -> None:
    gap = now().replace(microsecond=0) - timedelta(seconds=100)
    fence = exchanges.hold(NAME, "killed")
    exchanges.heard(NAME, fence, gap)
    exchanges.let_go(NAME, fence)
    held("a.1", "ringing", "queued", "offered", "answered", agent="1001", minutes=2)
    at = int(gap.timestamp())
    path = tmp_path / "queue_log"
    path.write_text(
        f"{at - 500}|old.1|complaints|NONE|ENTERQUEUE||+4420555001|1\n"
        f"{at + 10}|a.1|complaints|Agent 1001|COMPLETECALLER|3|20|1\n"
        f"{at + 20}|b.1|complaints|NONE|ENTERQUEUE||+4420555002|1\n"
        f"{at + 32}|b.1|complaints|NONE|ABANDON|1|1|12\n"
        f"{at + 40}|c.1|complaints|NONE|ENTERQUEUE||anonymous|1\n"
        f"{at + 45}|c.1|complaints|Agent 1001|CONNECT|5|c.2|3\n"
        f"{at + 65}|c.1|complaints|Agent 1001|COMPLETEAGENT|5|20|1\n"
        f"{at + 70}|d.1|complaints|NONE|ENTERQUEUE||+4420555004|1\n"
        f"{at + 80}|d.1|complaints|NONE|EXITWITHTIMEOUT|1|1|10\n"
        "half a li"
    )
    member = {"Event": "QueueMember", "Queue": "complaints", "Membership": "static"}
    exchange.queues = [{**member, "Name": "Agent 1001", "Location": "PJSIP/1001"}]
    begin(using=replace(phone, queue_log=str(path)))
    found = {each.external_id: each for each in calls()}
    assert {name: each.state for name, each in found.items()} == {
        "a.1": "answered",
        "b.1": "abandoned",
        "c.1": "answered",
        "d.1": "lost",  # how it went on after the queue is written nowhere
    }
    assert found["a.1"].ended_at == datetime.fromtimestamp(at + 10, UTC)
    assert found["a.1"].reason == ""
    stays = {
        each.call_id: (each.state, each.waited) for each in fresh(select(Stay).order_by(Stay.id))
    }
    assert stays[found["b.1"].id] == ("abandoned", 12.0)
    assert stays[found["c.1"].id] == ("answered", 5.0)
    assert stays[found["d.1"].id] == ("left", 10.0)
    assert count(CallEvent) == len({(e.external_id, e.seq) for e in fresh(select(CallEvent))})


def test_who_takes_over_reads_what_was_missed_and_not_from_that_moment_on(
    begin: Begin,
    exchange: Exchange,
    agents: list[Agent],
    phone: Phone,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchanges, "LEASE", timedelta(seconds=3))
    gap = now().replace(microsecond=0) - timedelta(seconds=30)
    fence = exchanges.hold(NAME, "killed")
    exchanges.heard(NAME, fence, gap)
    held("a.1", "ringing", "queued")
    at = int(gap.timestamp())
    path = tmp_path / "queue_log"
    path.write_text(
        f"{at + 2}|a.1|complaints|NONE|ABANDON|1|1|10\n"
        f"{at + 5}|b.1|complaints|NONE|ENTERQUEUE||+4420555002|1\n"
        f"{at + 15}|b.1|complaints|NONE|ABANDON|1|1|10\n"
    )
    begun = begin(using=replace(phone, queue_log=str(path)))
    assert not begun.fence  # it listens, until that lease has run out
    assert [each.state for each in calls()] == ["waiting"]
    soon(lambda: len(calls(state="abandoned")) == 2)
    assert begun.fence == fence + 1
    assert not [each for each in fresh(select(CallEvent)) if each.data.get("reason") == "lost"]


def test_a_log_that_cannot_be_read_hinders_nobody(
    begin: Begin, exchange: Exchange, agents: list[Agent], phone: Phone
) -> None:
    fence = exchanges.hold(NAME, "killed")
    exchanges.heard(NAME, fence, now())
    exchanges.let_go(NAME, fence)
    begin(using=replace(phone, queue_log="/nowhere/queue_log"))
    exchange.say(*situation(ANSWERED))
    soon(lambda: calls(state="answered"))


def test_what_the_database_cannot_take_now_is_taken_later(
    begin: Begin, exchange: Exchange, agents: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin()
    real, refused = taking_in.take, [1, 2, 3]

    def busy(events: Any) -> Any:
        if refused:
            refused.pop()
            raise Busy("The database is busy.")
        return real(events)

    monkeypatch.setattr(connector.taking_in, "take", busy)
    exchange.say(*situation(ANSWERED))
    soon(lambda: calls(state="answered"))
    assert not refused
    assert (count(Call), count(Interaction)) == (1, 1)


def test_members_are_made_what_our_tables_say_and_others_are_left_alone() -> None:
    def member(line: str, queue: str, **more: str) -> dict[str, str]:
        known = {"Event": "QueueMember", "Queue": queue, "Location": f"PJSIP/{line}"}
        return known | {"Paused": "0", "Membership": "dynamic"} | more

    place = members.Place
    found = members.amends(
        [
            place("1001", "Zhang", "complaints", True, 2),
            place("1002", "Li", "complaints", False, 0),
            place("1003", "Wang", "complaints", False, 0),
            place("1004", "Zhao", "billing", True, 0),
        ],
        {"1001": "lunch", "1003": None, "1004": "", "1005": "wrapup"},
        [
            member("1002", "complaints"),
            member("1003", "complaints", Membership="static", Paused="1"),
            member("1004", "billing", Paused="1", PausedReason="missed"),
            member("1005", "billing", Paused="1", PausedReason="wrapup"),
            member("2001", "billing", Paused="1"),
        ],
        "PJSIP/{}",
    )
    assert found == [
        (
            "QueueAdd",
            {
                "Queue": "complaints",
                "Interface": "PJSIP/1001",
                "StateInterface": "PJSIP/1001",
                "MemberName": "Zhang",
                "Penalty": "2",
                "Paused": "true",
                "Reason": "lunch",
            },
        ),
        ("QueueRemove", {"Queue": "complaints", "Interface": "PJSIP/1002"}),
        ("QueuePause", {"Interface": "PJSIP/1004", "Paused": "false"}),
    ]
