"""An agent's telephone in a real Chromium: at a real Asterisk, by keyboard alone; and what goes wrong with it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.help import servers
from tests.help.browsers import CHROMIUM, QUIET
from tests.help.live import Person, axe, company
from tests.help.testbed import Bed, testbed, testbed_of_module

__all__ = ["testbed", "testbed_of_module"]
pytestmark = [pytest.mark.browser, pytest.mark.telephony, pytest.mark.thorough]
SOUND = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
LINE = "web1001"
MANY = re.compile(r"[1-9]\d{2,}")  # packets of a fiftieth of a second
READY = "话机已就绪。"


@pytest.fixture
def listening(chromium: Browser) -> Iterator[Browser]:
    """A browser that has a microphone, and may use it."""
    made = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*QUIET, *SOUND])
    yield made
    made.close()


@contextmanager
def connector(server: servers.Server) -> Iterator[None]:
    """The process beside the pages that is connected to the exchange."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "phone", "connect"]
    with server.log.open("ab") as log:
        made = subprocess.Popen(
            command, cwd=servers.ROOT, env=server.environ, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        made.terminate()
        made.wait(15)


@pytest.fixture
def server(testbed: Bed, tmp_path: Path) -> Iterator[servers.Server]:
    """Helpdesk at that exchange, whose queue `complaints` rings at the browser's telephone."""
    testbed.quiet()
    phone, ws = testbed.phone, testbed.status["sip_ws"]
    more = {"KIND": "asterisk", "ADDRESS": f"{phone.host}:{phone.port}", "USER": phone.user}
    more |= {"SECRET": phone.secret, "CONTEXT": phone.context, "WEBSOCKET": ws}
    testbed.ami("QueueAdd", Queue="complaints", Interface=f"PJSIP/{LINE}")
    with (
        company(tmp_path, **{f"PHONE_{name}": value for name, value in more.items()}) as running,
        connector(running),
    ):
        yield running
    testbed.ami("QueueRemove", Queue="complaints", Interface=f"PJSIP/{LINE}")


@pytest.fixture
def agent(server: servers.Server, listening: Browser, testbed: Bed) -> Iterator[Person]:
    """One whom an administrator has given a telephone in the browser."""
    admin = Person(listening, server, "ahmed.farouk", "en-GB")
    page = admin.go("/admin/phone/lines")
    page.get_by_role("link", name="林晓雨").click()
    page.fill("[name=extension]", LINE)
    page.fill("[name=sip_user]", LINE)
    page.fill("[name=sip_secret]", testbed.status["sip_secret"])
    page.press("[name=sip_secret]", "Enter")
    page.wait_for_url("**/admin/phone/lines")
    admin.context.close()
    found = Person(listening, server, language="en-GB")
    found.lines = []  # type: ignore[attr-defined]
    found.context.route_web_socket(testbed.status["sip_ws"], lambda line: carried(found, line))
    found.sign_in("lin.xiaoyu")
    yield found
    found.context.close()


def carried(agent: Person, line: WebSocketRoute) -> None:
    """A connection of the telephone goes through the test, which can cut it."""
    agent.lines.append((line, line.connect_to_server()))  # type: ignore[attr-defined]


def phone_of(agent: Person) -> Page:
    """The window that opened by itself at sign-on, ready."""
    if len(agent.context.pages) < 2:
        agent.context.wait_for_event("page")
    window = agent.context.pages[1]
    expect(window.locator("[data-webphone-target=word]")).to_have_text(READY)
    return window


def tab_to(page: Page, selector: str) -> None:
    """Go there with the tabulator, as somebody without a mouse does."""
    for _each in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} can't be reached by keyboard")


def test_a_queue_call_is_answered_held_and_written_up_by_keyboard_alone(
    agent: Person, testbed: Bed
) -> None:
    window, desk = phone_of(agent), agent.page
    testbed.calls("+4420555021")
    expect(desk.get_by_role("button", name="接听")).to_be_visible()
    expect(window.locator("#main")).to_have_attribute("data-state", "ringing")
    assert agent.axe() + axe(window) == []
    desk.keyboard.press("F4")
    expect(desk.locator("[data-by-phone=hold] button")).to_be_visible()
    for way in ("in", "out"):
        expect(window.locator("#main")).to_have_attribute(f"data-sound-{way}", MANY)
    desk.goto("/customers")  # another document: the call stays
    expect(window.locator("#main")).to_have_attribute("data-state", "talking")
    expect(desk.locator("[data-by-phone=hold] button")).to_be_visible()
    desk.keyboard.press("F4")
    expect(desk.get_by_role("button", name="取消保持")).to_be_visible()
    expect(window.locator("#main")).to_have_attribute("data-state", "held")
    desk.keyboard.press("F4")
    expect(desk.locator("[data-by-phone=hold] button")).to_be_visible()
    desk.keyboard.press("F9")
    expect(window.locator("[data-webphone-target=word]")).to_have_text(READY)
    expect(desk.get_by_role("button", name="保存小结")).to_be_visible()
    tab_to(desk, "#call-code")
    desk.keyboard.press("ArrowDown")
    tab_to(desk, "#call-note")
    desk.keyboard.type("Asked for an invoice.")
    tab_to(desk, ".call-form .btn-primary")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("button", name="保存小结")).to_be_hidden()
    assert agent.faults == []


def test_a_call_outlives_the_lost_connection_of_its_telephone(agent: Person, testbed: Bed) -> None:
    window, desk = phone_of(agent), agent.page
    state, bar = window.locator("#main"), desk.locator("#phone-bar")
    testbed.calls("+4420555022")
    expect(bar.get_by_role("button", name="接听")).to_be_visible()
    desk.keyboard.press("F4")
    expect(bar.locator("[data-by-phone=hold]")).to_be_visible()
    for end in agent.lines[-1]:  # type: ignore[attr-defined]
        end.close()
    expect(state).to_have_attribute("data-state", "lost")
    expect(desk.locator("#softphone")).to_be_visible()
    expect(state).to_have_attribute("data-state", "talking", timeout=10_000)
    assert len(agent.lines) == 2  # type: ignore[attr-defined]
    expect(state).to_have_attribute("data-sound-in", MANY)
    desk.keyboard.press("F4")
    expect(bar.locator("[data-by-phone=resume]")).to_be_visible()
    desk.keyboard.press("F9")
    expect(state).to_have_attribute("data-state", "ready")


DIAL = """to => fetch("/phone/dial", { method: "POST", body: new URLSearchParams({ to }), headers: {
"HX-Request": "true", "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content } })"""


def test_a_call_that_was_asked_for_is_taken_by_itself(agent: Person, testbed: Bed) -> None:
    state = phone_of(agent).locator("#main")
    customer = testbed.begin("customer-answer", "--ring", 1, "--wait", 60)
    assert customer.stdout is not None
    customer.stdout.readline()
    agent.page.evaluate(DIAL, "+4420555010")
    expect(state).to_have_attribute("data-state", "talking")
    expect(state).to_have_attribute("data-sound-in", MANY)
    expect(agent.page.locator("[data-by-phone=hold]")).to_be_visible()
    agent.page.keyboard.press("F9")
    expect(state).to_have_attribute("data-state", "ready")
