"""Case 25-inactive-colleague: who leaves hands on what they hold, asked first, with an entry on each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents import accounts, people
from helpdesk.agents.models import Agent
from helpdesk.agents.people import ColleagueText
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotFound
from helpdesk.core.events import Event
from helpdesk.notices import actions
from helpdesk.notices.models import Notice
from helpdesk.ops.doctor import configuration
from helpdesk.tickets import queue
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.statements import counted


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Boss", "admin")


@pytest.fixture
def zhou(app: Flask) -> Agent:
    return make.agent("Zhou Ting", presence="ready", seen_at=now())


@pytest.fixture
def desk(client: FlaskClient, boss: Agent) -> FlaskClient:
    return make.sign_in(client, boss)


def held(agent: Agent) -> Ticket:
    ticket = make.ticket()
    queue.claim(ticket, by=agent.actor)
    return ticket


def holder(ticket: Ticket) -> int | None:
    db.session.rollback()
    return db.session.scalar(db.select(Ticket.assignee_id).where(Ticket.id == ticket.id))


def entries(ticket: Ticket) -> list[Event]:
    mine = db.select(Event).filter_by(ticket_id=ticket.id, name="ticket.handed_on")
    found = mine.order_by(Event.seq)
    return list(db.session.scalars(found))


def test_the_page_asks_first_and_says_what_lies_with_the_colleague(
    desk: FlaskClient, zhou: Agent
) -> None:
    held(zhou), held(zhou)
    page = desk.get(f"/admin/people/{zhou.id}").text
    assert "2 open cases, with their planned calls" in page
    assert 'name="heir"' in page and "back to the queues" in page


def test_the_cases_of_a_deactivated_colleague_go_back_to_their_queue_with_an_entry(
    desk: FlaskClient, zhou: Agent
) -> None:
    ticket = held(zhou)
    before = ticket.queue
    answer = desk.post(f"/admin/people/{zhou.id}/active", data={"active": "no"})
    assert answer.status_code == 303
    assert holder(ticket) is None
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).queue == before
    (entry,) = entries(ticket)
    assert (entry.by_name, entry.data["who"], entry.data["assignee"]) == ("Boss", "Zhou Ting", "")
    assert (
        "Handed on from Zhou Ting to the queue"
        in desk.get(f"/tickets/{ticket.number}/history").text
    )


def test_or_to_a_colleague_who_was_picked(desk: FlaskClient, zhou: Agent) -> None:
    ticket, li = held(zhou), make.agent("Li Na")
    desk.post(f"/admin/people/{zhou.id}/active", data={"active": "no", "heir": str(li.id)})
    assert holder(ticket) == li.id
    assert "Handed on from Zhou Ting to Li Na" in desk.get(f"/tickets/{ticket.number}/history").text


def test_nobody_is_offered_to_them_any_more(desk: FlaskClient, zhou: Agent) -> None:
    people.set_active(zhou, False, _admin())
    ticket = make.ticket()
    queue.offer_waiting()
    assert holder(ticket) is None
    with pytest.raises(NotFound):
        queue.assign(ticket, by=make.SUPERVISOR, agent_id=zhou.id)
    for path in (f"/tickets/{ticket.number}/colleagues", f"/tickets/bulk?number={ticket.number}"):
        assert "Zhou Ting" not in desk.get(path).text


def _admin() -> Any:
    return make.agent("Another Admin", "admin").actor


def test_what_the_heir_may_not_see_goes_to_its_queue(boss: Agent, zhou: Agent) -> None:
    quality = make.department("quality")
    logistics = make.department("logistics", "物流部", "Logistics")
    theirs, others = held(zhou), held(zhou)
    for ticket, unit in ((theirs, quality), (others, logistics)):
        with transaction():
            row = db.session.get_one(Ticket, ticket.id, populate_existing=True)
            row.department_id, row.status = unit.id, "handling"
    handler = make.agent("Ma Lihua", "handler", quality)
    people.set_active(zhou, False, boss.actor, heir_id=handler.id)
    assert (holder(theirs), holder(others)) == (handler.id, None)


def test_an_heir_who_cannot_work_is_refused_and_nothing_changes(boss: Agent, zhou: Agent) -> None:
    ticket, gone = held(zhou), make.agent("Gone", active=False)
    for wrong in (gone, make.agent("Reader", "auditor"), zhou):
        with pytest.raises(BadInput):
            people.set_active(zhou, False, boss.actor, heir_id=wrong.id)
    assert holder(ticket) == zhou.id
    assert db.session.get_one(Agent, zhou.id, populate_existing=True).active


def test_closed_cases_keep_the_name_of_who_handled_them(boss: Agent, zhou: Agent) -> None:
    ticket = held(zhou)
    with transaction():
        row = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        row.status, row.closed_at = "closed", now()
    people.set_active(zhou, False, boss.actor)
    assert holder(ticket) == zhou.id and entries(ticket) == []


@pytest.mark.parametrize("role", ["handler", "auditor"])
def test_a_new_role_asks_too_and_takes_only_what_may_not_be_held_any_more(
    desk: FlaskClient, zhou: Agent, role: str
) -> None:
    quality = make.department("quality")
    ticket = held(zhou)
    form = {"name": zhou.name, "email": zhou.email, "role": role, "language": "en"}
    form |= {"department_id": str(quality.id), "capacity": "5"}
    asked = desk.post(f"/admin/people/{zhou.id}", data=form)
    assert asked.status_code == 422 and 'name="heir"' in asked.text
    assert db.session.get_one(Agent, zhou.id, populate_existing=True).role == "agent"
    assert desk.post(f"/admin/people/{zhou.id}", data=form | {"heir": ""}).status_code == 303
    assert holder(ticket) is None and len(entries(ticket)) == 1


def test_another_department_takes_the_cases_of_the_old_one(boss: Agent) -> None:
    quality = make.department("quality")
    logistics = make.department("logistics", "物流部", "Logistics")
    ma = make.agent("Ma Lihua", "handler", quality)
    ticket = make.ticket()
    with transaction():
        row = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        row.department_id, row.status, row.assignee_id = quality.id, "handling", ma.id
    given = ColleagueText(ma.email, ma.name, "handler", quality.id, capacity=9)
    people.edit(ma, given, boss.actor)
    assert holder(ticket) == ma.id
    people.edit(ma, replace(given, department_id=logistics.id), boss.actor)
    assert holder(ticket) is None


def test_words_that_were_not_sent_become_internal_notes(boss: Agent, zhou: Agent) -> None:
    ticket = held(zhou)
    with transaction() as session:
        session.add(
            Message(
                ticket_id=ticket.id,
                kind="draft",
                public=False,
                channel="desk",
                author=zhou.name,
                agent_id=zhou.id,
                body="We will send a new hose.",
                language="en",
                at=now(),
            )
        )
    assert ("unsent drafts", 1) in people.held(zhou)
    people.set_active(zhou, False, boss.actor)
    kept = db.session.scalars(db.select(Message).filter_by(body="We will send a new hose.")).one()
    assert (kept.kind, kept.public, kept.author) == ("note", False, "Zhou Ting")


def test_notices_that_they_issued_are_followed_by_the_heir(boss: Agent) -> None:
    chen = make.agent("Chen Jie", "supervisor")
    unit = make.department("quality")
    draft = actions.draft(
        by=chen.actor, department_id=unit.id, title="Hoses", problem="Leak", requirement="Mend"
    )
    actions.issue(actions.approve(draft, by=chen.actor), by=chen.actor)
    other = make.agent("Liu Yang", "supervisor")
    people.set_active(chen, False, boss.actor, heir_id=other.id)
    notice = db.session.get_one(Notice, draft.id, populate_existing=True)
    assert notice.issuer_id == other.id
    assert db.session.scalars(db.select(Event).filter_by(name="notice.handed_on")).one()


def test_the_command_line_hands_on_too(app: Flask, boss: Agent, zhou: Agent) -> None:
    ticket, li = held(zhou), make.agent("Li Na")
    words = ("users", "deactivate", zhou.email, "--to", li.email)
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0 and "1 open cases" in done.output
    assert holder(ticket) == li.id
    found = accounts.by_email(zhou.email)
    assert found is not None
    assert not db.session.get_one(Agent, found.id, populate_existing=True).active


def test_five_thousand_cases_take_a_few_statements(boss: Agent, zhou: Agent) -> None:
    first = held(zhou)
    table = Ticket.__table__
    with transaction() as session:
        row = dict(session.execute(table.select().where(table.c.id == first.id)).mappings().one())
        row.pop("id")
        session.execute(table.insert(), [row | {"number": f"X-{n:06}"} for n in range(4999)])
    assert people.held(zhou) == [("open cases, with their planned calls", 5000)]
    with counted() as statements:
        people.set_active(zhou, False, boss.actor)
    assert len(statements) < 60
    left = db.select(db.func.count()).select_from(Ticket).filter_by(assignee_id=zhou.id)
    assert db.session.scalar(left) == 0
    noted = db.select(db.func.count()).select_from(Event).filter_by(name="ticket.handed_on")
    assert db.session.scalar(noted) == 5000


def test_the_doctor_notes_a_case_that_lies_with_somebody_who_is_gone(
    boss: Agent, zhou: Agent
) -> None:
    ticket = held(zhou)
    assert configuration.held_by_nobody().broken == 0
    with transaction():
        db.session.get_one(Agent, zhou.id, populate_existing=True).active = False
    finding = configuration.held_by_nobody()
    assert (finding.state, list(finding.examples)) == ("note", [ticket.number])
