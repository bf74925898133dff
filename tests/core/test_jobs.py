"""Redis only wakes people up: one request per job stands in it, and none of it is needed."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from helpdesk.core import jobs
from tests.help.servers import find, redis

pytestmark = [
    pytest.mark.redis,
    pytest.mark.skipif(find("redis-server") is None, reason="Redis is not installed"),
]
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis() as started:
        yield started


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """An empty Redis that this process uses, and one job that notes its runs."""
    before = jobs._url
    jobs.connect(url)
    found = jobs.redis_client()
    assert found is not None
    found.flushall()
    yield found
    jobs.connect(before)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    runs: list[int] = []
    monkeypatch.setitem(jobs._jobs, "count", lambda: runs.append(1))
    return runs


def waiting(client: Redis) -> int:
    return Queue(jobs.QUEUE, connection=client, serializer=JSONSerializer).count


def test_many_requests_for_one_job_stand_in_the_queue_once(client: Redis, ran: list[int]) -> None:
    for _ in range(50):
        jobs.wake("count")
    assert waiting(client) == 1


def test_what_is_asked_for_while_a_job_runs_is_a_further_run(
    client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs._jobs, "count", lambda: jobs.wake("count"))
    jobs.wake("count")
    Queue(jobs.QUEUE, connection=client, serializer=JSONSerializer).empty()
    jobs.run("count")
    assert waiting(client) == 1


def test_two_jobs_stand_beside_each_other(client: Redis, ran: list[int]) -> None:
    jobs.wake("count")
    jobs.wake("deliver")
    assert waiting(client) == 2


def test_a_request_that_redis_lost_is_made_again(client: Redis, ran: list[int]) -> None:
    jobs.wake("count")
    client.flushall()
    jobs.wake("count")
    assert waiting(client) == 1


def test_a_redis_that_is_gone_is_left_alone_for_a_while(
    client: Redis, ran: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    jobs.connect(NOBODY)
    for _ in range(20):
        jobs.wake("count")
    assert caplog.text.count("Redis can't be reached") == 1
    assert jobs.woken.is_set()


def test_jobs_run_in_this_process_without_redis(client: Redis, ran: list[int]) -> None:
    jobs.connect(None)
    jobs._pending.clear()
    jobs.wake("count")
    jobs.run_pending()
    jobs.run_pending()
    assert ran == [1]


def test_with_redis_the_worker_runs_them_and_this_process_only_sweeps(
    client: Redis, ran: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []
    monkeypatch.setitem(jobs._jobs, "sweep", lambda: swept.append(1))
    jobs.wake("count")
    jobs.run_pending("sweep")
    assert (ran, swept) == ([], [1])


def test_a_job_that_throws_keeps_no_other_from_its_work(
    client: Redis, ran: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(jobs._jobs, "broken", lambda: 1 / 0)
    jobs.run_pending("broken", "count")
    assert ran == [1]
    assert "The job broken failed" in caplog.text


def test_asking_costs_next_to_nothing(client: Redis, ran: list[int]) -> None:
    began = time.perf_counter()
    for _ in range(100):
        jobs.wake("count")
    assert time.perf_counter() - began < 1.0


def test_what_stands_in_redis_is_json_and_never_a_pickle(client: Redis, ran: list[int]) -> None:
    """Whoever can write to Redis must not be able to run code through an unpickler."""
    jobs.wake("count")
    (key,) = client.keys("rq:job:*")
    data = zlib.decompress(client.hget(key, "data"))
    assert json.loads(data) == ["helpdesk.core.jobs.run", None, ["count"], {}]
    worker = SimpleWorker([jobs.QUEUE], connection=client, serializer=JSONSerializer)
    assert worker.serializer is JSONSerializer


def test_a_worker_does_not_unpickle_what_a_stranger_put_there(
    client: Redis, ran: list[int], tmp_path: Path
) -> None:
    trap = tmp_path / "sprung"
    stranger = Queue(jobs.QUEUE, connection=client)  # RQ's own default is pickle
    stranger.enqueue("os.mknod", str(trap))
    worker = SimpleWorker([jobs.QUEUE], connection=client, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="CRITICAL")
    assert not trap.exists()
