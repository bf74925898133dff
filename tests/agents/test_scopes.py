"""What a token may be narrowed to: its scopes, its last day to the moment, its calls a minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from helpdesk.agents.scopes import SOON, Bounds, read_scopes
from helpdesk.clock import moved_to
from helpdesk.core.errors import BadInput

LAST = date(2026, 11, 30)
OVER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight after it in Shanghai


@pytest.mark.parametrize(
    ("rate", "fits"), [(0, False), (1, True), (10**6, True), (10**6 + 1, False)]
)
def test_a_token_makes_between_one_and_a_million_calls_a_minute(rate: int, fits: bool) -> None:
    assert set(Bounds(rate=rate).errors()) == (set() if fits else {"rate"})


def test_a_token_is_good_to_the_end_of_its_last_day_and_not_a_moment_longer(app: Flask) -> None:
    bounds = Bounds(expires=LAST)
    assert bounds.expires_at() == OVER
    with moved_to(OVER - timedelta(microseconds=1)):
        assert bounds.errors() == {}
    with moved_to(OVER):
        assert set(bounds.errors()) == {"expires"}


def test_a_token_without_a_last_day_never_ends() -> None:
    assert Bounds().expires_at() is None and Bounds().errors() == {}


def test_a_last_day_beyond_all_calendars_ends_with_the_last_year_that_they_know(app: Flask) -> None:
    assert Bounds(expires=date.max).expires_at() == Bounds(expires=date(2100, 12, 31)).expires_at()
    ends = Bounds(expires=date(2100, 12, 30)).expires_at()
    assert ends and ends.astimezone(UTC) == datetime(2100, 12, 30, 16, 0, tzinfo=UTC)


def test_only_scopes_that_there_are_can_be_given() -> None:
    assert Bounds(("intake", "kb")).errors() == {}
    assert set(Bounds(("intake", "everything")).errors()) == {"scopes"}


def test_scopes_are_read_from_words_and_commas_each_once() -> None:
    assert read_scopes(["intake", "read,kb", "intake"]) == ("intake", "read", "kb")
    with pytest.raises(BadInput):
        read_scopes(["intake", "root"])


def test_the_end_of_a_token_is_told_two_weeks_before() -> None:
    assert SOON.days == 14
