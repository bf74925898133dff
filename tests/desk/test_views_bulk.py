"""Many tickets at once: one journal row each, rights asked for each, refusals told."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.desk import bulk
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.desk import get


@pytest.fixture
def lead(client: FlaskClient) -> Agent:
    """A supervisor at the desk."""
    agent = make.agent("Chen Jie", "supervisor")
    make.sign_in(client, agent)
    return agent


def numbers(count: int) -> list[str]:
    return [make.ticket(subject=f"case {n}").number for n in range(count)]


def test_two_hundred_tickets_are_given_to_a_colleague_with_one_entry_each(
    client: FlaskClient, lead: Agent
) -> None:
    other, made = make.agent("Li Lei"), numbers(200)
    page = client.post("/tickets/bulk", data={"number": made, "do": "assign", "agent": other.id})
    assert "Done for 200 tickets." in page.get_data(as_text=True)
    db.session.expire_all()
    assert db.session.query(Ticket).filter_by(assignee_id=other.id).count() == 200
    assert db.session.query(Event).filter_by(name="ticket.assign").count() == 200


def test_a_refused_ticket_stops_no_other_and_says_why(client: FlaskClient, lead: Agent) -> None:
    first, ended, last = numbers(3)
    ticket = db.session.query(Ticket).filter_by(number=ended).one()
    actions.withdraw(ticket, by=lead.actor, comment="solved")
    data = {"number": [first, ended, last], "do": "withdraw", "comment": "All solved"}
    text = client.post("/tickets/bulk", data=data).get_data(as_text=True)
    assert "Done for 2 tickets." in text and "One was refused" in text
    assert "This step is not possible now" in text


def test_rights_are_asked_for_each_ticket(client: FlaskClient) -> None:
    unit = make.department()
    made = numbers(2)
    make.sign_in(client, make.agent("Li Na", "handler", unit))
    data = {"number": made, "do": "note", "comment": "x"}
    assert client.post("/tickets/bulk", data=data).status_code == 403
    handler = make.agent("Qian Jun", "handler", unit).actor
    outcome = bulk.run(made, handler, lambda ticket: actions.note(ticket, by=handler, body="x"))
    assert outcome.done == [] and len(outcome.refused) == 2


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"do": "severity", "severity": "S1", "comment": "A recall"}, "severity", "S1"),
        ({"do": "accept"}, "status", "accepted"),
    ],
)
def test_severity_and_status_change_for_all(
    client: FlaskClient, lead: Agent, data: dict[str, str], field: str, value: str
) -> None:
    made = numbers(3)
    client.post("/tickets/bulk", data={"number": made} | data)
    db.session.expire_all()
    assert {getattr(ticket, field) for ticket in db.session.query(Ticket)} == {value}


def test_the_dialog_speaks_of_exactly_the_tickets_of_the_list(
    client: FlaskClient, lead: Agent
) -> None:
    made = numbers(3)
    make.ticket(channel="phone")
    page = get(client, "/tickets/bulk?channel=web")
    assert "This is done to 3 tickets" in page
    assert sorted(re.findall(r'name="number" value="([\d-]+)"', page)) == made


def test_too_many_or_nothing_to_do_is_refused(
    client: FlaskClient, lead: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = numbers(3)
    assert client.post("/tickets/bulk", data={"number": made}).status_code == 422
    monkeypatch.setattr(bulk, "MOST", 2)
    assert "At most 2 tickets can be changed at once." in get(client, "/tickets/bulk")
    assert client.post("/tickets/bulk", data={"number": made, "do": "accept"}).status_code == 422
