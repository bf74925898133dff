"""The bare pages that every other page extends, as the app renders them."""

import re
from pathlib import Path

import pytest
from flask import render_template_string

import helpdesk

WORDS = {"en": "There is no such page.", "zh_Hans": "没有这个页面。"}


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
def test_an_error_page_says_what_happened_in_the_reader_s_language(client, language):
    answer = client.get(f"/no-such-page?lang={language}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert WORDS[language] in page
    assert f'<html lang="{language.replace("_", "-")}"' in page


def test_a_chosen_language_is_remembered(client):
    client.get("/no-such-page?lang=zh_Hans")
    assert WORDS["zh_Hans"] in client.get("/no-such-page").get_data(as_text=True)
    client.get("/no-such-page?lang=en")
    assert WORDS["en"] in client.get("/no-such-page").get_data(as_text=True)


def test_an_unknown_language_is_not_remembered(client):
    cookies = client.get("/no-such-page?lang=xx").headers.getlist("Set-Cookie")
    assert not any("language" in cookie for cookie in cookies)


def test_the_language_switch_leads_back_to_the_same_address(client):
    page = client.get("/no-such-page?q=fridge").get_data(as_text=True)
    assert '<input type="hidden" name="next" value="/no-such-page?q=fridge">' in page
    answer = client.post(
        "/language", data={"language": "zh_Hans", "next": "/no-such-page?q=fridge"}
    )
    assert answer.location.endswith("/no-such-page?q=fridge")
    assert WORDS["zh_Hans"] in client.get(answer.location).get_data(as_text=True)


def test_scripts_carry_the_nonce_of_the_policy(client):
    answer = client.get("/no-such-page")
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"]).group(1)
    scripts = re.findall(r"<script\b[^>]*>", answer.get_data(as_text=True))
    assert scripts
    assert all(f'nonce="{nonce}"' in tag for tag in scripts)


@pytest.mark.parametrize(
    ("cookies", "shown"),
    [
        ({"theme": "dark"}, 'data-theme="dark"'),
        ({"density": "compact"}, 'data-density="compact"'),
    ],
)
def test_the_chosen_look_is_drawn_by_the_server(client, cookies, shown):
    for name, value in cookies.items():
        client.set_cookie(name, value)
    assert shown in client.get("/no-such-page").get_data(as_text=True)


def test_a_forged_theme_is_ignored(client):
    client.set_cookie("theme", "evil")
    assert "data-theme" not in client.get("/no-such-page").get_data(as_text=True)


@pytest.mark.parametrize("layout", ["desk", "public", "paper"])
def test_every_layout_renders_without_anybody_signed_in(app, layout):
    with app.test_request_context("/"):
        page = render_template_string(f'{{% extends "{layout}.html" %}}')
    assert page.count("<main") == 1
    assert 'href="#main"' in page or layout == "paper"


def test_macros_speak_each_reader_s_language(app):
    source = '{% from "components/marks.html" import severity %}{{ severity("S1") }}'
    for language, word in (("en", "Critical"), ("zh_Hans", "特急"), ("en", "Critical")):
        with app.test_request_context(f"/?lang={language}"):
            app.preprocess_request()
            assert word in render_template_string(source)


def test_the_rail_says_every_promise_in_words_and_draws_the_used_share(app):
    marks = [
        {
            "promise": "first",
            "label": "First answer",
            "state": "met",
            "share": 1,
            "title": "a",
            "text": "",
        },
        {
            "promise": "reply",
            "label": "Reply",
            "state": "running",
            "share": 0.25,
            "title": "b",
            "text": "",
        },
    ]
    source = (
        '{% from "components/rail.html" import rail %}{{ rail(marks) }}{{ rail(marks, "full") }}'
    )
    with app.test_request_context("/?lang=en"):
        app.preprocess_request()
        drawn = render_template_string(source, marks=marks)
    assert 'aria-label="First answer: kept, Reply: running"' in drawn
    assert 'stroke-dasharray="75 100" stroke-dashoffset="-25"' in drawn
    assert drawn.count("<ol") == 1


def test_a_text_in_a_template_escapes_what_is_filled_in_but_not_in_plain_mails(app):
    source = "{{ _('%(time)s left', time=name) }} {{ ngettext('1 late', '%(num)s late', 2) }}"
    with app.test_request_context("/?lang=en"):
        app.preprocess_request()
        assert render_template_string(source, name="<b>") == "&lt;b&gt; left 2 late"
        plain = app.jinja_env.overlay(autoescape=False).from_string(source)
        assert plain.render(name="<b>") == "<b> left 2 late"


def test_a_page_is_sent_without_the_indentation_of_its_template(client):
    source = Path(helpdesk.__file__, "../templates/public/find.html").resolve().read_text("utf-8")
    assert "\n    " in source
    page = client.get("/track").get_data(as_text=True)
    assert "<main" in page
    assert not re.search(r"\n[ \t]{2}", page)
