"""What a page says of its connection: live, one too many, signed out elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.help import servers
from tests.help.live import Person, company

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
LIVE = re.compile("is-on")
WAIT = 25_000  # milliseconds: a page tries again after fifteen seconds at the latest


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("company"), PAGES_EACH="1") as running:
        yield running


@pytest.fixture
def person(server: servers.Server, chromium: Browser) -> Iterator[Person]:
    made = Person(chromium, server, "lin.xiaoyu", language="en-US")
    yield made
    made.context.close()


def queue(page: Page) -> Page:
    page.goto("/queue")
    return page


def test_a_page_too_many_is_told_so_and_is_live_when_another_is_closed(person: Person) -> None:
    first, second = queue(person.page), person.context.new_page()
    expect(first.locator(".connection")).to_have_class(LIVE)
    line = queue(second).locator(".connection")
    expect(line).to_contain_text("1")
    expect(line).not_to_have_class(LIVE)
    expect(line).to_have_attribute("title", re.compile("1"))
    first.close()
    expect(line).to_have_class(LIVE, timeout=WAIT)
    expect(line).to_have_attribute("title", "")


def test_a_page_that_was_signed_out_elsewhere_says_so(person: Person) -> None:
    page, other = queue(person.page), person.context.new_page()
    line = page.locator(".connection")
    expect(line).to_have_class(LIVE)
    queue(other).locator('form[action="/sign-out"]').evaluate("form => form.submit()")
    expect(line).not_to_have_class(LIVE, timeout=WAIT)
    expect(line).to_have_attribute("title", re.compile("登录|sign in"), timeout=WAIT)
    assert not person.faults or all("WebSocket" in fault for fault in person.faults)
