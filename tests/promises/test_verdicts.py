"""How promises were kept: the time they took, and what lists make of several rows of one promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput
from helpdesk.promises import verdicts
from helpdesk.promises.models import Promise
from helpdesk.tickets import actions, callbacks, filters, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Rating, Ticket
from tests.help import factories as make

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
FRIDAY_EVENING = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)  # 17:00, half an hour before closing
BOSS = make.SUPERVISOR


def found(**asked: object) -> set[str]:
    """The numbers of the list that is asked for by an address."""
    wanted = filters.parse(asked)
    numbers = {ticket.number for ticket in ticket_lists.page(wanted, BOSS).tickets}
    assert len(numbers) == ticket_lists.count(wanted, BOSS)
    return numbers


def row(ticket: Ticket, promise: str) -> Promise:
    query = db.select(Promise).where(Promise.of(ticket), Promise.promise == promise)
    return db.session.scalars(query.order_by(Promise.id.desc())).first()


def answered(ticket: Ticket) -> Ticket:
    actions.accept(ticket, by=BOSS)
    return actions.answer_directly(ticket, by=BOSS, body="We are sorry; a fitter comes tomorrow.")


def test_the_time_taken_is_counted_in_working_time_over_a_weekend(app: Flask) -> None:
    """Average response and resolution in working time."""
    with moved_to(FRIDAY_EVENING) as tick:
        ticket = make.ticket(severity="S3", kind="enquiry")
        tick(timedelta(days=3).total_seconds())
        answered(ticket)
    assert row(ticket, "resolve").taken == 30 * 60 + 7 * 3600


def test_the_time_taken_is_clock_time_where_the_limit_is(app: Flask) -> None:
    with moved_to(FRIDAY_EVENING) as tick:
        ticket = make.ticket(severity="S1", kind="enquiry")
        tick(5 * 3600)
        answered(ticket)
    assert row(ticket, "resolve").taken == 5 * 3600


def test_time_on_hold_is_left_out(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        ticket = make.ticket(severity="S1")
        actions.accept(ticket, by=BOSS)
        actions.dispatch(ticket, by=BOSS, department_id=make.department().id)
        actions.sign(ticket, by=BOSS)
        actions.handle(ticket, by=BOSS)
        tick(3600)
        actions.hold(ticket, by=BOSS, until=MONDAY + timedelta(hours=9), comment="parts")
        tick(4 * 3600)
        actions.resume(ticket, by=BOSS, comment="parts are here")
        tick(1800)
        actions.reply(ticket, by=BOSS, body="Repaired.")
    assert row(ticket, "resolve").taken == 5400


def test_a_spoken_case_is_acknowledged_in_no_time(app: Flask) -> None:
    assert row(make.ticket(channel="phone"), "acknowledge").taken == 0


def test_an_open_and_overdue_promise_is_listed_as_missed_before_any_alarm_rings(
    app: Flask,
) -> None:
    with moved_to(MONDAY) as tick:
        ticket = make.ticket()
        assert found(promise="acknowledge", verdict="missed") == set()
        tick(86400 * 30)
        assert row(ticket, "acknowledge").verdict == ""
        assert found(promise="acknowledge", verdict="missed") == {ticket.number}
        answered(ticket)
        assert found(promise="acknowledge", verdict="missed") == set()
        assert found(promise="acknowledge", verdict="late") == {ticket.number}


def test_a_case_is_judged_by_the_worst_row_of_a_promise(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        ticket = answered(make.ticket())
        assert found(promise="resolve", verdict="on_time") == {ticket.number}
        actions.review(ticket, by=BOSS)
        actions.rework(ticket, by=BOSS, comment="not good enough")
        tick(86400 * 60)
        assert found(promise="resolve", verdict="on_time") == set()
        assert found(promise="resolve", verdict="missed") == {ticket.number}


def test_without_a_promise_the_worst_of_all_counts(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        ticket = make.ticket()
        tick(86400)
        answered(ticket)  # acknowledged late, resolved in time
        assert found(promise="resolve", verdict="on_time") == {ticket.number}
        assert found(verdict="late") == {ticket.number}


def test_a_dropped_promise_is_neither_kept_nor_missed(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        ticket = make.ticket()
        tick(86400)
        actions.withdraw(ticket, by=BOSS, comment="solved itself")
        assert found(promise="resolve", verdict="on_time,late,missed") == set()
        assert found(promise="resolve", verdict="dropped") == {ticket.number}


def test_the_last_judgement_of_a_customer_counts(app: Flask) -> None:
    ticket = make.ticket()
    with transaction() as session:
        session.add(Rating(ticket_id=ticket.id, cycle=1, source="phone", result=1))
        session.flush()
        session.add(Rating(ticket_id=ticket.id, cycle=2, source="phone", result=4))
    assert found(score="4") == {ticket.number}
    assert found(score="1") == set()


def test_a_list_tells_the_present_follow_up_call(app: Flask) -> None:
    with moved_to(MONDAY):
        ticket = answered(make.ticket())
        actions.review(ticket, by=BOSS)
        actions.approve(ticket, by=BOSS)
        assert found(call="due") == {ticket.number}
        caller = make.agent("Li Na", "agent").actor
        callbacks.attempt(ticket, by=caller, contact="refused")
        assert found(call="due") == set()
        assert found(call="unreachable") == {ticket.number}


def test_a_list_tells_what_was_open_at_the_end_of_a_day(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        first = make.ticket(kind="enquiry")
        tick(86400)
        answered(first)
        actions.close(first, by=BOSS)
        second = make.ticket(kind="enquiry", subject="Another")
        assert found(at="open", to="2026-03-08") == set()
        assert found(at="open", to="2026-03-09") == {first.number}
        assert found(at="open", to="2026-03-10") == {second.number}
        assert found(at="open") == {second.number}


def test_a_list_tells_what_falls_due_within_the_hour(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        ticket = make.ticket(severity="S1")  # to be acknowledged within 10 minutes
        assert found(late="soon") == {ticket.number}
        assert found(late="yes") == set()
        tick(11 * 60)
        assert found(late="soon") == set()
        assert found(late="yes") == {ticket.number}


def test_a_list_tells_returned_merged_and_escalated_cases(app: Flask) -> None:
    kept, gone = make.ticket(), make.ticket(subject="The same again")
    actions.merge(gone, by=BOSS, target=kept, comment="twice the same")
    with transaction():
        kept.returns, kept.escalation = 1, 90
    assert found(merged="no") == {kept.number} and found(merged="yes") == {gone.number}
    assert found(returned="yes") == {kept.number} and found(returned="no") == {gone.number}
    assert found(level="90") == found(level="any") == {kept.number}
    assert found(level="100") == set()


def test_a_category_with_a_dot_means_it_alone(app: Flask) -> None:
    below = make.ticket(category="quality.appliance.fridge")
    itself = make.ticket(category="quality.appliance", subject="Something of the kind")
    assert found(category="quality.appliance") == {below.number, itself.number}
    assert found(category="quality.appliance.") == {itself.number}


def test_a_day_of_a_list_is_a_day_of_the_company_whoever_reads(app: Flask) -> None:
    with moved_to(datetime(2026, 3, 9, 16, 30, tzinfo=UTC)):  # 00:30 on the 10th in Shanghai
        ticket = make.ticket()
    with app.test_request_context("/"):
        app.preprocess_request()
        assert found(**{"from": "2026-03-10", "to": "2026-03-10"}) == {ticket.number}
    assert found(**{"from": "2026-03-09", "to": "2026-03-09"}) == set()


@pytest.mark.parametrize(
    "asked",
    [{"late": "no"}, {"level": "high"}, {"call": "gone"}, {"merged": "maybe"}, {"at": "never"}],
)
def test_what_is_not_understood_is_refused(app: Flask, asked: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        filters.parse(asked)


def test_an_address_gives_the_same_filter_back(app: Flask) -> None:
    asked = Filter(level=("any",), call=("due",), merged="no", returned="yes", late="soon")
    assert filters.parse(dict(asked.pairs())) == asked


def ranked(**more: object) -> int:
    """How bad one row is, as lists and statistics ask."""
    with transaction() as session:
        session.execute(db.update(Promise).values(**more))
    return db.session.scalar(db.select(verdicts.rank()))


def test_a_row_that_is_open_in_time_or_dropped_is_not_judged(app: Flask) -> None:
    one_row()
    with moved_to(MONDAY):
        ranks = [
            ranked(state="running", verdict="", due_at=MONDAY),  # its last moment is in time
            ranked(state="paused", due_at=MONDAY - timedelta(hours=1)),
            ranked(state="dropped", verdict="dropped"),
        ]
        assert ranks == [0, 0, 0]
        assert ranked(state="running", verdict="", due_at=MONDAY - timedelta(seconds=1)) == 3
        found = [ranked(state="met", verdict=name) for name in ("on_time", "late", "missed")]
    assert found == [verdicts.RANKS[name] for name in ("on_time", "late", "missed")] == [1, 2, 3]


def one_row() -> None:
    """A case with a single promise."""
    ticket = make.ticket()
    with transaction() as session:
        session.execute(db.delete(Promise).where(Promise.of(ticket), Promise.promise != "resolve"))


@pytest.mark.parametrize(
    ("begin", "end", "fell"),
    [
        (0, 1, True),  # from its first moment
        (-1, 0, False),  # to the last one, which belongs to the next stretch
        (-1, 1, True),
        (1, 2, False),
        (None, 1, True),
        (None, 0, False),
        (0, None, True),
        (1, None, False),
        (0, 99, True),
    ],
)
def test_a_promise_counts_in_the_stretch_in_which_its_time_was_up(
    app: Flask, begin: int | None, end: int | None, fell: bool
) -> None:
    one_row()

    def at(hours: int | None) -> datetime | None:
        return None if hours is None else MONDAY + timedelta(hours=hours)

    with moved_to(MONDAY + timedelta(hours=9)):
        ranked(due_at=MONDAY)
        when = verdicts.fell_due(at(begin), at(end))
        assert db.session.scalar(db.select(db.func.count(Promise.id)).where(when)) == int(fell)


def test_what_falls_due_only_later_counts_in_no_stretch_yet(app: Flask) -> None:
    one_row()
    with moved_to(MONDAY):
        ranked(due_at=MONDAY)
        for end in (MONDAY + timedelta(days=1), None):
            when = verdicts.fell_due(MONDAY - timedelta(days=1), end)
            assert db.session.scalar(db.select(db.func.count(Promise.id)).where(when)) == 0
