"""The response table in words: what was counted, what not, and that the sum is the promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk import promises
from helpdesk.clock import Limit, moved_to
from helpdesk.core.i18n import in_language
from helpdesk.promises import receipts
from helpdesk.setup import in_force
from helpdesk.tickets import actions
from tests.help import factories as make

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
