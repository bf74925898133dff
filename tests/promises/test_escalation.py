"""The chain: every step once, whatever is late, doubled or restarted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from helpdesk.clock import moved_to, now
from helpdesk.core import alarms
from helpdesk.core.alarms import Alarm, Ring
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.core.events import Event
from helpdesk.promises import escalation
from helpdesk.promises.models import Escalation, Promise
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.statements import counted


def steps(promise: str = "acknowledge") -> list[int]:
    return list(
        db.session.scalars(
            select(Escalation.level)
            .join(Promise, Promise.id == Escalation.promise_id)
            .where(Promise.promise == promise)
            .order_by(Escalation.level)
        )
    )


def test_each_step_of_the_chain_is_taken_once_at_its_share(app: Flask) -> None:
    """50, 75, 90, 100, 150 and 200 % each fire once."""
    make.ticket(severity="S2")
    start, taken = now(), []
    for minutes in (14, 16, 23, 28, 31, 46, 61, 90):
        with moved_to(start + timedelta(minutes=minutes)):
            alarms.ring_all()
            alarms.ring_all()
            taken.append(steps())
    assert taken == [
        [],
        [50],
        [50, 75],
        [50, 75, 90],
        [50, 75, 90, 100],
        [50, 75, 90, 100, 150],
        [50, 75, 90, 100, 150, 200],
        [50, 75, 90, 100, 150, 200],
    ]


def test_after_a_long_silence_every_missed_step_is_recorded_once_with_its_true_time(
    app: Flask,
) -> None:
    """F19: the timers were off; each level has its own due time."""
    opened = make.opened(severity="S2")
    row = next(r for r in opened.promises if r.promise == "acknowledge")
    with moved_to(now() + timedelta(hours=12)):
        alarms.ring_all()
    found = db.session.scalars(
        select(Escalation).where(Escalation.promise_id == row.id).order_by(Escalation.level)
    ).all()
    assert [e.level for e in found] == [50, 75, 90, 100, 150, 200]
    wanted = [row.started_at + timedelta(minutes=30) * e.level / 100 for e in found]
    assert [e.due_at for e in found] == wanted


def test_two_timer_processes_take_each_step_once(app: Flask) -> None:
    """F3: four threads ring at once; nothing is lost and nothing doubled."""
    for n in range(20):
        make.ticket(subject=f"nr {n}", severity="S2")
    later = now() + timedelta(minutes=16)

    def ring() -> None:
        with app.app_context(), moved_to(later):
            alarms.ring_all()
            db.session.remove()

    threads = [threading.Thread(target=ring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert steps() == [50] * 20
    told = db.session.scalar(select(func.count()).where(Event.name == "promise.warned"))
    assert told == 20


def test_a_set_is_stepped_without_an_object_or_a_statement_for_each_promise(app: Flask) -> None:
    """Plain rows are read, and what changes is written for all of them at once."""
    loaded: list[object] = []
    event.listen(Promise, "load", lambda row, _context: loaded.append(row))
    event.listen(Promise, "refresh", lambda row, _context, _names: loaded.append(row))
    make.agent("Chen Jie", "supervisor")
    costs = []
    for count in (3, 12):
        for n in range(count):
            make.ticket(subject=f"nr {count}.{n}", severity="S2")
        loaded.clear()
        with moved_to(now() + timedelta(minutes=16)), counted() as statements:
            alarms.ring_due()
        costs.append(len(statements))
        db.session.remove()
    assert steps() == [50] * 15
    assert loaded == []
    assert costs[0] == costs[1]


def test_a_missed_promise_is_marked_missed_on_the_ticket_and_in_its_history(app: Flask) -> None:
    ticket = make.ticket(severity="S2")
    with moved_to(now() + timedelta(minutes=31)):
        alarms.ring_all()
    row = db.session.scalar(
        select(Promise)
        .where(Promise.promise == "acknowledge")
        .execution_options(populate_existing=True)
    )
    assert (row.verdict, row.level) == ("missed", 100)
    assert row.warned_at is not None
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).escalation == 100
    breached = db.session.scalar(select(Event).where(Event.name == "promise.breached"))
    assert breached.data["promise"] == "acknowledge"
    assert breached.data["told"] == "manager,supervisor"


def test_a_missed_promise_that_is_kept_later_is_late(app: Flask) -> None:
    ticket = make.ticket(severity="S2")
    with moved_to(now() + timedelta(minutes=31)):
        alarms.ring_all()
        actions.accept(ticket, by=make.agent().actor)
    assert (
        db.session.scalar(select(Promise.verdict).where(Promise.promise == "acknowledge")) == "late"
    )


def test_after_more_time_was_granted_the_chain_begins_anew_and_a_second_miss_is_told(
    app: Flask,
) -> None:
    """Each step once on the way to each of the two times; what lies behind is not told again."""
    by = make.SUPERVISOR
    with moved_to(datetime(2026, 3, 9, 1, 0, tzinfo=UTC)) as tick:
        ticket = make.ticket(severity="S1")
        actions.accept(ticket, by=by)
        actions.dispatch(ticket, by=by, department_id=make.department().id)
        actions.sign(ticket, by=by)
        actions.handle(ticket, by=by)
        tick(25 * 3600)
        alarms.ring_all()
        assert steps("resolve") == [25, 50, 75, 100]
        with pytest.raises(BadInput):
            actions.ask_extension(ticket, by=by, comment="x", until=now() - timedelta(hours=1))
        actions.ask_extension(ticket, by=by, comment="x", until=now() + timedelta(hours=23))
        actions.grant_extension(ticket, by=by)
        alarms.ring_all()
        assert steps("resolve") == [25, 50, 75, 100], "52 % of the new time: nothing is due"
        tick(23 * 3600 + 60)
        alarms.ring_all()
        alarms.ring_all()
    assert steps("resolve") == [25, 50, 75, 75, 100, 100]
    row = db.session.scalar(
        select(Promise)
        .where(Promise.promise == "resolve")
        .execution_options(populate_existing=True)
    )
    assert (row.verdict, row.level) == ("missed", 100)


def test_more_time_shortens_no_promise_and_must_be_more(app: Flask) -> None:
    by = make.SUPERVISOR
    with moved_to(datetime(2026, 3, 9, 1, 0, tzinfo=UTC)):
        ticket = make.ticket()
        actions.accept(ticket, by=by)
        actions.dispatch(ticket, by=by, department_id=make.department().id)
        actions.sign(ticket, by=by)
        actions.handle(ticket, by=by)
        due = dict(db.session.execute(select(Promise.promise, Promise.due_at)).all())
        assert due["department_reply"] < due["resolve"]
        with pytest.raises(BadInput) as refused:
            actions.ask_extension(ticket, by=by, comment="x", until=due["department_reply"])
        assert "until" in refused.value.errors
        between = due["department_reply"] + timedelta(hours=1)
        actions.ask_extension(ticket, by=by, comment="x", until=between)
        actions.grant_extension(ticket, by=by)
    after = dict(db.session.execute(select(Promise.promise, Promise.due_at)).all())
    assert (after["department_reply"], after["resolve"]) == (between, due["resolve"])


def test_a_merged_or_withdrawn_case_never_escalates(app: Flask) -> None:
    """Not even when an alarm was left behind."""
    ticket = make.ticket(severity="S2")
    row_id = db.session.scalar(select(Promise.id).where(Promise.promise == "acknowledge"))
    actions.withdraw(ticket, by=make.CUSTOMER, comment="x")
    with moved_to(now() + timedelta(hours=5)):
        alarms.ring_all()
        with transaction():
            escalation.ring([Ring("promise", row_id, 1, 100, now())])
    assert steps() == []


def test_a_kept_promise_does_not_ring(app: Flask) -> None:
    ticket = make.ticket(severity="S2")
    actions.accept(ticket, by=make.agent().actor)
    with moved_to(now() + timedelta(hours=1)):
        alarms.ring_all()
    assert steps() == []


def test_the_same_ring_twice_changes_nothing(app: Flask) -> None:
    """The unique row is the guard, not the code."""
    make.ticket(severity="S2")
    row_id = db.session.scalar(select(Promise.id).where(Promise.promise == "acknowledge"))
    for _ in range(2):
        with transaction():
            escalation.ring([Ring("promise", row_id, 1, 50, now())])
    assert steps() == [50]


def test_a_throwing_alarm_is_pushed_back_then_parked_and_others_go_on(app: Flask) -> None:
    """F24: a poison row is set aside after five tries, with its error, and can be rung again."""
    heard: list[int] = []

    def handler(ring: Ring) -> None:
        if ring.subject_id == 1:
            raise ValueError("poison")
        heard.append(ring.subject_id)

    alarms.on_alarm("test.poison")(handler)
    with transaction():
        for subject in (1, 2, 3):
            alarms.set_alarm("test.poison", subject, now())
    with moved_to(now()) as tick:
        for _ in range(alarms.MAX_TRIES):
            alarms.ring_all()
            tick(3600)
        alarms.ring_all()
    assert sorted(heard) == [2, 3]
    row = db.session.scalar(select(Alarm).execution_options(populate_existing=True))
    assert (row.parked, row.tries) == (True, alarms.MAX_TRIES)
    assert "poison" in row.error
    alarms.on_alarm("test.poison")(lambda ring: heard.append(ring.subject_id))
    alarms.retry(row.id)
    alarms.ring_all()
    assert 1 in heard


def test_what_a_throwing_alarm_noted_is_not_kept(app: Flask) -> None:
    from helpdesk.agents.rights import SYSTEM
    from helpdesk.core.events import record

    def handler(_ring: Ring) -> None:
        record("test.never", by=SYSTEM)
        raise ValueError("after noting")

    alarms.on_alarm("test.noting")(handler)
    with transaction():
        alarms.set_alarm("test.noting", 1, now())
    alarms.ring_all()
    assert db.session.scalar(select(func.count()).where(Event.name == "test.never")) == 0


@pytest.mark.parametrize("severity", ["S1", "S3"])
def test_chains_differ_by_severity(app: Flask, severity: str) -> None:
    make.ticket(severity=severity)
    level = db.session.scalar(
        select(Alarm.level)
        .join(Promise, Promise.id == Alarm.subject_id)
        .where(Promise.promise == "acknowledge")
    )
    assert level == {"S1": 25, "S3": 50}[severity]


def acknowledged() -> Promise:
    query = select(Promise).where(Promise.promise == "acknowledge")
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def test_a_row_remembers_when_it_was_first_warned_of(app: Flask) -> None:
    make.ticket(severity="S2")
    start = now()
    for minutes in (15, 23, 31):
        with moved_to(start + timedelta(minutes=minutes)):
            alarms.ring_all()
    assert acknowledged().warned_at == start + timedelta(minutes=15)


def test_a_step_whose_moment_is_now_is_taken_and_the_next_one_waits(app: Flask) -> None:
    """Three steps at once, the last of them to the moment: the highest alone is told."""
    with moved_to(now()) as tick:
        start = make.ticket(severity="S2").received_at
        tick(27 * 60)  # 90 % of half an hour
        alarms.ring_all()
        told = {e.level: e.told for e in db.session.scalars(select(Escalation))}
    assert told == {50: "", 75: "", 90: "manager"}
    events = db.session.scalars(
        select(Event).where(Event.name == "promise.warned").order_by(Event.seq)
    )
    assert {e.data["level"]: e.data["told"] for e in events} == told
    assert (acknowledged().level, acknowledged().verdict) == (90, "")
    rings = db.session.scalars(select(Alarm).where(Alarm.subject_id == acknowledged().id)).one()
    assert (rings.level, rings.due_at) == (100, start + timedelta(minutes=30))


def test_a_step_changes_the_case_that_it_is_about_and_makes_no_form_stale(app: Flask) -> None:
    ticket = make.ticket(severity="S2")
    later = now() + timedelta(minutes=16)
    with moved_to(later):
        alarms.ring_all()
    fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    assert (fresh.updated_at, fresh.version, fresh.escalation) == (later, ticket.version, 50)


def test_only_a_dispatch_that_nobody_signs_is_signed_for(app: Flask) -> None:
    """However far another promise has gone, nobody is signed for: not even on the chain of signing."""
    ticket = make.ticket(severity="S2")
    with transaction():
        acknowledged().chain = "signing"
    forced = select(func.count()).select_from(Alarm).where(Alarm.kind == "forced_signing")
    with moved_to(now() + timedelta(minutes=61)):
        alarms.ring_due()
        assert acknowledged().level == 200
        assert db.session.scalar(forced) == 0
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == "registered"
