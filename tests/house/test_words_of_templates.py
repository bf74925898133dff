"""What templates must not know by heart: roles, and the tables of the trade. Python's tables serve.

And what keeps them readable: short lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, nodes

import helpdesk
from helpdesk.agents.rights import STAFF
from helpdesk.customers.people import LEVELS
from helpdesk.kb import lifecycle as articles
from helpdesk.notices import lifecycle as notices_lifecycle
from helpdesk.promises.words import ORDER, STATE_NAMES
from helpdesk.tickets import filters, lifecycle
from helpdesk.words import CHANNELS, SEVERITIES, Kind

TEMPLATES = Path(helpdesk.__file__).parent / "templates"
FILES = sorted(TEMPLATES.rglob("*.html")) + sorted(TEMPLATES.rglob("*.txt"))
FILLS = {"append", "extend", "insert", "update", "setdefault", "add", "pop"}
LONGEST = 140  # characters
TRADE: dict[str, set[str]] = {
    "roles": set(STAFF),
    "statuses": set(lifecycle.Status),
    "kinds": set(Kind),
    "states of a notice": set(notices_lifecycle.State),
    "levels of a notice": set(notices_lifecycle.Level),
    "states of an article": set(articles.State),
    "channels": set(CHANNELS),
    "severities": set(SEVERITIES),
    "promises": set(ORDER),
    "states of a promise": set(STATE_NAMES),
    "levels of a customer": set(LEVELS),
    "verdicts": set(filters.VERDICTS),
    "orders": set(filters.SORTS),
}


def known_by_heart(source: str) -> list[str]:
    """The domains of the trade that a template spells out: two words of one in a dict, list or chain."""
    tree = Environment(extensions=["jinja2.ext.loopcontrols"]).parse(source)
    spelled = [*_collections(tree), *_chains(tree)]
    return [name for name, words in TRADE.items() if any(_is_of(words, s) for s in spelled)]


def _is_of(domain: set[str], spelled: list[str]) -> bool:
    return len(spelled) > 1 and set(spelled) <= domain


def _words(found: list[nodes.Node]) -> list[str]:
    return [each.value for each in found if isinstance(each, nodes.Const)]


def _collections(tree: nodes.Template) -> Iterator[list[str]]:
    for each in tree.find_all((nodes.Dict, nodes.Tuple, nodes.List)):
        if isinstance(each, nodes.Dict):
            yield _words([pair.key for pair in each.items])
        else:
            yield _words(each.items)


def _chains(tree: nodes.Template) -> Iterator[list[str]]:
    """What one if, elif ... asks for, one word after the other."""
    for each in tree.find_all(nodes.If):
        tests = [each.test, *(other.test for other in each.elif_)]
        compared = [test for test in tests if isinstance(test, nodes.Compare)]
        if len(compared) > 2:
            yield _words([operand.expr for test in compared for operand in test.ops])


def asks_for_a_role(source: str) -> bool:
    """Whether a template compares somebody's role, or names a role in a comparison."""
    for each in Environment().parse(source).find_all(nodes.Compare):
        said = [each.expr, *(operand.expr for operand in each.ops)]
        parts = [part for one in said for part in (one, *one.find_all(nodes.Const))]
        names = {part.value for part in parts if isinstance(part, nodes.Const)}
        roles = any(isinstance(one, nodes.Getattr) and one.attr == "role" for one in said)
        if roles and names & set(STAFF):
            return True
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_types_a_table_of_the_trade_again(path: Path) -> None:
    assert known_by_heart(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_asks_for_a_role(path: Path) -> None:
    """Who may do what is a verb of agents/rights.py: `may('ticket.edit')`."""
    assert not asks_for_a_role(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_line_of_a_template_is_longer_than_a_screen_is_wide(path: Path) -> None:
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    assert [number for number, line in lines if len(line) > LONGEST] == []


def builds_a_list(source: str) -> bool:
    """Whether a template fills a list or a dict by itself: `{% set x = y.append(z) %}`, `{% do %}`."""
    tree = Environment(extensions=["jinja2.ext.do"]).parse(source)
    calls = (each.node for each in tree.find_all(nodes.Call))
    fills = any(isinstance(one, nodes.Getattr) and one.attr in FILLS for one in calls)
    return fills or tree.find(nodes.ExprStmt) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_builds_a_list(path: Path) -> None:
    """What a page draws, the view hands in; a macro with a caller does the rest."""
    assert not builds_a_list(path.read_text("utf-8"))


def test_the_guard_sees_what_it_is_for() -> None:
    for told in (
        "{% if actor.role in ('agent', 'admin') %}",
        "{% if actor.role != 'auditor' %}",
        "{% if 'handler' == actor.role %}",
    ):
        assert asks_for_a_role(f"{told}x{{% endif %}}"), told
    assert known_by_heart("{% set x = {'S1': 4, 'S2': 3} %}") == ["severities"]
    chain = "{% if s == 'met' %}{% elif s == 'late' %}{% elif s == 'risk' %}{% endif %}"
    assert "states of a promise" in known_by_heart(chain)
    assert builds_a_list("{% set _ignored = items.append(1) %}")
    assert builds_a_list("{% do items.count() %}")
    assert not builds_a_list("{{ items|map(attribute='append')|list + ['append'] }}")
    assert known_by_heart("{{ {'good': 1, 'bad': 2}[x] }}") == []


def drawn(app: Flask, macro: str, *values: str, file: str = "marks") -> str:
    with app.test_request_context("/?lang=en"):
        found = getattr(app.jinja_env.get_template(f"components/{file}.html").module, macro)
        return str(found(*values))


@pytest.mark.parametrize("status", sorted(lifecycle.ENDED))
def test_every_status_that_ends_a_case_is_drawn_as_done(app: Flask, status: str) -> None:
    assert "status-done" in drawn(app, "status", status, "words")


@pytest.mark.parametrize("state", sorted(notices_lifecycle.ENDED))
def test_every_state_that_ends_a_notice_is_drawn_as_done(app: Flask, state: str) -> None:
    assert "status-done" in drawn(app, "status", state, "words", "notice")


@pytest.mark.parametrize(("state", "words"), STATE_NAMES.items())
def test_the_rail_says_of_a_promise_what_the_table_says(app: Flask, state: str, words: str) -> None:
    assert drawn(app, "state_word", state, file="rail") == words


def test_every_channel_and_kind_has_a_sign(app: Flask) -> None:
    signs = app.jinja_env.globals["signs"]
    assert set(signs.CHANNEL_ICONS) == set(CHANNELS)
    assert set(signs.KIND_ICONS) == set(Kind)
    assert signs.BARS == {"S1": 4, "S2": 3, "S3": 2, "S4": 1}
