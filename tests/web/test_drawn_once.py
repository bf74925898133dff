"""Macros that many pages ask for with the same values."""

from __future__ import annotations

from typing import Any

from flask import Flask, get_template_attribute
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
