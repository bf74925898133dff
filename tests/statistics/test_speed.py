"""What keeps statistics quick: promises are looked up only where the period's tickets lie."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import db
from helpdesk.statistics import counting
from helpdesk.statistics.figures import Figures
from helpdesk.statistics.judging import Kept
from helpdesk.statistics.measures import BY_CODE
from helpdesk.statistics.sources import Sums
from helpdesk.tickets import actions
from helpdesk.tickets.filters import Filter
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.statements import counted, explained

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
WEEK = {"from": "2026-03-09", "to": "2026-03-15"}


def test_the_ids_of_a_period_and_of_the_stretch_before_bound_the_search(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        make.ticket(subject="Long before")
        tick(10 * 86400)
        before = make.ticket(subject="In the week before")
        tick(7 * 86400 + 3600)
        within = make.ticket(subject="In the week")
        scope = samples.scope({"from": "2026-03-23", "to": "2026-03-29"})
        found = counting.edges(scope)
    assert (found.first_id, found.last_id) == (before.id, within.id)
    assert (found.received, found.closed) == (1, 0)


def test_a_case_that_came_in_with_an_older_time_is_not_overlooked(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        make.ticket(subject="On Monday", kind="enquiry")
        tick(20 * 86400)
        make.ticket(subject="Told on paper later", kind="enquiry", received_at=MONDAY)
        tick(30 * 86400)
        figures = Figures(Sums(samples.scope({"from": "2026-03-09", "to": "2026-04-30"})))
        cell = figures.cell(BY_CODE["on_time"])
    assert cell.of == 2


def test_averages_without_percentiles_are_the_same(app: Flask) -> None:
    samples.live(12)
    with moved_to(samples.LAST):
        full = Sums(samples.scope(), "channel").kept
        plain = Sums(samples.scope(), "channel", percentiles=False).kept

    def averages(kept: Kept) -> list[tuple[str, str, int, float | None]]:
        return sorted((k, p, j.total, j.average) for k, row in kept.items() for p, j in row.items())

    assert averages(full) == averages(plain) != []
    assert all(judged.median is None for row in plain.values() for judged in row.values())


def test_one_measure_asks_only_its_own_source(app: Flask) -> None:
    with moved_to(MONDAY), counted() as sent:
        Figures(Sums(samples.scope(WEEK))).cell(BY_CODE["received"])
    assert len([text for text in sent if "FROM ticket" in text]) == 1


def test_counting_reads_the_tickets_of_the_period_and_not_all_that_are_not_merged(
    app: Flask,
) -> None:
    make.ticket()
    scope = samples.scope(WEEK)
    with counted() as sent:
        counting.edges(scope)
        counting.tally(scope, "received", "channel", {})
        counting.tally(scope, "closed", "channel", {})
        counting.standing(scope, "")
    plans = [explained(text) for text in sent if "FROM ticket" in text]
    assert len(plans) == 4
    assert "ix_ticket_merged" not in "".join(plans)
    if db.engine.dialect.name == "sqlite":  # PostgreSQL picks by what it knows of rows
        assert "ix_ticket_received" in plans[1] and "ix_ticket_closed" in plans[2]
        assert "COVERING INDEX ix_ticket_open_due" in plans[3]


def test_what_was_closed_after_the_period_was_open_at_its_end(app: Flask) -> None:
    with moved_to(MONDAY) as tick:
        closed, stays = make.ticket(subject="Closed later"), make.ticket(subject="Stays open")
        tick(10 * 86400)
        actions.withdraw(closed, by=samples.BOSS, comment="no longer needed")
        last, week_after = samples.scope(WEEK), {"from": "2026-03-16", "to": "2026-03-22"}
        assert counting.standing(last, "")["all"]["open"] == 2
        assert counting.standing(samples.scope(week_after), "")["all"]["open"] == 1
        assert counting.standing(last, "channel") == {
            stays.channel: {"open": 2, "overdue": counting.standing(last, "")["all"]["overdue"]}
        }


def test_a_total_of_no_cases_has_no_group(app: Flask) -> None:
    assert counting.standing(samples.scope(WEEK), "") == {}
    assert counting.tally(samples.scope(WEEK), "received", "", {"received": Filter()}) == {}
