"""A caller who leaves a message: a case of its own, with the message to be heard."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls.models import Recording, Stay
from helpdesk.core.db import db
from helpdesk.ops.doctor import calls as doctor
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.recordings import Files, exchange, gives, look, queue, recorded, sound
from tests.help.telephone import abandoned, event, take, take_each

__all__ = ["exchange"]


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent("Zhang Wei")


def message(files: Files, call_id: str = "v1", after: float = 70) -> dict[str, object]:
    url = files.put(gives(sound()), f"/{call_id}.wav")
    return recorded(url, after, call_id=call_id, reason="voicemail")


def cases() -> list[Ticket]:
    db.session.rollback()
    return list(db.session.scalars(select(Ticket).order_by(Ticket.id)))


def test_a_message_without_a_queue_is_a_missed_call_case_with_its_recording(
    client: FlaskClient, exchange: Files, zhang: Agent
) -> None:
    take(event("ringing", call_id="v1"), message(exchange), event("hungup", 71, call_id="v1"))
    look()
    [case] = cases()
    row = db.session.scalars(select(Recording)).one()
    assert (row.state, row.ticket_id) == ("kept", case.id)
    assert case.subject.startswith("Missed call from") and "message" in case.subject
    html = make.sign_in(client, zhang).get(f"/calls/of/{case.number}").get_data(as_text=True)
    assert f'src="/calls/recordings/{row.id}/sound"' in html  # the desk works on it, so it hears it
    assert client.get(f"/calls/recordings/{row.id}/sound").data == sound()


def test_a_message_is_not_merged_into_an_earlier_missed_call_of_the_number(
    exchange: Files, zhang: Agent
) -> None:
    take(*abandoned(40, "before"))
    take(*abandoned(60, "v1"), message(exchange))
    first, second = cases()
    row = db.session.scalars(select(Recording)).one()
    assert row.ticket_id == second.id
    stays = dict(db.session.execute(select(Stay.waited, Stay.ticket_id)).all())
    assert stays == {40.0: first.id, 60.0: second.id}


def test_a_message_that_is_told_after_the_missed_call_was_merged_has_its_own_case_all_the_same(
    exchange: Files, zhang: Agent
) -> None:
    take(*abandoned(40, "before"))
    take(*abandoned(60, "v1"))
    assert len(cases()) == 1
    take_each([message(exchange)] * 2)
    assert len(cases()) == 2
    assert db.session.scalars(select(Recording.ticket_id)).one() == cases()[1].id
    assert doctor.with_cases().broken == 0


def test_a_handler_of_another_department_does_not_hear_it(
    client: FlaskClient, exchange: Files
) -> None:
    queue()
    take(event("ringing", call_id="v1"), message(exchange), event("hungup", 71, call_id="v1"))
    look()
    row = db.session.scalars(select(Recording)).one()
    make.sign_in(client, make.agent("Li Na", "handler", make.department()))
    assert client.get(f"/calls/recordings/{row.id}/sound").status_code == 404
