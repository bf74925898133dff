"""Who is told of a step, when by night, and once instead of a thousand times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from helpdesk.agents import roster
from helpdesk.agents.duty import Absence, Duty
from helpdesk.agents.models import Department
from helpdesk.clock import moved_to, tick
from helpdesk.core import alarms, options
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.core.outbox import deliver_due
from helpdesk.notices import actions as notices
from helpdesk.notify.models import Envelope
from helpdesk.promises import reminders as telling
from helpdesk.promises.models import Escalation, Promise, Reminder
from helpdesk.promises.reminders import (
    MOST_SINGLE,
    Due,
    Reached,
    _by_daylight,
    _rows,
)
from helpdesk.promises.subjects import Standing
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.history_words import told
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.promised import NINE, promise
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
        alarms.clear_alarms("promise", [row.id])
        alarms.set_alarms([alarms.alarm_row("promise", row.id, evening, level=50)])
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
        alarms.set_alarms(
            [alarms.alarm_row("promise", row_id, MONDAY, level=50) for row_id in left]
        )
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


def reached(level: int = 50, severity: str = "S3", **more: object) -> Reached:
    """One promise that has reached a step of its chain."""
    case = Standing(1, True, severity, None, None, 0)
    steps = (Due(25, NINE, ()), Due(level, NINE, ("owner",)))
    return Reached(promise(**more), case, steps)


@pytest.mark.parametrize(
    ("granted", "run"),
    [(None, 3), (0, 103), (59, 103), (60, 203), (119, 203), (120, 303), (86_400, 144_103)],
)
def test_steps_are_kept_by_cycle_and_by_the_minute_at_which_more_time_was_granted(
    granted: int | None, run: int
) -> None:
    """These numbers are stored: a step that was taken must be known by them for ever."""
    at = None if granted is None else NINE + timedelta(seconds=granted)
    assert reached(cycle=3, extended_at=at).run == run
    assert reached(cycle=3, extended_at=at, started_at=None).run == 3


@pytest.mark.parametrize(
    ("severity", "level", "urgent"),
    [
        ("S1", 25, True),
        ("S2", 25, True),
        ("S3", 99, False),
        ("S3", 100, True),
        ("S4", 99, False),
        ("S4", 150, True),
    ],
)
def test_grave_cases_and_broken_promises_are_told_by_day_and_night(
    severity: str, level: int, urgent: bool
) -> None:
    one = reached(level, severity)
    assert (one.urgent, one.highest.level) == (urgent, level)


def waiting(count: int, level: int = 100, state: str = "running") -> list[int]:
    """So many reminders of promises of their own for one supervisor, due now."""
    boss, ticket = make.agent("Chen Jie", "supervisor"), make.ticket()
    rows = [_half_used(ticket, part) for part in range(2, 2 + count)]
    for row in rows:
        row.state = state
    db.session.add_all(rows)
    db.session.flush()
    made = [
        Reminder(
            agent_id=boss.id,
            promise_id=row.id,
            subject_kind="ticket",
            subject_id=ticket.id,
            promise="acknowledge",
            level=level,
            cycle=1,
            role="owner",
            due_at=MONDAY + timedelta(seconds=nr),
            tell_at=MONDAY,
        )
        for nr, row in enumerate(rows)
    ]
    db.session.add_all(made)
    db.session.commit()
    return [one.id for one in made]


@pytest.mark.parametrize(("count", "digests"), [(19, 0), (20, 0), (21, 1)])
def test_up_to_twenty_steps_are_told_one_by_one_and_one_more_is_a_digest(
    app: Flask, count: int, digests: int
) -> None:
    with moved_to(MONDAY):
        first = waiting(count)[0]
        db.session.execute(delete(Alarm))
        db.session.commit()
        assert tell_due() == 1
        found = set(db.session.scalars(select(Reminder.digest)))
        assert found == ({first} if digests else {None})
        assert (len(events("staff.digest")), len(events("staff.told"))) == (
            digests,
            0 if digests else count,
        )
        assert tell_due() == 0, "and nobody is told twice"


def tell_due() -> int:
    with transaction():
        return telling.tell_due()


def events(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name).order_by(Event.seq)))


@pytest.mark.parametrize(
    ("state", "level", "outcome"),
    [
        ("running", 75, "told"),
        ("running", 100, "told"),
        ("met", 99, "passed"),
        ("met", 100, "told"),  # kept too late: that it was broken is still told
        ("met", 150, "told"),
        ("paused", 75, "passed"),
        ("paused", 100, "passed"),
        ("dropped", 100, "passed"),
    ],
)
def test_a_warning_is_told_while_it_helps_and_a_miss_even_after_the_answer(
    app: Flask, state: str, level: int, outcome: str
) -> None:
    with moved_to(MONDAY):
        waiting(1, level, state)
        db.session.execute(delete(Alarm))
        db.session.commit()
        tell_due()
        assert [(r.outcome, r.told_at) for r in db.session.scalars(select(Reminder))] == [
            (outcome, MONDAY)
        ]


@pytest.mark.parametrize(
    ("alarm", "after", "told"),
    [
        (None, 0, 1),
        (timedelta(seconds=1), 0, 1),  # what rings only later belongs into no digest of now
        (timedelta(0), 0, 0),
        (timedelta(hours=-1), 0, 0),
        (timedelta(hours=-1), 60, 0),
        (timedelta(hours=-1), 61, 1),  # a backlog that takes longer than a minute
    ],
)
def test_people_are_told_when_nothing_more_rings_or_after_a_minute(
    app: Flask, alarm: timedelta | None, after: int, told: int
) -> None:
    with moved_to(MONDAY):
        waiting(1)
        db.session.execute(delete(Alarm))
        if alarm is not None:
            alarms.set_alarm("somebody.else", 1, MONDAY + timedelta(seconds=after) + alarm)
        db.session.commit()
        tick(after)
        assert tell_due() == told


def test_nobody_is_told_before_it_is_time_nor_when_there_is_nothing(app: Flask) -> None:
    with moved_to(MONDAY - timedelta(seconds=1)):
        db.session.execute(delete(Alarm))
        db.session.commit()
        assert tell_due() == 0
        waiting(1)
        db.session.execute(delete(Alarm))
        db.session.commit()
        assert tell_due() == 0
        tick(1)
        assert tell_due() == 1


def test_who_issued_a_notice_is_told_of_its_miss_and_of_no_warning(app: Flask) -> None:
    who = sample.cast()
    with moved_to(MONDAY):
        notice = sample.issued(who)
        plan = sample.due(notice, "plan")
        for share in (0.85, 0.95):
            wait(share * (plan - MONDAY).total_seconds())
            db.session.commit()
        waits = list(db.session.scalars(select(Reminder).where(Reminder.promise == "plan")))
    assert {r.level for r in waits} & {50, 75, 80, 90}
    assert "issuer" not in {r.role for r in waits if r.level < 100}


def test_each_person_is_told_by_the_hours_of_their_own_department(app: Flask) -> None:
    """At night the desk is told in the morning; a department that works round the clock at once."""
    units = {code: make.department(code) for code in ("quality", "night")}
    with transaction():
        for unit in db.session.scalars(select(Department)):
            unit.calendar = "cn-office" if unit.code == "quality" else "always"
        options.changed()
    day = make.agent("Li Na", "handler", units["quality"])
    night = make.agent("Wu Di", "handler", units["night"])
    desk = make.agent("Zhang Wei")
    evening = MONDAY + timedelta(hours=12)
    people, snapshot = roster.at().people, in_force.current()
    with moved_to(evening):
        times = [_by_daylight(people[who.id], snapshot) for who in (day, night, desk)]
    morning = MONDAY + timedelta(days=1)
    assert times == [morning, evening, morning]


def test_a_department_s_promise_is_told_to_the_department_and_the_desk_s_to_the_desk(
    app: Flask,
) -> None:
    quality = make.department()
    lead = make.agent("Li Na", "handler", quality)
    desk = make.agent("Zhang Wei")
    people = roster.at()
    case = Standing(1, True, "S1", quality.id, None, 0)
    for owner, person in (("department", lead), ("desk", desk)):
        one = Reached(promise(owner=owner), case, (Due(50, NINE, ("owner",)),))
        told_of = {row["agent_id"] for row in _rows(one, people, lambda _person: NINE)}
        assert told_of == {person.id}
