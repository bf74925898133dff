"""The window of the telephone in the browser, with an exchange that is played in the browser itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from helpdesk.desk.softphone import WORDS

pytestmark = pytest.mark.browser

WINDOW = '{% extends "phone/softphone.html" %}'
DESK = """{% extends "desk.html" %}{% block main %}{% include "phone/_softphone.html" %}
<form data-by-phone="answer" method="post" action="/nowhere"><button id="answer">Answer</button></form>{% endblock %}"""
ADDRESS = "https://helpdesk.test/"
SOCKET = "wss://pbx.test/ws"
ACCOUNT = {"websocket": SOCKET, "uri": "sip:1001@pbx.test", "user": "1001", "secret": "s3cret"}
ECHOED = ("Via", "From", "To", "Call-ID", "CSeq", "Contact")
A_MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => new AudioContext().createMediaStreamDestination().stream;"""
NO_MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "%s"); };"""


class Exchange:
    """A registrar: takes every telephone, or answers with the given status; cut() loses its connections."""

    def __init__(self, status: str = "200 OK") -> None:
        self.status = status
        self.connections: list[WebSocketRoute] = []
        self.said: list[str] = []

    def connect(self, route: WebSocketRoute) -> None:
        self.connections.append(route)
        route.on_message(lambda message: self.hear(route, str(message)))

    def hear(self, route: WebSocketRoute, message: str) -> None:
        lines = message.split("\r\n")
        self.said.append(lines[0])
        if lines[0].startswith("REGISTER"):
            echoed = [each for each in lines if each.partition(":")[0] in ECHOED]
            head = [each + ";tag=x" if each.startswith("To:") else each for each in echoed]
            route.send("\r\n".join((f"SIP/2.0 {self.status}", *head, "Content-Length: 0", "", "")))

    def cut(self) -> None:
        self.connections[-1].close()

    @property
    def registered(self) -> int:
        return sum(each.startswith("REGISTER") for each in self.said)


@pytest.fixture
def window(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """window(exchange, microphone): the window, at this exchange, under https."""

    def shown(exchange: Exchange, microphone: str = A_MICROPHONE, source: str = WINDOW) -> Page:
        page = open_page(source, {"/phone/softphone/account": json.dumps(ACCOUNT)})
        page.policy = page.policy.replace("connect-src", f"connect-src {SOCKET}")  # type: ignore[attr-defined]
        page.route_web_socket(SOCKET, exchange.connect)
        page.add_init_script(microphone)
        page.goto(ADDRESS)
        return page

    return shown


def says(page: Page, state: str) -> None:
    expect(page.locator("[data-webphone-target=word]")).to_have_text(str(WORDS[state]))
    expect(page.locator("#main")).to_have_attribute("data-state", state)


@pytest.mark.parametrize(
    ("name", "state"),
    [("NotAllowedError", "denied"), ("NotFoundError", "missing"), ("NotReadableError", "busy")],
)
def test_what_is_wrong_with_the_microphone_is_said_with_what_to_do_and_tried_again(
    window: Callable[..., Page], name: str, state: str
) -> None:
    exchange = Exchange()
    page = window(exchange, NO_MICROPHONE % name)
    says(page, state)
    assert exchange.registered == 0  # who can't talk is offered no call
    page.evaluate(A_MICROPHONE)
    page.get_by_role("button", name="Try again").click()
    says(page, "ready")


def test_without_https_the_window_says_that_there_is_no_microphone(
    open_page: Callable[..., Page],
) -> None:
    says(open_page(WINDOW), "insecure")


def test_a_lost_connection_is_said_and_there_again_within_ten_seconds(
    window: Callable[..., Page],
) -> None:
    exchange = Exchange()
    page = window(exchange)
    says(page, "ready")
    for lost in range(1, 3):
        before, began = exchange.registered, time.monotonic()
        exchange.cut()
        says(page, "lost")
        says(page, "ready")
        assert time.monotonic() - began < 10
        assert exchange.registered > before
        assert len(exchange.connections) > lost


def test_an_exchange_that_does_not_take_the_telephone_is_quoted(
    window: Callable[..., Page],
) -> None:
    page = window(Exchange("403 Forbidden"))
    says(page, "refused")
    expect(page.locator("[data-webphone-target=cause]")).to_have_text("Rejected")


def test_one_window_has_the_telephone_and_the_next_takes_over_when_it_closes(
    window: Callable[..., Page],
) -> None:
    first, second = Exchange(), Exchange()
    one = window(first)
    says(one, "ready")
    other = window(second)
    says(other, "elsewhere")
    assert second.registered == 0
    one.close()
    says(other, "ready")
    assert second.registered == 1


def test_a_page_of_the_desk_says_what_is_wrong_and_nothing_while_all_is_well(
    window: Callable[..., Page],
) -> None:
    exchange = Exchange()
    desk = window(exchange, source=DESK)
    line: Any = desk.locator("#softphone")
    expect(line).to_contain_text(str(WORDS["closed"]))
    expect(line.get_by_role("button")).to_be_visible()
    phone = window(exchange)
    says(phone, "ready")
    expect(line).to_be_hidden()
    exchange.cut()
    expect(line).to_contain_text(str(WORDS["lost"]))
    says(phone, "ready")
    expect(line).to_be_hidden()
    desk.click("#answer")  # goes to the window, and nowhere else
    assert desk.url == ADDRESS
    phone.close()
    expect(line).to_contain_text(str(WORDS["closed"]))
