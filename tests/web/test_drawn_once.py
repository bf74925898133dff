"""Macros that many pages ask for with the same values."""

from __future__ import annotations

from flask import Flask

from helpdesk.core.i18n import gettext, in_language
from helpdesk.web.http import drawn_once


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
