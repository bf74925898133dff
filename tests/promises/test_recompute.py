"""A calendar is edited while promises run: every open one is counted anew, once (F14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from helpdesk import promises
from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import DayRule, WorkCalendar, moved_to, now
from helpdesk.core import alarms, calendars, options
from helpdesk.core.alarms import Alarm, Ring
from helpdesk.core.db import db, transaction
from helpdesk.core.events import Event
from helpdesk.customers.people import Asker
from helpdesk.promises import receipts, recompute
from helpdesk.promises.models import Escalation, Promise, Recount
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.stores import POSTGRES

# A Wednesday, 10:00 in Shanghai. Sunday 22 November is no working day, until somebody says so.
WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
SUNDAY = date(2026, 11, 22)
CODE = "cn-office"
MAKE_UP = {SUNDAY: DayRule("work", (), "补班", "Make-up workday")}
THURSDAY_OFF = {date(2026, 11, 19): DayRule("rest", (), "台风", "Typhoon")}


@pytest.fixture(autouse=True)
def wednesday():
    with moved_to(WEDNESDAY) as tick:
        yield tick


def edited(days: dict[date, DayRule]) -> WorkCalendar:
    before = in_force.current().calendars[CODE]
    return replace(before, version=before.version + 1, days=before.days | days)


def save(days: dict[date, DayRule]) -> Recount:
    calendar = edited(days)
    before = in_force.current().calendars[CODE]
    with transaction() as session:
        session.add_all(calendars.rows_of(calendar, "办公", "Office", before))
        job = recompute.begin(CODE, calendar.version, SYSTEM)
        options.changed()
    return job


def cases(count: int) -> list[Ticket]:
    """Usual complaints of so many customers."""
    people = [Asker(name=f"王芳{n}", phone=f"139 1234 56{n:02}") for n in range(count)]
    return [make.ticket(person=person, subject=f"冰箱 {person.phone}") for person in people]


def ring_out() -> None:
    """All that is due has rung: a recount that never ends is seen at once."""
    for _batch in range(60):
        if not alarms.ring_due():
            return
    pytest.fail("There is always something more to ring.")


def row_of(ticket: Ticket, promise: str = "resolve") -> Promise:
    query = select(Promise).where(Promise.of(ticket), Promise.promise == promise)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def moves(name: str = "promise.recounted") -> list[Event]:
    return list(db.session.scalars(select(Event).filter_by(name=name).order_by(Event.seq)))


def wall(moment: datetime | None) -> str:
    assert moment
    return (moment + timedelta(hours=8)).strftime("%m-%d %H:%M")


def test_the_forecast_tells_what_would_move_and_writes_nothing(app: Flask) -> None:
    tickets = cases(3)
    seen = recompute.forecast(edited(MAKE_UP), most=2)
    assert (seen.moved, seen.cases) == (3, 3)
    assert seen.open == 9  # acknowledge, first answer and resolve of each
    assert [(m.number, m.promise) for m in seen.sample] == [
        (ticket.number, "resolve") for ticket in tickets[:2]
    ]
    assert [(wall(m.old), wall(m.new)) for m in seen.sample] == [("11-25 18:00", "11-24 18:00")] * 2
    assert {wall(row_of(ticket).due_at) for ticket in tickets} == {"11-25 18:00"}


def test_f14_an_edit_counts_every_open_promise_anew(app: Flask) -> None:
    """F14: due times and alarms follow, the history keeps old and new."""
    ticket = make.ticket()
    before = row_of(ticket).due_at
    save(MAKE_UP)
    ring_out()
    row = row_of(ticket)
    assert (wall(row.due_at), row.calendar_version) == ("11-24 18:00", 2)
    rings = db.session.scalars(select(Alarm).filter_by(kind="promise", subject_id=row.id)).one()
    assert rings.due_at == promises.next_alarm(row, in_force.current())[0]["due_at"]
    (told,) = [event for event in moves() if event.data["promise"] == "resolve"]
    assert told.data["was"] == before.isoformat()
    assert told.data["due"] == row.due_at.isoformat()
    assert told.ticket_id == ticket.id


def test_the_list_shows_the_new_due_time_and_no_form_becomes_stale(app: Flask) -> None:
    ticket = make.ticket()
    version = ticket.version
    save(THURSDAY_OFF)
    ring_out()
    fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    rows = promises.table(fresh)
    assert fresh.due_at == min(row.due_at for row in rows if row.state == "running")
    assert fresh.version == version


def test_what_has_ended_keeps_its_result_and_its_version(app: Flask) -> None:
    """Past cases keep the old result."""
    ticket = make.ticket()
    actions.accept(ticket, by=make.agent().actor)
    kept = row_of(ticket, "acknowledge")
    due, taken = kept.due_at, kept.taken
    save({date(2026, 11, 18): DayRule("rest")})
    ring_out()
    row = row_of(ticket, "acknowledge")
    assert (row.due_at, row.taken, row.verdict) == (due, taken, "on_time")
    assert row.calendar_version == 1
    counted = [s for s in receipts.spans(row, in_force.current()) if s.kind == "counted"]
    assert sum(span.seconds for span in counted) == 2 * 3600


def test_a_paused_promise_is_counted_and_rings_only_when_it_runs_again(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    ticket = make.ticket()
    with transaction():
        promises.pause(ticket)
    save(MAKE_UP)
    ring_out()
    row = row_of(ticket)
    assert (row.state, wall(row.due_at)) == ("paused", "11-24 18:00")
    kinds = set(db.session.scalars(select(Alarm.kind)))
    assert "promise" not in kinds
    wednesday(3600)
    with transaction():
        promises.resume(ticket, in_force.current())
    assert wall(row_of(ticket).due_at) == "11-25 10:00"


def test_a_pause_that_is_over_is_counted_by_the_new_hours(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    ticket = make.ticket()
    with transaction():
        promises.pause(ticket)
    wednesday(86_400)
    with transaction():
        promises.resume(ticket, in_force.current())
    assert wall(row_of(ticket).due_at) == "11-26 18:00"
    save(THURSDAY_OFF)
    ring_out()
    # Thursday counts neither for the limit nor for the pause: 6.5 h were paused on Wednesday.
    assert wall(row_of(ticket).due_at) == "11-27 17:00"


def test_time_that_a_supervisor_granted_stands(app: Flask) -> None:
    ticket, until = make.ticket(), WEDNESDAY + timedelta(days=20)
    with transaction():
        promises.extend(ticket, until, in_force.current())
    save(MAKE_UP)
    ring_out()
    assert row_of(ticket).due_at == until


def test_f14_no_step_is_taken_twice(app: Flask, wednesday: Callable[[float], datetime]) -> None:
    """F14: 0 doubled steps, however often the calendar is edited and wherever the times move."""
    tickets = cases(12)
    edits = [
        THURSDAY_OFF,
        MAKE_UP,
        {date(2026, 11, 20): DayRule("rest")},
        {SUNDAY: DayRule("rest")},
    ]
    for days in edits:
        save(days)
        for _ in range(4):
            wednesday(7 * 3600)
            ring_out()
    for _ in range(20):
        wednesday(86_400)
        ring_out()
    steps = select(Escalation.promise_id, Escalation.level)
    taken = db.session.execute(steps).all()
    assert len(taken) == len(set(taken))
    told = [
        (event.data["response"], event.data["level"])
        for name in ("promise.warned", "promise.breached")
        for event in moves(name)
    ]
    assert sorted(told) == sorted(tuple(row) for row in taken)
    chain = [step.at for step in in_force.current().chains["standard"]]
    levels = sorted(level for subject, level in taken if subject == row_of(tickets[0]).id)
    assert levels == chain


def test_f14_a_recount_that_was_cut_off_goes_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: after a kill between two batches, or inside one, nothing is lost and nothing doubled."""
    monkeypatch.setattr(recompute, "BATCH", 2)
    tickets = cases(5)
    job = save(MAKE_UP)
    alarms.ring_due()
    assert recompute.progress(CODE).left == 9

    def killed(*_anything: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(recompute, "_rewrite_alarms", killed)
        with pytest.raises(KeyboardInterrupt):
            alarms.ring_due()
    db.session.rollback()
    assert recompute.progress(CODE).left == 9
    ring_out()
    assert recompute.progress(CODE).left == 0
    assert {wall(row_of(ticket).due_at) for ticket in tickets} == {"11-24 18:00"}
    resolve = [event for event in moves() if event.data["promise"] == "resolve"]
    assert sorted(event.ticket_id for event in resolve) == sorted(t.id for t in tickets)
    row = db.session.get_one(Recount, job.id, populate_existing=True)
    assert row.done_at is not None
    assert row.moved == len(moves())


def test_two_edits_in_a_row_end_with_the_newest_hours(app: Flask) -> None:
    ticket = make.ticket()
    save(MAKE_UP)
    save(THURSDAY_OFF)
    ring_out()
    row = row_of(ticket)
    assert (wall(row.due_at), row.calendar_version) == ("11-25 18:00", 3)
    assert recompute.progress(CODE).left == 0


def test_a_promise_that_was_planned_with_the_old_version_is_found_later(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    save(MAKE_UP)
    ring_out()
    ticket = make.ticket()
    with transaction() as session:  # as a transaction leaves it that began before the edit
        old = Promise.__table__.update().where(Promise.of(ticket))
        session.execute(old.values(calendar_version=1, due_at=now() + timedelta(days=9)))
    wednesday(61)
    ring_out()
    assert (wall(row_of(ticket).due_at), row_of(ticket).calendar_version) == ("11-24 18:00", 2)


def test_what_was_missed_only_by_the_old_count_is_open_again(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    ticket = make.ticket()
    wednesday(86_400 * 1.3)
    ring_out()
    assert row_of(ticket, "first_answer").verdict == "missed"
    save(THURSDAY_OFF)
    ring_out()
    row = row_of(ticket, "first_answer")
    assert (row.verdict, row.due_at > now()) == ("", True)


def test_a_step_that_is_due_is_rung_before_its_case_is_counted(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    ticket = make.ticket()
    wednesday(3600)  # half of the time to acknowledge
    save(MAKE_UP)
    ring_out()
    half = db.session.scalar(
        select(func.count())
        .select_from(Escalation)
        .where(Escalation.promise_id.in_(select(Promise.id).where(Promise.of(ticket))))
    )
    assert half == 1
    wednesday(2)
    ring_out()
    assert wall(row_of(ticket).due_at) == "11-24 18:00"


@pytest.mark.skipif(not POSTGRES, reason="SQLite has one writer: nobody else holds a row")
def test_f14_a_case_that_somebody_works_on_is_counted_afterwards(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    """The recount waits for nobody, so it cannot stand in anybody's way either."""
    busy, free = cases(2)
    save(MAKE_UP)
    with db.engine.connect() as colleague:
        held = select(Ticket.__table__.c.id).where(Ticket.__table__.c.id == busy.id)
        colleague.execute(held.with_for_update())
        ring_out()
        assert wall(row_of(free).due_at) == "11-24 18:00"
        assert wall(row_of(busy).due_at) == "11-25 18:00"
        colleague.rollback()
    wednesday(2)
    ring_out()
    assert wall(row_of(busy).due_at) == "11-24 18:00"
    assert recompute.progress(CODE).left == 0


@pytest.mark.parametrize(("left", "done"), [(5, 0), (2, 3), (0, 5), (7, 0)])
def test_how_far_a_recount_is_never_goes_below_nothing(left: int, done: int) -> None:
    assert recompute.Progress(Recount(), 5, left).done == done


def test_nothing_is_left_of_a_recount_of_nothing_and_of_what_was_counted_so(app: Flask) -> None:
    assert recompute.progress(CODE) is None
    with transaction():
        assert recompute.begin(CODE, 2, SYSTEM).total == 0
    assert recompute.progress(CODE).left == 0
    make.ticket()
    with transaction():
        assert recompute.begin(CODE, 1, SYSTEM).total == 3
        assert recompute.begin("cn-desk", 2, SYSTEM).total == 0
    assert recompute.progress(CODE).left == 0


def rung(job: Recount) -> Alarm | None:
    """One batch is counted; what remains is when the next one is."""
    with transaction() as session:
        session.execute(delete(Alarm).where(Alarm.kind == "recount"))
        recompute.ring(Ring("recount", job.id, 1, 0, now()))
    return db.session.scalar(select(Alarm).where(Alarm.kind == "recount"))


def test_when_all_is_counted_it_is_looked_once_more_a_minute_later(app: Flask) -> None:
    make.ticket()
    job = save(MAKE_UP)
    last = rung(job)
    assert last is not None and last.due_at == now() + timedelta(minutes=1)
    assert job.done_at == now()
    assert rung(job) is None


@pytest.mark.parametrize(
    ("due", "parked", "waits"),
    [
        (timedelta(0), False, True),
        (timedelta(seconds=5), False, True),  # as far as the clocks of two machines may differ
        (timedelta(seconds=5.1), False, False),
        (timedelta(hours=-1), True, False),  # set aside for a person: nobody rings it
    ],
)
def test_a_case_of_which_a_step_is_due_is_left_for_a_second(
    app: Flask, due: timedelta, parked: bool, waits: bool
) -> None:
    ticket = make.ticket()
    row, free = row_of(ticket), make.ticket(subject="another")
    with transaction() as session:
        mine = update(Alarm).where(Alarm.kind == "promise", Alarm.subject_id == row.id)
        session.execute(mine.values(due_at=now() + due, parked=parked))
    job = save(MAKE_UP)
    again = rung(job)
    assert row_of(free).calendar_version == 2
    assert row_of(ticket).calendar_version == (1 if waits else 2)
    assert again is not None
    if waits:
        assert again.due_at == now(), "one was counted, so the next look is at once"
        again = rung(job)
        assert again is not None and again.due_at == now() + timedelta(seconds=1)
        assert job.done_at is None


def test_the_forecast_names_the_ten_largest_moves_first(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    """Due on a Friday: a day off moves it over the weekend, further than those of a Wednesday."""
    early = cases(10)
    wednesday(2 * 86_400)
    late = make.ticket(subject="due on Friday")
    seen = recompute.forecast(edited({date(2026, 11, 24): DayRule("rest")}))
    assert len(seen.sample) == 10 and seen.moved > 10
    assert seen.sample[0].number == late.number
    assert [m.new - m.old for m in seen.sample[:2]] == [timedelta(days=3), timedelta(days=1)]
    assert [m.number for m in seen.sample[1:]] == [ticket.number for ticket in early[:9]]


def test_a_paused_case_has_no_due_time_in_its_list_after_a_recount(app: Flask) -> None:
    waits, runs = cases(2)
    with transaction():
        promises.pause(waits)
    save(MAKE_UP)
    ring_out()
    dues = [db.session.get_one(Ticket, t.id, populate_existing=True).due_at for t in (waits, runs)]
    assert dues == [None, row_of(runs, "acknowledge").due_at]
    assert row_of(waits, "acknowledge").calendar_version == 2


def test_what_is_missed_by_the_new_count_as_well_stays_missed(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    """Six hours after its time, and the edit gives only five and a half more."""
    ticket = make.ticket()
    wednesday(86_400 + 6.5 * 3600)
    ring_out()
    assert row_of(ticket, "first_answer").verdict == "missed"
    longer = DayRule("work", (("09:00", "12:00"), ("13:30", "14:00")))
    save({date(2026, 11, 18): longer})
    ring_out()
    row = row_of(ticket, "first_answer")
    assert row.calendar_version == 2 and row.due_at < now()
    assert row.verdict == "missed"
    (told,) = [event for event in moves() if event.data["promise"] == "first_answer"]
    assert told.data["due"] == row.due_at.isoformat()


def test_a_miss_is_open_again_when_the_clock_stopped_before_the_new_time(
    app: Flask, wednesday: Callable[[float], datetime]
) -> None:
    """However long the case has been on hold since."""
    ticket = make.ticket()
    wednesday(86_400 + 7 * 3600)  # Thursday 17:00, due at 10:30
    ring_out()
    with transaction():
        promises.pause(ticket)
    wednesday(86_400)  # Friday 17:00, and it would have been due at 10:30
    save(THURSDAY_OFF)
    ring_out()
    row = row_of(ticket, "first_answer")
    assert (row.state, row.verdict, wall(row.due_at)) == ("paused", "", "11-20 10:30")
