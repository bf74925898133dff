"""Both profiles as processes: the embedded one, and web, live, worker and timers side by side."""

from __future__ import annotations

import json
import runpy
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.help import installations
from tests.help.browsers import Browser
from tests.help.sampled import few
from tests.help.servers import (
    ROOT,
    Server,
    environment,
    find,
    flask,
    free_port,
    helpdesk,
    postgresql,
    redis,
    served,
    wait_until,
)

COMPLAINT = {
    "kind": "complaint",
    "channel": "web",
    "subject": "The fridge is warm",
    "body": "It was repaired three times.",
    "person": {"name": "Wang Fang", "phone": "139 1234 5678"},
}


def post(server: Server, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the API answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    sent = json.dumps(body).encode()
    asked = urllib.request.Request(server.url + path, data=sent, headers=headers)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return dict(json.loads(answer.read()))


def hears_a_new_ticket(web: Server, live: Server, token: str) -> bool:
    """Whether a browser on `live` is told of a ticket that is opened on `web`."""
    browser, heard = Browser(web, "li.na@example.com"), []
    client = socketio.Client(reconnection=False)
    client.on("change", heard.append)
    headers = {"Cookie": browser.cookies}
    client.connect(live.url, headers=headers, transports=["websocket"], wait_timeout=20)
    try:
        assert client.call("watch", {"topic": "queue:dispatch"}, timeout=20)["ok"] is True
        number = post(web, token, "/api/v1/tickets", COMPLAINT)["number"]
        wait_until(lambda: any(told["ticket"] == number for told in heard), 20, "the push")
    finally:
        client.disconnect()
    return True


def token_of(server: Server) -> str:
    return Path(server.environ["HELPDESK_INSTANCE"], installations.TOKEN).read_text("utf8")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for those below: the last of them ends it."""
    with helpdesk(installations.ready(tmp_path_factory.mktemp("embedded"))) as server:
        yield server


def test_the_embedded_server_opens_a_ticket_and_pushes_it(embedded: Server) -> None:
    assert hears_a_new_ticket(embedded, embedded, token_of(embedded))


def test_the_embedded_server_ends_cleanly_on_ctrl_c(embedded: Server) -> None:
    began = time.monotonic()
    embedded.process.send_signal(signal.SIGINT)
    assert embedded.process.wait(30) == 0
    assert time.monotonic() - began < 29
    assert "Traceback" not in embedded.log.read_text(encoding="utf8")


@pytest.mark.parametrize(
    "begun", few([installations.demo, installations.nothing], installations.demo)
)
def test_one_process_makes_the_database_ready_and_serves_it(
    tmp_path: Path, begun: Callable[[Path], Path]
) -> None:
    """What bin/run starts; the sign-ins of the demo are told before the pages are there."""
    with helpdesk(begun(tmp_path), "--demo") as server:
        said = server.log.read_text(encoding="utf8")
        assert said.index("helen.fischer@example.com") < said.index("Helpdesk answers on")
        wait_until(lambda: server.get("/readyz").status == 200, 30, "the timers' first round")
        assert server.flask("doctor").returncode == 0
        first, worker = server.process.pid, children(server.process.pid)[0]
        assert "_sqlite3" in libraries(worker)
        assert "_sqlite3" not in libraries(first), "the program is in memory twice"


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def libraries(pid: int) -> str:
    """What the process has loaded from files."""
    return Path(f"/proc/{pid}/maps").read_text()


def test_an_odd_setting_ends_the_server_with_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "wsgi.py", "--prepare"],
        cwd=ROOT,
        env=environment(tmp_path, TIMEZONE="Asia/Atlantis"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("Helpdesk can't start: HELPDESK_TIMEZONE")
    assert "Traceback" not in done.stderr


def test_no_server_starts_on_a_database_that_could_not_be_made_ready(tmp_path: Path) -> None:
    (tmp_path / "helpdesk.sqlite3").write_text("These are the minutes of the board. " * 200)
    done = subprocess.run(
        [sys.executable, "wsgi.py", "--prepare"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "file is not a database" in done.stderr
    assert "Helpdesk answers on" not in done.stderr


@pytest.mark.thorough
def test_what_was_answered_is_there_after_a_power_cut(tmp_path: Path) -> None:
    with helpdesk(installations.ready(tmp_path)) as server:
        token = token_of(server)
        numbers = [post(server, token, "/api/v1/tickets", COMPLAINT)["number"] for _ in range(5)]
        server.kill()
    with helpdesk(tmp_path) as server:
        headers = {"Authorization": f"Bearer {token}"}
        found = json.loads(server.get("/api/v1/tickets", **headers).read())["items"]
        assert {ticket["number"] for ticket in found} == set(numbers)
        assert server.flask("doctor").returncode == 0


@pytest.mark.parametrize(("role", "shared"), [("web", True), ("live", False), ("all", False)])
def test_web_workers_share_a_program_that_was_loaded_once(
    monkeypatch: pytest.MonkeyPatch, role: str, shared: bool
) -> None:
    """Live workers must patch the standard library before anything of ours is imported."""
    monkeypatch.setenv("HELPDESK_ROLE", role)
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["preload_app"] is shared


FIRST_PAGES = """
import os
from helpdesk.ops.processes import ready_to_fork
from wsgi import app

def own():
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if "Private" in line)

def written_by_a_first_page():
    reads, writes = os.pipe()
    if not os.fork():
        before = own()
        app.test_client().get("/new")
        os.write(writes, str(own() - before).encode())
        os._exit(0)
    os.wait()
    return int(os.read(reads, 20))

print(written_by_a_first_page())
ready_to_fork(app)
print(written_by_a_first_page())
"""


@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="this system does not tell"
)
def test_what_a_first_page_needs_is_made_once_for_all_processes_of_a_machine(
    tmp_path: Path,
) -> None:
    asked = [sys.executable, "-c", FIRST_PAGES]
    environ = environment(installations.ready(tmp_path), ROLE="web")
    done = subprocess.run(asked, cwd=ROOT, env=environ, capture_output=True, check=True)
    by_itself, beside_others = map(int, done.stdout.split())
    assert by_itself > 15_000, "kB: the page is not what it was"
    assert beside_others < by_itself / 2


@pytest.mark.redis
@pytest.mark.skipif(
    find("initdb") is None or find("redis-server") is None,
    reason="PostgreSQL or Redis is not installed",
)
@pytest.mark.thorough
def test_web_live_worker_and_timer_processes_work_together(tmp_path: Path) -> None:
    gunicorn = [sys.executable, "-m", "gunicorn", "wsgi:app"]
    with ExitStack() as parts:
        known = {
            "DATABASE_URL": parts.enter_context(postgresql()),
            "REDIS_URL": parts.enter_context(redis()),
            "SECRET_KEY": "a key that all processes share",
        }
        environ = environment(tmp_path, **known)
        assert flask("prepare", environ=environ).returncode == 0
        for command in ("worker", "alarms"):
            parts.enter_context(running(command, environ))
        web = parts.enter_context(
            served([*gunicorn, "-w", "2"], environ | {"HELPDESK_ROLE": "web"}, tmp_path / "web.log")
        )
        port = {"HELPDESK_ROLE": "live", "HELPDESK_PORT": str(free_port())}
        live = parts.enter_context(served(gunicorn, environ | port, tmp_path / "live.log"))
        assert hears_a_new_ticket(web, live, installations.people(environ))
        wait_until(lambda: web.get("/readyz").status == 200, 30, "readiness")
        assert web.get("/socket.io/?EIO=4&transport=websocket").status == 404
        assert web.flask("doctor").returncode == 0


@contextmanager
def running(command: str, environ: dict[str, str]) -> Iterator[None]:
    """A flask command that goes on in the background."""
    program = [sys.executable, "-m", "flask", "--app", "wsgi", command]
    process = subprocess.Popen(program, cwd=ROOT, env=environ)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
