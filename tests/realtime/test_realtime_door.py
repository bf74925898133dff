"""The door of live pages: what is checked before a websocket is let in."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpdesk.core import options
from helpdesk.core.db import transaction
from helpdesk.realtime.door import SPEAKS_WITHIN, OpenSocket, door
from tests.help import factories as make

DOOR = "/socket.io/?EIO=4&transport=websocket"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Accept": "application/json",
}


def knock(client: FlaskClient, **headers: str) -> TestResponse:
    return client.get(DOOR, headers=UPGRADE | headers)


def ask_why(client: FlaskClient) -> TestResponse:
    """What a page asks when its websocket failed."""
    return client.get(DOOR, headers={"Accept": "application/json"})


def test_who_is_not_signed_in_gets_no_websocket(client: FlaskClient) -> None:
    """The upgrade itself is refused, so that nothing of the server is held."""
    assert knock(client).status_code == 401
    client.set_cookie("helpdesk", "made up")
    answer = knock(client)
    assert (answer.status_code, answer.json["code"]) == (401, "not_signed_in")


def test_a_session_that_was_ended_gets_no_websocket(app: Flask, client: FlaskClient) -> None:
    make.sign_in(client, make.agent())
    kept = client.get_cookie("helpdesk")
    client.post("/sign-out")
    client.set_cookie("helpdesk", kept.value)
    assert knock(client).status_code == 401


def test_an_administrator_who_must_set_up_a_second_factor_gets_no_websocket_before(
    app: Flask, client: FlaskClient
) -> None:
    """What no page is shown to, no socket is."""
    with transaction():
        options.put("second_factor_for_admins", True)
    make.sign_in(client, make.agent("Chen Jie", "admin"))
    assert client.get("/queue").status_code == 302
    assert knock(client).status_code == 401


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null", "https://localhost"]
)
def test_a_page_of_another_site_gets_no_websocket(
    app: Flask, client: FlaskClient, origin: str
) -> None:
    make.sign_in(client, make.agent())
    assert knock(client, Origin=origin).status_code == 403


@pytest.fixture
def open_lines(app: Flask) -> Iterator[list[OpenSocket]]:
    """Lines that are open; what is added is let in, and all are closed in the end."""
    kept, lines = (door.most, door.each), list[OpenSocket]()
    yield lines
    door.most, door.each = kept
    for line in lines:
        door.leave(line)


def opened(lines: list[OpenSocket], person: int) -> OpenSocket:
    line = OpenSocket(person)
    door.enter(line)
    lines.append(line)
    return line


def test_a_person_with_too_many_pages_is_told_so_and_may_close_one(
    client: FlaskClient, open_lines: list[OpenSocket]
) -> None:
    agent = make.agent()
    make.sign_in(client, agent)
    door.each = 2
    first = opened(open_lines, agent.id)
    opened(open_lines, agent.id + 1)
    opened(open_lines, agent.id)
    answer = knock(client)
    assert answer.status_code == 429
    assert answer.json["message"].startswith("You have 2 pages open:")
    door.leave(first)
    opened(open_lines, agent.id)


def test_beyond_what_the_server_bears_a_page_is_told_how_many_are_open(
    client: FlaskClient, open_lines: list[OpenSocket]
) -> None:
    make.sign_in(client, make.agent())
    door.most = 3
    for person in (901, 902, 903):
        opened(open_lines, person)
    assert knock(client).status_code == 503
    answer = ask_why(client)
    assert answer.status_code == 503
    assert answer.json["message"].startswith("3 pages are open, all that this server bears")


def test_a_line_that_says_nothing_is_cut_within_ten_seconds(
    open_lines: list[OpenSocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[OpenSocket] = []
    monkeypatch.setattr(OpenSocket, "hang_up", lambda line: cut.append(line))
    silent, spoken = opened(open_lines, 901), opened(open_lines, 902)
    spoken.spoken = True
    door.hang_up_on_the_silent()
    assert cut == []
    silent.opened = spoken.opened = time.monotonic() - SPEAKS_WITHIN - 0.1
    door.hang_up_on_the_silent()
    assert cut == [silent]
    assert SPEAKS_WITHIN <= 8


POLICY = "Content-Security-Policy"


@pytest.mark.parametrize(
    ("base", "sockets"),
    [
        ("http://localhost", "ws://localhost"),
        ("http://localhost:5000", "ws://localhost:5000"),
        ("https://desk.example", "wss://desk.example"),
        ("http://[::1]:5000", "ws://[::1]:5000"),
    ],
)
def test_pages_may_open_a_websocket_at_their_own_host_and_nowhere_else(
    client: FlaskClient, base: str, sockets: str
) -> None:
    """Ws: and wss: let a script that got in send to anybody."""
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in client.get("/", base_url=base).headers[POLICY].split(";")
    )
    assert policy["connect-src"] == f"'self' {sockets}"


def test_a_host_that_is_none_brings_nothing_into_the_policy(client: FlaskClient) -> None:
    policy = client.get("/", headers={"Host": "a.example *; script-src *"}).headers[POLICY]
    assert "*" not in policy
