"""The statement before every page, which the driver is asked directly."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import bindparam, select, text

from helpdesk.agents.models import Agent
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.driven import Driven
from tests.help import factories as make

NAME = Driven(
    select(Agent.name).where(Agent.id == bindparam("id"), Agent.role.in_(["agent", "admin"]))
)


def test_it_reads_what_was_committed_last_and_nothing_for_whom_there_is_not(app: Flask) -> None:
    agent = make.agent(name="Li Na")
    assert NAME.value(id=agent.id) == "Li Na"
    with transaction():
        agent.name = "王芳"
    assert NAME.value(id=agent.id) == "王芳"
    assert NAME.value(id=agent.id + 1) is None


def test_a_transaction_that_has_changed_something_asks_inside(app: Flask) -> None:
    agent = make.agent(name="Li Na")
    with transaction() as session:
        assert NAME.value(id=agent.id) == "Li Na"
        locked(agent).name = "王芳"
        session.flush()
        assert NAME.values({"id": agent.id}) == ["王芳"]
    with pytest.raises(ValueError, match="no"), transaction() as session:
        locked(agent).name = "赵敏"
        session.flush()
        assert NAME.value(id=agent.id) == "赵敏"
        raise ValueError("no")
    assert NAME.value(id=agent.id) == "王芳"


def test_a_connection_that_died_is_replaced_and_the_statement_asked_again(app: Flask) -> None:
    agent = make.agent(name="Li Na")
    db.session.remove()
    db.engine.dispose()
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
    driver.close()
    assert NAME.value(id=agent.id) == "Li Na"
    assert db.session.scalar(text("SELECT 1")) == 1
