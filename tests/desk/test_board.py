"""The board of stuck work: seen by supervisors, tried again in one click."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core import alarms, outbox
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.events import record
from helpdesk.core.outbox import Delivery, deliver_due, durable
from tests.help import factories as make


def test_a_dead_delivery_and_a_parked_alarm_are_shown_and_tried_again(
    app: Flask, client: FlaskClient
) -> None:
    """F24: quarantined after five attempts, one-click replay."""
    heard: list[str] = []
    durable("test.board", "test.happened")(lambda _noted: heard.append("mail"))
    alarms.on_alarm("test.board")(lambda _ring: heard.append("alarm"))
    try:
        with transaction() as session:
            record("test.happened", by=SYSTEM)
            alarms.set_alarm("test.board", 7, now())
            session.flush()
            session.scalar(select(Alarm)).parked = True
        with transaction() as session:
            row = session.scalar(select(Delivery))
            row.state, row.error, row.tries = "dead", "smtp said no", 5
        make.sign_in(client, make.agent("Chen Jie", "supervisor"))
        page = client.get("/board").get_data(as_text=True)
        assert "smtp said no" in page
        assert "test.board 7" in page
        client.post(f"/board/deliveries/{row.id}")
        client.post(f"/board/alarms/{db.session.scalar(select(Alarm.id))}")
        deliver_due()
        alarms.ring_all()
        assert sorted(heard) == ["alarm", "mail"]
        assert "Nothing is stuck" in client.get("/board").get_data(as_text=True)
    finally:
        outbox._durable.pop("test.board")


def test_everything_is_tried_again_in_one_click(app: Flask, client: FlaskClient) -> None:
    """F24: after the mail server was away, nobody clicks a thousand times."""
    with transaction() as session:
        record("test.happened", by=SYSTEM)
        for subject in (1, 2):
            alarms.set_alarm("test.board", subject, now())
    with transaction() as session:
        for row in session.scalars(select(Alarm)):
            row.parked, row.tries, row.error = True, 5, "poison"
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    assert client.post("/board/all").status_code == 303
    fresh = select(Alarm.parked, Alarm.tries, Alarm.error).distinct()
    assert db.session.execute(fresh).all() == [(False, 0, None)]


def test_agents_and_departments_do_not_see_the_board(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent())
    assert client.get("/board").status_code == 403
