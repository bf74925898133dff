"""Macros that many pages ask for with the same values."""

from __future__ import annotations

from typing import Any

from flask import Flask, get_template_attribute
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from helpdesk.core.i18n import gettext, in_language
from helpdesk.web.drawing import drawn_once


def test_the_same_values_are_drawn_once_in_each_language(app: Flask) -> None:
    drawn = []

    def macro(name: str) -> str:
        drawn.append(name)
        return f"{name}: {gettext('kept')}"

    with app.test_request_context("/"):
        for language, words in (("en", "A: kept"), ("zh_Hans", "A: 按时"), ("en", "A: kept")):
            with in_language(language):
                assert drawn_once(macro, "A") == words
        with in_language("en"):
            assert drawn_once(macro, "B") == "B: kept"
    assert drawn == ["A", "A", "B"]


def test_a_text_is_never_taken_for_a_piece_of_html_that_reads_the_same(app: Flask) -> None:
    with app.test_request_context("/"):
        for name in ("button", "badge"):
            path = "components/controls.html" if name == "button" else "components/marks.html"
            draw = get_template_attribute(path, name)
            assert "<b>x</b>" in draw(Markup("<b>x</b>"))
            assert "<b>x</b>" not in draw("<b>x</b>")


def test_what_is_kept_is_drawn_once_for_equal_values(app: Flask) -> None:
    drawn: list[tuple[object, ...]] = []
    kept: Any = app.jinja_env.globals["kept"]

    def draw(*values: object, **more: object) -> str:
        drawn.append(values)
        return str((values, more))

    macro = kept(draw)
    assert macro("A", look="b") == macro("A", look="b") != macro("A", look="c")
    assert len(drawn) == 2


def test_a_text_is_not_taken_for_html_that_reads_the_same(app: Flask) -> None:
    with app.test_request_context("/"):
        env = app.jinja_env
        macro = env.from_string("{% macro m(x) %}{{ x[0].a }}{% endmacro %}").module.m  # type: ignore[attr-defined]
        for each, words in ((Markup("<b>"), "<b>"), ("<b>", "&lt;b&gt;"), (Markup("<b>"), "<b>")):
            assert drawn_once(macro, [{"a": each}]) == words


def test_a_template_is_made_in_each_language_with_the_texts_that_need_no_values(app: Flask) -> None:
    """What has a value, a sign of HTML or something done with it is asked for when the page is drawn."""
    plain = "{{ _('Search') }} {{ words or _('kept') }}"
    asked = "{{ _('Results for “%(words)s”', words=1) }} {{ _('Queue').lower() }} {{ my._('Yes') }} {{ _('a<b') }}"
    with app.test_request_context("/"):
        for language, words in (("en", ("Search", "kept")), ("zh_Hans", ("搜索", "按时"))):
            with in_language(language):
                made = str(app.jinja_env.compile(plain, name="x.html", raw=True))
                assert all(word in made for word in words) and "context.call" not in made
        assert str(app.jinja_env.compile(asked, name="x.html", raw=True)).count("context.call") == 5


def test_what_a_template_calls_gets_what_it_takes(app: Flask) -> None:
    """Macros the way of escaping, functions that are marked what they ask for, all others what is given;
    in a loop as outside of one."""

    @pass_context
    def place(context: Context, word: str) -> str:
        return f"{context['here']} {word}"

    source = """{% macro said(word) %}<{{ word }}>{% endmacro %}
        {%- for each in (1, 2) %}{{ said(word) }} {{ place(word) }} {{ plain(word) }} {{ kind(3) }}. {% endfor %}"""
    given = {"place": place, "plain": lambda word: word * 2, "kind": int, "here": "x", "word": "&"}
    with app.test_request_context("/"):
        drawn = app.jinja_env.from_string(source).render(**given)
    assert drawn == "<&amp;> x &amp; &amp;&amp; 3. " * 2
