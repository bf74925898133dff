"""A private installation that takes mail, its ways in, and an agent's open queue page."""

from __future__ import annotations

import os
import re
import smtplib
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import socketio

from benchmarks import sites
from tests.help import servers
from tests.help.mailbed import Bed

LINES = 4  # connections that bring mail at the same time
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
ADD_BOX = """
from wsgi import app
from helpdesk.core.db import transaction
from helpdesk.notify.mail import encryption
from helpdesk.notify.mail.mailboxes import Mailbox
with app.app_context(), transaction() as session:
    session.add(Mailbox(name="support", address="support@test.local", host="127.0.0.1", port={port},
        tls="none", user="support", secret=encryption.encrypted("secret"), done_folder="Processed"))
"""
PLACE = re.compile(r"at 127\.0\.0\.1:(\d+)")
NUMBERED = re.compile(r"Nummer-(\d+)-")


def mail(number: int) -> bytes:
    """One of many mails of many people; its subject tells on the screen which one it is."""
    message = EmailMessage()
    message["From"] = f"顾客 <customer{number}@example.com>"
    message["To"], message["Subject"] = "support@test.local", f"冰箱不制冷 Nummer-{number}-"
    message["Message-ID"] = f"<{number}.{os.getpid()}@example.com>"
    message.set_content(f"第{number}次报修，冰箱还是不制冷，请尽快处理。\n" * 5)
    return message.as_bytes()


class Screen:
    """An agent's queue page: when the row of each mail came onto it."""

    def __init__(self, site: sites.Site) -> None:
        self.seen: dict[int, float] = {}
        self.client = socketio.Client(reconnection=False)
        self.client.on("change", self._changed)
        cookie = "; ".join(f"{name}={value}" for name, value in site.cookies.items())
        self.client.connect(
            site.url, headers={"Cookie": cookie}, transports=["websocket"], wait_timeout=30
        )
        answer = self.client.call("watch", {"topic": "queue:dispatch"}, timeout=30)
        if not answer["ok"]:
            raise RuntimeError(f"The queue can't be watched: {answer}")

    def _changed(self, change: dict[str, object]) -> None:
        found = NUMBERED.search(str(change.get("html") or ""))
        if found:
            self.seen.setdefault(int(found[1]), time.monotonic())

    def wait(self, numbers: range, within: float) -> bool:
        """Whether the rows of all these mails came in time."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if all(number in self.seen for number in numbers):
                return True
            time.sleep(0.02)
        return False


@dataclass
class Post:
    """The way in: where mail is handed over, and when each was accepted."""

    port: int
    accepted: dict[int, float] = field(default_factory=dict)

    def burst(self, numbers: range) -> None:
        """As fast as it is taken, on several lines."""
        with ThreadPoolExecutor(LINES) as pool:
            list(pool.map(lambda n: self._line(numbers[n::LINES], 0.0), range(LINES)))

    def pace(self, numbers: range, per_minute: float) -> None:
        """Evenly, on one line, as a busy day brings them."""
        self._line(numbers, 60 / per_minute)

    def _line(self, numbers: range, gap: float) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=120) as client:
            for number in numbers:
                began = time.monotonic()
                client.sendmail("x@example.com", ["support@test.local"], mail(number))
                self.accepted[number] = time.monotonic()
                time.sleep(max(0.0, gap - (time.monotonic() - began)))


@dataclass
class Place:
    """What is measured: the installation, its way in, the screen, the processes that work on mails."""

    post: Post
    screen: Screen
    workers: list[int]  # process ids

    def memory(self) -> float:
        """MB of the processes that take mails and work on them."""
        return sum(sites.pss(pid) for pid in self.workers) / 1024


@contextmanager
def place(door: str, workers: int, database: str, bed: Bed | None) -> Iterator[Place]:
    """One installation: pages and sockets, timers and outbox, and so many processes for mail."""
    with ExitStack() as stack:
        folder = stack.enter_context(sites.folder())
        more = {"ROLE": "live", "SECRET_KEY": "k" * 40, "LANGUAGE": "en"}
        if database:
            more["DATABASE_URL"] = stack.enter_context(sites.database(database))
        environ = servers.environment(folder, **more)
        sites.prepare(environ)
        pages = [[sys.executable, "wsgi.py"], [*FLASK, "alarms"]]
        site = stack.enter_context(sites.running("mail", environ, pages, folder))
        post, pids = _doors(door, workers, environ, folder, bed, stack)
        screen = Screen(site)
        stack.callback(screen.client.disconnect)
        yield Place(post, screen, pids)


def _doors(
    door: str,
    workers: int,
    environ: dict[str, str],
    folder: Path,
    bed: Bed | None,
    stack: ExitStack,
) -> tuple[Post, list[int]]:
    """Start the processes that take mails and work on them; where to hand one over."""
    if door == "imap":
        assert bed is not None
        sites.script(environ, ADD_BOX.format(port=bed.imap))
        command = [*FLASK, "mail", "fetch"]
    else:
        command = [*FLASK, "mail", "serve", "--port", "0"]
    logs = [folder / f"door{n}" for n in range(workers)]
    started = [sites.start(command, environ, log) for log in logs]
    for process in started:
        stack.callback(sites.stop, process)
    for log in logs:
        servers.wait_until(lambda log=log: bool(log.read_text()), 60, f"{log}")  # type: ignore[misc]
    if door == "imap":
        assert bed is not None
        return Post(bed.smtp), [process.pid for process in started]
    found = PLACE.search(logs[0].read_text())
    assert found, logs[0].read_text()
    return Post(int(found[1])), [process.pid for process in started]


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is left."""
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)
