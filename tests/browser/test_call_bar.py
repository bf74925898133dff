"""The call bar under an agent's hands: ringing is told, keys work while typing, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

DESK = """{% extends "desk.html" %}{% block main %}
<section class="phone-bar" id="phone-bar" data-live-topic="phone" data-live-url="/phone/bar" data-live-now>
{{ bar }}</section>
<div class="sr-only" id="phone-said" role="alert" aria-live="assertive"></div>
<label>Note <input id="elsewhere"></label>{% endblock %}"""
FORM = """<form class="call-form" id="write-up-1"><textarea name="note"></textarea>
<select name="next_step" data-action="change->call#step">
<option value="none">Nothing</option><option value="call_back">Call back</option></select>
<div data-of-step="follow_up call_back" hidden><input name="next_at"></div></form>"""
HELD = "() => { document.getElementById('hold').onclick = () => { document.body.id = 'held'; }; }"
AGAIN = "([name]) => import(name).then(m => m.fetchRegion(document.getElementById('phone-bar'), '/phone/bar'))"


def bar(rings: bool, says: str, form: str = "") -> str:
    return (
        f'<div class="call" data-controller="call" data-action="input->call#typed"'
        f' data-call-rings-value="{str(rings).lower()}" data-call-says-value="{says}">'
        f'<div class="call-line"><strong>{says}</strong>'
        '<button type="button" id="hold" data-key="F4">Hold</button>'
        f'<input id="call-to" name="to" data-key="F8"></div>{form}</div>'
    )


@pytest.fixture
def desk(app: Flask, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """desk(bar, then): a page with this bar; page.again() brings `then`, as a push does."""

    def shown(now: str, then: str = "") -> Page:
        page = open_page(DESK, {"/phone/bar": then or now}, bar=Markup(now))
        script = f"/static/{app.extensions['helpdesk_release']}/js/rows.js"
        page.again = lambda: page.evaluate(AGAIN, [script])  # type: ignore[attr-defined]
        return page

    return shown


def test_ringing_is_told_to_a_screen_reader_and_in_the_title_until_it_ends(desk: Any) -> None:
    page = desk(bar(True, "A call from 王芳."), bar(False, "Talking: 王芳"))
    expect(page.locator("#phone-said")).to_have_text("A call from 王芳.")
    page.wait_for_function("document.title.startsWith('☎')")
    page.again()
    expect(page.locator("#phone-said")).to_have_text("Talking: 王芳")
    page.wait_for_function("!document.title.startsWith('☎')")
    no_server = ("WebSocket connection", "Failed to load resource")  # stands behind this page
    assert [each for each in page.faults if not each.startswith(no_server)] == []


def test_the_keys_of_the_telephone_work_while_something_is_typed(desk: Any) -> None:
    page = desk(bar(False, "Talking"))
    page.evaluate(HELD)
    page.fill("#elsewhere", "half a sen")
    page.locator("#elsewhere").press("F4")
    page.wait_for_function("document.body.id === 'held'")
    page.locator("#elsewhere").press("F8")
    assert page.evaluate("document.activeElement.id") == "call-to"
    assert page.locator("#elsewhere").input_value() == "half a sen"


def test_letters_that_are_typed_do_nothing_to_the_call(desk: Any) -> None:
    page = desk(bar(False, "Talking"))
    page.evaluate(HELD)
    page.locator("#elsewhere").press_sequentially("F4 Four f")
    assert page.evaluate("document.body.id") != "held"


def test_what_is_typed_of_a_call_survives_what_happens_to_it_meanwhile(desk: Any) -> None:
    page = desk(bar(False, "Talking", FORM), bar(False, "Writing up", FORM))
    page.wait_for_selector("[data-controller=call]")
    page.fill("[name=note]", "他要发票")
    page.locator("#elsewhere").focus()
    page.again()
    expect(page.locator(".call strong")).to_have_text("Writing up")
    assert page.locator("[name=note]").input_value() == "他要发票"


def test_a_button_that_has_the_focus_says_what_it_does_now(desk: Any) -> None:
    held = bar(False, "On hold").replace(">Hold<", ">Take off hold<")
    page = desk(bar(False, "Talking"), held)
    page.locator("#hold").focus()
    page.again()
    expect(page.locator(".call strong")).to_have_text("On hold")
    expect(page.locator("#hold")).to_have_text("Take off hold")
    expect(page.locator("#hold")).to_be_focused()


def test_the_time_is_asked_for_with_the_step_that_needs_it(desk: Any) -> None:
    page = desk(bar(False, "Writing up", FORM))
    expect(page.locator("[name=next_at]")).to_be_hidden()
    page.select_option("[name=next_step]", "call_back")
    expect(page.locator("[name=next_at]")).to_be_visible()
    page.select_option("[name=next_step]", "none")
    expect(page.locator("[name=next_at]")).to_be_hidden()
