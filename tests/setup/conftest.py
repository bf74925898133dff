"""An administrator, and a browser that is signed in as one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.core.db import db
from helpdesk.core.events import Event
from tests.help import factories as make


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Chen Jie", "admin")


@pytest.fixture
def desk(client: FlaskClient, boss: Agent) -> FlaskClient:
    return make.sign_in(client, boss)


@pytest.fixture
def changes(app: Flask) -> Any:
    """Reads the data of every "setup.changed" in the journal."""

    def read() -> list[dict[str, Any]]:
        query = db.select(Event).filter_by(name="setup.changed").order_by(Event.seq)
        return [row.data for row in db.session.scalars(query)]

    return read
