"""Complaints over HTTP whatever happens to the web processes and to the database under them."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from benchmarks.client import Client
from benchmarks.faulting.nursery import Nursery, killing
from benchmarks.faulting.tally import Tally
from helpdesk.agents import tokens
from helpdesk.agents.rights import SYSTEM
from helpdesk.core.db import db, retrying
from helpdesk.tickets.models import IdempotencyKey, Ticket
from tests.help.servers import Server, environment, served, wait_until

CLIENTS = 4
GIVE_UP = 120.0  # seconds after which a client believes that its case is refused


@contextmanager
def web(app: Flask, folder: Path) -> Iterator[Server]:
    """The web processes as they are served, on the app's own database; killed ones come back."""
    known = app.extensions["helpdesk_settings"]
    environ = environment(
        folder, DATABASE_URL=known.database_url, SECRET_KEY=known.secret_key, ROLE="web"
    )
    command = [sys.executable, "-m", "gunicorn", "--preload", "-w", "3", "wsgi:app"]
    with served(command, environ, folder / "web.log") as server:
        yield server


@dataclass
class Crowd:
    """Clients that open one case after the other, and ask again until they are told a number."""

    server: Server
    token: str
    numbers: dict[str, str] = field(default_factory=dict)  # Idempotency-Key -> number
    waited: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside, the clients are at work; each finishes what it has begun."""
        threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _work(self) -> None:
        while not self.stop.is_set():
            key, began = str(uuid.uuid4()), time.monotonic()
            while time.monotonic() - began < GIVE_UP and not self._told(key):
                time.sleep(0.1)
            self.waited.append(time.monotonic() - began)

    def _told(self, key: str) -> bool:
        """One request; no answer, 5xx and 429 mean: ask again with the same key."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        client = Client(self.server.url, headers)
        case = {"kind": "complaint", "channel": "api", "subject": key, "body": "冰箱不制冷"}
        try:
            answer = client.post_json("/api/v1/tickets", case)
        except (OSError, ValueError, IndexError):
            return False  # cut off in the middle
        finally:
            client.close()
        self.answers[answer.status] += 1
        if answer.status not in (200, 201):
            return False
        self.numbers[key] = answer.json()["number"]
        return True


def crowd(server: Server) -> Crowd:
    """Clients with a token of their own."""
    _row, text = retrying(lambda: tokens.add("crowd", "supervisor", SYSTEM))
    db.session.remove()
    return Crowd(server, text)


def web_killed(app: Flask, folder: Path, seconds: float, every: float) -> Tally:
    """F1: a web process is killed every so many seconds; clients ask again with the same key."""
    with web(app, folder) as server:
        people, family = crowd(server), Nursery(server.process.pid)
        with people.at_work(), killing(family, every, sys.maxsize):
            time.sleep(seconds)
    return tally("F1", people, family.kills)


def database_restarts(
    app: Flask, folder: Path, restart: Callable[[], None], seconds: float, every: float
) -> Tally:
    """F8: the database dies and comes back every so many seconds; then all goes on within five."""
    restarts, slowest = 0, 0.0
    with web(app, folder) as server:
        people = crowd(server)
        with people.at_work():
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(every)
                restart()
                restarts += 1
                slowest = max(slowest, _recovery(people))
    found = tally("F8", people, restarts)
    odd = set(people.answers) - {200, 201, 503}
    found.lost += len(odd)
    found.note += f"; answered again at most {slowest:.1f} s after a restart"
    return found


def _recovery(people: Crowd) -> float:
    began, before = time.monotonic(), len(people.numbers)
    wait_until(lambda: len(people.numbers) > before + CLIENTS, 60, "the pool")
    return time.monotonic() - began


def tally(row: str, people: Crowd, kills: int) -> Tally:
    """What became of the cases that were answered, and of those that were not."""
    db.session.remove()
    db.engine.dispose()
    kept = set(db.session.scalars(select(Ticket.number).where(Ticket.channel == "api")))
    told = Counter(people.numbers.values())
    count = db.session.scalar(select(func.count(IdempotencyKey.key))) or 0
    lost = len(set(told) - kept) + len(people.waited) - len(people.numbers)
    doubled = len(kept) - count + sum(told.values()) - len(told)
    answers = ", ".join(f"{n} x {status}" for status, n in sorted(people.answers.items()))
    return Tally(row, kills, len(told), lost, doubled, list(people.waited), answers)
