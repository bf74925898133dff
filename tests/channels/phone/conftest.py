"""An exchange, agents with telephones, and connectors that speak with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from helpdesk.agents.models import Agent
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.channels.phone.asterisk import connector
from helpdesk.channels.phone.asterisk.connector import Connector
from helpdesk.channels.phone.simulated.line import NAME
from helpdesk.core.db import transaction
from helpdesk.settings import Phone
from tests.help import factories as make
from tests.help.ami_server import SECRET, Begin, Exchange, soon


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    made = Exchange()
    yield made
    made.die()


@pytest.fixture
def phone(app: Flask, exchange: Exchange) -> Iterator[Phone]:
    """The settings of the exchange, in force; what takes seconds takes a tenth of it."""
    found = Phone("asterisk", "127.0.0.1", exchange.port, "helpdesk", SECRET, context="from-agents")
    before = app.extensions["helpdesk_settings"]
    app.extensions["helpdesk_settings"] = replace(before, phone=found)
    yield found
    app.extensions["helpdesk_settings"] = before


@pytest.fixture
def agents(app: Flask) -> list[Agent]:
    """Two who have a telephone: 1001 and 1002."""
    return with_lines("1001", "1002")


def with_lines(*lines: str) -> list[Agent]:
    """An agent for each of these telephones."""
    found = [make.agent(f"Agent {line}") for line in lines]
    with transaction() as session:
        pairs = zip(found, lines, strict=True)
        session.add_all(PhoneLine(agent_id=agent.id, extension=line) for agent, line in pairs)
    return found


@pytest.fixture
def begin(app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """begin(name): a connector at work, connected unless wait=False."""
    for name, seconds in (("SLICE", 0.03), ("RENEW", 0.2), ("LOST_AFTER", 1.0)):
        monkeypatch.setattr(connector, name, seconds)
    monkeypatch.setattr(connector, "pause_after", lambda _tries: 0.2)
    running: list[tuple[Connector, threading.Thread]] = []

    def begun(name: str = "one", wait: bool = True, using: Phone = phone) -> Connector:
        made = Connector(app, using, threading.Event(), name)
        thread = threading.Thread(target=made.run, daemon=True)
        running.append((made, thread))
        thread.start()
        if wait:
            soon(lambda: made.client)
        return made

    yield begun
    for made, _thread in running:
        made.stop.set()
    for _made, thread in running:
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def simulated(app: Flask) -> Iterator[None]:
    before = app.extensions["helpdesk_settings"]
    phone = Phone(NAME, host="", port=0, user="", secret="")
    app.extensions["helpdesk_settings"] = replace(before, phone=phone)
    yield
    app.extensions["helpdesk_settings"] = before


@pytest.fixture
def agent(simulated: None) -> Agent:
    """One who takes the calls of the queue "service"."""
    found = make.agent("Zhang Wei")
    with transaction() as session:
        session.add(PhoneQueue(code="service", name="Service"))
        session.add(PhoneLine(agent_id=found.id, extension="8001", paused=""))
        session.add(PhoneMember(agent_id=found.id, queue="service"))
    return found
