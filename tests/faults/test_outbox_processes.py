"""Small runs of benchmarks/faulting: mails, killed workers, and a Redis that can't be relied upon."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from redis import Redis

from benchmarks.faulting import outbox
from benchmarks.faulting.tally import Tally
from tests.help.servers import find, redis

pytestmark = pytest.mark.thorough

needs_redis = pytest.mark.skipif(find("redis-server") is None, reason="Redis is not installed")


@pytest.fixture
def url() -> Iterator[str]:
    with redis() as started:
        yield started


def sound(tally: Tally) -> bool:
    assert (tally.lost, tally.doubled, tally.broken) == (0, 0, []), tally.note
    return True


def test_f2_killed_workers_lose_no_mail_and_send_copies_under_one_message_id_only(
    app: Flask,
) -> None:
    assert sound(outbox.killed(app, rows=40, every=0.4, kills=6))


@needs_redis
@pytest.mark.redis
def test_f5_a_redis_that_forgets_everything_loses_no_mail(app: Flask, url: str) -> None:
    assert sound(outbox.redis_forgets(app, url, rows=10))


@needs_redis
@pytest.mark.redis
def test_f6_without_redis_cases_come_in_and_the_sweep_sends_their_mails(
    app: Flask, url: str
) -> None:
    stop = Redis(port=urlsplit(url).port or 0)
    assert sound(outbox.redis_stops(app, url, lambda: stop.shutdown(nosave=True), rows=10))


@needs_redis
@pytest.mark.redis
def test_f7_a_redis_without_memory_loses_no_mail_and_refuses_no_case(app: Flask, url: str) -> None:
    assert sound(outbox.redis_is_full(app, url, rows=10))
