"""The receipt of each due time: its stretches leave no gap, and their sum is the promise."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import promises
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db
from helpdesk.notices import clock
from helpdesk.promises import receipts
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.notices import cast, issued
from tests.help.receipts import proven


@pytest.mark.parametrize("seed", range(12))
def test_every_receipt_of_a_case_at_any_hour_adds_up(app: Flask, seed: int) -> None:
    """Random beginnings, severities and pauses, over weekends and the holidays of the year."""
    chance = random.Random(seed)
    start = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=chance.randrange(60 * 24 * 300))
    with moved_to(start) as tick:
        ticket = make.ticket(severity=chance.choice(["S1", "S2", "S3", "S4"]))
        actions.accept(ticket, by=make.SUPERVISOR)
        actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
        actions.sign(ticket, by=make.SUPERVISOR)
        actions.handle(ticket, by=make.SUPERVISOR)
        for _each in range(chance.randrange(3)):
            tick(chance.randrange(60, 7200))
            actions.hold(ticket, by=make.SUPERVISOR, comment="x", until=now() + timedelta(days=9))
            tick(chance.randrange(60, 36000))
            actions.resume(ticket, by=make.SUPERVISOR)
        fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        assert sum(proven(row) for row in promises.table(fresh)) >= 6


@pytest.mark.parametrize("seed", range(6))
def test_receipts_add_up_after_every_step_of_a_long_life(app: Flask, seed: int) -> None:
    """Holds, more time, another department, another severity, a rework: looked at after each of them."""
    chance = random.Random(seed)
    start = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=chance.randrange(60 * 24 * 300))
    by, other = make.SUPERVISOR, make.department("logistics", "物流部", "Logistics").id
    with moved_to(start) as tick:
        ticket = make.ticket(severity=chance.choice(["S1", "S2", "S3", "S4"]))
        actions.accept(ticket, by=by)
        actions.dispatch(ticket, by=by, department_id=make.department().id)
        actions.sign(ticket, by=by)
        actions.handle(ticket, by=by)
        later = now() + timedelta(days=chance.randrange(15, 40), minutes=chance.randrange(999))
        steps = [
            lambda: actions.hold(ticket, by=by, comment="x", until=now() + timedelta(days=5)),
            lambda: actions.resume(ticket, by=by),
            lambda: actions.ask_extension(ticket, by=by, comment="x", until=later),
            lambda: actions.grant_extension(ticket, by=by),
            lambda: actions.edit(
                ticket, by=by, severity=chance.choice(["S2", "S3", "S4"]), reason="更正"
            ),
            lambda: actions.hold(ticket, by=by, comment="x", until=now() + timedelta(days=5)),
            lambda: actions.resume(ticket, by=by),
            lambda: actions.transfer(ticket, by=by, department_id=other, comment="x"),
            lambda: actions.sign(ticket, by=by),
            lambda: actions.handle(ticket, by=by),
            lambda: actions.reply(ticket, by=by, body="好的。"),
            lambda: actions.rework(ticket, by=by, comment="x"),
        ]
        for step in steps:
            tick(chance.randrange(60, 9000))
            step()
            fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
            assert sum(proven(row) for row in promises.table(fresh)) >= 6


@pytest.mark.parametrize("level", ["major", "minor", "observation"])
def test_the_steps_of_a_notice_have_receipts_that_add_up(app: Flask, level: str) -> None:
    with moved_to(datetime(2026, 9, 29, 2, 0, tzinfo=UTC)), app.test_request_context():
        notice = issued(cast(), level=level)
        snapshot = in_force.current()
        steps = [row for row in clock.steps(notice).values() if row.state == "running"]
        found = [receipts.receipt(row, row.promise, snapshot) for row in steps]
    assert found
    for step, receipt in zip(steps, found, strict=True):
        stretches = receipt.stretches
        assert receipt.exact and receipt.calendar
        assert (stretches[0].start, stretches[-1].end) == (step.started_at, step.due_at)
        if step.limit.endswith("wd"):
            days = sum(one.kind == "counted" for one in stretches)
            assert f"{days} wd" == step.limit


def test_the_page_of_a_notice_shows_how_its_time_was_counted(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Zhao Min", "supervisor"))
    notice = issued(cast())
    page = client.get(f"/notices/{notice.id}", follow_redirects=True)
    assert 'id="receipts"' in page.text and "stretch-counted" in page.text
