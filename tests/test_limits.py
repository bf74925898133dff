"""Rate limits: what counts, when it ends, and that it holds on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from helpdesk import limits
from helpdesk.clock import moved_to, tick
from helpdesk.db import db
from helpdesk.errors import TooMany

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_eleventh_try_of_ten_is_refused_with_the_time_to_wait(app: Flask) -> None:
    with moved_to(NOON):
        for _ in range(10):
            limits.allow("door", 10, 600)
        tick(60)
        with pytest.raises(TooMany) as refused:
            limits.allow("door", 10, 600)
    assert refused.value.retry_after == 540
    assert refused.value.params == {"minutes": 9}


def test_another_key_has_its_own_count(app: Flask) -> None:
    limits.allow("one", 1, 600)
    limits.allow("another", 1, 600)
    with pytest.raises(TooMany):
        limits.allow("one", 1, 600)


def test_a_window_that_is_over_begins_anew(app: Flask) -> None:
    with moved_to(NOON):
        limits.allow("door", 1, 600)
        tick(600)
        limits.allow("door", 1, 600)
        with pytest.raises(TooMany):
            limits.allow("door", 1, 600)


def test_a_try_that_is_given_back_does_not_count(app: Flask) -> None:
    limits.allow("door", 1, 600)
    limits.give_back("door")
    limits.allow("door", 1, 600)
    limits.give_back("door")
    limits.give_back("door")
    limits.allow("door", 1, 600)
    with pytest.raises(TooMany):
        limits.allow("door", 1, 600)


def test_windows_that_are_over_are_swept_when_a_new_one_begins(app: Flask) -> None:
    with moved_to(NOON):
        for number in range(5):
            limits.allow(f"door {number}", 1, 600)
    with moved_to(NOON + timedelta(minutes=11)):
        limits.allow("new door", 1, 600)
    assert db.session.scalar(select(func.count()).select_from(limits.RateLimit)) == 1


def test_counting_takes_one_statement(app: Flask) -> None:
    limits.allow("door", 10, 600)
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    limits.allow("door", 10, 600)
    assert [text for text in said if "rate_limit" in text][1:] == []


def test_the_table_keeps_no_address_in_clear(app: Flask) -> None:
    limits.allow("sign-in of zhang.wei@example.com", 10, 600)
    kept = db.session.scalars(select(limits.RateLimit.key)).all()
    assert len(kept) == 1 and "zhang" not in kept[0]
