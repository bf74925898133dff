"""Routing: each condition at its edge, the order of the rules, and how grave a case begins."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from helpdesk.setup import routing
from helpdesk.setup.routing import Facts, Route, Rule, decide, starting_severity
from helpdesk.words import SEVERITIES
from tests.help import values

FACTS = Facts(
    kind="complaint",
    text="我家的冰箱 LEAKS again",
    channel="phone",
    place="上海市浦东新区",
    level="gold",
    language="en",
    category=(3, 14, 15),
)


def route(**rule: Any) -> Route:
    """Where a single rule with these conditions leads the case."""
    return decide(FACTS, [Rule(1, "Fridges", rule, department_id=7)])


def by_desk(found: Route) -> bool:
    """Whether no rule fitted, so that the dispatch desk decides and nothing goes on by itself."""
    return found == Route(None, "", "[]", "", False)


@pytest.mark.parametrize(
    ("condition", "fits", "told"),
    [
        ("kind", "complaint", "complaint"),
        ("channel", "phone", "phone"),
        ("level", "gold", "gold"),
        ("language", "en", "en"),
        ("category_id", 3, "3"),  # the root, the middle and the leaf
        ("category_id", 14, "14"),
        ("category_id", 15, "15"),
        ("place", "浦东", "浦东"),
        ("place", "上海市浦东新区", "上海市浦东新区"),
        ("words", ("冰箱",), "冰箱"),
        ("words", ("leaks",), "leaks"),
        ("words", ("Ｌｅａｋｓ",), "Ｌｅａｋｓ"),
        ("words", ("washer", "AGAIN", "冰箱"), "AGAIN"),
    ],
)
def test_a_condition_that_fits_leads_there_and_is_the_reason(
    condition: str, fits: Any, told: str
) -> None:
    found = route(**{condition: fits})
    name = {"category_id": "category"}.get(condition, condition)
    assert (found.department_id, found.rule) == (7, "Fridges")
    assert json.loads(found.reason) == [[name, told]]


@pytest.mark.parametrize(
    ("condition", "other"),
    [
        ("kind", "request"),
        ("channel", "web"),
        ("level", "plain"),
        ("language", "zh_Hans"),
        ("category_id", 0),
        ("category_id", 16),
        ("place", "上海市浦东新区1号"),
        ("place", "北京"),
        ("words", ("washer",)),
        ("words", ("leaks once",)),
    ],
)
def test_a_single_condition_that_does_not_fit_passes_the_rule_over(
    condition: str, other: Any
) -> None:
    assert by_desk(route(**{condition: other}))
    met = {"kind": "complaint", "channel": "phone", "level": "gold", "language": "en"}
    met |= {"category_id": 3, "place": "浦东", "words": ("冰箱",)}
    assert by_desk(route(**(met | {condition: other})))


def test_a_rule_of_several_conditions_tells_each_that_was_met() -> None:
    found = route(kind="complaint", category_id=14, words=("washer", "冰箱"))
    assert json.loads(found.reason) == [
        ["kind", "complaint"],
        ["category", "14"],
        ["words", "冰箱"],
    ]


def test_a_rule_without_conditions_takes_every_case() -> None:
    assert (route().department_id, route().reason) == (7, "[]")


def test_a_case_that_says_nothing_fits_no_condition_of_its_own() -> None:
    silent = Facts(kind="complaint", text="", channel="web")
    for rule in (
        Rule(1, "x", {"place": "浦东"}),
        Rule(1, "x", {"words": ("冰箱",)}),
        Rule(1, "x", {"level": "gold"}),
    ):
        assert by_desk(decide(silent, [rule]))
    assert decide(silent, [Rule(1, "Plain", {"level": "plain"})]).rule == "Plain"
    assert decide(silent, [Rule(1, "Chinese", {"language": "zh_Hans"})]).rule == "Chinese"


def test_the_first_rule_that_fits_decides_with_all_that_it_says() -> None:
    rules = [
        Rule(1, "Washers", {"words": ("washer",)}, department_id=5),
        Rule(2, "Gold", {"level": "gold"}, department_id=6, severity="S2", dispatch=True),
        Rule(3, "All", department_id=7),
    ]
    assert decide(FACTS, rules) == Route(6, "Gold", '[["level", "gold"]]', "S2", True)
    assert decide(replace(FACTS, level="plain"), rules) == Route(7, "All", "[]", "", False)


def test_without_a_rule_the_lead_of_the_category_has_it_else_the_desk() -> None:
    assert by_desk(decide(FACTS, []))
    led = decide(replace(FACTS, lead_id=9), [])
    assert (led.department_id, json.loads(led.reason)) == (9, [["lead", ""]])


def test_a_rule_that_fits_is_never_overruled_by_the_lead_of_the_category() -> None:
    for department_id in (7, None):
        rules = [Rule(1, "Fridges", department_id=department_id)]
        assert decide(replace(FACTS, lead_id=9), rules) == decide(FACTS, rules)


@pytest.mark.parametrize(
    ("given", "rule", "category", "kind", "severity"),
    [
        ("S4", "S1", "S1", "complaint", "S4"),
        ("", "S4", "S1", "complaint", "S4"),
        ("", "", "S1", "complaint", "S1"),
        ("", "", None, "complaint", "S3"),
        ("", "", None, "request", "S3"),
        ("", "", None, "report", "S2"),
        ("", "", None, "enquiry", "S4"),
        ("", "", None, "suggestion", "S4"),
        ("", "", None, "praise", "S4"),
    ],
)
def test_how_grave_is_said_by_a_person_else_the_rule_else_the_category_else_the_kind(
    given: str, rule: str, category: str | None, kind: str, severity: str
) -> None:
    led = Route(None, "x", "[]", rule, False)
    assert starting_severity(given, led, category, kind, repeat=False) == severity


@pytest.mark.parametrize(
    ("severity", "again"), [("S4", "S3"), ("S3", "S2"), ("S2", "S1"), ("S1", "S1")]
)
def test_a_complaint_that_comes_again_is_one_step_graver_and_never_beyond_the_gravest(
    severity: str, again: str
) -> None:
    led = Route(None, "x", "[]", severity, False)
    assert starting_severity("", led, None, "complaint", repeat=True) == again
    assert severity in SEVERITIES
    assert starting_severity(severity, led, None, "complaint", repeat=True) == severity
    assert starting_severity("", led, None, "request", repeat=True) == severity


def test_what_was_known_and_decided_does_not_change_afterwards() -> None:
    assert values.changeable(routing) == set()
