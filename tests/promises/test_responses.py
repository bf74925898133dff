"""The response table: plan, start, meet, pause, resume, extend, drop, replan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import promises
from helpdesk.clock import moved_to, now
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.promises import rail
from helpdesk.promises.models import Promise
from helpdesk.setup import in_force
from helpdesk.setup.models import Category, PolicyRow, PolicyVersion
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make

# A Wednesday, 10:00 in Shanghai, inside office hours.
WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def rows(ticket: Ticket) -> dict[str, Promise]:
    found = promises.table(db.session.get_one(Ticket, ticket.id, populate_existing=True))
    return {row.promise: row for row in promises.current(found, ticket)}


def alarms() -> dict[int, Alarm]:
    found = db.session.scalars(select(Alarm).execution_options(populate_existing=True))
    return {alarm.subject_id: alarm for alarm in found}


def dispatched() -> Ticket:
    quality, agent = make.department(), make.agent()
    ticket = make.ticket()
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    return ticket


def handled() -> Ticket:
    ticket = dispatched()
    handler = make.agent("Li Na", "handler", make.department()).actor
    actions.sign(ticket, by=handler)
    actions.handle(ticket, by=handler)
    return ticket


def test_the_default_policy_is_the_table_of_the_trade(app: Flask) -> None:
    """All targets of the default response table, by severity."""
    limits = {
        s: {r.promise: r.limit for r in make.opened(severity=s, subject=s).promises}
        for s in ("S1", "S2", "S3", "S4")
    }
    assert limits["S1"]["acknowledge"] == "10 min"
    assert limits["S2"]["resolve"] == "3 cd"
    assert limits["S3"]["first_answer"] == "8 wh"
    assert limits["S4"]["resolve"] == "10 wd"
    assert "containment" in limits["S1"]
    assert "containment" not in limits["S3"]


def test_work_limits_count_office_hours_and_clock_limits_do_not(app: Flask) -> None:
    with moved_to(WEDNESDAY):
        normal = {r.promise: r for r in make.opened(severity="S3").promises}
        urgent = {r.promise: r for r in make.opened(severity="S2", subject="x").promises}
    assert normal["acknowledge"].due_at == WEDNESDAY + timedelta(hours=2)
    # 8 working hours from Wednesday 10:00 (lunch 12:00-13:30, until 18:00) end on Thursday 10:30.
    assert normal["first_answer"].due_at == datetime(2026, 11, 19, 2, 30, tzinfo=UTC)
    assert urgent["first_answer"].due_at == WEDNESDAY + timedelta(hours=2)


def test_the_closest_row_of_the_policy_wins(app: Flask) -> None:
    with transaction() as session:
        version = session.scalar(select(PolicyVersion.id))
        category = session.scalar(select(Category.id).where(Category.code == "quality"))
        leaf = session.scalar(
            select(Category.id).where(Category.code == "quality.appliance.fridge")
        )
        for values in (
            {"category_id": category, "limit": "3 wd"},
            {"category_id": leaf, "limit": "1 wd"},
            {"channel": "web", "limit": "2 wd"},
        ):
            session.add(
                PolicyRow(version_id=version, promise="resolve", owner="department", **values)
            )
        in_force.options.changed()
    assert rows(make.ticket())["resolve"].limit == "1 wd"
    assert rows(make.ticket(category="quality.small", subject="y"))["resolve"].limit == "3 wd"
    assert (
        rows(make.ticket(category="advice", subject="z", severity="S3"))["resolve"].limit == "2 wd"
    )


def test_an_empty_limit_makes_no_promise(app: Flask) -> None:
    assert "callback" not in rows(make.ticket(kind="enquiry"))


def test_one_alarm_stands_per_running_promise(app: Flask) -> None:
    ticket = make.ticket()
    running = {r.id for r in rows(ticket).values() if r.state == "running"}
    assert set(alarms()) == running
    assert {alarm.level for alarm in alarms().values()} == {50}


def test_dispatch_starts_the_departments_clocks_and_not_the_customers(app: Flask) -> None:
    """The overall clock is kept, the department clock starts."""
    ticket = make.ticket()
    before = rows(ticket)["resolve"].due_at
    quality, agent = make.department(), make.agent()
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    after = rows(ticket)
    assert after["resolve"].due_at == before
    assert (after["sign"].state, after["department_reply"].state) == ("running", "running")
    assert after["sign"].owner_department_id == quality.id


def test_a_transfer_needs_a_reason_and_restarts_only_the_department_clocks(app: Flask) -> None:
    """Transfer between departments."""
    from helpdesk.core.errors import BadInput

    with moved_to(WEDNESDAY) as tick:
        ticket = dispatched()
        finance = make.department("finance", "财务部", "Finance")
        resolve, sign = rows(ticket)["resolve"].due_at, rows(ticket)["sign"].due_at
        with pytest.raises(BadInput) as refusal:
            actions.transfer(ticket, by=make.SUPERVISOR, department_id=finance.id)
        assert "comment" in refusal.value.errors
        tick(3600)
        actions.transfer(ticket, by=make.SUPERVISOR, department_id=finance.id, comment="属于退款")
    after = rows(ticket)
    assert after["resolve"].due_at == resolve
    assert after["sign"].due_at > sign
    assert (after["sign"].part, after["sign"].owner_department_id) == (2, finance.id)
    dropped = db.session.scalars(select(Promise.promise).where(Promise.state == "dropped")).all()
    assert sorted(dropped) == ["department_reply", "send_back", "sign"]


def test_a_kept_promise_has_time_person_and_words_and_no_alarm(app: Flask) -> None:
    ticket = make.ticket()
    actions.accept(ticket, by=make.agent().actor, comment="已电话联系")
    row = rows(ticket)["acknowledge"]
    assert (row.state, row.verdict, row.met_by, row.done) == (
        "met",
        "on_time",
        "Zhang Wei",
        "已电话联系",
    )
    assert row.id not in alarms()


def test_a_promise_kept_after_its_time_is_late(app: Flask) -> None:
    ticket = make.ticket(severity="S2")
    with moved_to(now() + timedelta(minutes=31)):
        actions.accept(ticket, by=make.agent().actor)
    assert rows(ticket)["acknowledge"].verdict == "late"


def test_the_ticket_carries_its_next_due_time(app: Flask) -> None:
    ticket = make.ticket()
    assert ticket.due_at == rows(ticket)["acknowledge"].due_at
    actions.accept(ticket, by=make.agent().actor)
    fresh = db.session.get_one(Ticket, ticket.id, populate_existing=True)
    assert fresh.due_at == rows(ticket)["first_answer"].due_at


def test_a_hold_stops_the_clocks_and_resuming_moves_them_by_the_working_time_paused(
    app: Flask,
) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = handled()
        agent = make.agent("Zhao Min").actor
        before = rows(ticket)["resolve"].due_at
        actions.hold(ticket, by=agent, comment="等待配件", until=now() + timedelta(days=5))
        assert {r.state for r in rows(ticket).values() if r.state in ("running", "paused")} == {
            "paused"
        }
        assert [a.kind for a in alarms().values()] == ["hold"]
        tick(24 * 3600)  # Wednesday 10:00 to Thursday 10:00: one working day of 7.5 h
        actions.resume(ticket, by=agent)
    row = rows(ticket)["resolve"]
    assert row.state == "running"
    assert len(row.pauses) == 1
    assert row.due_at > before
    assert row.id in alarms()


def test_a_hold_ends_by_itself(app: Flask) -> None:
    from helpdesk.core import alarms as clocks

    with moved_to(WEDNESDAY) as tick:
        ticket = handled()
        actions.hold(
            ticket, by=make.agent("Zhao Min").actor, comment="x", until=now() + timedelta(hours=3)
        )
        tick(3 * 3600 + 1)
        clocks.ring_all()
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == "handling"


def test_a_granted_extension_moves_the_promise_and_the_second_request_is_the_last(
    app: Flask,
) -> None:
    """Asked with a reason, decided by a supervisor, both in the history."""
    from helpdesk.core.errors import Refused

    ticket = handled()
    handler = make.agent("Wu Di", "handler", make.department()).actor
    until = now() + timedelta(days=20)
    for days, decide in ((0, actions.grant_extension), (1, actions.refuse_extension)):
        wanted = until + timedelta(days=days)
        actions.ask_extension(ticket, by=handler, comment="等待检测", until=wanted)
        with pytest.raises(Refused):
            actions.ask_extension(ticket, by=handler, comment="again", until=until)
        decide(ticket, by=make.SUPERVISOR, comment="ok")
    assert rows(ticket)["resolve"].due_at == until
    with pytest.raises(Refused, match="twice"):
        actions.ask_extension(ticket, by=handler, comment="third", until=until)


def test_a_rework_makes_the_promises_anew_and_keeps_the_old_rows(app: Flask) -> None:
    ticket = handled()
    handler = make.agent("Wu Di", "handler", make.department()).actor
    actions.reply(ticket, by=handler, body="已处理")
    actions.rework(ticket, by=make.SUPERVISOR, comment="客户不满意")
    table = promises.table(ticket)
    assert {r.cycle for r in table} == {1, 2}
    assert rows(ticket)["resolve"].state == "running"
    first = [r for r in table if r.cycle == 1 and r.promise == "resolve"]
    assert [r.verdict for r in first] == ["on_time"]


def test_an_ended_ticket_has_no_running_promise_and_no_alarm(app: Flask) -> None:
    """Merged, withdrawn and closed cases never escalate."""
    kept = make.ticket(subject="bleibt")
    merged, withdrawn = make.ticket(subject="a"), make.ticket(subject="b")
    actions.merge(merged, by=make.agent().actor, target=kept)
    actions.withdraw(withdrawn, by=make.CUSTOMER, comment="已解决")
    for ticket in (merged, withdrawn):
        assert not {r.state for r in promises.table(ticket)} & {"running", "paused", "pending"}
        assert db.session.get_one(Ticket, ticket.id, populate_existing=True).due_at is None
    open_rows = {r.id for r in rows(kept).values() if r.state == "running"}
    assert set(alarms()) == open_rows


def test_the_rail_tells_each_state_by_shape_and_words(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick, app.test_request_context():
        ticket = make.ticket(severity="S2")
        snapshot = in_force.current()
        fresh = {m.promise: m.state for m in rail.marks(rows(ticket).values(), snapshot)}
        assert fresh["acknowledge"] == "running"
        assert fresh["callback"] == "pending"
        tick(25 * 60)
        assert {m.promise: m.state for m in rail.marks(rows(ticket).values(), snapshot)}[
            "acknowledge"
        ] == "risk"
        tick(10 * 60)
        late = {m.promise: m for m in rail.marks(rows(ticket).values(), snapshot)}["acknowledge"]
        assert late.state == "breached"
        assert "5 min" in late.title or "5 分钟" in late.title


def test_more_time_to_the_very_moment_that_is_promised_is_none(app: Flask) -> None:
    ticket = handled()
    due = rows(ticket)["resolve"].due_at
    with transaction():
        reply = promises.extend(ticket, due, in_force.current())
    assert [row.promise for row in reply] == ["department_reply"], "the one that was due earlier"
    assert rows(ticket)["resolve"].extended_to is None
    assert rows(ticket)["department_reply"].extended_to == due
    assert rows(ticket)["department_reply"].verdict == ""


def test_more_time_is_given_to_what_runs_and_not_to_the_desk_s_own_promises(app: Flask) -> None:
    ticket = handled()
    with transaction():
        moved = promises.extend(ticket, now() + timedelta(days=60), in_force.current())
        assert {row.promise for row in moved} == {"resolve", "department_reply"}
        promises.pause(ticket)
        assert promises.extend(ticket, now() + timedelta(days=90), in_force.current()) == []


def test_a_promise_is_kept_at_the_moment_that_is_told(app: Flask) -> None:
    with moved_to(WEDNESDAY) as tick:
        ticket = make.ticket()
        tick(3 * 3600)
        with transaction():
            early = WEDNESDAY + timedelta(hours=1)
            promises.meet(ticket, ["acknowledge"], "Li Na", at=early)
            promises.meet(ticket, ["first_answer"], "Li Na")
        found = rows(ticket)
    assert (found["acknowledge"].met_at, found["acknowledge"].verdict) == (early, "on_time")
    assert found["first_answer"].met_at == WEDNESDAY + timedelta(hours=3)


def test_what_has_not_begun_ends_without_a_verdict_when_it_is_kept(app: Flask) -> None:
    ticket = make.ticket()
    with transaction():
        assert promises.meet(ticket, ["callback", "acknowledge"], "Li Na") != []
    table = {row.promise: (row.state, row.verdict) for row in promises.table(ticket)}
    assert table["callback"] == ("dropped", "dropped")
    assert table["acknowledge"] == ("met", "on_time")
    assert table["resolve"] == ("running", "")


def test_only_the_named_promises_are_dropped_and_only_while_they_are_open(app: Flask) -> None:
    ticket = dispatched()
    with transaction():
        promises.drop_open(ticket, ["sign", "acknowledge"])
    table = {row.promise: row.state for row in promises.table(ticket)}
    assert (table["sign"], table["acknowledge"], table["resolve"]) == ("dropped", "met", "running")
    with transaction():
        promises.drop_open(ticket)
    left = {row.state for row in promises.table(ticket)}
    assert left == {"dropped", "met"}


def test_only_the_named_clocks_stop(app: Flask) -> None:
    ticket = dispatched()
    with transaction():
        promises.pause(ticket, ["sign"])
    found = rows(ticket)
    assert (found["sign"].state, found["resolve"].state) == ("paused", "running")
    assert (found["acknowledge"].state, found["callback"].state) == ("met", "pending")


def test_a_promise_of_a_new_cycle_begins_with_its_first_part(app: Flask) -> None:
    """What was transferred twice in the first cycle is a first part again in the second."""
    ticket = handled()
    finance = make.department("finance", "财务部", "Finance")
    actions.transfer(ticket, by=make.SUPERVISOR, department_id=finance.id, comment="属于退款")
    actions.sign(ticket, by=make.SUPERVISOR)
    actions.handle(ticket, by=make.SUPERVISOR)
    actions.reply(ticket, by=make.SUPERVISOR, body="已处理")
    actions.rework(ticket, by=make.SUPERVISOR, comment="客户不满意")
    parts = {(r.cycle, r.promise): r.part for r in promises.table(ticket)}
    assert (parts[1, "department_reply"], parts[2, "department_reply"]) == (2, 1)
    assert parts[2, "resolve"] == 1


def test_each_word_to_the_customer_keeps_the_update_and_makes_the_next_one(app: Flask) -> None:
    """An update that has not begun is not kept by the first words: they begin it."""
    with moved_to(WEDNESDAY) as tick:
        ticket = handled()
        actions.send_message(ticket, by=make.SUPERVISOR, body="We are looking into it.")
        assert [(r.part, r.state) for r in updates(ticket)] == [(1, "running")]
        tick(3600)
        actions.send_message(ticket, by=make.SUPERVISOR, body="The part is ordered.")
        first, second = updates(ticket)
        assert (first.state, first.verdict, first.done) == (
            "met",
            "on_time",
            "The part is ordered.",
        )
        assert (second.part, second.state, second.started_at) == (2, "running", now())
        actions.hold(ticket, by=make.SUPERVISOR, comment="x", until=now() + timedelta(hours=9))
        actions.send_message(ticket, by=make.SUPERVISOR, body="The part is on its way.")
        assert [(r.part, r.state) for r in updates(ticket)][-1] == (3, "paused")
    actions.resume(ticket, by=make.SUPERVISOR)
    actions.reply(ticket, by=make.SUPERVISOR, body="It is repaired.")
    actions.send_message(ticket, by=make.SUPERVISOR, body="One more thing.")
    assert {r.state for r in updates(ticket)} == {"met"}, "no next update when all is answered"


def updates(ticket: Ticket) -> list[Promise]:
    return [row for row in promises.table(ticket) if row.promise == "update"]
