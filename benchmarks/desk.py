"""Changes on many open pages: `python -m benchmarks.desk [--sockets N] [--rate R] [--seconds N] ...`

Starts the program (scaled out: PostgreSQL, Redis, one web and one live process; embedded: one process with
SQLite), opens N pages of signed-in people over loopback, half of them in Chinese, a fifth supervisors, all
watching the whole queue, and makes R changes a second over the API: a case is opened, a second later
accepted, two seconds later noted upon. Prints how late they came (from the time in the journal, which is
just before the commit), what was lost or doubled, and the CPU of the process that has the sockets, beside
a bare gevent loop that writes the same bytes in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import cpu, sites
from benchmarks.cases import cases
from benchmarks.client import Client
from tests.help import servers

TICKS = os.sysconf("SC_CLK_TCK")
HANDS = 4  # connections that make changes
MOST_EMBEDDED = 150  # pages; it bears 160
PEOPLE = """
import json
from wsgi import app
from helpdesk.agents.models import Agent
from helpdesk.core.db import db, transaction
from tests.help.factories import sign_in
with app.app_context():
    with transaction() as session:
        people = [Agent(email=f"p{{n}}@example.com", name=f"Page {{n}}", session_key=f"key{{n}}",
            role="agent" if n % 5 else "supervisor", language="en" if n % 2 else "zh_Hans")
            for n in range({count})]
        session.add_all(people)
    made = []
    for each in people:
        client = sign_in(app.test_client(), each)
        made.append("helpdesk=" + client.get_cookie("helpdesk").value)
    print(json.dumps(made))
"""
JOURNAL = """
import json
from sqlalchemy import select
from wsgi import app
from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.tickets.models import Ticket
with app.app_context():
    rows = db.session.execute(select(Ticket.number, Event.seq, Event.at)
        .join(Ticket, Ticket.id == Event.ticket_id).where(Event.seq > {after}).order_by(Event.seq))
    print(json.dumps([(number, seq, at.timestamp()) for number, seq, at in rows]))
"""


@dataclass
class Place:
    """A running installation: where changes are made, where pages listen, who has the sockets."""

    site: sites.Site
    url: str
    live: int  # the process id

    def listens(self) -> list[int]:
        """The processes of the server with the sockets."""
        return sites.family(self.live)


@contextmanager
def scaled(place: Path) -> Iterator[Place]:
    """Web and live as processes of their own, on PostgreSQL that waits for the disk, and Redis."""
    with ExitStack() as stack:
        url = stack.enter_context(sites.database(stack.enter_context(sites.safe_postgresql())))
        known = {"DATABASE_URL": url, "REDIS_URL": stack.enter_context(sites.redis())}
        environ = servers.environment(
            place, ROLE="web", SECRET_KEY="k" * 40, PAGES_EACH="1000", **known
        )
        sites.prepare(environ)
        web = [sys.executable, "wsgi.py", "-w", "1", "--threads", "8"]
        site = stack.enter_context(sites.running("scaled out", environ, [web], place))
        other = {"HELPDESK_ROLE": "live", "HELPDESK_PORT": str(servers.free_port())}
        process = sites.start([sys.executable, "wsgi.py"], environ | other, place / "live.log")
        stack.callback(sites.stop, process)
        live = f"http://127.0.0.1:{other['HELPDESK_PORT']}"
        sites.wait(live)
        yield Place(site, live, process.pid)


@contextmanager
def embedded(place: Path) -> Iterator[Place]:
    """Everything in one process, with SQLite."""
    environ = servers.environment(place, PAGES_EACH="1000", SECRET_KEY="k" * 40)
    sites.prepare(environ)
    command = [sys.executable, "wsgi.py"]
    with sites.running("embedded", environ, [command], place) as site:
        yield Place(site, site.url, site.processes[0].pid)


class Listeners:
    """The process of the open pages."""

    def __init__(self, url: str, cookies: list[str], count: int, deflate: bool, slow: int) -> None:
        host, port = url.removeprefix("http://").split(":")
        asked = {"host": host, "port": int(port), "cookies": cookies, "count": count}
        self.process = _python("benchmarks.desk_pages")
        self.say(asked | {"deflate": deflate, "slow": slow})

    def say(self, told: object) -> None:
        """Send a line."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """The next line. Raises RuntimeError when it has ended."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The process of the pages has ended.")
        return line


def _python(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=sites.ROOT, stdin=pipe, stdout=pipe, text=True)


class Changes:
    """Changes at a steady pace, over the API."""

    def __init__(self, site: sites.Site, rate: float, seconds: float) -> None:
        self.site, self.rate, self.count = site, rate, int(rate * seconds)
        self.bodies, self.opened = cases(1), queue.Queue[str]()
        self.accepted = queue.Queue[str]()
        self.failed: list[str] = []

    def make(self) -> None:
        """Make them all."""
        began = time.monotonic()
        hands = [
            threading.Thread(target=self._hand, args=(number, began)) for number in range(HANDS)
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()

    def _hand(self, number: int, began: float) -> None:
        client = self.site.api()
        for turn in range(number, self.count, HANDS):
            time.sleep(max(0.0, began + turn / self.rate - time.monotonic()))
            self._change(client, turn)

    def _change(self, client: Client, turn: int) -> None:
        lag = self.rate  # a second
        if turn % 3 == 1 and self.opened.qsize() * 3 > lag:
            number = self.opened.get()
            answer = client.post_json(f"/api/v1/tickets/{number}/moves", {"move": "accept"})
            self.accepted.put(number)
        elif turn % 3 == 2 and self.accepted.qsize() * 3 > lag:
            number = self.accepted.get()
            answer = client.post_json(
                f"/api/v1/tickets/{number}/messages", {"body": "Called back."}
            )
        else:
            answer = client.post_json("/api/v1/tickets", next(self.bodies))
            self.opened.put(answer.json().get("number", ""))
        if answer.status >= 300:
            self.failed.append(answer.text[:200])


def seconds_of(pids: list[int]) -> float:
    """The CPU time that these processes have taken."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def machine() -> float:
    """The CPU time that the machine has worked."""
    user, nice, system, _idle, _wait, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + sum(rest[:2])) / TICKS


HEAD = (
    "| who | sockets | changes/s | p50 ms | p99 ms | most ms | CPU % of a core | CPU ms a change"
    " | machine % | MB | kB to each, a change | received | lost | doubled | cut |"
)


def measure(place: Place, asked: argparse.Namespace, count: int) -> int:
    """One installation beside the bare loop; the bytes that each page got for a change."""
    cookies = json.loads(
        sites.script(place.site.environ, PEOPLE.format(count=asked.people or count))
    )
    pages = Listeners(place.url, cookies, count, not asked.plain, asked.slow)
    try:
        pages.hear()
    except RuntimeError:
        print(
            *(
                f.read_text()[-3000:]
                for f in Path(place.site.environ["HELPDESK_INSTANCE"]).glob("*log")
            )
        )
        raise
    Changes(place.site, asked.rate, 2).make()  # warm
    time.sleep(1)
    after = json.loads(sites.script(place.site.environ, JOURNAL.format(after=0)))[-1][1]
    work = Changes(place.site, asked.rate, asked.seconds)
    began, spent, whole = time.monotonic(), seconds_of(place.listens()), machine()
    work.make()
    lasted = time.monotonic() - began
    spent, whole = seconds_of(place.listens()) - spent, machine() - whole
    memory = sum(map(sites.pss, place.listens())) / 1024
    time.sleep(2)
    rows = json.loads(sites.script(place.site.environ, JOURNAL.format(after=after)))
    changed = {(number, at): (number, seq, at) for number, seq, at in rows}
    pages.say(sorted(changed.values(), key=lambda row: row[1]))
    told = json.loads(pages.hear())
    if work.failed:
        raise RuntimeError(f"{len(work.failed)} changes were refused: {work.failed[0]}")
    size = told["bytes"] / max(1, work.count * (count - asked.slow))
    _line(place.site.name, count, work.count / lasted, told, spent, lasted, whole, memory, size)
    if asked.slow:
        print(f"{told['slow_ended']} of {asked.slow} that took nothing were cut", flush=True)
    return int(size)


def bare(asked: argparse.Namespace, count: int, size: int) -> None:
    """The same bytes by a loop that knows nothing."""
    numbers = map(str, (count, asked.rate, asked.seconds, size))
    process = _python("benchmarks.desk_bare", *numbers)
    assert process.stdout and process.stdin
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    pages = Listeners(url, [], count, False, 0)
    pages.hear()
    whole = machine()
    print("go", file=process.stdin, flush=True)
    sent = json.loads(process.stdout.readline())
    whole = machine() - whole
    memory = sites.pss(process.pid) / 1024
    pages.say(sent["sent"])
    told = json.loads(pages.hear())
    print("end", file=process.stdin, flush=True)
    process.wait(15)
    lasted = asked.seconds
    _line("bare loop", count, asked.rate, told, sent["cpu"], lasted, whole, memory, size)


def _line(
    name: str,
    count: int,
    rate: float,
    told: dict[str, Any],
    spent: float,
    lasted: float,
    whole: float,
    memory: float,
    size: float,
) -> None:
    p50, p99, most = told["late"]
    share, each = spent / lasted * 100, spent / lasted / rate * 1000
    print(
        f"| {name} | {count} | {rate:.1f} | {p50:.0f} | {p99:.0f} | {most:.0f} | {share:.0f} | {each:.1f}"
        f" | {whole / lasted / os.cpu_count() * 100:.0f} | {memory:.0f} | {size / 1024:.2f}"
        f" | {told['received']} | {told['lost']} | {told['doubled']} | {told['ended']} |",
        flush=True,
    )


def main(arguments: list[str]) -> int:
    """Measure what was asked for."""
    asked = _asked(arguments)
    loop = min(cpu._milliseconds(cpu._loop) for _ in range(15))
    print(f"loop {loop:.2f} ms, load {os.getloadavg()[0]:.1f}\n\n{HEAD}")
    print("|---" * HEAD.count(" |") + "|", flush=True)
    for name, make in (("scaled", scaled), ("embedded", embedded)):
        if asked.only not in ("", name):
            continue
        count = min(asked.sockets, MOST_EMBEDDED) if name == "embedded" else asked.sockets
        with sites.folder() as folder, make(folder) as place:
            size = measure(place, asked, count)
        bare(asked, count, size)
    return 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.desk")
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--people", type=int, default=0, help="who has them: one each, if not said")
    parser.add_argument("--rate", type=float, default=20.0, help="changes a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--slow", type=int, default=0, help="so many of them take nothing")
    parser.add_argument("--plain", action="store_true", help="pages that do not offer to inflate")
    parser.add_argument("--only", choices=("scaled", "embedded"), default="")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
