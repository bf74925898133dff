"""Limits: what counts, how long one waits, when it is forgotten; the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from helpdesk.clock import moved_to, tick
from helpdesk.core import limits
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, NotFound, TooMany
from helpdesk.core.limits import Guess, Guesses, guessing, searching, spend

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULE = Guesses(free=3, first=10, longest=40, forgotten=3600)
DOOR = Guess("door", RULE)


def wrong(*guesses: Guess) -> None:
    with pytest.raises(BadInput), guessing(*guesses):
        raise BadInput("wrong")


def right(*guesses: Guess) -> bool:
    with guessing(*guesses):
        return True


def waits(*guesses: Guess) -> int:
    with pytest.raises(TooMany) as refused, guessing(*guesses):
        raise AssertionError("nothing is tried while it has to wait")
    return refused.value.retry_after


def done(key: str = "door", most: int = 1) -> bool:
    with spend(key, most, 600):
        return True


def test_each_wrong_guess_beyond_the_free_ones_doubles_the_wait_up_to_the_longest(
    app: Flask,
) -> None:
    with moved_to(NOON):
        for _ in range(3):
            assert right(DOOR)
            wrong(DOOR)
        for seconds in (10, 20, 40, 40):
            assert waits(DOOR) == seconds
            tick(seconds)
            wrong(DOOR)


def test_right_guesses_and_refused_ones_count_nothing(app: Flask) -> None:
    with moved_to(NOON):
        assert all(right(DOOR) for _ in range(20))
        for _ in range(3):
            wrong(DOOR)
        assert {waits(DOOR) for _ in range(20)} == {10}
        tick(10)
        assert right(DOOR)


def test_a_guess_under_two_keys_waits_for_either_and_counts_for_both(app: Flask) -> None:
    window = Guess("window", RULE)
    with moved_to(NOON):
        for _ in range(3):
            wrong(DOOR, window)
        assert waits(window) == waits(DOOR) == waits(Guess("other", RULE), DOOR) == 10
        assert right(Guess("other", RULE))


def test_wrong_guesses_are_forgotten_after_a_while_without_one(app: Flask) -> None:
    with moved_to(NOON):
        for _ in range(3):
            tick(3000)
            wrong(DOOR)
        assert waits(DOOR) == 10
        tick(3600)
        wrong(DOOR)
        assert right(DOOR)


def test_a_right_secret_makes_earlier_wrong_ones_forgotten(app: Flask) -> None:
    with moved_to(NOON):
        for _ in range(3):
            wrong(DOOR)
        limits.forget(DOOR)
        assert right(DOOR)


def test_a_long_secret_that_is_right_is_found_whatever_was_tried_before(app: Flask) -> None:
    with moved_to(NOON):
        for _ in range(3):
            with pytest.raises(NotFound), searching(DOOR):
                raise NotFound("no")
        with pytest.raises(TooMany), searching(DOOR):
            raise NotFound("no")
        with searching(DOOR):
            found = True
    assert found


def test_an_error_of_ours_is_no_wrong_guess(app: Flask) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), guessing(DOOR):
            raise ZeroDivisionError
    assert right(DOOR)


def test_a_short_wait_is_told_in_seconds_and_a_long_one_in_minutes(app: Flask) -> None:
    assert limits.too_many(12).params == {"seconds": 12}
    assert limits.too_many(61).params == {"minutes": 2}
    assert limits.too_many(0).retry_after == 1


def test_what_was_done_too_often_is_refused_with_the_time_to_wait(app: Flask) -> None:
    with moved_to(NOON):
        assert all(done(most=10) for _ in range(10))
        tick(60)
        with pytest.raises(TooMany) as refused:
            done(most=10)
    assert refused.value.retry_after == 540
    assert refused.value.params == {"minutes": 9}


def test_what_was_refused_inside_is_not_spent(app: Flask) -> None:
    for _ in range(5):
        with pytest.raises(BadInput), spend("door", 1, 600):
            raise BadInput("no")
    assert done()
    with pytest.raises(TooMany):
        done()


def test_another_key_has_its_own_count(app: Flask) -> None:
    assert done("one") and done("another")
    with pytest.raises(TooMany):
        done("one")


def test_a_window_that_is_over_begins_anew(app: Flask) -> None:
    with moved_to(NOON):
        done()
        tick(600)
        done()
        with pytest.raises(TooMany):
            done()


def test_windows_that_are_over_are_swept_when_a_new_one_begins(app: Flask) -> None:
    with moved_to(NOON):
        for number in range(5):
            done(f"door {number}")
    with moved_to(NOON + timedelta(minutes=11)):
        done("new door")
    assert db.session.scalar(select(func.count()).select_from(limits.RateLimit)) == 1


def test_a_right_guess_writes_nothing(app: Flask) -> None:
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    right(DOOR)
    assert not [text for text in said if text.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_the_table_keeps_no_address_in_clear(app: Flask) -> None:
    wrong(Guess("sign-in of zhang.wei@example.com", RULE))
    kept = db.session.scalars(select(limits.RateLimit.key)).all()
    assert len(kept) == 1 and "zhang" not in kept[0]
