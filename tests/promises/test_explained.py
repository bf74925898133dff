"""The response table in words: what was counted, what not, and that the sum is the promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from helpdesk import promises
from helpdesk.clock import Limit, moved_to
from helpdesk.core.i18n import in_language
from helpdesk.promises import receipts
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from tests.help import factories as make
from tests.help.promised import HOUR, NINE, pause, promise

FRIDAY = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)  # 16:00 in Shanghai


def test_the_counted_stretches_of_every_promise_sum_to_the_promise(app: Flask) -> None:
    with moved_to(FRIDAY):
        ticket = make.ticket(severity="S3")
        rows = promises.table(ticket)
    for row in rows:
        limit = Limit.parse(row.limit)
        found = receipts.spans(row, in_force.current())
        if found and str(limit).endswith("wh"):
            counted = sum(span.seconds for span in found if span.kind == "counted")
            assert counted == limit.amount * 60, row.promise


def test_weekends_and_lunch_are_named_as_not_counted(app: Flask) -> None:
    with moved_to(FRIDAY), app.test_request_context(), in_language("en"):
        ticket = make.ticket(severity="S3")
        table = {each.row.promise: each for each in receipts.table(list(promises.table(ticket)))}
    first = table["first_answer"]
    assert first.limit == "8 working hours" and first.counted == "8 h"
    assert {"weekend", "lunch break", "night"} <= {s.why for s in first.stretches}


def test_a_pause_is_told_with_its_length(app: Flask) -> None:
    quality = make.department()
    lead = make.agent("Chen Jie", "supervisor").actor
    with moved_to(FRIDAY) as tick, app.test_request_context(), in_language("en"):
        ticket = make.ticket(severity="S2")
        actions.accept(ticket, by=lead)
        actions.dispatch(ticket, by=lead, department_id=quality.id)
        actions.sign(ticket, by=lead)
        actions.handle(ticket, by=lead)
        until = FRIDAY + timedelta(days=3)
        actions.hold(ticket, by=lead, until=until, comment="Waits for a part")
        tick(1800)
        actions.resume(ticket, by=lead)
        rows = [row for row in promises.table(ticket) if row.promise == "resolve"]
        (row,) = receipts.table(rows)
    assert row.paused == "30 min"
    assert "on hold" in {stretch.why for stretch in row.stretches}


@pytest.mark.parametrize(
    ("limit", "english", "chinese"),
    [
        ("2 wh", "2 working hours", "2 个工作小时"),
        ("1 wd", "1 working day", "1 个工作日"),
        ("24 h", "24 hours", "24 小时"),
        ("10 min", "10 minutes", "10 分钟"),
        ("3 cd", "3 days", "3 天"),
    ],
)
def test_a_limit_is_told_in_words(app: Flask, limit: str, english: str, chinese: str) -> None:
    with app.test_request_context():
        with in_language("en"):
            assert receipts.limit_words(Limit.parse(limit)) == english
        with in_language("zh_Hans"):
            assert receipts.limit_words(Limit.parse(limit)) == chinese


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 min"),
        (59, "0 min"),
        (119, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (7319, "2 h 1 min"),
        (90_000, "25 h"),
    ],
)
def test_a_sum_is_told_in_hours_and_minutes_never_in_days(
    app: Flask, seconds: int, words: str
) -> None:
    with app.test_request_context(), in_language("en"):
        assert receipts.hours(seconds) == words


def explained(**more: Any) -> receipts.Explained:
    """One row in words, with what was set before anything is known of departments."""
    return receipts.table([promise(**more)])[0]


class TestWords:
    @pytest.fixture(autouse=True)
    def english(self, app: Flask) -> Iterator[None]:
        with app.test_request_context(), in_language("en"), moved_to(NINE):
            yield

    @pytest.mark.parametrize(
        ("row", "verdict"),
        [
            ({}, "open"),
            ({"verdict": "missed"}, "overdue"),
            ({"state": "dropped", "verdict": "missed"}, "missed"),
            ({"state": "dropped", "verdict": "dropped"}, "no longer counts"),
            ({"state": "met", "verdict": "late", "met_at": NINE}, "late"),
        ],
    )
    def test_a_miss_that_ended_is_missed_and_one_that_runs_is_overdue(
        self, row: dict[str, Any], verdict: str
    ) -> None:
        assert explained(**row).verdict == verdict

    def test_a_promise_is_its_person_s_its_department_s_or_its_role_s(self) -> None:
        unit = make.department()
        assert explained(owner_name="Li Na", owner_department_id=unit.id).owner == "Li Na"
        assert explained(owner="department", owner_department_id=unit.id).owner == "Quality"
        assert explained(owner="department").owner == "Department"
        assert explained().owner == "Service desk"

    @pytest.mark.parametrize(
        ("row", "moved"),
        [
            ({}, ""),
            (
                {"profile": "gdpr", "bound": "external"},
                "The limit is that of a rule of law (gdpr).",
            ),
            ({"bound": "external"}, "Due earlier because of the authority’s deadline."),
            ({"extended_to": NINE}, "More time was granted, until 9 Mar"),
        ],
    )
    def test_a_receipt_says_why_its_time_is_not_that_of_the_limit(
        self, row: dict[str, Any], moved: str
    ) -> None:
        told = explained(**row).moved
        assert told.startswith(moved) and bool(told) is bool(moved)

    @pytest.mark.parametrize("missing", ["started_at", "due_at"])
    def test_what_has_not_begun_or_has_no_time_has_no_stretches(self, missing: str) -> None:
        row = explained(state="pending", **{missing: None})
        assert (row.stretches, row.counted, row.paused) == ([], "", "")

    def test_days_are_counted_as_days_and_what_lies_between_by_the_clock(self) -> None:
        held = [pause(NINE + HOUR, NINE + 3 * HOUR)]
        row = promise(limit="2 wd", due_at=NINE + 57 * HOUR, pauses=[])
        told = receipts.table([row])[0]
        assert told.counted == "2 days"
        assert {each.length for each in told.stretches if each.kind == "counted"} == {"1 day"}
        assert "1 day" not in {each.length for each in told.stretches if each.kind != "counted"}
        hours = receipts.table([promise(due_at=NINE + 10 * HOUR, pauses=held)])[0]
        assert (hours.counted, hours.paused) == ("8 h", "2 h")
        assert [each.length for each in hours.stretches] == ["1 h", "2 h", "7 h"]

    def test_a_day_is_named_in_the_reader_s_language(self) -> None:
        eve = datetime(2026, 9, 30, 1, 0, tzinfo=UTC)  # the day before the National Day week
        row = promise(limit="2 wd", started_at=eve, due_at=datetime(2026, 10, 9, 10, 0, tzinfo=UTC))
        names = {each.why.partition(" · ")[0] for each in receipts.table([row])[0].stretches}
        assert "National Day" in names
        with in_language("zh_Hans"):
            names = {each.why.partition(" · ")[0] for each in receipts.table([row])[0].stretches}
        assert "国庆节" in names

    def test_a_receipt_is_exact_until_something_moves_its_time(self) -> None:
        assert receipts.receipt(promise(), "Plan", in_force.current()).exact
        moved = promise(due_at=NINE + 9 * HOUR)
        assert not receipts.receipt(moved, "Plan", in_force.current()).exact
