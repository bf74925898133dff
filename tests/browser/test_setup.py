"""The set-up by keyboard and pointer, and every form of it under axe, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from helpdesk.agents import second_factor
from tests.help import servers
from tests.help.live import LOOKS, Person, company, in_both_looks

pytestmark = pytest.mark.browser
FORMS = [
    "/admin/people/new",
    "/admin/people/2",
    "/admin/departments/new",
    "/admin/departments/quality",
    "/admin/routes/new",
    "/admin/routes/1",
    "/admin/routes?kind=complaint&text=冰箱#try",
    "/admin/categories/new",
    "/admin/categories/1",
    "/admin/promises/versions/1",
    "/admin/promises/chains/standard",
    "/admin/canned-replies/new",
    "/admin/canned-replies/1",
    "/admin/calendars?calendar=cn-office&received=2026-09-29T16:00&limit=5+wd",
    "/me/second-factor",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("setup")) as running:
        yield running


@pytest.fixture
def admin(server: servers.Server, chromium: Browser) -> Iterator[Person]:
    person = Person(chromium, server, "ahmed.farouk", "en-GB")
    yield person
    assert person.faults == []
    person.context.close()


@in_both_looks
@pytest.mark.thorough
def test_every_form_of_the_set_up_passes_axe_and_fits_the_screen(
    server: servers.Server, chromium: Browser, look: str
) -> None:
    person = Person(chromium, server, "ahmed.farouk", **LOOKS[look])
    found = {}
    for path in FORMS:
        status = person.page.goto(path).status
        wrong = person.axe()
        wide = person.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if status != 200 or wrong or wide > 0:
            found[path] = [status, wide, *wrong]
    assert (found, person.faults) == ({}, [])
    person.context.close()


def names(page: Page) -> list[str]:
    return page.locator("tr[id^=rule-] th").all_inner_texts()


def test_rules_are_put_in_order_by_the_keyboard_alone(admin: Person) -> None:
    page = admin.go("/admin/routes")
    before = names(page)
    page.locator("tr[id^=rule-]").first.get_by_role("button").last.focus()
    for _press in range(2):
        with page.expect_navigation():
            page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Move down")
    assert names(page) == [before[1], before[2], before[0], *before[3:]]


def test_trying_a_rule_shows_where_the_case_would_go(admin: Person) -> None:
    page = admin.go("/admin/routes")
    page.fill("textarea[name=text]", "冰箱漏电，太危险了")
    with page.expect_navigation():
        page.get_by_role("button", name="Try").click()
    expect(page.locator(".trial")).to_be_visible()
    assert page.input_value("textarea[name=text]") == "冰箱漏电，太危险了"


def test_a_wrong_limit_is_shown_at_its_field_and_the_rest_is_kept(admin: Person) -> None:
    page = admin.go("/admin/promises")
    page.fill("#resolve-S3-limit", "soon")
    page.fill("#note", "Faster for everybody")
    with page.expect_navigation():
        page.get_by_role("button", name="Save as a new edition").click()
    expect(page.locator("#resolve-S3-limit-error")).to_contain_text("Write a number")
    assert page.input_value("#note") == "Faster for everybody"
    page.fill("#resolve-S3-limit", "4 wd")
    with page.expect_navigation():
        page.get_by_role("button", name="Save as a new edition").click()
    expect(page.locator(".flash")).to_contain_text("Kept.")
    expect(page.locator("body")).to_contain_text("Faster for everybody")


def test_a_deletion_is_asked_about_first(admin: Person) -> None:
    page = admin.go("/admin/routes")
    before = len(names(page))
    page.locator("tr[id^=rule-] th a").last.click()
    page.get_by_role("button", name="Delete this rule").click()
    page.get_by_role("button", name="No, go back").click()
    assert len(names(admin.go("/admin/routes"))) == before


def test_a_canned_reply_goes_into_the_answer_and_counts_as_used(
    admin: Person, server: servers.Server, chromium: Browser
) -> None:
    agent = Person(chromium, server, "lin.xiaoyu")
    page = agent.go("/queue?view=all")
    page.goto(page.locator(".row-title").first.get_attribute("href"))
    field = page.locator(".composer-canned input")
    field.fill("apology")
    with page.expect_response(lambda answer: "/used" in answer.url) as used:
        page.locator(".composer-canned .canned").first.click()
    assert used.value.status == 204
    words = page.input_value("#reply")
    assert any(sorry in words for sorry in ("致歉", "sorry")) and "{" not in words
    assert agent.faults == []
    agent.context.close()


def test_the_second_factor_is_set_up_and_asked_for(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "zhou.ting", "en-GB")
    page = person.go("/me/second-factor")
    page.fill("#current", "haichuan-demo-2026")
    page.press("#current", "Enter")
    secret = page.locator("section code").inner_text()
    step = second_factor.current_step()
    page.fill("#code", second_factor.code(secret, step))
    page.press("#code", "Enter")
    paper = page.locator(".paper-codes code").first.inner_text()
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.fill("input[name=email]", "zhou.ting@example.com")
    page.fill("input[name=password]", "haichuan-demo-2026")
    page.press("input[name=password]", "Enter")
    expect(page.locator("#code")).to_be_focused()
    page.fill("#code", paper)
    page.press("#code", "Enter")
    expect(page.locator("#desk-nav")).to_be_visible()
    person.context.close()
