"""/admin/duty: add, see, end; who is told now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents import duty_keeping, roster
from helpdesk.agents.duty import Absence, Duty
from helpdesk.agents.duty_keeping import Away, Shift
from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.core.events import Event
from helpdesk.core.i18n import company_zone
from tests.help import factories as make


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Chen Jie", "supervisor")


@pytest.fixture
def desk(client: FlaskClient, boss: Agent) -> FlaskClient:
    return make.sign_in(client, boss)


def test_a_supervisor_puts_somebody_on_duty_and_sees_who_is_told_now(
    desk: FlaskClient, boss: Agent
) -> None:
    """People on duty."""
    zhao = make.agent("Zhao Min", "supervisor")
    sent = {"duty-role": "supervisor", "duty-agent_id": str(zhao.id), "duty-deputy_id": ""}
    assert desk.post("/admin/duty", data=sent | {"duty-weekdays": ["1", "7"]}).status_code == 303
    row = db.session.scalars(select(Duty)).one()
    assert (row.agent_id, row.weekdays, row.until_minute) == (zhao.id, "17", 1440)
    page = desk.get("/admin/duty").get_data(as_text=True)
    assert "Mon, Sun" in page
    assert "Zhao Min" in page
    assert db.session.scalar(select(Event.by_name).where(Event.name == "duty.added")) == boss.name


def test_a_duty_is_ended_in_one_click(desk: FlaskClient, boss: Agent) -> None:
    row = duty_keeping.add_duty(Shift(boss.id, role="supervisor"), boss.actor)
    assert desk.post(f"/admin/duty/{row.id}/end").status_code == 303
    assert list(duty_keeping.duties()) == []
    assert desk.post("/admin/duty/999/end").status_code == 404


def test_who_is_away_is_shown_with_the_deputy_and_comes_back(
    desk: FlaskClient, boss: Agent
) -> None:
    zhao = make.agent("Zhao Min", "supervisor")
    sent = {"away-agent_id": str(boss.id), "away-deputy_id": str(zhao.id)}
    assert desk.post("/admin/duty/absences", data=sent).status_code == 303
    assert [p.name for p in roster.at().told("owner", None, boss.id)] == ["Zhao Min"]
    row = db.session.scalars(select(Absence)).one()
    assert desk.post(f"/admin/duty/absences/{row.id}/end").status_code == 303
    assert [p.name for p in roster.at().told("owner", None, boss.id)] == ["Chen Jie"]


def test_the_last_day_belongs_to_an_absence(app: Flask, boss: Agent) -> None:
    today = now().astimezone(company_zone()).date()
    row = duty_keeping.add_absence(Away(boss.id, ends_on=today), boss.actor)
    assert row.starts_at <= now() < row.ends_at
    assert row.ends_at - now() <= timedelta(days=1)


@pytest.mark.parametrize(
    ("more", "odd"),
    [
        ({"duty-agent_id": ""}, "Please fill this in."),
        ({"duty-deputy_id": "same"}, "A deputy is somebody else."),
        (
            {"duty-starts_on": "2026-05-02", "duty-ends_on": "2026-05-01"},
            "The last day comes after the first.",
        ),
    ],
)
def test_odd_input_is_told_at_its_field_and_nothing_is_kept(
    desk: FlaskClient, boss: Agent, more: dict[str, str], odd: str
) -> None:
    sent = {"duty-role": "manager", "duty-agent_id": str(boss.id)}
    sent |= {k: str(boss.id) if v == "same" else v for k, v in more.items()}
    answer = desk.post("/admin/duty", data=sent)
    assert answer.status_code == 422
    assert odd in answer.get_data(as_text=True)
    assert db.session.scalars(select(Duty)).all() == []


def test_a_department_that_is_not_there_is_refused(app: Flask, boss: Agent) -> None:
    with pytest.raises(BadInput):
        duty_keeping.add_duty(Shift(boss.id, role="manager", department_id=999), boss.actor)
    with pytest.raises(BadInput):
        duty_keeping.add_duty(Shift(boss.id, role="king", weekdays="9"), boss.actor)


def test_agents_do_not_change_the_roster_and_auditors_only_read_it(
    app: Flask, client: FlaskClient
) -> None:
    agent = make.agent()
    with pytest.raises(NotAllowed):
        duty_keeping.add_duty(Shift(agent.id, role="manager"), agent.actor)
    make.sign_in(client, agent)
    assert client.get("/admin/duty").status_code == 403
    make.sign_in(client, make.agent("Wu Di", "auditor"))
    page = client.get("/admin/duty")
    assert page.status_code == 200
    assert "Put on duty" not in page.get_data(as_text=True)
