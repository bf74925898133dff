"""WCAG A and AA by axe on every page, light and dark, wide and narrow: 0 serious findings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.help import servers
from tests.help.live import LOOKS, Person, company, in_both_looks

pytestmark = pytest.mark.browser
PUBLIC = ["/", "/new", "/track", "/kb", "/sign-in", "/api/v1/docs", "/no-such-page"]
DESK = [
    "/queue?view=all",
    "/tickets",
    "/tickets/{open}",
    "/tickets/{claimed}",
    "/tickets/{open}/case-file",
    "/tickets/{open}/promises",
    "/tickets/{open}/history",
    "/tickets/{open}/response-table",
    "/phone",
    "/customers",
    "/search?q=冰箱",
    "/notices",
    "/notices/2026-1",
    "/callbacks",
    "/calls",
    "/calls/agents",
    "/calls/low-scores",
    "/calls/staffing",
    "/mail",
    "/mail/sent",
    "/kb",
    "/statistics",
    "/wallboard",
    "/me",
    "/queue",
    "/tickets/{paused}",
    "/tickets/{merged}",
    "/tickets/{confidential}",
    "/tickets/{open}/notices/new",
    "/customers/1",
    "/search?q=zzzqqq",
    "/notices/new",
    "/notices/2026-1/print",
    "/kb/aircon-drips",
    "/kb/new",
    "/kb/searches",
    "/mail/days",
    "/board",
]
ADMIN = [
    "/admin",
    "/admin/people",
    "/admin/people/new",
    "/admin/departments",
    "/admin/departments/new",
    "/admin/tokens",
    "/admin/duty",
    "/admin/phone/blocked",
    "/admin/phone/blocked/new",
    "/admin/phone/queues",
    "/admin/phone/queues/new",
    "/admin/phone/lines",
    "/admin/phone/codes",
    "/admin/phone/codes/new",
    "/admin/mailboxes",
    "/admin/mailboxes/new",
    "/admin/routes",
    "/admin/routes/new",
    "/admin/categories",
    "/admin/promises",
    "/admin/promises/chains/standard",
    "/admin/promises/versions/1",
    "/admin/simulator",
    "/admin/canned-replies",
    "/admin/options",
    "/admin/calendars",
]
CASES = {  # tickets of the demo
    "open": "2026-000017",
    "claimed": "2026-000049",
    "paused": "2026-000028",
    "merged": "2026-000043",
    "confidential": "2026-000051",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("axe")) as running:
        yield running


def findings(person: Person, pages: list[str]) -> dict[str, list[str]]:
    """What axe says of each page; an odd status, an overflow or a script error is a finding too."""
    found: dict[str, list[str]] = {}
    for path in pages:
        answer = person.page.goto(path.format(**CASES))
        wrong = person.axe()
        if answer.status != (404 if path == "/no-such-page" else 200):
            wrong.append(f"status {answer.status}")
        if person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append("the page scrolls sideways")
        if wrong or person.faults:
            found[path] = [*wrong, *person.faults]
        person.faults.clear()
    return found


@in_both_looks
@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("", PUBLIC),
        pytest.param("chen.jing", DESK, marks=pytest.mark.thorough),
        pytest.param("ahmed.farouk", ADMIN, marks=pytest.mark.thorough),
    ],
    ids=["public", "desk", "admin"],
)
def test_every_page_is_usable_for_everybody(
    server: servers.Server, chromium: Browser, look: str, name: str, pages: list[str]
) -> None:
    """Automatic WCAG AA checks; no serious finding, no sideways scrolling, no script error."""
    person = Person(chromium, server, name, **LOOKS[look])
    try:
        assert findings(person, pages) == {}
    finally:
        person.context.close()


def test_a_row_has_one_height_whatever_stands_in_it(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "zhou.ting", viewport={"width": 1280, "height": 800})
    person.page.goto("/queue")
    assert person.page.locator(".row .row-take").count() > 0
    rows = "[...document.querySelectorAll('.rows > li')].map(row => row.offsetHeight)"
    heights = person.page.evaluate(rows)
    person.context.close()
    assert len(heights) > 10 and max(heights) - min(heights) <= 1


def test_a_phone_shows_state_and_next_step_of_every_notice(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "chen.jing", viewport={"width": 390, "height": 844})
    person.page.goto("/notices")
    ends = "[...document.querySelectorAll('.notices-list td')].map(cell => cell.getBoundingClientRect().right)"
    right = person.page.evaluate(ends)
    person.context.close()
    assert right and max(right) <= 390


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_the_smallest_phone_never_scrolls_a_customer_s_page_sideways(
    server: servers.Server, chromium: Browser, language: str
) -> None:
    """Also with everything opened, and on the page of a case."""
    person = Person(chromium, server, "", viewport={"width": 320, "height": 700}, language=language)
    page, wide = person.page, "document.documentElement.scrollWidth > innerWidth"
    page.goto("/new")
    page.locator("details.more > summary").click()
    page.set_input_files("#files", {"name": "A.exe", "mimeType": "x/y", "buffer": b"MZ"})
    page.locator(".files .is-refused").wait_for()
    assert not page.evaluate(wide)
    page.locator(".files .is-refused button").click()
    page.fill("[name=subject]", "Door does not close")
    page.fill("[name=body]", "It opens again whenever I close it.")
    page.locator("form .btn-primary").last.click()
    page.wait_for_url("**/track/**")
    page.locator("#body, textarea").first.wait_for()
    assert not page.evaluate(wide)
    person.context.close()
