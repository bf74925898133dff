"""The client of the manager interface: answers, lists, life signs, and nothing that ends a line."""

from __future__ import annotations

import io
import threading
import time

import pytest

from helpdesk.channels.phone.asterisk.ami import Client, Denied, Gone, Message, dialled, messages
from tests.help.ami_server import SECRET, Exchange, soon


def connected(exchange: Exchange, heard: list[Message] | None = None, **more: float) -> Client:
    client = Client((heard if heard is not None else []).append, **more)
    client.connect("127.0.0.1", exchange.port, "helpdesk", SECRET)
    soon(lambda: exchange._connections)
    return client


def test_it_signs_on_asks_for_lists_and_hears_what_happens(exchange: Exchange) -> None:
    heard: list[Message] = []
    exchange.channels = [{"Event": "CoreShowChannel", "Channel": "PJSIP/1001-00000001"}]
    client = connected(exchange, heard)
    exchange.say({"Event": "Hold", "Uniqueid": "x.1"})
    found = client.list("CoreShowChannels")
    assert [each.get("Channel") for each in found] == [None, "PJSIP/1001-00000001", None]
    soon(lambda: [each for each in heard if each["Event"] == "Hold"])
    assert not [each for each in heard if each["Event"] == "CoreShowChannel"]
    client.close()


def test_a_wrong_secret_and_a_refused_action_say_why(exchange: Exchange) -> None:
    with pytest.raises(Denied, match="Authentication failed"):
        Client(print).connect("127.0.0.1", exchange.port, "helpdesk", "wrong")
    client = connected(exchange)
    exchange.answers["QueueAdd"] = lambda _m: [{"Response": "Error", "Message": "Already there"}]
    with pytest.raises(Denied, match="Already there"):
        client.act("QueueAdd", Queue="complaints")
    client.close()


@pytest.mark.parametrize("odd", ["1\r\nAction: Command", "a\nb", "a\rb", "a\0b"])
def test_no_value_can_add_a_line(exchange: Exchange, odd: str) -> None:
    client = connected(exchange)
    before = len(exchange.asked)
    for values in ({"CallerID": odd}, {odd: "x"}, {"Variable": ["a=b", odd]}, {"ActionID": odd}):
        with pytest.raises(Denied, match="line break"):
            client.act("Originate", **values)
    client.act("Ping")
    assert [each["Action"] for each in exchange.asked[before:]] == ["Ping"]
    client.close()


def test_only_numbers_are_dialled() -> None:
    assert dialled("+8613912345678") == "+8613912345678"
    for odd in ("", "12", "+", "1" * 16, "12a4", "123\n", "100,Application", "٣٣٣٣"):
        with pytest.raises(Denied):
            dialled(odd)


def test_a_peer_that_gives_no_life_sign_counts_as_gone(exchange: Exchange) -> None:
    lost = threading.Event()
    client = Client(lambda _message: None, lost.set, ping_every=0.1, dead=0.2)
    client.connect("127.0.0.1", exchange.port, "helpdesk", SECRET)
    exchange.silent = True
    began = time.monotonic()
    with pytest.raises(Gone):
        client.act("QueueStatus", 5)
    assert time.monotonic() - began < 2
    assert lost.wait(1)
    with pytest.raises(Gone):
        client.act("Ping")


def test_who_waits_is_told_at_once_when_the_connection_ends(exchange: Exchange) -> None:
    client = connected(exchange)
    exchange.answers["Ping"] = lambda _message: exchange.cut() or []
    began = time.monotonic()
    with pytest.raises(Gone):
        client.act("Ping", 5)
    assert time.monotonic() - began < 2


def test_nobody_there_is_told_as_well(exchange: Exchange) -> None:
    exchange.die()
    with pytest.raises(Gone, match="no connection"):
        Client(print).connect("127.0.0.1", exchange.port, "helpdesk", SECRET)


def test_of_a_key_that_comes_twice_the_first_counts() -> None:
    wire = b"Event: UserEvent\r\nChannel: a\r\nChannel: forged\r\nOdd\r\n\r\n\r\nEvent: B\r\n\r\n"
    found = list(messages(io.BytesIO(wire)))
    assert found == [{"Event": "UserEvent", "Channel": "a", "Odd": ""}, {"Event": "B"}]
