"""Every number opens the list behind it, and that list has exactly that many rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import transaction
from helpdesk.core.errors import BadInput
from helpdesk.core.i18n import in_language
from helpdesk.statistics import groups
from helpdesk.statistics.figures import Cell, Figures, wilson
from helpdesk.statistics.measures import BY_CODE
from helpdesk.statistics.sources import Sums
from helpdesk.tickets import actions, queue, ticket_lists
from helpdesk.tickets.models import Rating, Ticket
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.statements import counted

BYS = ("", *groups.NAMES)
MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
BOSS = samples.BOSS
WEEK = {"from": "2026-03-09", "to": "2026-03-15"}


def proven(cell: Cell) -> int:
    """The lists behind a cell have as many rows as it says; returns how many were counted."""
    assert ticket_lists.count(cell.filter, BOSS) == cell.count, cell.filter.query()
    if cell.of is not None and cell.of_filter is not None:
        assert ticket_lists.count(cell.of_filter, BOSS) == cell.of, cell.of_filter.query()
    return cell.count


def cell(code: str, by: str = "", key: str = "", **base: object) -> Cell:
    """One number of the week."""
    return Figures(Sums(samples.scope(WEEK, **base), by)).cell(BY_CODE[code], key)


def keys(code: str, by: str, **base: object) -> dict[str, int]:
    """The counts of a measure by group."""
    rows = Figures(Sums(samples.scope(WEEK, **base), by)).rows([BY_CODE[code]])
    return {row.key: row.cells[code].count for row in rows}


def answered(ticket: Ticket) -> Ticket:
    actions.accept(ticket, by=BOSS)
    return actions.answer_directly(ticket, by=BOSS, body="A fitter comes tomorrow.")


def test_every_number_equals_the_list_behind_it(app: Flask) -> None:
    """For every measure, every group and every value, in a random life of three weeks."""
    samples.live(32)
    counted = 0
    with moved_to(samples.LAST):
        for by in BYS:
            figures = Figures(Sums(samples.scope(), by))
            for measure in filter(figures.tells, BY_CODE.values()):
                if not by:
                    counted += proven(figures.cell(measure))
                    continue
                for row in figures.rows([measure]):
                    counted += proven(row.cells[measure.code])
    assert counted > 300


@pytest.mark.parametrize("promise", ["acknowledge", "department_reply", "callback"])
def test_every_promise_can_be_judged_and_listed(app: Flask, promise: str) -> None:
    samples.live(15)
    with moved_to(samples.LAST):
        for by in ("", "channel", "week"):
            figures = Figures(Sums(samples.scope(), by, promise))
            cells = (
                [row.cells["on_time"] for row in figures.rows([BY_CODE["on_time"]])]
                if by
                else [figures.cell(BY_CODE["on_time"])]
            )
            assert all(f"promise={promise}" in each.filter.query() for each in cells)
            for each in cells:
                proven(each)


def test_the_groups_of_a_measure_add_up_to_its_total(app: Flask) -> None:
    samples.live(25)
    with moved_to(samples.LAST):
        for code in ("received", "closed", "on_time", "satisfaction", "returned"):
            total = Figures(Sums(samples.scope())).cell(BY_CODE[code]).count
            for by in groups.NAMES:
                rows = Figures(Sums(samples.scope(), by)).rows([BY_CODE[code]])
                assert sum(row.cells[code].count for row in rows) == total, (code, by)


def test_a_case_is_told_by_channel_category_department_and_person(app: Flask) -> None:
    """By day, channel, category, department and agent."""
    quality, zhang = make.department(), make.agent("Zhang Wei")
    with moved_to(MONDAY):
        ticket = make.ticket(channel="phone")
        actions.accept(ticket, by=BOSS)
        actions.dispatch(ticket, by=BOSS, department_id=quality.id)
        queue.assign(ticket, by=BOSS, agent_id=zhang.id)
        assert keys("received", "channel") == {"phone": 1}
        assert keys("received", "category") == {"quality": 1}
        assert keys("received", "department") == {"quality": 1}
        assert keys("received", "agent") == {str(zhang.id): 1}
        assert keys("received", "severity") == {ticket.severity: 1}
        assert keys("received", "day")["2026-03-09"] == 1


@pytest.mark.parametrize(
    ("by", "name"), [("department", "No department"), ("category", "No category")]
)
def test_a_case_without_one_stands_under_a_name_that_says_what_is_missing(
    app: Flask, by: str, name: str
) -> None:
    with moved_to(MONDAY), in_language("en"):
        make.ticket(category="")
        [row] = Figures(Sums(samples.scope(WEEK), by)).rows([BY_CODE["received"]])
    assert (row.key, row.name) == ("none", name)


def test_a_category_opens_to_those_below_it(app: Flask) -> None:
    with moved_to(MONDAY):
        make.ticket(category="quality.appliance.fridge")
        make.ticket(category="quality.appliance", subject="Another")
        make.ticket(category="", subject="A third")
        assert keys("received", "category") == {"quality": 2, "none": 1}
        below = {"category": ("quality",)}
        assert keys("received", "category", **below) == {"quality.appliance": 2}
        deeper = {"category": ("quality.appliance",)}
        found = keys("received", "category", **deeper)
        assert found == {"quality.appliance.": 1, "quality.appliance.fridge": 1}
        for key in found:
            proven(cell("received", "category", key, **deeper))


def test_an_open_and_overdue_promise_counts_as_missed(app: Flask) -> None:
    """The denominator is never only what was closed."""
    with moved_to(MONDAY) as tick:
        answered(make.ticket(kind="enquiry"))
        make.ticket(kind="enquiry", subject="Nobody answers this one")
        assert cell("on_time").rate is None  # its time is not up yet
        tick(86400 * 40)
        month = samples.scope({"from": "2026-03-09", "to": "2026-03-31"})
        found = Figures(Sums(month)).cell(BY_CODE["on_time"])
    assert (found.count, found.of, found.rate) == (1, 2, 0.5)


def test_a_promise_that_still_has_time_is_not_judged(app: Flask) -> None:
    with moved_to(MONDAY):
        make.ticket()
        found = cell("on_time")
    assert (found.count, found.of, found.rate) == (0, 0, None)


def test_a_case_withdrawn_in_time_has_no_promise_to_judge_and_a_late_one_has(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        in_time, late = make.ticket(), make.ticket(subject="Withdrawn late")
        actions.withdraw(in_time, by=BOSS, comment="solved itself")
        tick(86400 * 40)
        actions.withdraw(late, by=BOSS, comment="solved itself")
        found = cell("on_time")
    assert (found.count, found.of) == (0, 1)


def test_a_merged_case_is_not_counted_twice(app: Flask) -> None:
    with moved_to(MONDAY):
        kept, gone = make.ticket(), make.ticket(subject="The same again")
        actions.merge(gone, by=BOSS, target=kept, comment="twice the same")
        assert proven(cell("received")) == 1
        assert proven(cell("closed")) == 0
        assert proven(cell("open")) == 1


def test_times_are_averages_medians_and_the_time_of_nine_of_ten(app: Flask) -> None:
    """Average response and resolution in working time."""
    with moved_to(MONDAY) as tick:
        tickets = [make.ticket(kind="enquiry", subject=f"Case {n}") for n in range(3)]
        for ticket in tickets:
            tick(1800)
            answered(ticket)
        found = cell("resolve_time")
    assert found.count == 3 and found.times
    assert found.times.average == 3600 and found.times.median == 3600
    assert found.times.ninety == 5400


def test_the_balance_of_open_cases_is_told_for_every_day(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        first = answered(make.ticket(kind="enquiry"))
        make.ticket(kind="enquiry", subject="Stays open")
        tick(2 * 86400)
        actions.close(first, by=BOSS)
        found = keys("open", "day")
        assert [found[f"2026-03-{day:02}"] for day in (9, 10, 11, 12)] == [2, 2, 1, 1]
        for key in found:
            proven(cell("open", "day", key))


def test_the_last_rating_of_a_case_counts_once(app: Flask) -> None:
    with moved_to(MONDAY):
        ticket, other = make.ticket(), make.ticket(subject="Another")
        with transaction() as session:
            session.add(Rating(ticket_id=ticket.id, cycle=1, source="phone", result=1))
            session.add(Rating(ticket_id=other.id, cycle=1, source="phone", result=2))
            session.flush()
            session.add(Rating(ticket_id=ticket.id, cycle=2, source="phone", result=3))
        found = cell("satisfaction")
    assert (found.count, found.of) == (1, 2)


def test_a_second_round_shows(app: Flask) -> None:
    """A dissatisfied customer's second round is counted."""
    with moved_to(MONDAY):
        ticket = answered(make.ticket())
        actions.review(ticket, by=BOSS)
        actions.rework(ticket, by=BOSS, comment="the customer is not satisfied")
        assert proven(cell("reopened")) == 1


def test_an_empty_period_has_zeros_and_no_shares(app: Flask) -> None:
    with moved_to(MONDAY):
        for measure in BY_CODE.values():
            found = cell(measure.code)
            assert found.count == 0 and not found.rate and proven(found) == 0
        assert keys("received", "channel") == {}
        assert set(keys("received", "day").values()) == {0}


def test_what_is_overdue_now_is_not_told_by_days(app: Flask) -> None:
    figures = Figures(Sums(samples.scope(WEEK), "day"))
    with pytest.raises(BadInput):
        figures.require(BY_CODE["overdue"])


def test_the_numbers_follow_the_filter(app: Flask) -> None:
    with moved_to(MONDAY):
        make.ticket(channel="phone", kind="enquiry")
        make.ticket(channel="web", subject="Another")
        assert cell("received", channel=("phone",)).count == 1
        assert cell("received", kind=("complaint",)).count == 1
        assert cell("received", channel=("phone",), kind=("complaint",)).count == 0


def test_wilsons_interval_is_the_known_one() -> None:
    low, high = wilson(9, 10)
    assert round(low, 3) == 0.596 and round(high, 3) == 0.982
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == 1.0 and wilson(0, 10)[0] == 0.0


def test_a_statistic_takes_few_statements_whatever_the_number_of_cases(app: Flask) -> None:
    def cost() -> int:
        with counted() as sent:
            Figures(Sums(samples.scope(WEEK), "channel")).rows(BY_CODE.values())
        return len(sent)

    with moved_to(MONDAY):
        make.ticket()
        few = cost()
        for turn in range(8):
            answered(make.ticket(subject=f"Case {turn}"))
        assert cost() <= few + 1 <= 9


def test_a_week_tells_the_same_share_on_its_last_evening_and_a_month_later(app: Flask) -> None:
    """The headline counts promises that fell due in the period, so a fresh week is not flattered."""
    with moved_to(MONDAY) as tick:
        quick, late = make.ticket(kind="enquiry"), make.ticket(kind="enquiry", subject="Late")
        fresh_number = make.ticket(subject="Forgotten", kind="enquiry").number
        answered(quick)
        tick(86400 * 20)  # all three fell due meanwhile
        span = {"from": "2026-03-09", "to": "2026-03-31"}
        with_time_left = [make.ticket(kind="enquiry", subject=f"New {n}") for n in range(5)]
        for ticket in with_time_left:
            answered(ticket)
        found = [Figures(Sums(samples.scope(span))).cell(BY_CODE["on_time"])]
        answered(late)
        tick(86400 * 30)
        found.append(Figures(Sums(samples.scope(span))).cell(BY_CODE["on_time"]))
        assert [(each.count, each.of) for each in found] == [(1, 3), (1, 3)]
        assert [proven(each) for each in found] == [1, 1]
        listed = ticket_lists.page(found[1].filter, BOSS).tickets
    assert fresh_number not in [ticket.number for ticket in listed]
    assert [ticket.number for ticket in listed] == [quick.number]


def test_a_promise_counts_on_the_day_on_which_it_falls_due_whenever_its_case_came(
    app: Flask,
) -> None:
    with moved_to(MONDAY) as tick:
        answered(make.ticket(kind="enquiry"))
        tick(86400 * 60)
        days = {key: number for key, number in _days("2026-03-09", "2026-03-31").items() if number}
        assert len(days) == 1 and "2026-03-09" not in days
        (day,) = days
        assert (
            proven(Figures(Sums(samples.scope({"from": day, "to": day}))).cell(BY_CODE["on_time"]))
            == 1
        )


def _days(since: str, until: str) -> dict[str, int]:
    rows = Figures(Sums(samples.scope({"from": since, "to": until}), "day")).rows(
        [BY_CODE["on_time"]]
    )
    return {row.key: row.cells["on_time"].count for row in rows}


def test_a_case_with_rounds_in_two_weeks_is_judged_in_each_by_its_own_round(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        ticket = answered(make.ticket(kind="enquiry"))
        actions.close(ticket, by=BOSS)
        tick(86400 * 20)
        actions.reopen(ticket, by=BOSS, comment="again")
        tick(86400 * 60)
        first = Figures(Sums(samples.scope({"from": "2026-03-09", "to": "2026-03-31"})))
        second = Figures(Sums(samples.scope({"from": "2026-04-01", "to": "2026-05-20"})))
        cells = [figures.cell(BY_CODE["on_time"]) for figures in (first, second)]
        assert [(cell.count, cell.of) for cell in cells] == [(1, 1), (0, 1)]
        assert [proven(cell) for cell in cells] == [1, 0]
