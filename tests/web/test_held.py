"""The real server while strangers hold connections: it answers everybody else, and says what it bears."""

from __future__ import annotations

import http.client
import re
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import socketio

from tests.help import installations
from tests.help.browsers import Browser
from tests.help.holding import HOST, KINDS, health, held, open_ones, signed_in, statuses
from tests.help.servers import Server, environment, served, wait_until

COUNT = 300  # the embedded server has 192 threads
BEARS = 8  # pages, with 44 threads
STATIC = Path(__file__).parents[2] / "helpdesk" / "static"
LARGE = "vendor/echarts-6.1.0/echarts.common.min.js"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded server with 44 threads, and one colleague."""
    folder = installations.ready(tmp_path_factory.mktemp("held"))
    environ = environment(folder, PAGES_EACH="12") | {"GUNICORN_CMD_ARGS": "--threads 44"}
    command = [sys.executable, "wsgi.py"]
    with served(command, environ, folder / "server.log") as started:
        yield started


@pytest.fixture(scope="module")
def browser(server: Server) -> Browser:
    return Browser(server, "li.na@example.com")


def place(server: Server) -> tuple[str, int]:
    parts = urlsplit(server.url)
    return parts.hostname or "", parts.port or 0


def large(server: Server) -> str:
    page = server.get("/").read().decode()
    found = re.search(r"/static/\w+/", page)
    assert found
    return found.group() + LARGE


def quick(times: list[float]) -> bool:
    """The machine may be busy with other tests: more than half of the answers within a second."""
    return sorted(times)[len(times) // 2] < 1


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_while_strangers_hold_connections(server: Server, kind: str) -> None:
    """It was dead for as long as 165 of them were held."""
    first, again = KINDS[kind]
    with held(server.url, COUNT, first.replace("{large}", large(server)), again):
        assert quick(health(server.url, 5))


@pytest.mark.thorough
def test_who_says_nothing_is_cut_after_ten_seconds(server: Server) -> None:
    with (
        held(server.url, 5, *KINDS["idle"]) as idle,
        held(server.url, 5, *KINDS["slow head"]) as slow,
    ):
        time.sleep(5)
        assert len(open_ones(idle)) == len(open_ones(slow)) == 5
        wait_until(lambda: not open_ones(idle + slow), 10, "their end")


def test_an_upgrade_without_a_sign_in_is_refused(server: Server) -> None:
    with held(server.url, 5, *KINDS["upgrade without a sign-in"]) as strangers:
        assert set(statuses(strangers, 10)) == {"HTTP/1.1 401"}


@pytest.mark.thorough
def test_beyond_what_it_bears_upgrades_are_refused_and_pages_are_answered(
    server: Server, browser: Browser
) -> None:
    """Each websocket holds a thread; those for pages are not touched. One that says nothing is cut."""
    log = server.log.read_text(encoding="utf8")
    assert f"bears about {BEARS} open pages" in log
    with held(server.url, 11, signed_in(browser.cookies)) as pages:
        told = statuses(pages, 10)
        assert sorted(told) == ["HTTP/1.1 101"] * BEARS + ["HTTP/1.1 503"] * 3
        assert quick(health(server.url, 5))
        assert browser.opener.open(f"{server.url}/queue", timeout=20).status == 200
        began = time.monotonic()
        wait_until(lambda: len(open_ones(pages)) <= 3, 11, "the end of the silent ones")
        assert time.monotonic() - began < 10


def test_a_sign_out_closes_open_sockets_within_five_seconds(server: Server) -> None:
    browser, ended = Browser(server, "li.na@example.com"), list[float]()
    client = socketio.Client(reconnection=False)
    client.on("disconnect", lambda *_: ended.append(time.monotonic()))
    headers = {"Cookie": browser.cookies}
    client.connect(server.url, headers=headers, transports=["websocket"], wait_timeout=20)
    try:
        assert client.call("watch", {"topic": "queue:all"}, timeout=20)["ok"]
        began = time.monotonic()
        sign_out(browser)
        wait_until(lambda: bool(ended), 20, "the end of the socket")
        assert ended[0] - began < 5
    finally:
        client.disconnect()


def sign_out(browser: Browser) -> None:
    page = browser.opener.open(f"{browser.url}/queue", timeout=20).read().decode()
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    asked = urllib.request.Request(f"{browser.url}/sign-out", b"", {"X-CSRFToken": token.group(1)})
    browser.opener.open(asked, timeout=20).read()


def test_a_page_that_is_refused_can_ask_why(server: Server) -> None:
    """A browser does not tell a page why its websocket failed."""
    answer = server.get("/socket.io/?EIO=4&transport=websocket", Accept="application/json")
    assert (answer.status, answer.headers.get_content_type()) == (401, "application/problem+json")
    assert "sign in" in answer.read().decode()


def conversation(server: Server, *said: str, pause: float = 0.0) -> bytes:
    """What the server answers to all that is said on one connection, until it closes it."""
    with socket.create_connection(place(server), timeout=30) as one:
        for words in said:
            one.sendall(words.encode())
            time.sleep(pause)
        found = b""
        while data := one.recv(65536):
            found += data
        return found


FORM = f"POST /sign-in HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\n"
LAST = f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    "said",
    [
        (f"{FORM}Content-Length: 6\r\n\r\n", "a", "=", "bcde"),
        (f"{FORM}Transfer-Encoding: chunked\r\n\r\n", "3\r\na=b\r\n", "3\r\ncde", "\r\n0\r\n\r\n"),
        (f"{FORM}Content-Len", "gth: 6\r\n\r", "\na=bcde"),
    ],
)
def test_what_comes_in_pieces_is_one_request_and_the_next_is_heard(
    server: Server, said: tuple[str, ...]
) -> None:
    """Also when a further request is sent before the first was answered."""
    for pause in (0.0, 0.2):
        answers = conversation(server, *said, LAST, pause=pause)
        assert len(re.findall(rb"HTTP/1.1 \d+", answers)) == 2
        assert answers.endswith(b'{"ok":true}\n')


def test_who_asks_whether_to_go_on_is_told_once(server: Server) -> None:
    head = f"{FORM}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n"
    answers = conversation(server, head, "a=b", pause=0.5)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers)[0] == b"100"
    assert len(re.findall(rb"HTTP/1.1 \d+", answers)) == 2


def test_a_body_that_is_too_large_is_refused_and_the_connection_ends(server: Server) -> None:
    head = f"{FORM}Content-Length: 999999999\r\n\r\n"
    assert b" 413 " in conversation(server, head, "a=b").partition(b"\r\n")[0]


def test_what_is_no_request_is_answered_with_400(server: Server) -> None:
    assert conversation(server, "hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("pause", [0.0, 0.005])
def test_a_large_answer_comes_whole_however_slowly_it_is_taken(
    server: Server, pause: float
) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(30)
        slow.connect(place(server))
        slow.sendall(f"GET {large(server)} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
        found = b""
        while data := slow.recv(8192):
            found += data
            time.sleep(pause)
    assert found.partition(b"\r\n\r\n")[2] == (STATIC / LARGE).read_bytes()


def test_a_connection_serves_many_requests(server: Server) -> None:
    kept = http.client.HTTPConnection(*place(server), timeout=20)
    for path in ("/healthz", large(server), "/healthz", "/sign-in", "/healthz"):
        kept.request("GET", path)
        mine: Callable[[], bytes] = kept.getresponse().read
        assert mine()
        assert kept.sock is not None
    kept.close()
