"""Each number at the borders of its period, of its group and of its verdict, to the second."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import db, transaction
from helpdesk.promises.models import Promise
from helpdesk.statistics import (
    counting,
    figures,
    groups,
    measures,
    notices,
    periods,
    report,
    wallboard,
)
from helpdesk.statistics.figures import Cell, Figures
from helpdesk.statistics.judging import Judged
from helpdesk.statistics.measures import BY_CODE
from helpdesk.statistics.periods import Period
from helpdesk.statistics.sources import Sums
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Callback, Rating, Ticket
from tests.help import factories as make
from tests.help import figures as samples
from tests.help import values

ZONE = ZoneInfo("Asia/Shanghai")
WEEK = {"from": "2026-03-09", "to": "2026-03-15"}
BEGIN = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)  # Monday, 00:00 in Shanghai
END = BEGIN + timedelta(days=7)
LATER = END + timedelta(days=30)
SECOND = timedelta(seconds=1)
# A moment before, at and after both borders, and whether it lies in the week.
BORDERS = [
    (BEGIN - SECOND, False),
    (BEGIN, True),
    (BEGIN + SECOND, True),
    (END - SECOND, True),
    (END, False),
    (END + SECOND, False),
]


def case(**columns: object) -> Ticket:
    """An enquiry with these columns and without promises: a copy of the first one, which is quick."""
    number = db.session.query(Ticket).count()
    if not number:
        with moved_to(BEGIN - timedelta(days=300)):
            first = make.ticket(kind="enquiry")
        with transaction() as session:
            session.execute(
                db.update(Promise).values(state="dropped", verdict="dropped", taken=None)
            )
            first.merged_into_id, first.status = first.id, "merged"
            first.closed_at = first.received_at
    row = db.session.execute(db.select(Ticket.__table__)).mappings().first()
    assert row is not None
    fresh = {
        "number": f"2026-{number:06}",
        "merged_into_id": None,
        "status": "registered",
        "due_at": None,
    }
    kept = {name: value for name, value in row.items() if name != "id"}
    with transaction() as session:
        made = Ticket(**(kept | fresh | {"closed_at": None} | columns))
        session.add(made)
    return made


def promise(ticket: Ticket, code: str = "resolve", **more: object) -> None:
    """A promise of the case, kept on time unless said otherwise."""
    plain = {
        "owner": "desk",
        "limit": "1 h",
        "chain": "",
        "calendar": "always",
        "policy_version": 1,
    }
    kept = {"due_at": BEGIN + timedelta(days=1), "verdict": "on_time", "state": "met"}
    with transaction() as session:
        session.add(
            Promise(
                subject_kind="ticket", subject_id=ticket.id, promise=code, **(plain | kept | more)
            )
        )


def cell(code: str, by: str = "", key: str = "", **base: object) -> Cell:
    return Figures(Sums(samples.scope(WEEK, **base), by)).cell(BY_CODE[code], key)


@pytest.mark.parametrize(("at", "within"), BORDERS)
def test_what_is_received_at_a_border_belongs_to_the_day_that_begins(
    app: Flask, at: datetime, within: bool
) -> None:
    case(received_at=at)
    assert cell("received").count == within


@pytest.mark.parametrize(("at", "within"), BORDERS)
def test_what_ends_at_a_border_belongs_to_the_day_that_begins(
    app: Flask, at: datetime, within: bool
) -> None:
    case(received_at=BEGIN - timedelta(days=9), closed_at=at, status="closed")
    assert cell("closed").count == within


@pytest.mark.parametrize(("at", "within"), BORDERS)
def test_a_promise_that_falls_due_at_a_border_is_judged_in_the_period_that_begins(
    app: Flask, at: datetime, within: bool
) -> None:
    promise(case(received_at=BEGIN - timedelta(days=9)), due_at=at)
    with moved_to(LATER):
        found = cell("on_time")
    assert (found.count, found.of) == (within, within)


@pytest.mark.parametrize(
    ("received", "closed", "is_open"),
    [
        (END - SECOND, None, True),
        (END, None, False),  # it came afterwards
        (BEGIN - timedelta(days=99), None, True),
        (BEGIN, END - SECOND, False),
        (BEGIN, END, True),
        (BEGIN, END + SECOND, True),
    ],
)
def test_open_at_the_end_is_what_had_come_and_not_ended(
    app: Flask, received: datetime, closed: datetime | None, is_open: bool
) -> None:
    status = "closed" if closed else "registered"
    case(received_at=received, closed_at=closed, status=status)
    with moved_to(LATER):
        assert cell("open").count == is_open
        assert cell("open", "channel", "web").count == is_open


@pytest.mark.parametrize(("at", "within"), [(-1, False), (0, True), (7, False)])
def test_the_stretch_before_begins_as_long_before_and_ends_where_the_period_begins(
    app: Flask, at: int, within: bool
) -> None:
    """What a week is compared with: the seven days before it."""
    border = BEGIN - timedelta(days=7) + timedelta(days=at)
    case(received_at=border)
    case(received_at=border - timedelta(days=30), closed_at=border, status="closed")
    with moved_to(LATER):
        found = counting.edges(samples.scope(WEEK))
    assert (found.received, found.closed) == (within, within)


def test_where_nothing_came_there_are_no_ids_to_look_between(app: Flask) -> None:
    found = counting.edges(samples.scope(WEEK))
    assert (found.received, found.closed, found.first_id, found.last_id) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("rows", "count", "of"),
    [
        ([{}], 1, 1),
        ([{"verdict": "late"}], 0, 1),
        ([{"verdict": "missed"}], 0, 1),
        ([{"verdict": "", "state": "running"}], 0, 1),  # its time is up
        ([{"verdict": "dropped", "state": "dropped"}], 0, 0),
        ([{}, {"verdict": "late", "cycle": 2}], 0, 1),  # the worst round of a case decides
        ([{}, {"verdict": "dropped", "cycle": 2}], 1, 1),
        ([{"promise": "acknowledge"}], 0, 0),
        ([], 0, 0),
    ],
)
def test_a_case_is_on_time_when_no_round_of_it_was_late(
    app: Flask, rows: list[dict[str, object]], count: int, of: int
) -> None:
    ticket = case(received_at=BEGIN)
    for row in rows:
        code = row.pop("promise", "resolve")
        promise(ticket, str(code), **row)
    with moved_to(LATER):
        found = cell("on_time")
    assert (found.count, found.of) == (count, of)


@pytest.mark.parametrize(
    ("taken", "average", "median", "ninety"),
    [
        ([600], 600, 600, 600),
        ([600, 1200], 900, 600, 1200),
        ([600, 1200, 1800], 1200, 1200, 1800),
        ([60 * n for n in range(1, 11)], 330, 300, 540),  # of ten the fifth and the ninth
        ([60 * n for n in range(1, 12)], 360, 360, 600),  # of eleven the sixth and the tenth
        ([0, 0, 0, 3600], 900, 0, 3600),
    ],
)
def test_half_and_nine_of_ten_cases_took_no_longer(
    app: Flask, taken: list[int], average: float, median: int, ninety: int
) -> None:
    tickets = [case(received_at=BEGIN) for _each in taken]
    for ticket, seconds in zip(tickets, taken, strict=True):
        promise(ticket, taken=seconds)
    with moved_to(LATER):
        found = cell("resolve_time")
    assert found.times and found.count == len(taken)
    times = found.times
    assert (times.average, times.median, times.ninety) == (average, median, ninety)


def test_the_time_of_a_case_is_that_of_all_its_rounds_and_only_kept_ones_count(app: Flask) -> None:
    ticket, forgotten = case(received_at=BEGIN), case(received_at=BEGIN)
    promise(ticket, taken=600)
    promise(ticket, taken=1200, cycle=2)
    promise(forgotten, state="running", verdict="", taken=None)
    with moved_to(LATER):
        found = cell("resolve_time")
    assert found.times and (found.count, found.times.average) == (1, 1800)
    assert (found.times.on_time, found.times.late, found.times.missed) == (1, 0, 1)


def test_a_late_answer_took_time_as_well(app: Flask) -> None:
    for verdict, seconds in (("on_time", 600), ("late", 1800)):
        promise(case(received_at=BEGIN), verdict=verdict, taken=seconds)
    with moved_to(LATER):
        found = cell("resolve_time")
    assert found.times and (found.count, found.times.average) == (2, 1200)


@pytest.mark.parametrize(("score", "satisfied"), [(5, 1), (4, 1), (3, 1), (2, 0), (1, 0)])
def test_who_is_at_least_basically_satisfied_counts_as_satisfied(
    app: Flask, score: int, satisfied: int
) -> None:
    for at in (BEGIN - SECOND, BEGIN):
        ticket = case(received_at=at)
        with transaction() as session:
            session.add(Rating(ticket_id=ticket.id, cycle=1, source="web", result=score))
    found = cell("satisfaction")
    assert (found.count, found.of) == (satisfied, 1)


@pytest.mark.parametrize(
    ("state", "reached", "of", "unreachable"),
    [("reached", 1, 1, 0), ("unreachable", 0, 1, 1), ("due", 0, 0, 0), ("dropped", 0, 0, 0)],
)
def test_of_calls_that_ended_some_reached_the_customer(
    app: Flask, state: str, reached: int, of: int, unreachable: int
) -> None:
    ticket = case(received_at=BEGIN)
    with transaction() as session:
        session.add(Callback(ticket_id=ticket.id, cycle=1, state=state, next_at=BEGIN))
    found = cell("reached")
    assert (found.count, found.of, cell("unreachable").count) == (reached, of, unreachable)
    with transaction():
        ticket.cycle = 2  # the call of the round before says nothing of this one
    assert cell("reached").of == 0


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"returns": 1}, "returned"),
        ({"urges": 1}, "urged"),
        ({"cycle": 2}, "reopened"),
        ({"escalation": 50}, "escalated"),
    ],
)
def test_once_is_enough_and_never_is_not(app: Flask, columns: dict[str, int], code: str) -> None:
    case(received_at=BEGIN)
    assert cell(code).count == 0
    case(received_at=BEGIN, **columns)
    assert cell(code).count == 1


def test_every_measure_is_asked_of_the_group_that_has_it_and_of_no_other(app: Flask) -> None:
    web = case(received_at=BEGIN, channel="web")
    phone = case(received_at=BEGIN, channel="phone", returns=1, urges=1, cycle=2)
    with transaction():
        phone.escalation, phone.due_at = 75, BEGIN
    for ticket, verdict in ((web, "on_time"), (phone, "late")):
        promise(ticket, verdict=verdict, taken=60)
        promise(ticket, "first_answer", verdict=verdict, taken=60)
    with transaction() as session:
        session.add(Rating(ticket_id=web.id, cycle=1, source="web", result=4))
        session.add(Callback(ticket_id=phone.id, cycle=2, state="unreachable", next_at=BEGIN))
    with moved_to(LATER):
        rows = Figures(Sums(samples.scope(WEEK), "channel")).rows(BY_CODE.values())
    told = {row.key: {c: (v.count, v.of) for c, v in row.cells.items()} for row in rows}
    one, none = (1, None), (0, None)
    alike = {"received": one, "closed": none, "open": one, "response_time": one}
    alike |= {"resolve_time": one, "repeats": (0, 1), "overdue": none}
    assert told["web"] == alike | {
        "on_time": (1, 1), "satisfaction": (1, 1), "returned": (0, 1), "urged": none,
        "reopened": none, "escalated": none, "reached": (0, 0), "unreachable": none,
    }  # fmt: skip
    assert told["phone"] == alike | {
        "on_time": (0, 1), "satisfaction": (0, 0), "returned": (1, 1), "urged": one,
        "reopened": one, "escalated": one, "reached": (0, 1), "unreachable": one, "overdue": one,
    }  # fmt: skip


def test_the_largest_group_stands_first_and_equals_in_the_order_of_their_names(app: Flask) -> None:
    for channel in ("web", "phone", "phone", "email", "api", "api"):
        case(received_at=BEGIN, channel=channel)
    rows = Figures(Sums(samples.scope(WEEK), "channel")).rows([BY_CODE["received"]])
    assert [row.key for row in rows] == ["api", "phone", "email", "web"]


def test_days_stand_in_their_order_with_the_balance_of_each(app: Flask) -> None:
    day = timedelta(days=1)
    case(received_at=BEGIN - day)
    case(received_at=BEGIN, closed_at=BEGIN + 2 * day, status="closed")
    case(received_at=BEGIN + 6 * day)
    with moved_to(LATER):
        rows = Figures(Sums(samples.scope(WEEK), "day")).rows(
            [BY_CODE["open"], BY_CODE["received"]]
        )
    assert [row.key for row in rows] == [f"2026-03-{day:02}" for day in range(9, 16)]
    assert [row.cells["open"].count for row in rows] == [2, 2, 1, 1, 1, 1, 2]
    assert [row.cells["received"].count for row in rows] == [1, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("by", "key", "since", "until"),
    [
        ("day", "2026-03-10", "2026-03-10", "2026-03-10"),
        ("week", "2026-03-02", "2026-03-05", "2026-03-08"),  # the period begins within it
        ("week", "2026-03-09", "2026-03-09", "2026-03-15"),
        ("week", "2026-04-06", "2026-04-06", "2026-04-08"),  # and ends within this one
        ("month", "2026-03-01", "2026-03-05", "2026-03-31"),
        ("month", "2026-04-01", "2026-04-01", "2026-04-08"),
    ],
)
def test_the_list_of_a_group_of_time_holds_its_days_within_the_period(
    by: str, key: str, since: str, until: str
) -> None:
    period = Period("", date(2026, 3, 5), date(2026, 4, 8), ZONE)
    found = groups.filter_of(by, key, groups.Scope(Filter(), period, samples.BOSS))
    assert {name: day.isoformat() for name, day in found.items()} == {
        "since": since,
        "until": until,
    }


@pytest.mark.parametrize(
    ("first", "count"), [("2026-02-28", 2), ("2026-02-01", 2), ("2026-01-31", 3), ("2025-12-31", 4)]
)
def test_every_month_that_the_period_touches_is_a_group(first: str, count: int) -> None:
    period = Period("", date.fromisoformat(first), date(2026, 3, 1), ZONE)
    found = groups.every("month", period)
    assert len(found) == count and all(day.endswith("-01") for day in found)


def test_a_promise_that_nobody_judged_has_nothing() -> None:
    assert Judged() == Judged(0, 0, 0, None, None, None)
    assert (Judged(3, 2, 1).kept, Judged(3, 2, 1).total) == (5, 6)


def test_what_customers_said_adds_up(app: Flask) -> None:
    one, other = case(received_at=BEGIN, channel="web"), case(received_at=BEGIN, channel="phone")
    with transaction() as session:
        for ticket in (one, other):
            session.add(Rating(ticket_id=ticket.id, cycle=1, source="web", result=4))
        session.add(Callback(ticket_id=one.id, cycle=1, state="reached", next_at=BEGIN))
    sums = Sums(samples.scope(WEEK), "channel")
    assert sums.said == {"web": {"4": 1, "reached": 1}, "phone": {"4": 1}}
    assert sums.whole({}, {}).said == {"all": {"4": 2, "reached": 1}}


def test_numbers_that_were_read_do_not_change_under_their_reader() -> None:
    parts = (counting, figures, groups, measures, notices, periods, report, wallboard)
    assert values.changeable(*parts) == {"DepartmentNotices"}  # what is being added up
