"""Articles in a real browser: the key inserts the first article into the answer and counts its use."""

from __future__ import annotations

import pytest

from helpdesk.kb.suggest import Suggestion
from tests.help.live import beside_the_socket

pytestmark = pytest.mark.browser

ONE = Suggestion(
    "fridge", "Fridge", "Check it.", "en", True, "Check the plug.", "http://x/kb/fridge"
)
SECRET = Suggestion("limits", "Limits", "200 yuan.", "en", False, "Secret.", "http://x/kb/limits")
PAGE = """{% extends "desk.html" %}{% block main %}
<textarea id="reply">Hello, </textarea>
{% with found=found, wanted="en", into="#reply", words="" %}{% include "kb/_suggest.html" %}{% endwith %}
{% endblock %}"""


def may(_verb):
    return False


def opened(open_page, *found):
    answers = {f"/kb/{one.code}/used": "" for one in found}
    page = open_page(PAGE, answers, found=list(found), may=may, language="en")
    page.wait_for_function("window.htmx && document.querySelector('[data-key=i]')")
    page.wait_for_timeout(300)
    return page


def test_the_key_puts_title_text_and_link_where_the_caret_is(open_page):
    page = opened(open_page, SECRET, ONE)
    page.evaluate("reply.setSelectionRange(7, 7)")
    with page.expect_request("**/kb/fridge/used") as used:
        page.keyboard.press("i")
    text = page.locator("#reply").input_value()
    assert text == "Hello, Fridge\n\nCheck the plug.\n\nhttp://x/kb/fridge\n"
    assert used.value.method == "POST"
    assert beside_the_socket(page) == []


def test_the_link_alone_can_be_inserted(open_page):
    page = opened(open_page, ONE)
    page.get_by_role("button", name="Link").click()
    assert "Fridge\nhttp://x/kb/fridge\n" in page.locator("#reply").input_value()


def test_an_internal_article_has_no_button_to_insert(open_page):
    page = opened(open_page, SECRET, ONE)
    assert page.locator("li").filter(has_text="Limits").locator("button").count() == 0
