"""A draft is words and for whom they are: what was written for colleagues can't reach the customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.help import servers
from tests.help.live import Person, company

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
NUMBER = "2026-000017"
TICKET = f"/tickets/{NUMBER}"
SECRET = "内部：客户上次骂人，别给补偿"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("drafts")) as running:
        yield running


@pytest.fixture
def chen(server: servers.Server, chromium: Browser) -> Iterator[Person]:
    person = Person(chromium, server, "chen.jing")
    yield person
    person.context.close()
    assert person.faults == []


def begin_note(page: Page, words: str = SECRET, path: str = TICKET) -> None:
    """As a colleague does who looks at the keyboard only."""
    page.goto(path)
    page.locator("body").press("n")
    page.keyboard.type(words)


def saved(page: Page) -> None:
    expect(page.locator("#composer [data-draft-target=status]")).not_to_be_empty()


def expect_note(page: Page, words: str = SECRET) -> None:
    """The words are back as a note: marked, told to the eye, and Ctrl-Enter keeps them among us."""
    expect(page.locator("#reply")).to_have_value(words)
    expect(page.locator("[name=mode]:checked")).to_have_value("note")
    expect(page.locator("#composer .send-note")).to_be_visible()
    page.wait_for_timeout(600)  # longer than the pause after which a draft is kept
    expect(page.locator("#composer .draft-is-back")).to_contain_text(
        re.compile("内部备注|internal note")
    )
    for public in ("message", "reply"):
        expect(page.locator(f"#composer .send-{public}")).to_be_hidden()


def leave_and_return(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_url("**/queue**")
    page.goto(TICKET)


def switch_language(page: Page) -> None:
    page.goto("/queue?lang=en")
    page.goto(TICKET)


def lose_the_sign_in(page: Page) -> None:
    saved(page)  # an answer on its way would bring its cookie back
    page.context.clear_cookies()
    with page.expect_navigation():  # else it comes upon the next page
        page.keyboard.press("Control+Enter")
    page.goto("/sign-in")
    page.fill("input[name=email]", "chen.jing@example.com")
    page.fill("input[name=password]", "haichuan-demo-2026")
    page.press("input[name=password]", "Enter")
    expect(page.locator("#desk-nav")).to_be_visible()
    page.goto(TICKET)


WAYS: dict[str, Callable[[Page], object]] = {
    "reload": lambda page: page.reload(),
    "n, Esc, 1 and back": leave_and_return,
    "language switched": switch_language,
    "signed out meanwhile": lose_the_sign_in,
}


@pytest.mark.parametrize("way", list(WAYS))
def test_a_note_that_was_begun_comes_back_as_a_note_and_stays_among_us(
    chen: Person, way: str
) -> None:
    words = f"{SECRET} ({way})"
    begin_note(chen.page, words)
    WAYS[way](chen.page)
    expect_note(chen.page, words)
    chen.page.focus("#reply")
    with chen.page.expect_navigation():
        chen.page.keyboard.press("Control+Enter")
    said = chen.page.locator(".message", has_text=words)
    expect(said).to_have_class(re.compile("internal"))
    assert chen.page.locator("#reply").input_value() == ""


def test_the_box_stays_what_it_was_after_a_note(chen: Person) -> None:
    chen.write(NUMBER, "note", "Noted once.")
    expect(chen.page.locator("[name=mode]:checked")).to_have_value("note")


def test_a_second_window_keeps_the_mode_and_its_own_words(chen: Person) -> None:
    begin_note(chen.page)
    saved(chen.page)
    other = chen.context.new_page()
    other.goto(TICKET)
    expect_note(other)
    other.close()


def test_two_windows_keep_two_drafts(chen: Person) -> None:
    path = "/tickets/2026-000016"
    other = chen.context.new_page()
    other.goto(path)
    begin_note(chen.page, path=path)
    saved(chen.page)
    other.locator("[name=mode][value=message]").check(force=True)
    other.fill("#reply", "Words for the customer")
    saved(other)
    chen.page.reload()
    expect_note(chen.page)
    other.reload()
    expect(other.locator("#reply")).to_have_value("Words for the customer")
    expect(other.locator("[name=mode]:checked")).to_have_value("message")
    other.close()


def test_a_refused_note_comes_back_as_a_note(chen: Person) -> None:
    begin_note(chen.page, "x", path="/tickets/2026-000016")
    chen.page.evaluate("document.querySelector('#reply').value = 'y'.repeat(100001)")
    with chen.page.expect_navigation():
        chen.page.keyboard.press("Control+Enter")
    expect(chen.page.locator("#reply")).to_have_value("y" * 100_001)
    expect(chen.page.locator("[name=mode]:checked")).to_have_value("note")


def test_a_draft_whose_reader_is_gone_waits_until_one_is_chosen(chen: Person) -> None:
    """A merged ticket takes notes only: words for the customer don't become one by themselves."""
    page = chen.page
    page.goto("/tickets/2026-000043")
    agent = page.evaluate("document.body.dataset.agent")
    draft = {
        "fields": {"body": {"now": "Dear customer", "was": ""}},
        "files": [],
        "reader": {"value": "message", "says": "a message to Li Lei, in English"},
    }
    page.evaluate(
        "([name, draft]) => localStorage.setItem(name, JSON.stringify({[`a`.repeat(24)]: {...draft, at: Date.now()}}))",
        [f"draft:{agent}:ticket:2026-000043", draft],
    )
    page.reload()
    expect(page.locator("#reply")).to_have_value("Dear customer")
    assert page.locator("[name=mode]:checked").count() == 0
    assert "a message to Li Lei, in English" in page.inner_text("#composer")
    page.focus("#reply")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    expect(page.locator("#reply")).to_have_value("Dear customer")


def test_a_second_answerer_hears_who_was_faster_and_keeps_words_and_mode(
    server: servers.Server, chromium: Browser
) -> None:
    number = "2026-000055"
    zhou, chen = (Person(chromium, server, each) for each in ("zhou.ting", "chen.jing"))
    for each in (zhou, chen):
        each.go(f"/tickets/{number}").locator("[name=mode][value=reply]").check(force=True)
        each.page.locator("[name=solved][value=yes]").check()
        each.page.fill(
            "#reply", f"The answer of {each.page.locator('body').get_attribute('data-agent')}"
        )
    for each in (zhou, chen):
        with each.page.expect_navigation():
            each.page.locator(".send-reply").click()
    told = chen.page.locator(".newer-title")
    expect(told).to_contain_text(re.compile(r"周婷在\d+秒前已经答复"))
    expect(chen.page.locator("#reply")).to_have_value(re.compile("The answer of"))
    expect(chen.page.locator("[name=mode]:checked")).to_have_value("reply")
    chen.page.focus("#reply")
    chen.page.keyboard.press("Control+Enter")
    chen.page.wait_for_load_state()
    zhou.go(f"/tickets/{number}")
    assert zhou.page.locator(".message", has_text="The answer of").count() == 1
    for each in (zhou, chen):
        each.context.close()


def test_the_phone_form_keeps_kind_severity_and_category_too(chen: Person) -> None:
    page = chen.go("/phone")
    page.fill("[name=subject]", "Leaks again")
    page.select_option("[name=kind]", "request")
    page.select_option("[name=severity]", "S2")
    page.wait_for_timeout(900)  # the look-ups of the form come back meanwhile
    page.goto("/queue")
    page.goto("/phone")
    values = [page.input_value(f"[name={name}]") for name in ("subject", "kind", "severity")]
    assert values == ["Leaks again", "request", "S2"]


def test_a_colleague_at_the_same_browser_does_not_get_my_draft(
    server: servers.Server, chromium: Browser
) -> None:
    person = Person(chromium, server, "chen.jing")
    begin_note(person.page, path="/tickets/2026-000016")
    saved(person.page)
    person.context.clear_cookies()
    person.sign_in("zhou.ting")
    person.go("/tickets/2026-000016")
    expect(person.page.locator("#reply")).to_have_value("")
    person.context.close()
