"""A merge and its undoing: both tickets as before, clocks included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import promises
from helpdesk.clock import moved_to, now
from helpdesk.core.alarms import Alarm, ring_all
from helpdesk.core.db import db
from helpdesk.core.errors import NotAllowed, Refused
from helpdesk.promises.models import Escalation, Promise
from helpdesk.tickets import actions, callbacks
from helpdesk.tickets.models import Link, Ticket
from tests.help import factories as make

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
HOUR, DAY = 3600, 24 * 3600


def seen(ticket: Ticket) -> dict[str, Any]:
    """What must be the same before a merge and after its undoing."""
    fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    rows = [
        (r.promise, r.part, r.state, r.verdict, r.due_at, r.paused_at)
        for r in promises.table(fresh)
    ]
    ids = [r.id for r in promises.table(fresh)]
    alarms = db.session.execute(
        select(Alarm.kind, Alarm.subject_id, Alarm.level, Alarm.due_at)
        .where(Alarm.subject_id.in_([*ids, ticket.id]))
        .order_by(Alarm.kind, Alarm.subject_id)
    ).all()
    kept = (fresh.status, fresh.due_at, fresh.waiting_since, fresh.closed_at, fresh.assignee_id)
    return {"rows": rows, "alarms": alarms, "kept": kept, "into": fresh.merged_into_id}


def handled() -> Ticket:
    ticket = make.ticket(subject="Once more")
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
    actions.sign(ticket, by=make.SUPERVISOR)
    actions.handle(ticket, by=make.SUPERVISOR)
    return ticket


def test_both_tickets_are_as_before_when_a_merge_is_undone(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        stays, gone = make.ticket(), handled()
        before = seen(stays), seen(gone)
        actions.merge(gone, by=make.SUPERVISOR, target=stays)
        assert seen(gone)["into"] == stays.id
        tick(HOUR)
        actions.unmerge(gone, by=make.SUPERVISOR, comment="Two different fridges")
        assert (seen(stays), seen(gone)) == before
    assert not db.session.scalars(select(Link)).all()


def test_a_case_on_hold_is_on_hold_again_and_wakes_as_agreed(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        stays, gone = make.ticket(), handled()
        actions.hold(gone, by=make.SUPERVISOR, comment="x", until=now() + timedelta(days=1))
        before = seen(gone)
        actions.merge(gone, by=make.SUPERVISOR, target=stays)
        tick(HOUR)
        actions.unmerge(gone, by=make.SUPERVISOR, comment="x")
        assert seen(gone) == before
        tick(DAY)
        ring_all()
        assert seen(gone)["kept"][0] == "handling"


def test_a_planned_follow_up_call_is_planned_again(app: Flask) -> None:
    stays, gone = make.ticket(), handled()
    actions.reply(gone, by=make.SUPERVISOR, body="好了")
    actions.approve(gone, by=make.SUPERVISOR)
    actions.merge(gone, by=make.SUPERVISOR, target=stays)
    assert not callbacks.is_due(gone)
    actions.unmerge(gone, by=make.SUPERVISOR, comment="x")
    assert callbacks.is_due(gone)


def test_a_merged_case_never_escalates_and_one_set_free_does_again(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        stays, gone = make.ticket(), handled()
        actions.merge(gone, by=make.SUPERVISOR, target=stays)
        tick(5 * HOUR)
        ring_all()
        mine = select(Escalation).where(
            Escalation.promise_id.in_(select(Promise.id).where(Promise.of(gone)))
        )
        assert not db.session.scalars(mine).all()
        actions.unmerge(gone, by=make.SUPERVISOR, comment="x")
        ring_all()
        assert db.session.scalars(mine).all()


def test_after_its_time_a_merge_stands(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        stays, gone = make.ticket(), handled()
        actions.merge(gone, by=make.SUPERVISOR, target=stays)
        tick(25 * HOUR)
        with pytest.raises(Refused, match="24 hours"):
            actions.unmerge(gone, by=make.SUPERVISOR, comment="x")


def test_a_department_undoes_no_merge_and_nobody_does_it_twice(app: Flask) -> None:
    stays, gone = make.ticket(), handled()
    actions.merge(gone, by=make.SUPERVISOR, target=stays)
    handler = make.agent("Li Na", "handler", make.department()).actor
    with pytest.raises(NotAllowed):
        actions.unmerge(gone, by=handler, comment="x")
    actions.unmerge(gone, by=make.SUPERVISOR, comment="x")
    with pytest.raises(Refused):
        actions.unmerge(gone, by=make.SUPERVISOR, comment="x")


def test_what_was_undone_can_be_merged_again(app: Flask) -> None:
    stays, gone = make.ticket(), handled()
    for _each in range(2):
        actions.merge(gone, by=make.SUPERVISOR, target=stays)
        actions.unmerge(gone, by=make.SUPERVISOR, comment="x")
    assert seen(gone)["kept"][0] == "handling"
