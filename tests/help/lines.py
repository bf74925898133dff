"""Telephones of colleagues and a telephone system that is set, for tests that need no exchange."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.agents import presence
from helpdesk.agents.models import Agent
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.calls.terms_models import WrapUpCode
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.settings import Phone
from helpdesk.tickets import queue
from tests.help import factories as make


def connected(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Asterisk is set in the environment; nobody connects to it."""
    known = Phone("asterisk", "127.0.0.1", 5038, "helpdesk", "secret")
    settings = app.extensions["helpdesk_settings"]
    monkeypatch.setitem(app.extensions, "helpdesk_settings", replace(settings, phone=known))


def telephone(agent: Agent, extension: str) -> Agent:
    """Give a colleague a telephone."""
    with transaction() as session:
        session.add(PhoneLine(agent_id=agent.id, extension=extension))
    return agent


def ready(name: str = "Zhang Wei", extension: str = "1001", **more: Any) -> Agent:
    """A colleague with a telephone who takes calls since a minute ago."""
    agent = telephone(make.agent(name, **more), extension)
    with moved_to(now() - timedelta(minutes=1)):
        queue.set_presence(agent, "ready")
    return agent


def terms(code: str = "complaints", **values: Any) -> PhoneQueue:
    """The terms of a queue."""
    with transaction() as session:
        made = PhoneQueue(code=code, name=code.title(), **values)
        session.add(made)
    return made


def codes(*codes: str, **values: Any) -> None:
    """A tree of wrap-up codes; the last part of each is its English name."""
    with transaction() as session:
        for code in codes:
            name = code.rpartition(".")[2]
            session.add(WrapUpCode(code=code, name_zh=name, name_en=name, **values))


def pauses() -> list[str]:
    """The reasons of the pauses that the telephone system was asked for, in order; "" ends one."""
    query = select(PhoneCommand).filter_by(verb="member_pause").order_by(PhoneCommand.id)
    return [row.data.get("reason", "") for row in db.session.scalars(query)]


def stands(agent: Agent) -> presence.Standing:
    """How this colleague stands, as the row is now."""
    db.session.rollback()
    return presence.of(agent.id)
