"""Time limits, overdue, and who is told: once per step, whatever rings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask

from helpdesk.clock import moved_to, tick
from helpdesk.core import alarms, options
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.i18n import in_language
from helpdesk.notices import actions, clock, queries, words
from helpdesk.notices import rows as notice_board
from helpdesk.notices.models import Notice
from helpdesk.promises.models import Escalation, Reminder
from helpdesk.promises.words import ALARM
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.notices import DONE, Cast, cast
from tests.help.notices import due as due_of

# Monday 9 March 2026, 09:00 in Shanghai
MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86400
WARNINGS = ("notice.warned", "notice.breached")


def local(at: datetime | None) -> str:
    assert at is not None
    return (at + timedelta(hours=8)).strftime("%m-%d %H:%M")


def told(notice: Notice) -> list[tuple[str, str, int]]:
    return [
        (event.name, event.data["step"], event.data["level"])
        for event in queries.history(notice)
        if event.name in WARNINGS
    ]


def wait(seconds: float) -> None:
    tick(seconds)
    alarms.ring_all()


def test_a_major_notice_has_its_three_limits_from_the_issue(app: Flask) -> None:
    """Deadline."""
    with moved_to(MONDAY):
        notice = sample.issued(cast(), level="major")
    assert local(due_of(notice, "containment")) == "03-10 09:00"
    assert local(due_of(notice, "plan")) == "03-12 18:00"
    assert local(due_of(notice, "done")) == "03-23 18:00"
    assert notice.due_at == due_of(notice, "containment")


def test_a_minor_notice_has_a_plan_and_an_end_and_an_observation_only_an_end(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        minor = sample.issued(who)
        observation = sample.issued(who, level="observation")
    assert clock.due_of(minor, "containment") is None
    assert local(due_of(minor, "plan")) == "03-16 18:00"
    assert local(due_of(minor, "done")) == "03-30 18:00"
    assert clock.due_of(observation, "plan") is None
    assert observation.due_at == due_of(observation, "done")


def test_limits_are_options_and_leave_issued_notices_alone(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        before = sample.issued(who)
        with transaction():
            options.put("notice_minor_plan", "1 wd")
        after = sample.issued(who)
    assert local(due_of(before, "plan")) == "03-16 18:00"
    assert local(due_of(after, "plan")) == "03-10 18:00"


def test_the_next_due_time_follows_the_steps(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.signed(who, level="major")
        actions.contain(notice, by=who.handler, containment="停用该批次")
        assert notice.due_at == due_of(notice, "plan")
        sample.plan(notice, who)
        assert notice.due_at == due_of(notice, "done")
        actions.accept_plan(notice, by=who.supervisor)
        actions.claim_done(notice, by=who.handler, **DONE)
        assert local(notice.due_at) == "03-16 18:00"
        actions.verify(notice, by=who.supervisor, result="pass", comment="合格")
    assert notice.due_at is None
    assert local(notice.watch_until) == "05-08 09:00"


def test_overdue_is_computed_and_never_a_state(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.signed(who)
        assert not actions.is_overdue(notice)
        tick(7 * DAY + 9 * HOUR + 1)
        assert actions.is_overdue(notice)
        assert notice.status == "signed"
        assert db.session.scalars(queries.notices(None).where(actions.overdue())).all() == []
        found = db.session.scalars(queries.notices(who.handler).where(actions.overdue()))
        assert found.all() == [notice]
        sample.plan(notice, who)
        assert not actions.is_overdue(notice)


def test_each_step_of_the_chain_is_told_once(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.issued(cast())
        for _hour in range(24 * 8):
            wait(HOUR)
        assert told(notice) == [
            ("notice.warned", "plan", 50),
            ("notice.warned", "plan", 75),
            ("notice.warned", "plan", 90),
            ("notice.breached", "plan", 100),
        ]
        db.session.refresh(notice)
        assert notice.level_reached == 100
    taken = (
        db.select(Escalation)
        .where(Escalation.promise_id == clock.steps(notice)["plan"].id)
        .order_by(Escalation.id)
    )
    rows = db.session.scalars(taken).all()
    assert [row.level for row in rows] == [50, 75, 90, 100]
    assert rows[-1].told == "manager,supervisor"
    assert rows[-1].due_at == due_of(notice, "plan")


def test_a_long_silence_is_told_step_by_step_with_the_true_due_times(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.issued(cast())
        wait(60 * DAY)
        levels = [level for _name, _step, level in told(notice)]
    assert levels == [50, 75, 90, 100, 150, 200]


def test_after_a_long_silence_only_the_highest_step_of_a_notice_is_told(app: Flask) -> None:
    """As of a case: the others stand in the history with their times, and nobody gets six mails."""
    with moved_to(MONDAY):
        notice = sample.issued(cast())
        wait(60 * DAY)
        with in_language("en"):
            said = [each.text for each in words.happenings(queries.history(notice))]
    named = [e.data["told"] for e in queries.history(notice) if e.name in WARNINGS]
    assert named[:5] == [""] * 5 and named[5]
    assert set(db.session.scalars(db.select(Reminder.level))) == {200}
    assert "Plan: 50 % of the time was used on 11 Mar, 18:00" in said
    assert not any(line.endswith("told: ") for line in said)


def test_a_warning_of_the_night_is_not_told_when_the_step_was_taken_before_morning(
    app: Flask,
) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.signed(who)
        plan = clock.steps(notice)["plan"]
        plan.limit, plan.due_at = "24 h", MONDAY + timedelta(days=1)
        db.session.commit()
        with transaction():
            clock.follow(db.session.get_one(Notice, notice.id))
        wait(12 * HOUR)  # 21:00: half of the time is used, and the office is closed
        assert told(notice) == [("notice.warned", "plan", 50)]
        waiting = db.session.scalars(db.select(Reminder)).all()
        assert waiting and all(each.told_at is None for each in waiting)
        sample.plan(notice, who)
        wait(12 * HOUR)
        assert {each.outcome for each in waiting} == {"passed"}


def test_an_alarm_that_rings_twice_tells_once(app: Flask) -> None:
    with moved_to(MONDAY):
        notice = sample.issued(cast())
        row = db.session.scalar(db.select(Alarm).where(Alarm.kind == ALARM))
        again = alarms.alarm_row(
            row.kind, row.subject_id, row.due_at, level=row.level, cycle=row.cycle
        )
        wait(5 * DAY)
        count = len(told(notice))
        with transaction():
            alarms.clear_alarms(row.kind, [row.subject_id])
            alarms.set_alarms([again])
        wait(1)
        assert len(told(notice)) == count


def test_a_step_that_was_taken_rings_no_more(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.planned(who)
        wait(14 * DAY)
        assert {step for _name, step, _level in told(notice)} == {"done"}


def test_a_revoked_notice_never_escalates(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.issued(who)
        actions.withdraw(notice, by=who.supervisor, comment="误发")
        wait(90 * DAY)
        assert told(notice) == []
    assert db.session.scalar(db.select(db.func.count()).select_from(Alarm)) == 0


def test_more_time_warns_anew_on_the_way_to_the_new_limit(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.working(who)
        wait(20 * DAY)
        assert told(notice)[-1] == ("notice.warned", "done", 90)
        later = due_of(notice, "done") + timedelta(days=30)
        actions.ask_extension(notice, by=who.handler, until=later, comment="等备件")
        actions.grant_extension(notice, by=who.supervisor)
        before = len(told(notice))
        wait(60 * DAY)
        anew = told(notice)[before:]
    assert anew[0] == ("notice.warned", "done", 50)
    assert ("notice.breached", "done", 100) in anew


def test_more_time_tells_no_step_again_that_lies_behind_by_the_new_limit(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.working(who)
        wait(20 * DAY)
        soon = due_of(notice, "done") + timedelta(days=2)
        actions.ask_extension(notice, by=who.handler, until=soon, comment="等备件")
        actions.grant_extension(notice, by=who.supervisor)
        before = told(notice)
        wait(HOUR)
        assert told(notice) == before
        wait(5 * DAY)
        assert told(notice)[len(before) :][0] == ("notice.warned", "done", 90)


def test_a_reminder_does_not_make_an_open_form_stale(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.issued(who)
        version = notice.version
        wait(6 * DAY)
        assert told(notice)
        assert actions.sign(notice, by=who.handler, version=version).status == "signed"


def test_every_round_has_its_own_warnings(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.claimed(who)
        due = MONDAY + timedelta(days=4)
        actions.verify(notice, by=who.supervisor, result="partial", comment="剩一台", re_due=due)
        assert notice.due_at == due
        wait(5 * DAY)
        assert ("notice.breached", "done", 100) in told(notice)
    told_rows = db.session.scalars(db.select(Escalation.told).where(Escalation.level == 0)).all()
    assert told_rows == ["manager,supervisor"]


def test_the_time_that_a_plan_lay_with_the_supervisor_does_not_count(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.planned(who)
        due = due_of(notice, "plan")
        tick(2 * DAY)
        actions.reject_plan(notice, by=who.supervisor, comment="没有根本原因")
        assert due_of(notice, "plan") == due + timedelta(days=2)


def test_an_objection_stops_no_clock(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.issued(who)
        due = notice.due_at
        actions.object_to(notice, by=who.handler, comment="不属我部")
        wait(8 * DAY)
        assert notice.due_at == due and actions.is_overdue(notice)
        assert ("notice.breached", "plan", 100) in told(notice)


def test_the_watch_ends_by_itself_after_the_set_days(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.watching(who)
        wait(59 * DAY)
        assert db.session.get(Notice, notice.id).status == "watching"
        wait(DAY)
        closed = db.session.get(Notice, notice.id)
        assert closed.status == "closed" and closed.closed_at
        event = queries.history(notice)[-1]
        assert (event.name, event.by_kind) == ("notice.close_watch", "system")


def test_similar_complaints_keep_the_watch_from_closing_by_itself(app: Flask) -> None:
    who = cast()
    facts = {"product": "BCD-452W"}
    with moved_to(MONDAY):
        notice = sample.watching(who, ticket=make.ticket(fields=facts))
        tick(DAY)
        again = make.ticket(fields=facts)
        make.ticket(fields={"product": "BCD-600"})
        make.ticket(category="billing.refund", fields=facts)
        unnamed = make.ticket()
        assert actions.similar_since(notice) == [unnamed, again]
        wait(90 * DAY)
        assert db.session.get(Notice, notice.id).status == "watching"
        event = queries.history(notice)[-1]
        assert event.name == "notice.suspected"
        assert event.data["tickets"] == [unnamed.number, again.number]
        assert db.session.scalar(notice_board.waiting_number(who.supervisor)) == 1
        actions.close_watch(notice, by=who.supervisor, comment="另有原因")
    assert notice.status == "closed"


def test_complaints_before_the_re_inspection_are_no_recurrence(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        ticket = make.ticket()
        make.ticket()
        notice = sample.watching(who, ticket=ticket)
        assert actions.similar_since(notice) == []
        assert actions.similar_since(sample.watching(who)) == []


def test_a_recurrence_takes_the_end_of_the_watch_back(app: Flask) -> None:
    who = cast()
    with moved_to(MONDAY):
        notice = sample.watching(who)
        actions.recur(notice, by=who.supervisor, comment="又漏了")
        wait(90 * DAY)
        assert db.session.get(Notice, notice.id).status == "reopened"


def test_the_department_s_own_calendar_counts(app: Flask) -> None:
    """The May holiday moves the plan's limit behind it."""
    who: Cast = cast()
    with moved_to(datetime(2026, 4, 28, 1, 0, tzinfo=UTC)):
        notice = sample.issued(who, level="major")
    assert local(due_of(notice, "plan")) == "05-06 18:00"
