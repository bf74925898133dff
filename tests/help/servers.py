"""Private servers for tests: PostgreSQL, Redis and Helpdesk itself, each on a free port.

`python -m tests.help.servers COMMAND ...` runs a command with TEST_DATABASE_URL and TEST_REDIS_URL set to
private servers that end with it; `bin/test --servers` does so.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PORTS = random.SystemRandom()  # a test may have set the seed of the other
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on.

    Drawn from below those that the system gives to connections, so that none takes it meanwhile; by
    chance, so that tests side by side hardly ever draw the same.
    """
    while True:
        port = PORTS.randrange(12_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def find(program: str) -> str | None:
    """Where a server program is; Debian keeps some beside the path."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [*map(str, homes), os.environ["PATH"], "/usr/sbin"]
    return shutil.which(program, path=os.pathsep.join(places))


def chromium() -> str | None:
    """Where the browser is, by any of its names."""
    return next(filter(None, map(find, ("chromium", "chromium-browser", "google-chrome"))), None)


def wait_until(done: Callable[[], bool], within: float = 20.0, what: str = "it") -> None:
    """Return when `done()` is true. Raises TimeoutError after `within` seconds."""
    end = time.monotonic() + within
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come up within {within:.0f} s")
        time.sleep(0.05)


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: run it as somebody else then."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    return {"user": next(name for name in ("postgres", "nobody") if name in known)}


@dataclass
class Postgresql:
    """A private PostgreSQL that can be killed and started again."""

    url: str
    port: int
    command: list[str]
    more: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it takes connections when this returns."""
        self.process = subprocess.Popen(self.command, **self.more)
        wait_until(lambda: _answers(self.port), 60, what="PostgreSQL")
        wait_until(lambda: _accepts(self.port), 60, what="PostgreSQL")

    def restart(self) -> None:
        """Immediate shutdown (every connection is cut, nothing is written out), then crash recovery."""
        assert self.process is not None
        _end(self.process, signal.SIGQUIT)
        self.start()


@contextmanager
def postgresql() -> Iterator[str]:
    """A private, empty PostgreSQL; gives the URL of its maintenance database."""
    with restartable(SETTINGS) as server:
        yield server.url


@contextmanager
def restartable(settings: Iterable[str]) -> Iterator[Postgresql]:
    """A private, empty PostgreSQL with these settings."""
    port, other = free_port(), _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-pg-"))
    if other:
        shutil.chown(folder, other["user"])
    initdb, server = find("initdb"), find("postgres")
    assert initdb and server, "PostgreSQL is not installed"
    more: dict[str, Any] = {
        "cwd": folder,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    } | other
    make = [initdb, "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*make, "--locale=C.UTF-8", "--no-sync"], check=True, **more)
    options = [part for setting in settings for part in ("-c", setting)]
    place = ["-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    made = Postgresql(url, port, [server, *place, *options], more)
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            _end(made.process, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


def _accepts(port: int) -> bool:
    """True when PostgreSQL has finished starting up."""
    ready = [find("pg_isready") or "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(ready, check=False).returncode == 0


@contextmanager
def redis() -> Iterator[str]:
    """A private, empty Redis; gives its URL."""
    port, program = free_port(), find("redis-server")
    assert program, "Redis is not installed"
    folder = tempfile.mkdtemp(prefix="helpdesk-redis-")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), what="Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        _end(process, signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Server:
    """The real program as a process."""

    url: str
    process: subprocess.Popen[bytes]
    environ: dict[str, str]
    log: Path

    def get(self, path: str, **headers: str) -> HTTPResponse:
        """Fetch a page. An error status is an answer too."""
        asked = urllib.request.Request(self.url + path, headers=headers)
        try:
            answer: HTTPResponse = urllib.request.urlopen(asked, timeout=10)
        except urllib.error.HTTPError as error:
            return error  # type: ignore[return-value]  # it reads like an answer
        return answer

    def flask(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a flask command in the same surroundings."""
        return flask(*arguments, environ=self.environ, text=text)

    def kill(self) -> None:
        """End the server and its workers at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a private installation in this folder; `more` are HELPDESK_ names."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}
    port = free_port()
    own = {"INSTANCE": str(folder), "PORT": str(port), "HOST": "127.0.0.1", "LANGUAGE": "en"}
    own["MAIL_NETWORKS"] = "127.0.0.0/8:*"
    return kept | {f"HELPDESK_{name}": value for name, value in (own | more).items()}


def flask(
    *arguments: str, environ: Mapping[str, str], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a flask command as a process; `text` goes to its standard input."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=dict(environ),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def helpdesk(folder: Path, *first: str, **more: str) -> Iterator[Server]:
    """Helpdesk with everything in one process, on a free port, with its data in `folder`.

    `first` is what `bin/run` asks for, --prepare or --demo; without it `folder` holds an installation
    already. `more` are further HELPDESK_ settings.
    """
    command = [sys.executable, "wsgi.py", *first]
    with served(command, environment(folder, **more), folder / "server.log") as server:
        yield server


@contextmanager
def served(command: list[str], environ: dict[str, str], log: Path) -> Iterator[Server]:
    """A server process of ours; it answers when the block begins, and ends with it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(f"http://127.0.0.1:{environ['HELPDESK_PORT']}", process, environ, log)
    try:
        wait_until(lambda: _serves(server), 120, f"Helpdesk ({log})")
        yield server
    finally:
        _end(process, signal.SIGTERM)


def _serves(server: Server) -> bool:
    if server.process.poll() is not None:
        raise RuntimeError(server.log.read_text(encoding="utf8"))
    try:
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(command: list[str]) -> int:
    """Run a command with private servers; returns its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as servers:
        more = {
            "TEST_DATABASE_URL": servers.enter_context(postgresql()),
            "TEST_REDIS_URL": servers.enter_context(redis()),
        }
        return subprocess.run(command, env=os.environ | more, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
