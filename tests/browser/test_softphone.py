"""The window of the telephone in the browser, with an exchange that is played in the browser itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from helpdesk.desk.softphone import WORDS
from tests.help.live import Person, axe, company
from tests.help.servers import Server

pytestmark = pytest.mark.browser

WINDOW = '{% extends "phone/softphone.html" %}'
DESK = """{% extends "desk.html" %}{% block main %}{% include "phone/_softphone.html" %}
<form data-by-phone="answer" method="post" action="/nowhere"><button id="answer">Answer</button></form>{% endblock %}"""
ADDRESS = "https://helpdesk.test/"
SOCKET = "wss://pbx.test/ws"
ACCOUNT = {"websocket": SOCKET, "uri": "sip:1001@pbx.test", "user": "1001", "secret": "s3cret"}
ECHOED = ("Via", "From", "To", "Call-ID", "CSeq", "Contact")
INVITE = """INVITE sip:1001@pbx.test SIP/2.0
Via: SIP/2.0/WSS pbx.test;branch=z9hG4bK1
Max-Forwards: 70
From: <sip:+4420555001@pbx.test>;tag=caller
To: <sip:1001@pbx.test>
Call-ID: call-1
CSeq: 1 INVITE
Contact: <sip:pbx.test;transport=ws>
Content-Type: application/sdp
Content-Length: {length}

{offer}"""
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
LEAVING = """() => { const going = new Event("beforeunload", { cancelable: true });
dispatchEvent(going); return going.defaultPrevented; }"""
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

    def call(self) -> None:
        """Somebody calls."""
        head = INVITE.format(length=len(OFFER), offer="").replace("\n", "\r\n")
        self.connections[-1].send(head + OFFER)

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


def test_a_call_rings_in_the_window_which_then_asks_before_it_is_closed(
    window: Callable[..., Page],
) -> None:
    exchange = Exchange()
    page = window(exchange)
    says(page, "ready")
    assert page.evaluate(LEAVING) is False
    exchange.call()
    says(page, "ringing")
    expect(page.locator("[data-webphone-target=cause]")).to_have_text("+4420555001")
    expect(page.get_by_role("button", name="Answer the call")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate(LEAVING) is True
    page.keyboard.press("F9")
    says(page, "ready")
    assert any(each.startswith("SIP/2.0 480") for each in exchange.said)
    assert page.evaluate(LEAVING) is False


def test_a_desk_page_declines_for_the_window(window: Callable[..., Page]) -> None:
    exchange = Exchange()
    phone, desk = window(exchange), window(exchange, source=DESK.replace("answer", "decline"))
    says(phone, "ready")
    exchange.connections.reverse()  # the desk has none
    exchange.call()
    says(phone, "ringing")
    desk.click("#decline")
    says(phone, "ready")
    assert any(each.startswith("SIP/2.0 486") for each in exchange.said)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Helpdesk whose telephones may ring in browsers; nobody connects it to an exchange."""
    more = {"KIND": "asterisk", "USER": "helpdesk", "SECRET": "s3cret", "WEBSOCKET": SOCKET}
    settings = {f"PHONE_{name}": value for name, value in more.items()}
    with company(tmp_path_factory.mktemp("softphone"), **settings) as running:
        yield running


def test_it_signs_on_by_itself_stays_from_page_to_page_and_ends_with_the_session(
    chromium: Browser, server: Server
) -> None:
    admin = Person(chromium, server, "ahmed.farouk")
    page = admin.go("/admin/phone/lines")
    page.get_by_role("link", name="林晓雨").click()
    page.fill("[name=sip_user]", "8001")
    page.fill("[name=sip_secret]", "s3cret")
    page.press("[name=sip_secret]", "Enter")
    page.wait_for_url("**/admin/phone/lines")
    exchange, agent = Exchange(), Person(chromium, server)
    agent.context.route_web_socket(SOCKET, exchange.connect)
    agent.context.add_init_script(A_MICROPHONE)
    with agent.context.expect_page() as opened:
        agent.sign_in("lin.xiaoyu")
    window = opened.value
    expect(window.locator("#main")).to_have_attribute("data-state", "ready")
    expect(window.get_by_text("话机已就绪。")).to_be_visible()
    for path in ("/customers", "/calls", "/queue"):
        agent.go(path)
        expect(agent.page.locator("#softphone")).to_be_hidden()
    assert (exchange.registered, len(agent.context.pages)) == (1, 2)
    with window.expect_event("close"):
        agent.page.locator(".account summary").click()
        agent.page.locator("form[action='/sign-out'] button").click()
    assert exchange.registered == 2  # the second one signs off
    for person in (admin, agent):
        person.context.close()
