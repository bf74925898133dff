"""The one "now"."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from helpdesk.clock import moved_to, now, read_moment, tick, within_reach

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_now_is_the_present_in_utc():
    before = datetime.now(UTC)
    assert before <= now() <= datetime.now(UTC)
    assert now().utcoffset() == timedelta(0)


def test_a_moved_clock_stands_still_until_it_ticks():
    with moved_to(NOON) as advance:
        assert now() == NOON
        assert tick(90) == now() == NOON + timedelta(seconds=90)
        advance(0.5)
        assert now() == NOON + timedelta(seconds=90.5)
    assert now() != NOON


def test_leaving_an_inner_block_brings_the_outer_moment_back():
    with moved_to(NOON):
        tick(5)
        with moved_to(NOON + timedelta(days=1)):
            tick(60)
        assert now() == NOON + timedelta(seconds=5)


def test_the_clock_comes_back_after_an_error():
    with pytest.raises(ZeroDivisionError), moved_to(NOON):
        raise ZeroDivisionError
    assert abs(datetime.now(UTC) - now()) < timedelta(minutes=1)


def test_a_moment_of_another_zone_is_given_in_utc():
    with moved_to(datetime(2026, 11, 22, 20, 0, tzinfo=ZoneInfo("Asia/Shanghai"))):
        assert now() == NOON
        assert now().tzinfo is UTC


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"), moved_to(datetime(2026, 11, 22)):
        pass


def test_the_real_clock_does_not_tick_on_demand():
    with pytest.raises(RuntimeError):
        tick(1)


def test_another_thread_keeps_its_own_clock():
    seen = []
    with moved_to(NOON):
        thread = Thread(target=lambda: seen.append(now()))
        thread.start()
        thread.join()
    assert seen[0] != NOON


@pytest.mark.parametrize(("year", "within"), [(1969, 0), (1970, 1), (2100, 1), (2101, 0)])
def test_moments_reach_from_1970_to_2100(year, within):
    assert within_reach(NOON.replace(year=year)) == bool(within)
    if within:
        assert read_moment(f"{year}-11-22T12:00:00Z") == NOON.replace(year=year)
    else:
        with pytest.raises(ValueError, match=str(year)):
            read_moment(f"{year}-11-22T12:00:00Z")


def test_a_text_without_zone_is_read_in_the_zone_that_is_given_and_refused_without():
    shanghai = ZoneInfo("Asia/Shanghai")
    assert read_moment("2026-11-22T20:00", shanghai) == NOON
    assert read_moment("2026-11-22T12:00+00:00", shanghai) == NOON
    with pytest.raises(ValueError, match="2026"):
        read_moment("2026-11-22T20:00")
