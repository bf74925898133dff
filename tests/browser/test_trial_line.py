"""Two agents and a supervisor at the simulated exchange, as a newcomer tries it: by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from helpdesk.settings import SIMULATED
from tests.help.live import Person, company

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
WHO = {"agent": "lin.xiaoyu", "colleague": "zhou.ting", "supervisor": "chen.jing"}
STILL = 5_000  # milliseconds in which a call would have come


@pytest.fixture(scope="module")
def team(
    tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[dict[str, Person]]:
    """Agent, colleague and supervisor at an exchange that runs."""
    with company(tmp_path_factory.mktemp("line"), PHONE_KIND=SIMULATED) as server:
        people = {role: Person(chromium, server, name) for role, name in WHO.items()}
        yield people
        for person in people.values():
            person.context.close()


def tab_to(page: Page, element: str, key: str = "Tab") -> None:
    """Walk there as a person does who has no mouse."""
    for _each in range(80):
        page.keyboard.press(key)
        if page.evaluate("css => document.activeElement.matches(css)", element):
            return
    raise AssertionError(f"{element} is not reached by {key}")


def becomes(person: Person, steps: int) -> None:
    """Choose a state on the queue's page, so many below the one that stands there."""
    page = person.go("/queue")
    tab_to(page, "#presence-state", "Shift+Tab")
    for _each in range(steps):
        with page.expect_navigation():
            page.keyboard.press("ArrowDown")
        if steps > 1:
            tab_to(page, "#presence-state", "Shift+Tab")


def let_call(supervisor: Person, many: int = 1) -> None:
    for _each in range(many):
        page = supervisor.go("/phone/line?queue=service")
        with page.expect_navigation():
            page.keyboard.press("c")


def rings(page: Page) -> None:
    expect(page.locator(".call-rings")).to_be_visible()


def can(page: Page, step: str) -> None:
    """This button is there now."""
    expect(page.locator(f".call form[action$='/{step}']")).to_be_visible()


def case_of(page: Page) -> str:
    found = re.search(r"20\d\d-\d{6}", page.locator(".call-case a").first.inner_text())
    assert found is not None
    return found[0]


def test_a_call_is_taken_written_up_and_the_next_handed_on_by_keyboard_alone(
    team: dict[str, Person],
) -> None:
    agent, colleague = team["agent"], team["colleague"]
    becomes(colleague, steps=2)  # busy: called only by who hands a call on
    becomes(agent, steps=1)  # ready
    page, other = agent.page, colleague.page
    odd: dict[str, list[str]] = {}

    let_call(team["supervisor"])
    rings(page)
    who = page.locator(".call-who").inner_text().split("\n")[0]
    expect(page.locator("#phone-said")).to_contain_text(who)  # and a screen reader says it
    assert page.title().startswith("☎")
    odd["ringing"] = agent.axe()
    page.keyboard.press("F4")
    can(page, "hold")
    number = case_of(page)
    let_call(team["supervisor"], many=6)  # some of them will not wait for long
    tab_to(page, "#call-note")
    page.keyboard.type("客户询问发票")
    odd["talking"] = agent.axe()
    page.keyboard.press("F4")
    can(page, "resume")
    odd["on hold"] = agent.axe()
    page.keyboard.press("F4")
    can(page, "hold")
    expect(page.locator("#call-note")).to_have_value("客户询问发票")
    page.keyboard.press("F9")
    expect(page.locator(".call-acts")).to_have_count(0)
    odd["writing up"] = agent.axe()
    page.wait_for_timeout(STILL)
    expect(page.locator(".call-rings")).to_have_count(0)  # nobody comes through meanwhile

    tab_to(page, "#call-code", "Shift+Tab")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#call-step")
    page.keyboard.press("ArrowDown")  # nothing more
    tab_to(page, ".call-form .btn-primary")
    page.keyboard.press("Enter")
    rings(page)
    page.keyboard.press("F4")
    can(page, "hold")
    assert case_of(page) != number

    page.keyboard.press("F8")
    page.keyboard.type("9999")
    tab_to(page, "[formaction$='/transfer']")
    page.keyboard.press("Enter")
    expect(page.locator("#phone-asked [role=alert]")).to_be_visible()
    odd["refused"] = agent.axe()
    number = case_of(page)
    page.keyboard.press("F8")
    page.keyboard.type("8002")
    tab_to(page, "[formaction$='/transfer']")
    page.keyboard.press("Enter")
    rings(other)
    other.keyboard.press("F4")
    can(other, "hold")
    odd["taken over"] = colleague.axe()
    assert case_of(other) == number
    told = other.goto(f"/tickets/{number}/history")
    assert told is not None and told.ok
    for name in ("林晓雨", "周婷"):
        expect(other.locator("main")).to_contain_text(name)
    assert {state: found for state, found in odd.items() if found} == {}
    assert [each.faults for each in team.values()] == [[], [], []]
