"""The ticket page in a real browser: dialogs that come when they are wanted, and a case of hundreds of messages."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.help import servers
from tests.help.live import LOOKS, Person, company, in_both_looks

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
NUMBER = "2026-000017"
COUNT = 500


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("long")) as running:
        yield running


@in_both_looks
def test_a_key_opens_a_dialog_that_was_not_there_and_nothing_typed_goes_elsewhere(
    server: servers.Server, chromium: Browser, look: str
) -> None:
    person = Person(chromium, server, "chen.jing", **LOOKS[look])
    page = person.go(f"/tickets/{NUMBER}")
    expect(page.locator("dialog[id^=move-]")).to_have_count(0)
    opener = page.locator("[data-dialog-opens^=move-][data-key]").first
    key, name = opener.get_attribute("data-key"), opener.get_attribute("data-dialog-opens")
    page.route("**part=dialogs", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.locator("body").press(str(key))
    page.keyboard.press("n")  # the key of the note: it may not reach the page behind
    dialog = page.locator(f"#{name}")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[autofocus]").first).to_be_focused()
    expect(page.locator("#reply")).not_to_be_focused()
    assert person.axe() == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator("[data-dialog-opens=edit]").first.click()
    expect(page.locator("#edit [name=subject]")).to_be_focused()
    assert person.faults == []
    person.context.close()


def test_without_a_line_a_dialog_says_so_and_comes_when_the_line_is_back(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "chen.jing")
    page = person.go(f"/tickets/{NUMBER}")
    page.route("**part=dialogs", lambda route: route.abort())
    page.locator("[data-dialog-opens=edit]").first.click()
    expect(page.locator("#flashes .not-sent")).to_be_visible()
    page.unroute("**part=dialogs")
    page.locator("[data-dialog-opens=edit]").first.click()
    expect(page.locator("#edit")).to_be_visible()
    expect(page.locator("#flashes .not-sent")).to_have_count(0)
    person.context.close()


@pytest.fixture(scope="module")
def long_case(server: servers.Server) -> list[int]:
    """The ids of the messages of a case that was talked about five hundred times."""
    path = next(Path(server.environ["HELPDESK_INSTANCE"]).glob("*.sqlite3"))
    with sqlite3.connect(path) as base:
        columns = [row[1] for row in base.execute("PRAGMA table_info(message)")][1:]
        sample = "SELECT {} FROM message WHERE ticket_id = (SELECT id FROM ticket WHERE number = ?) LIMIT 1"
        row = base.execute(sample.format(", ".join(columns)), [NUMBER]).fetchone()
        marks = ", ".join("?" * len(columns))
        base.executemany(
            f"INSERT INTO message ({', '.join(columns)}) VALUES ({marks})", [row] * COUNT
        )
        found = "SELECT id FROM message WHERE ticket_id = (SELECT id FROM ticket WHERE number = ?) ORDER BY id"
        return [each for (each,) in base.execute(found, [NUMBER])]


@in_both_looks
def test_a_long_case_leads_back_by_keyboard_and_a_link_finds_its_message(
    server: servers.Server, chromium: Browser, look: str, long_case: list[int]
) -> None:
    person = Person(chromium, server, "chen.jing", **LOOKS[look])
    page = person.go(f"/tickets/{NUMBER}")
    expect(page.locator(".message")).to_have_count(100)
    expect(page.locator(f"#message-{long_case[-1]}")).to_have_count(1)
    assert person.axe() == []
    page.locator("#earlier").press("Enter")
    page.wait_for_url(re.compile("before="))
    expect(page.locator(f"#message-{long_case[-101]}")).to_have_count(1)
    expect(page.locator(f"#message-{long_case[-1]}")).to_have_count(0)
    assert person.axe() == []
    wanted = long_case[40]
    page.goto("about:blank")
    person.go(f"/tickets/{NUMBER}#message-{wanted}")
    page.wait_for_url(re.compile(f"before={wanted + 1}#message-{wanted}"))
    expect(page.locator(f"#message-{wanted}")).to_be_in_viewport()
    page.locator(".case-earlier a").last.press("Enter")
    expect(page.locator(f"#message-{long_case[-1]}")).to_have_count(1)
    assert person.faults == []
    person.context.close()
