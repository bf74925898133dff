"""The real servers, embedded and live, write ready frames to browsers, beside answers to what they ask."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.cases import cases
from benchmarks.client import Client
from benchmarks.desk_pages import framed, opened
from tests.help import installations
from tests.help.browsers import Browser
from tests.help.servers import Server, environment, served


@pytest.fixture(params=["all", "live"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    environ = environment(installations.ready(tmp_path)) | {"HELPDESK_ROLE": request.param}
    with served([sys.executable, "wsgi.py"], environ, tmp_path / "server.log") as started:
        yield started


@pytest.mark.thorough
def test_a_browser_reads_what_is_written_for_all_and_what_is_answered_to_it_alone(
    server: Server,
) -> None:
    """Deflated and plain ones, in both kinds of server."""
    cookies, parts = Browser(server, "li.na@example.com").cookies, urlsplit(server.url)
    place = parts.hostname or "", parts.port or 0
    pages = [opened(place, cookies, deflate) for deflate in (True, False)]
    assert [page.alike for page in pages] == [True, False]
    token = Path(server.environ["HELPDESK_INSTANCE"]) / installations.TOKEN
    client = Client(server.url, {"Authorization": f"Bearer {token.read_text('utf8')}"})
    number = client.post_json("/api/v1/tickets", next(cases(1))).json()["number"]
    for page in pages:
        change = json.loads(page.hear(b'42["change"')[2:])[1]
        assert (change["topic"], change["ticket"]) == ("queue:all", number)
        page.wire.sendall(framed('427["after",{"topic":"queue:all","seq":0}]'))
        [answer] = json.loads(page.hear(b"437[")[3:])
        assert answer["changes"] == [change]


def test_who_asks_in_a_loop_and_reads_nothing_keeps_no_other_page_waiting(server: Server) -> None:
    """All that it asked was answered in one go, for twenty seconds, also after it had been cut."""
    cookies, parts = Browser(server, "li.na@example.com").cookies, urlsplit(server.url)
    place = parts.hostname or "", parts.port or 0
    token = Path(server.environ["HELPDESK_INSTANCE"]) / installations.TOKEN
    client = Client(server.url, {"Authorization": f"Bearer {token.read_text('utf8')}"})
    bodies = cases(1)
    for _ in range(40):
        client.post_json("/api/v1/tickets", next(bodies))
    page, greedy = opened(place, cookies, True), opened(place, cookies, False)
    greedy.wire.sendall(framed('427["after",{"topic":"queue:all","seq":0}]') * 800)
    late = []
    for _ in range(4):
        began = time.monotonic()
        number = client.post_json("/api/v1/tickets", next(bodies)).json()["number"]
        while json.loads(page.hear(b'42["change"')[2:])[1]["ticket"] != number:
            pass
        late.append(time.monotonic() - began)
    assert max(late) < 3, late
