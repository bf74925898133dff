"""What a customer or a colleague has typed and chosen survives reload, language, a dead line and a refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.help import servers
from tests.help.live import Person, company

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
WORDS = "It leaks since Monday."
PHOTO = {"name": "leak.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 99}
WRONG = {"name": "run.exe", "mimeType": "application/octet-stream", "buffer": b"MZ" * 9}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("lost")) as running:
        yield running


def filled(page: Page) -> None:
    page.goto("/new?lang=en")
    page.fill("[name=subject]", "Washing machine")
    page.fill("[name=body]", WORDS)
    page.check("[name=kind][value=request]")
    page.locator("details.more summary").click()
    page.set_input_files("[name=files]", [PHOTO, WRONG])
    expect(page.locator("[name=kept]")).to_have_count(1)
    expect(page.locator(".files .is-refused")).to_contain_text("run.exe")
    page.locator(".files .is-refused button").click()
    page.wait_for_timeout(600)


def expect_all(page: Page) -> None:
    expect(page.locator("[name=subject]")).to_have_value("Washing machine")
    expect(page.locator("[name=body]")).to_have_value(WORDS)
    expect(page.locator("[name=kind][value=request]")).to_be_checked()
    expect(page.locator("[name=kept]")).to_have_count(1)


def test_a_public_form_keeps_words_choices_and_files_until_it_is_taken(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, language="en-GB")
    page = person.page
    filled(page)
    for way in ("/new", "/new?lang=zh_Hans", "/new?lang=en"):
        page.goto(way)
        expect_all(page)
    person.context.clear_cookies()
    page.locator(".form-actions button").first.click()  # the token is lost: shown again
    expect(page.locator(".form-errors")).to_be_visible()
    expect_all(page)
    assert person.axe() == []
    with page.expect_navigation():
        page.locator(".form-actions button").first.click()
    expect(page.locator(".file-line")).to_contain_text("leak.png")
    page.goto("/new")
    expect(page.locator("[name=body]")).to_have_value("")
    person.context.close()


def test_without_a_line_the_page_stays_and_says_so(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "chen.jing")
    page = person.go("/tickets/2026-000016")
    page.locator("[name=mode][value=message]").check(force=True)
    page.fill("#reply", WORDS)
    person.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".not-sent")).to_be_visible()
    expect(page.locator("#reply")).to_have_value(WORDS)
    person.context.set_offline(False)
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator(".message", has_text=WORDS)).to_have_count(1)
    person.context.close()


def test_the_promise_follows_the_kind_that_is_chosen(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, language="en-GB")
    page = person.go("/new?lang=en")
    shown = page.locator(".promises p:visible")
    expect(shown).to_have_count(1)
    before = shown.inner_text()
    page.check("[name=kind][value=enquiry]")
    expect(shown).to_have_count(1)
    assert shown.inner_text() != before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    person.context.close()
