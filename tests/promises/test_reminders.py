"""Who is told of a step, when by night, and once instead of a thousand times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from helpdesk.agents.duty import Absence, Duty
from helpdesk.clock import moved_to, tick
from helpdesk.core import alarms
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.notices import actions as notices
from helpdesk.notify.models import Envelope
from helpdesk.promises.models import Escalation, Promise, Reminder
from helpdesk.promises.reminders import MOST_SINGLE
from helpdesk.tickets import actions
from helpdesk.tickets.history_words import told
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.statements import counted

MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
MINUTE, HOUR, DAY = 60, 3600, 86400


def wait(seconds: float) -> None:
    tick(seconds)
    alarms.ring_all()


def reminders(promise: str = "acknowledge", outcome: str = "told") -> list[Reminder]:
    query = select(Reminder).where(Reminder.promise == promise, Reminder.outcome == outcome)
    fresh = query.order_by(Reminder.id).execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def mails() -> list[tuple[str, str]]:
    while deliver_due():
        pass
    rows = select(Envelope).where(Envelope.purpose.in_(("escalation", "digest")))
    return [(m.recipient, m.subject) for m in db.session.scalars(rows.order_by(Envelope.id))]


def count(name: str) -> int:
    return db.session.scalar(select(func.count()).where(Event.name == name)) or 0


def test_after_twelve_silent_hours_each_level_is_recorded_and_only_the_highest_told(
    app: Flask,
) -> None:
    """F19: each missed level once with its true due time, one reminder for the highest."""
    make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        row = next(r for r in make.opened(severity="S2").promises if r.promise == "acknowledge")
        wait(12 * HOUR)
        rows = db.session.scalars(
            select(Escalation).where(Escalation.promise_id == row.id).order_by(Escalation.level)
        ).all()
        assert [e.level for e in rows] == [50, 75, 90, 100, 150, 200]
        assert [e.due_at for e in rows] == [
            MONDAY + timedelta(minutes=30) * e.level / 100 for e in rows
        ]
        assert [bool(e.told) for e in rows] == [False] * 5 + [True]
        assert [(r.level, r.due_at) for r in reminders()] == [(200, rows[-1].due_at)]


def test_a_flood_reaches_a_person_as_one_digest(app: Flask) -> None:
    """F19: more than twenty steps at once are one mail, not many."""
    boss = make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        for n in range(MOST_SINGLE + 5):
            make.ticket(subject=f"nr {n}", severity="S2")
        wait(12 * HOUR)
        assert count("staff.digest") == 1
        assert count("staff.told") == 0
        assert [to for to, _subject in mails()] == [boss.email]
        found = db.session.scalar(select(Envelope).where(Envelope.purpose == "digest"))
    waiting = db.session.scalar(select(func.count()).where(Reminder.outcome == "digest"))
    assert found.subject == f"{waiting} promises need you"
    assert waiting >= MOST_SINGLE + 5
    assert found.body.count("overdue") >= MOST_SINGLE + 5


def test_a_few_steps_are_told_one_by_one(app: Flask) -> None:
    """The limit of automatic mails to one address is for outsiders, not for colleagues."""
    make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        for n in range(15):
            make.ticket(subject=f"nr {n}", severity="S2")
        wait(31 * MINUTE)
        assert count("staff.digest") == 0
        assert len(mails()) == 15
        mine = select(Envelope.state).where(Envelope.purpose == "escalation")
        assert set(db.session.scalars(mine)) == {"kept"}


def test_a_warning_of_a_usual_case_waits_for_the_next_working_minute(app: Flask) -> None:
    """The night rule; the recorded due time is the true one."""
    make.agent("Chen Jie", "supervisor")
    evening = MONDAY + timedelta(hours=12)  # 21:00
    with moved_to(MONDAY):
        ticket = make.ticket(severity="S3")
        row = db.session.scalar(select(Promise).where(Promise.promise == "resolve"))
        row.limit, row.started_at, row.due_at = "24 h", MONDAY, MONDAY + timedelta(hours=24)
        db.session.commit()
        alarms.set_alarm("promise", row.id, evening, level=50)
        db.session.commit()
        wait(12 * HOUR)
        step = db.session.scalar(select(Escalation).where(Escalation.promise_id == row.id))
        assert (step.level, step.due_at, step.at) == (50, evening, evening)
        assert reminders("resolve") == []
        wait(11 * HOUR)  # 08:00
        assert reminders("resolve") == []
        wait(HOUR)  # 09:00: 75 and 90 % have passed meanwhile, and the office is open
        found = reminders("resolve")
    assert [r.subject_id for r in found] == [ticket.id]
    assert found[0].level == 100


def test_a_warning_that_waits_for_the_morning_is_dropped_when_it_was_answered(app: Flask) -> None:
    boss = make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        ticket = make.ticket(severity="S3")
        tick(9 * HOUR)  # 18:00
        db.session.add(
            Reminder(
                agent_id=boss.id,
                promise_id=db.session.scalar(
                    select(Promise.id).where(Promise.promise == "acknowledge")
                ),
                subject_kind="ticket",
                subject_id=ticket.id,
                promise="acknowledge",
                level=50,
                cycle=1,
                role="owner",
                due_at=MONDAY,
                tell_at=MONDAY + timedelta(hours=24),
            )
        )
        db.session.commit()
        actions.accept(ticket, by=boss.actor)
        wait(15 * HOUR)
    assert reminders() == []
    assert len(reminders(outcome="passed")) == 1


def test_a_severe_case_never_waits_for_the_morning(app: Flask) -> None:
    """S1 and S2 by day and night."""
    make.agent("Chen Jie", "supervisor")
    night = MONDAY + timedelta(hours=15)
    with moved_to(night):
        make.ticket(severity="S2")
        wait(15 * MINUTE)
        assert [(r.level, r.told_at) for r in reminders()] == [(50, night + timedelta(minutes=15))]


def test_a_warning_goes_to_the_deputy_of_who_is_away(app: Flask) -> None:
    """People on duty."""
    zhao, deputy = make.agent("Zhao Min"), make.agent("Qian Yi")
    with moved_to(MONDAY):
        ticket = make.ticket(severity="S2")
        ticket.assignee_id = zhao.id
        start = MONDAY - timedelta(days=1)
        db.session.add(Absence(agent_id=zhao.id, deputy_id=deputy.id, starts_at=start))
        db.session.commit()
        wait(15 * MINUTE)
        assert [r.agent_id for r in reminders()] == [deputy.id]


def test_history_says_who_was_told(app: Flask) -> None:
    boss = make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        make.ticket(severity="S2")
        wait(31 * MINUTE)
    said = db.session.scalar(select(Event).where(Event.name == "staff.told"))
    assert said.data["who"] == boss.name
    with app.test_request_context():
        assert boss.name in told(said)


def test_a_department_that_does_not_sign_is_reminded_then_signed_for(app: Flask) -> None:
    """Not signed: after 2 working hours a reminder, after 4 the manager, after a day it is forced."""
    quality = make.department()
    lead = make.agent("Li Na", "handler", quality, leads=True)
    boss = make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        ticket = make.ticket()
        actions.accept(ticket, by=boss.actor)
        actions.dispatch(ticket, by=boss.actor, department_id=quality.id)
        wait(2 * HOUR)
        assert [(r.level, r.role) for r in reminders("sign")] == [(50, "owner")]
        wait(4 * HOUR)  # the lunch break does not count
        assert [(r.level, r.agent_id) for r in reminders("sign")][-1] == (100, lead.id)
        assert ticket.status == "dispatched"
        wait(20 * HOUR)
        fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
        assert fresh.status == "signed"
    row = db.session.scalar(
        select(Promise).where(Promise.promise == "sign").execution_options(populate_existing=True)
    )
    assert (row.state, row.verdict) == ("met", "late")


def test_a_ticket_that_somebody_is_changing_rings_a_moment_later(app: Flask) -> None:
    """A verb that holds its ticket is never waited for; the step is taken when it is done."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite one writer at a time: nothing is held beside it")
    make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        ticket = make.ticket(severity="S2")
        other = make.ticket(subject="another", severity="S2")
        tick(15 * MINUTE)
        with db.engine.connect() as verb:
            verb.execute(select(Ticket.id).where(Ticket.id == ticket.id).with_for_update())
            alarms.ring_due()
            assert _cases() == {other.id}
        alarms.ring_all()
        assert _cases() == {ticket.id, other.id}


def _cases() -> set[int]:
    """The cases of which a step was taken."""
    taken = select(Promise.subject_id).join(Escalation, Escalation.promise_id == Promise.id)
    return set(db.session.scalars(taken))


def _steps() -> list[Escalation]:
    return list(db.session.scalars(select(Escalation)))


def test_merged_tickets_never_escalate_even_in_a_batch(app: Flask) -> None:
    """Not even when their alarms were left behind."""
    boss = make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        gone, stays = make.ticket(severity="S2"), make.ticket(subject="stays", severity="S2")
        left = [r.id for r in db.session.scalars(select(Promise).where(Promise.of(gone)))]
        actions.merge(gone, by=boss.actor, target=stays)
        for row_id in left:
            alarms.set_alarm("promise", row_id, MONDAY, level=50)
        db.session.commit()
        wait(HOUR)
        assert _cases() == {stays.id}


def test_a_breached_notice_tells_the_supervisor_on_duty_and_who_issued_it(app: Flask) -> None:
    who = sample.cast()
    night = make.agent("Qian Yi", "supervisor")
    with moved_to(MONDAY):
        duty = Duty(role="supervisor", agent_id=night.id, starts_at=MONDAY, weekdays="")
        db.session.add(duty)
        db.session.commit()
        notice = sample.issued(who)
        wait((sample.due(notice, "plan") - MONDAY).total_seconds())
        found = reminders("plan")
    assert {(r.role, r.agent_id) for r in found if r.level == 100} == {
        ("manager", night.id),  # the department has no leader, so this is who answers for it
        ("issuer", who.supervisor.id),
    }
    assert all((r.subject_kind, r.subject_id) == ("notice", notice.id) for r in found)


def test_objections_and_wishes_for_more_time_reach_the_issuer(app: Flask) -> None:
    who = sample.cast()
    with moved_to(MONDAY):
        notice = sample.issued(who)
        until = MONDAY + timedelta(days=40)
        notices.object_to(notice, by=who.handler, comment="不是我们的责任")
        notices.rule(notice, by=who.supervisor, upheld=False, comment="是你们的")
        notices.sign(notice, by=who.handler)
        notices.ask_extension(notice, by=who.handler, until=until, comment="等备件")
        while deliver_due():
            pass
    rows = select(Envelope.recipient, Envelope.subject).where(Envelope.purpose == "notice")
    said = [(m.recipient, m.subject.split(": ")[-1]) for m in db.session.execute(rows)]
    assert ("chen.jie@example.com", "the department objects") in said
    assert ("chen.jie@example.com", "more time is asked for") in said
    assert ("li.na@example.com", "please act") in said


def test_hundreds_of_promises_due_in_one_minute_are_stepped_once_each_in_few_statements(
    app: Flask,
) -> None:
    """F18: a batch of a hundred costs about as much as one alone."""
    make.agent("Chen Jie", "supervisor")
    with moved_to(MONDAY):
        ticket = make.ticket()
        db.session.execute(delete(Alarm))
        db.session.commit()
        rows = [_half_used(ticket, part) for part in range(2, 302)]
        db.session.add_all(rows)
        db.session.flush()
        due = [MONDAY + timedelta(seconds=n / 5) for n in range(300)]
        alarms.set_alarms(
            [
                alarms.alarm_row("promise", r.id, at, level=50)
                for r, at in zip(rows, due, strict=True)
            ]
        )
        db.session.commit()
        tick(MINUTE)
        with counted() as statements:
            assert alarms.ring_due(limit=100) == 100
        alarms.ring_all()
    taken = [(step.promise_id, step.level) for step in _steps()]
    assert sorted(taken) == sorted((row.id, 50) for row in rows)
    assert len(statements) < 40


def _half_used(ticket: Ticket, part: int) -> Promise:
    return Promise(
        subject_kind=Ticket.subject_kind,
        subject_id=ticket.id,
        promise="acknowledge",
        part=part,
        owner="desk",
        limit="2 h",
        chain="standard",
        calendar="always",
        policy_version=1,
        started_at=MONDAY - timedelta(hours=1),
        due_at=MONDAY + timedelta(hours=1),
    )
