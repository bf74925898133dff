"""Private installations to measure: embedded (SQLite) and scaled out (PostgreSQL, Redis)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.client import Client
from tests.help import servers

ROOT = Path(__file__).parent.parent
ADMIN, PASSWORD = "bench@example.com", "a long enough pass phrase"
LOAD = """
from wsgi import app
from benchmarks.load.run import seed_load
with app.app_context():
    print(seed_load({tickets}, open={open}).long_talk)
"""
SAFE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=512MB")


@dataclass
class Site:
    """One running installation."""

    name: str
    url: str
    environ: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    token: str = ""
    long_talk: str = ""  # the number of the ticket with twenty messages
    cookies: dict[str, str] = field(default_factory=dict)

    def api(self, _number: int = 0) -> Client:
        """A program's connection, with its token."""
        return Client(self.url, {"Authorization": f"Bearer {self.token}"})

    def browser(self, _number: int = 0) -> Client:
        """An administrator's connection, signed in, in English."""
        client = Client(self.url, {"Accept": "text/html", "Accept-Language": "en"})
        client.cookies = dict(self.cookies)
        return client

    def memory(self) -> float:
        """PSS of all processes of the program, in MB (without PostgreSQL and Redis)."""
        pids = [pid for process in self.processes for pid in family(process.pid)]
        return sum(map(pss, pids)) / 1024


def family(pid: int) -> list[int]:
    """The process and all that came from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = children.read_text().split() if children.exists() else []
    return [pid, *(each for child in below for each in family(int(child)))]


def pss(pid: int) -> int:
    """The process's proportional share of memory, in kB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@contextmanager
def embedded(tickets: int, open_: int, **more: str) -> Iterator[Site]:
    """`python wsgi.py` with SQLite and so many tickets."""
    with folder() as place:
        environ = servers.environment(place, **more)
        long_talk = prepare(environ, tickets, open_)
        commands = [[sys.executable, "wsgi.py"]]
        with running("embedded", environ, commands, place, long_talk) as site:
            yield site


@contextmanager
def scaled_out(server: str, redis: str, tickets: int, open_: int) -> Iterator[Site]:
    """Two web workers with 8 threads, one RQ worker, one timer process, on PostgreSQL and Redis."""
    with folder() as place, database(server) as url:
        environ = servers.environment(
            place, DATABASE_URL=url, REDIS_URL=redis, ROLE="web", SECRET_KEY="k" * 40
        )
        long_talk = prepare(environ, tickets, open_)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        web = [sys.executable, "wsgi.py", "-w", "2", "--threads", "8"]
        flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
        commands = [web, [*flask, "worker"], [*flask, "alarms"]]
        with running("scaled out", environ, commands, place, long_talk) as site:
            yield site


@contextmanager
def safe_postgresql() -> Iterator[str]:
    """A private PostgreSQL that waits for the disk, as a real one must."""
    servers.SETTINGS = (*SAFE, "max_connections=200")
    with servers.postgresql() as url:
        yield url


def redis() -> AbstractContextManager[str]:
    """A private Redis."""
    return servers.redis()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="helpdesk-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def database(server: str) -> Iterator[str]:
    """An empty database on this server, gone afterwards; gives its URL."""
    name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def prepare(environ: Mapping[str, str], tickets: int = 0, open_: int = 0) -> str:
    """Make the database; returns the number of the ticket with twenty messages."""
    _flask(environ, "prepare")
    if not tickets:
        return ""
    return script(environ, LOAD.format(tickets=tickets, open=open_))


def script(environ: Mapping[str, str], source: str) -> str:
    """Run a few lines of Python in the surroundings of a site; what they print."""
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT,
        env=dict(environ),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _flask(environ: Mapping[str, str], *arguments: str, text: str | None = None) -> str:
    done = servers.flask(*arguments, environ=environ, text=text)
    if done.returncode:
        raise RuntimeError(f"flask {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def running(
    name: str, environ: dict[str, str], commands: list[list[str]], place: Path, long_talk: str = ""
) -> Iterator[Site]:
    """These processes as one site, with an administrator signed in."""
    _flask(environ, "users", "add", ADMIN, "--name", "Bench", "--role", "admin",
           "--password-stdin", text=f"{PASSWORD}\n")  # fmt: skip
    token = _flask(
        environ, "tokens", "add", "bench", "--role", "supervisor", "--rate", "1000000"
    ).split()[-1]
    site = Site(name, f"http://127.0.0.1:{environ['HELPDESK_PORT']}", environ, token=token)
    site.long_talk = long_talk
    with ExitStack() as stack:
        for command in commands:
            site.processes.append(start(command, environ, place / "log"))
            stack.callback(stop, site.processes[-1])
        wait(site.url)
        site.cookies = _sign_in(site)
        yield site


def start(command: list[str], environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=ROOT, env=dict(environ), stdout=output, stderr=output)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait(url: str, within: float = 60.0) -> None:
    """Return when the server answers. Raises TimeoutError."""

    def answers() -> bool:
        try:
            return Client(url).get("/healthz").status < 500
        except OSError:
            return False

    servers.wait_until(answers, within, url)


def _sign_in(site: Site) -> dict[str, str]:
    client = Client(site.url, {"Accept": "text/html"})
    page = client.get("/sign-in").text
    csrf = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    form = f"csrf_token={csrf}&email={ADMIN}&password={PASSWORD.replace(' ', '+')}&next="
    done = client.post("/sign-in", form.encode(), "application/x-www-form-urlencoded")
    if done.status != 303:
        raise RuntimeError(f"The sign-in was answered with {done.status}.")
    return client.cookies
