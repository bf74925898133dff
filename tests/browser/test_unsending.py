"""An answer is taken back in a real browser: the seconds run on the button, a key takes the answer back,
the words stand in the box."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.help import servers
from tests.help.live import LOOKS, Person, company, in_both_looks

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
WORDS = "压缩机已更换，请放心使用。"
NUMBER = "2026-000017"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("unsending")) as running:
        yield running


@in_both_looks
def test_the_key_takes_the_answer_back_into_the_box(
    server: servers.Server, chromium: Browser, look: str
) -> None:
    person = Person(chromium, server, "chen.jing", **LOOKS[look])
    person.write(NUMBER, "message", WORDS)
    page = person.page
    undo = page.locator(".unsend button")
    expect(undo).to_have_text(re.compile(r"(Undo|撤回)\D+[1-9]\b"))
    assert person.axe() == []
    page.locator("body").press("b")
    expect(page.locator("#reply")).to_have_value(WORDS)
    expect(page.locator("#reply")).to_be_focused()
    expect(page.locator(".message", has_text=WORDS)).to_have_count(0)
    assert person.axe() == []
    page.fill("#reply", f"{WORDS}!")
    expect(page.locator("[data-draft-target=status]")).not_to_be_empty()
    page.goto(f"/tickets/{NUMBER}")
    expect(page.locator("#reply")).to_have_value(f"{WORDS}!")  # what was typed since is newer
    with page.expect_navigation():
        page.locator(".draft-back button").click()
    expect(page.locator(".draft-back")).to_have_count(0)
    assert person.faults == []
    person.context.close()


def test_when_the_time_is_over_the_button_takes_itself_away(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "chen.jing")
    person.write("2026-000016", "message", WORDS)
    expect(person.page.locator(".unsend button")).to_have_count(1)
    expect(person.page.locator(".unsend")).to_have_count(0, timeout=20_000)
    expect(person.page.locator(".message", has_text=WORDS)).to_have_count(1)
    person.context.close()


def test_without_scripts_a_plain_button_does_the_same(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "chen.jing", java_script_enabled=False)
    person.write(NUMBER, "message", WORDS)
    with person.page.expect_navigation():
        person.page.locator(".unsend button").click()
    expect(person.page.locator("#reply")).to_have_value(WORDS)
    person.context.close()
