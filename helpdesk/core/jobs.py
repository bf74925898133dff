"""The only module that speaks RQ. Redis only wakes people up: every fact is a row already.

A job is a named function without brains: it finds its work in the database. Without Redis the same
functions run in this process (see helpdesk.core.background).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from redis import Redis
    from rq import Queue

log = logging.getLogger(__name__)
QUEUE = "helpdesk"
F = TypeVar("F", bound=Callable[..., object])
_jobs: dict[str, Callable[..., object]] = {}
_url: str | None = None
_redis: Redis | None = None
_queue: Queue | None = None
_around: Callable[[], AbstractContextManager[object]] = nullcontext
_pending: set[str] = set()
_gone_until = 0.0  # Redis failed: don't let every commit wait for it
ASKED_FOR = 5  # seconds for which a request stands that no worker has taken
GONE_FOR = 5.0
woken = threading.Event()


def job(name: str) -> Callable[[F], F]:
    """Register a job under its name; it is called without arguments."""

    def register(function: F) -> F:
        _jobs[name] = function
        return function

    return register


def connect(url: str | None) -> None:
    """Use this Redis from now on; None means that jobs run in this process."""
    global _url, _redis, _queue, _gone_until
    _url, _gone_until, _redis, _queue = url, 0.0, None, None
    if url:
        from redis import Redis  # with RQ 9 MB, which a desk without Redis does not need
        from rq import Queue  # see above
        from rq.serializers import JSONSerializer  # see above

        _redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)
        _queue = Queue(QUEUE, connection=_redis, serializer=JSONSerializer)


def redis_client() -> Redis | None:
    """The Redis of this process, if there is one."""
    return _redis


def redis_error() -> type[Exception]:
    """What is raised when Redis can't be reached."""
    from redis.exceptions import RedisError  # see connect()

    return RedisError


def run(name: str) -> None:
    """What a worker does for one message: run the named job.

    The request is crossed off before the work: what is asked for meanwhile is a further one.
    """
    with_redis(lambda client: client.delete(_mark(name)))
    with _around():
        _jobs[name]()


def wake(name: str = "deliver") -> None:
    """Ask for a job to run soon. Losing this request costs seconds: a sweep looks every 5 s."""
    _pending.add(name)
    woken.set()
    with_redis(lambda client: _ask(client, name))


def _ask(client: Redis, name: str) -> None:
    """Queue the job, unless it waits there already."""
    if _queue and client.set(_mark(name), 1, nx=True, ex=ASKED_FOR):
        _queue.enqueue(run, name, result_ttl=0, failure_ttl=3600)


def _mark(name: str) -> str:
    return f"helpdesk:asked:{name}"


def with_redis(use: Callable[[Redis], object]) -> None:
    """Speak to Redis if there is one; after a failure leave it alone for some seconds."""
    global _gone_until
    if _redis is None or time.monotonic() < _gone_until:
        return
    try:
        use(_redis)
    except redis_error() as error:
        _gone_until = time.monotonic() + GONE_FOR
        log.warning("Redis can't be reached, the sweep will do the work: %s", error)


def run_pending(*always: str) -> None:
    """Without Redis: run what was asked for since the last call, and `always` these.

    One that throws is logged and keeps no other from its work.
    """
    woken.clear()
    names = {*always, *_pending} if _redis is None else set(always)
    _pending.clear()
    for name in sorted(names):
        try:
            run(name)
        except Exception:
            log.exception("The job %s failed; it is run again with the next sweep.", name)


def work(around: Callable[[], AbstractContextManager[object]]) -> None:
    """Work off the queue until told to stop, each job in a fresh context from `around`. The program stays
    loaded: a job costs milliseconds, not a start.

    Raises RuntimeError without a Redis.
    """
    global _around
    if _url is None:
        raise RuntimeError("HELPDESK_REDIS_URL is not set: there is no queue to work off.")
    from redis import Redis  # see connect()
    from rq import SimpleWorker  # see connect()
    from rq.serializers import JSONSerializer  # see connect()

    _around = around
    worker_connection = Redis.from_url(_url, socket_connect_timeout=5)
    worker = SimpleWorker([QUEUE], connection=worker_connection, serializer=JSONSerializer)
    worker.work(logging_level="WARNING")
