"""Clocks that wait and go on: which statuses pause, by how much, and for how long at most."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import promises
from helpdesk.clock import Limit, moved_to, now, remaining
from helpdesk.core.alarms import ring_all
from helpdesk.core.db import db
from helpdesk.core.errors import Refused
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.models import Envelope
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.tickets import actions, lifecycle
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
HOUR, DAY = 3600, 24 * 3600


def newest(ticket: Ticket) -> dict[str, Promise]:
    found = promises.table(db.session.get_one(Ticket, ticket.id, populate_existing=True))
    return {row.promise: row for row in promises.current(found, ticket)}


def status(ticket: Ticket) -> str:
    return db.session.get_one(Ticket, ticket.id, populate_existing=True).status


def handled(**more: object) -> Ticket:
    ticket = make.ticket(**more)
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
    actions.sign(ticket, by=make.SUPERVISOR)
    actions.handle(ticket, by=make.SUPERVISOR)
    return ticket


def hold(ticket: Ticket, days: int = 60) -> Ticket:
    until = now() + timedelta(days=days)
    return actions.hold(ticket, by=make.SUPERVISOR, comment="等待客户", until=until)


def test_only_the_table_of_moves_says_which_status_pauses() -> None:
    paused = {s for s in lifecycle.Status if lifecycle.clock_of(s) is lifecycle.Clock.PAUSED}
    assert paused == {lifecycle.Status.WAITING}


@pytest.mark.parametrize("severity", ["S1", "S2", "S3", "S4"])
@pytest.mark.parametrize("hours", [1, 5, 17, 30, 73])
def test_resuming_moves_each_due_time_by_exactly_the_time_paused(
    app: Flask, severity: str, hours: int
) -> None:
    """In the limit's own measure: working time for wh and wd, the clock for h and cd."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity=severity)
        before = {
            name: (row.due_at, row.limit, row.calendar)
            for name, row in newest(ticket).items()
            if row.state == "running"
        }
        hold(ticket)
        start = now()
        tick(hours * HOUR)
        ring_all()
        capped = newest(ticket)["resolve"].pauses
        if not capped:
            actions.resume(ticket, by=make.SUPERVISOR)
        after = newest(ticket)
    calendars = in_force.current().calendars
    for name, (due, text, calendar) in before.items():
        limit, row = Limit.parse(text), after[name]
        (begin, end) = map(datetime.fromisoformat, row.pauses[0])
        paused = remaining(begin, end, limit, calendars[calendar])
        assert begin == start
        assert due and row.due_at
        assert remaining(due, row.due_at, limit, calendars[calendar]) == paused, name


def test_two_pauses_add_up(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S1")
        due = newest(ticket)["resolve"].due_at
        for _each in range(2):
            hold(ticket)
            tick(2 * HOUR)
            actions.resume(ticket, by=make.SUPERVISOR)
    assert due and newest(ticket)["resolve"].due_at == due + timedelta(hours=4)


def test_waiting_has_an_end_and_the_person_responsible_is_told(app: Flask) -> None:
    """S1: twenty-four hours at most; then the clocks run again, whatever was agreed."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S1", language="en")
        owner = make.agent("Li Na", "handler", make.department())
        from helpdesk.core.db import transaction

        with transaction():
            db.session.get_one(Ticket, ticket.id).assignee_id = owner.id
        hold(ticket, days=30)
        tick(20 * HOUR)
        ring_all()
        assert status(ticket) == "waiting"
        tick(30 * HOUR)
        ring_all()
        assert status(ticket) == "handling"
        assert newest(ticket)["resolve"].state == "running"
        deliver_due()
    noted = db.session.scalars(select(Event).where(Event.name == "ticket.resume")).one()
    assert noted.data["because"] == "cap"
    mails = db.session.scalars(select(Envelope).where(Envelope.purpose == "hold_over"))
    assert [mail.recipient for mail in mails] == [owner.email]


def test_all_waiting_of_a_cycle_counts_towards_the_longest_time(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S1")
        hold(ticket)
        tick(20 * HOUR)
        actions.resume(ticket, by=make.SUPERVISOR)
        hold(ticket)
        tick(30 * HOUR)
        ring_all()
        assert status(ticket) == "handling"
        with pytest.raises(Refused, match="as long as it may be"):
            hold(ticket)


def test_the_time_that_was_agreed_ends_a_hold_before_the_longest_time(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S3")
        hold(ticket, days=1)
        tick(DAY + 2)
        ring_all()
    noted = db.session.scalars(select(Event).where(Event.name == "ticket.resume")).one()
    assert noted.data["because"] == "until"


def test_a_missed_promise_stays_missed_through_a_pause(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S1")
        tick(26 * HOUR)
        ring_all()
        hold(ticket)
        tick(HOUR)
        actions.resume(ticket, by=make.SUPERVISOR)
        assert newest(ticket)["resolve"].verdict == "missed"
        assert newest(ticket)["resolve"].due_at == WEDNESDAY + timedelta(hours=24)
        actions.reply(ticket, by=make.SUPERVISOR, body="好了")
        assert newest(ticket)["resolve"].verdict == "late"


def test_the_longest_time_on_hold_is_counted_from_the_first_hold_without_the_work_between(
    app: Flask,
) -> None:
    """S1: twenty-four hours; six and three of them are used, so fifteen are left."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled(severity="S1")
        assert promises.hold_ends_at(ticket, in_force.current()) == now() + timedelta(hours=24)
        for waits, works in ((6, 5), (3, 2)):
            hold(ticket)
            tick(waits * HOUR)
            actions.resume(ticket, by=make.SUPERVISOR)
            tick(works * HOUR)
        assert promises.hold_ends_at(ticket, in_force.current()) == now() + timedelta(hours=15)


def test_without_a_longest_time_a_hold_has_no_end_of_its_own(app: Flask) -> None:
    snapshot = in_force.current()
    endless = [row for row in snapshot.policy if row.promise != "hold"]
    without = replace(snapshot, policy=tuple(endless))
    assert promises.hold_ends_at(handled(), without) is None
