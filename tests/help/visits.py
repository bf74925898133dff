"""Every page of the program, and who comes upon it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule

from tests.help import factories as make

PART = re.compile(r"<(?:[^<>]+:)?(\w+)>")

SAMPLES = {"int": "1", "string": "x", "path": "x", "uuid": "0" * 32, "float": "1.0"}


def address(rule: Rule, number: str) -> str:
    """The rule with samples for its parts: the ticket's number where a number is asked for."""
    return PART.sub(lambda part: _sample(rule, part[1], number), rule.rule)


def _sample(rule: Rule, name: str, number: str) -> str:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    word = type(converter).__name__.lower()
    kind = next((known for known in SAMPLES if known in word), "string")
    return number if name in ("number", "ticket") and kind == "string" else SAMPLES[kind]


def visits(app: Flask, number: str) -> Iterator[tuple[str, str, Rule]]:
    """(method, address, rule) of everything that the program answers."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/socket.io"):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, address(rule, number), rule


@pytest.fixture
def number(app: Flask) -> str:
    make.agent("Old Admin", "admin")
    return make.ticket().number
